"""Runs test cells outside of the student's process, and returns their results as outputs."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import note_cause
from lxmls_nb import checks
from lxmls_nb.checks.probes.running import Reference
from lxmls_nb.errors import CheckFailed

#: Characters of a test's output that are kept.
MAX_OUTPUT = 20_000


class FaultyTest(Exception):
    """A test cell has failed through no fault of the student: an instructor has to repair it."""


class Judge:
    """Runs the test cells of one notebook, in one namespace.

    Names that a test cell uses and that nothing has defined are the student's: they become
    references (:class:`lxmls_nb.checks.probes.running.Reference`).

    Parameters
    ----------
    send : callable
        ``send(probe_name, names, arguments) -> reply`` runs a probe in the student kernel.
    """

    def __init__(self, send: Callable[[str, list[str], dict[str, Any]], dict[str, Any]]):
        self._ask = send
        self._lost: Exception | None = None
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "np": np,
            "numpy": np,
            "checks": checks,
        }

    def send(self, probe: str, names: list[str], arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a probe in the student kernel, and remember if that fails.

        Parameters
        ----------
        probe : str
            Its name in :mod:`lxmls_nb.checks.probes`.
        names : list of str
            The names of the student's objects that it is about.
        arguments : dict

        Returns
        -------
        reply : dict

        Raises
        ------
        Exception
            Whatever the callable raises that this object was made with: the kernel has ended.
        """
        try:
            return self._ask(probe, names, arguments)
        except Exception as error:
            self._lost = error
            raise

    def run(self, cell: NotebookNode) -> list[NotebookNode]:
        """Return the outputs of a test cell, and note in its metadata which mistake it has found.

        Parameters
        ----------
        cell : NotebookNode
            From the instructor's notebook, never from a student's: it is run with all rights.

        Returns
        -------
        outputs : list of NotebookNode
            What it printed; then the error if it failed, or its value if that is a number.

        Raises
        ------
        FaultyTest
            If the test itself is wrong.
        Exception
            Whatever ``send`` raises: the kernel has ended.
        """
        printed = io.StringIO()
        error: CheckFailed | None = None
        value = None
        try:
            with contextlib.redirect_stdout(printed):
                value = self._execute(cell.source)
        except CheckFailed as failure:
            error = failure
        outputs = []
        if printed.getvalue():
            outputs.append(new_output("stream", text=printed.getvalue()[:MAX_OUTPUT]))
        if error is not None:
            note_cause(cell, error.cause)
            outputs.append(
                new_output(
                    "error",
                    ename=type(error).__name__,
                    evalue=str(error),
                    traceback=error._render_traceback_(),
                )
            )
        elif value is not None:
            points = _partial(value, float(cell.metadata.nbgrader.points))
            outputs.append(new_output("execute_result", {"text/plain": repr(points)}))
        return outputs

    def _execute(self, source: str) -> Any:
        """Run code, and return the value of its last line if that is an expression."""
        tree = ast.parse(source)
        used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        for name in {node.id for node in used if isinstance(node.ctx, ast.Load)}:
            if name not in self.namespace and not hasattr(builtins, name):
                self.namespace[name] = Reference(name, self.send)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, "<test>", "exec"), self.namespace)
            if not isinstance(last, ast.Expr):
                return None
            return eval(compile(ast.Expression(last.value), "<test>", "eval"), self.namespace)
        except CheckFailed:
            raise
        except Exception as error:
            if self._lost is not None:
                raise self._lost from None
            raise FaultyTest(f"{type(error).__name__}: {error}"[:300]) from error


def _partial(value: Any, points: float) -> float:
    """Return the points that a test cell gives as the value of its last line."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise FaultyTest(f"its last line gives {value!r}, not a number of points")
    if not math.isfinite(value) or not 0 <= value <= points:
        raise FaultyTest(f"its last line gives {value!r}, not a number from 0 to {points:g}")
    return float(value)
