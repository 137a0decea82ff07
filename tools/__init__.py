"""Commands for authors and instructors: most are called by the Makefile."""
