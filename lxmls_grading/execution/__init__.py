"""Executes a notebook in two halves: student cells in a kernel, test cells in a judge."""
