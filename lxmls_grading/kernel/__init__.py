"""The student's process, and the grader's connection to it."""
