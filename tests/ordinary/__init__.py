"""Ordinary test cells, as instructors of other courses write them, and what they give.

Nothing in them knows of this project. ``make ordinary`` prints a table.
"""
