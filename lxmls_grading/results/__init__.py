"""What instructors get: the gradebook read, the report, tables for an LMS."""
