"""Grades submissions as they arrive: until it is stopped, it collects and releases feedback."""
