"""Puts numbers of each student's own into tests, where a course wants them.

The calls of :func:`lxmls_nb.checks.personal` in a test are replaced by numbers before it runs, so
that the instructor's copy of a graded notebook shows what this student's answer was called with. A
student who prints the arrays of hidden tests learns nothing about those of another.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import re
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from traitlets import TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.definitions import parse
from lxmls_nb.checks.personal_numbers import personal

#: Fewest characters of a secret.
SECRET_LENGTH = 16

#: What looks like a call, and may be a comment.
CALL = re.compile(r"\bpersonal\s*\(")

#: One more than the largest seed.
SEEDS = 2**31


class PersonalNumbers(LoggingConfigurable):
    """Whether tests have numbers of each student's own: where ``c.PersonalNumbers.secret`` is set.

    Parameters
    ----------
    secret : str
        What the numbers follow from, with the names of student, assignment, notebook and test.
        Whoever knows it knows the numbers, and with another one all numbers change.
    """

    secret = Unicode("", help="What personal numbers of tests follow from (default: none).").tag(
        config=True
    )

    @validate("secret")
    def _check_secret(self, proposal: Any) -> str:
        secret = str(proposal["value"])
        if 0 < len(secret) < SECRET_LENGTH:
            raise TraitError(
                f"PersonalNumbers.secret has {len(secret)} characters, and needs {SECRET_LENGTH}: "
                'make one by `python -c "import secrets; print(secrets.token_hex())"`'
            )
        return secret

    def fingerprint(self) -> str:
        """Return what tells one secret from another and nothing more; empty without one."""
        return _digest(self.secret, "which secret").hex() if self.secret else ""

    def fill_in(self, notebook: NotebookNode, *names: str) -> None:
        """Replace the calls of ``personal`` in the tests of a notebook, if there is a secret.

        Parameters
        ----------
        notebook : NotebookNode
            Its tests are the instructor's.
        *names : str
            Of the student, the assignment and the notebook.

        Raises
        ------
        NbGraderException
            If a call cannot be replaced: no student is to get the default in silence.
        """
        for cell in notebook.cells if self.secret else ():
            if is_test(cell) and CALL.search(cell.source):
                name = str(grade_id(cell))
                cell.source = filled_in(cell.source, self.secret, *names, name)


def check_calls(notebook: NotebookNode) -> None:
    """Make sure that the calls of ``personal`` in the tests of a notebook can be replaced.

    Raises
    ------
    NbGraderException
        If one cannot.
    """
    for cell in notebook.cells:
        if is_test(cell) and CALL.search(cell.source):
            filled_in(cell.source, "", str(grade_id(cell)))


def filled_in(source: str, secret: str, *names: str) -> str:
    """Return the code of a test with numbers in place of its calls of ``personal``.

    Parameters
    ----------
    source : str
    secret : str
    *names : str
        What the numbers depend on, besides the place of the call in the test, and its range.

    Raises
    ------
    NbGraderException
        If the code cannot be parsed, or a call has anything but whole numbers in it.
    """
    try:
        calls = sorted(_calls(parse(source)), key=lambda call: (call.lineno, call.col_offset))
    except SyntaxError as error:
        raise NbGraderException(
            f"{names[-1]}: personal numbers need a test that is Python alone ({error.msg}, "
            f"line {error.lineno})"
        ) from error
    lines = [line.encode() for line in source.split("\n")]  # offsets count bytes
    for place, call in reversed(list(enumerate(calls))):
        number = str(_number(call, secret, *names, str(place))).encode()
        last = call.end_lineno or call.lineno
        behind = lines[last - 1][call.end_col_offset :]
        head = lines[call.lineno - 1][: call.col_offset]
        lines[call.lineno - 1 : last] = [head + number + behind]
    return b"\n".join(lines).decode()


def _calls(tree: ast.AST) -> list[ast.Call]:
    """Return the calls of ``checks.personal`` and of ``personal``."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("checks.personal", "personal")
    ]


def _number(call: ast.Call, secret: str, *names: str) -> int:
    """Return the number that takes the place of a call."""
    try:
        given = [ast.literal_eval(value) for value in call.args]
        named = {each.arg or "**": ast.literal_eval(each.value) for each in call.keywords}
        if not all(type(value) is int for value in (*given, *named.values())):
            raise TypeError
        personal(*given, **named)
    except (TypeError, ValueError) as error:
        why = f": {error}" if str(error).startswith("personal(") else ""
        raise NbGraderException(
            f"{names[-2]}: `{ast.unparse(call)}` must have whole numbers in it, such as "
            f"personal(5, 3, 8){why}"
        ) from error
    _, low, high = (*given, None, None, None)[:3]
    low, high = named.get("low", low), named.get("high", high)
    if low is None or high is None:
        low, high = 0, SEEDS - 1
    digest = _digest(secret, *names, str(low), str(high))
    drawn: int = low + int.from_bytes(digest[:8], "big") % (high - low + 1)
    return drawn


def _digest(secret: str, *names: str) -> bytes:
    return hmac.digest(secret.encode(), json.dumps(names).encode(), hashlib.sha256)
