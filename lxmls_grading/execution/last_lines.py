"""What the last line of a test gives: points if it is a number, else something to look at."""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from typing import Any

import numpy as np
from nbformat.notebooknode import NotebookNode

from lxmls_grading.definitions import ODD, parse_cell
from lxmls_grading.execution.failures import FaultyTest

#: Kinds of tokens that do not count as the end of a test.
BLANK = (tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT)


def is_quiet(source: str) -> bool:
    """Return whether the last line ends with a semicolon: IPython does not show its value then.

    Parameters
    ----------
    source : str
        Of a test cell that can be parsed.
    """
    last = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in BLANK:
            last = token.string
    return last == ";"


def points_of(value: Any, cell: NotebookNode) -> float:
    """Return the points that a test cell gives as the value of its last line.

    Parameters
    ----------
    value : object
    cell : NotebookNode
        The test.

    Raises
    ------
    FaultyTest
        If it is a number that the test cannot give, or seems to be meant as an ``assert``.
    """
    points = float(cell.metadata.nbgrader.points)
    if _is_to_look_at(value, cell.source):
        return points
    if isinstance(value, bool | np.bool_ | str):
        raise FaultyTest(f"gives {value!r} in its last line, no number: is `assert` missing?")
    if not gives_number(value):
        return points  # something to look at
    try:
        number = float(value)
    except OverflowError:  # of a whole number
        number = math.inf
    if not 0 <= number <= points:
        raise FaultyTest(f"gives {number!r} in its last line, not a number from 0 to {points:g}")
    return number


def gives_number(value: Any) -> bool:
    """Return whether the value of a last line is a number, which can stand for points.

    Parameters
    ----------
    value : object
    """
    return isinstance(value, int | float | np.integer | np.floating) and type(value) is not bool


def _is_to_look_at(value: Any, source: str) -> bool:
    """Whether a truth value or a text in the last line says nothing that `assert` has not said.

    nbgrader gives all points then, as it does for each truth value and each text.
    """
    if not isinstance(value, bool | np.bool_ | str):
        return False
    try:
        tree = parse_cell(source)  # with magics, a test runs together
    except (SyntaxError, *ODD):
        return False
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return False
    return bool(value) if not isinstance(value, str) else _is_constant(tree.body[-1])


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def outcome_together(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a test cell that has run in the student kernel.

    What it writes to stderr is no failure. Its last line is believed only as points that it can
    give.

    Raises
    ------
    FaultyTest
        If it gives more points than it can.
    """
    outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    for output in outputs:
        if output.output_type == "execute_result":
            value = _shown(str(output.data.get("text/plain", "")))
            points = points_of(value, cell)
            if value is not None and not _is_to_look_at(value, cell.source):
                output.data["text/plain"] = repr(points)  # as nbgrader reads it
    return outputs


def _shown(text: str) -> float | bool | str | None:
    """Return what a text shows if that is a number, a truth value or a text, else None."""
    number = re.fullmatch(r"np\.(?:\w+\((.+)\)|(True|False)_)", text.strip())
    shown = (number[1] or number[2]) if number else text.strip()
    try:
        return float(shown)  # nan and inf, too
    except ValueError:
        pass
    try:
        value = ast.literal_eval(shown)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bool | str) else None
