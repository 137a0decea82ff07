"""Finds lines of an instructor's notebook that look like delimiters of nbgrader and are none."""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from traitlets.config import Config

from lxmls_grading.cells import grade_id

#: A comment that begins or ends something: in capital letters, or something that nbgrader knows.
LIKELY = re.compile(r"^\s*#+\s*((BEGIN|END)(\s|_)|(?i:(begin|end)\W+(solution|hidden|mark)))")


def stray_delimiters(source: NotebookNode, config: Config | None = None) -> list[tuple[str, str]]:
    """Return the names of cells, and lines in them that students get though they should not.

    Of a region with a mistyped delimiter, nbgrader releases everything without a word.

    Parameters
    ----------
    source : NotebookNode
    config : Config, optional
        The configuration of nbgrader, which can set other delimiters.
    """
    solutions, tests = ClearSolutions(config=config), ClearHiddenTests(config=config)
    scheme = ClearMarkScheme(config=config)
    known = (
        *(solutions.begin_solution_delimeter, solutions.end_solution_delimeter),
        *(tests.begin_test_delimeter, tests.end_test_delimeter),
        *(scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    )
    return [
        (grade_id(cell) or f"cell {number}", line.strip())
        for number, cell in enumerate(source.cells, 1)
        for line in cell.source.splitlines()
        if LIKELY.match(line) and not any(delimiter in line for delimiter in known)
    ]
