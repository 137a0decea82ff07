"""The process and the file system that grading runs on."""
