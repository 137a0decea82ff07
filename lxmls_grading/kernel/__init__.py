"""The student's process, and the door to it."""
