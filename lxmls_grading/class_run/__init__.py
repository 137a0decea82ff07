"""Grades many submissions on Dask, resumes runs that were stopped, and shows progress."""
