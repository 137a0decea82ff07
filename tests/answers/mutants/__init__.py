"""Tests the tests: every small change of a reference answer has to be caught."""
