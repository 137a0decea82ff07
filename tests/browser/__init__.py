"""The course in a real browser: `make test-browser` (the ordinary tests leave this folder out)."""
