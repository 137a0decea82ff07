"""Reads and rebuilds what was handed in; runs nothing."""
