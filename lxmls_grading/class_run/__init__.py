"""Grades many submissions: Dask, resume, progress."""
