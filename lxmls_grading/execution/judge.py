"""Runs test cells outside of the student's process, and returns their results as outputs."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import math
import re
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import is_test, note_cause
from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.copies import Copies
from lxmls_grading.execution.decisions import TEST_FILE
from lxmls_grading.execution.failures import (
    MAX_OUTPUT,
    FaultyTest,
    error_output,
    failed_line,
    is_borrowed,
    missing_module,
)
from lxmls_grading.execution.genuine import genuine, own_check
from lxmls_grading.execution.guard import guard
from lxmls_grading.execution.last_lines import gives_number, is_quiet, points_of
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.remote import CannotJudge, NotPlainError, Remote, TooMuch
from lxmls_grading.execution.remote_functions import FUNCTIONS, json_of_remotes
from lxmls_nb.errors import CheckFailed

#: Names of IPython, which are there in a kernel and not in the judge.
IPYTHON = frozenset({"get_ipython", "In", "Out", "display", "_", "__", "_i", "_ih", "_oh"})

#: What is told of a test whose time is up.
TOO_LONG = "takes too long"


@dataclass
class Verdict:
    """What a test cell has come to.

    Attributes
    ----------
    outputs : list of NotebookNode
        What it printed; then the error if it failed, or its value if that is a number of points.
    decided : tuple of str
        What objects of the student have decided; see `Deciding.decides`.
    line : int, optional
        The line of the test that has failed.
    """

    outputs: list[NotebookNode] = field(default_factory=list)
    decided: tuple[str, ...] = ()
    line: int | None = None


class Namespace(dict[str, Any]):
    """The global names of test cells. What they do not define themselves is the student's."""

    def __init__(self, find: Callable[[str], Any]):
        names = {"__name__": "__main__", "__builtins__": vars(builtins) | FUNCTIONS}
        super().__init__(names)
        self.find = find

    def __missing__(self, name: str) -> Any:
        return self.find(name)

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a name, for a test that looks for it in ``globals()``."""
        if super().__contains__(name) or not isinstance(name, str):
            return super().__contains__(name)
        try:
            self.find(name)
        except (KeyError, NameError):
            return False
        return True

    def get(self, name: str, default: Any = None) -> Any:
        """Return what has a name, or a default."""
        return self[name] if name in self else default  # noqa: SIM401 (it is what get() is)


class Judge:
    """Runs the test cells of one notebook, in one namespace.

    Parameters
    ----------
    connection : Connection
        To the student kernel.
    plan : NotebookPlan, optional
        What is known of the instructor's notebook.
    timeout : float
        Seconds that a test cell may take.

    Attributes
    ----------
    kernel_code : str
        What runs in the student kernel, and may need an import of a test that does not; see
        :attr:`NotebookPlan.lent`.
    """

    kernel_code = ""

    def __init__(
        self, connection: Connection, plan: NotebookPlan | None = None, timeout: float = 300
    ):
        self.connection, self.plan, self.timeout = connection, plan or NotebookPlan(), timeout
        self.namespace = Namespace(self._find)
        self._found: dict[str, Any] = {}
        self._lost: Exception | None = None
        self._end = math.inf  # when the time of the present test cell is up
        self._waiting = False
        self._sources: list[str] = []  # of the cells that have run
        self._filters = [*warnings.filters]  # what tests set of them holds for this notebook
        ask, probe = connection.ask, connection.probe
        connection.ask, connection.probe = self._remembering(ask), self._remembering(probe)
        self._define(ast.parse(self.plan.given).body)

    def _define(self, nodes: list[ast.stmt]) -> None:
        """Define what cells define, as far as that needs nothing of the student."""
        self._alone = True
        for node in nodes:
            with contextlib.suppress(Exception, CannotJudge):
                exec(compile(ast.Module([node], []), "<given>", "exec"), self.namespace)
        self._alone = False

    def _define_rest(self, source: str, line: int) -> None:
        """Define what stands below a line of a test, for the tests below; nothing is computed."""
        rest = [node for node in ast.parse(source).body if node.lineno > line]
        with alarm(self.timeout, self._stop), guard(self.connection.refuse):
            self._define([node for node in rest if _computes_nothing(node)])

    def _lend(self, statements: Mapping[str, str]) -> None:
        """Let the student's code have imports of a test that it may need."""
        for name, statement in statements.items():
            if re.search(rf"\b{re.escape(name)}\b", self.kernel_code):
                with contextlib.suppress(Exception):  # it is remembered: see `_check`
                    self.connection.tell("lend", name, statement)

    def _remembering(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that remembers its error, which a test could swallow."""

        def remembering(*given: Any, **named: Any) -> Any:
            if self.seconds_left() < 0:
                self._stop()
            self._waiting = True
            try:
                return function(*given, **named)
            except Exception as error:
                self._lost = error
                raise
            finally:
                self._waiting = False

        return remembering

    def _find(self, name: str) -> Any:
        """Return what the student calls by a name, and look it up again if that has changed."""
        if self._alone:
            raise KeyError(name)
        if name in IPYTHON:
            self.connection.failed = CannotJudge(f"uses `{name}`, which is IPython's")
            raise self.connection.failed
        if name in vars(builtins) and name not in self.plan.names:
            raise KeyError(name)
        if name in self.connection.rebound:
            self.connection.rebound.discard(name)
            self._found.pop(name, None)
        if name not in self._found:
            found = self.connection.do("name", name)
            if name in self.plan.imports:
                found = genuine(found, *self.plan.imports[name])
            found = own_check(found)
            self._found[name] = found
        return self._found[name]

    def _stop(self) -> None:
        """End a test cell that takes too long; the student's code has a limit of its own."""
        if not self._waiting:
            self.connection.failed = TooMuch(TOO_LONG)
            raise self.connection.failed

    def seconds_left(self) -> float:
        """Return how long the present test cell may still take."""
        return self._end - time.monotonic()

    def run(self, cell: NotebookNode, seconds: float | None = None) -> Verdict:
        """Run a test cell, and note in its metadata which mistake it has found.

        Parameters
        ----------
        cell : NotebookNode
            From the instructor's notebook, never from a student's: it is run with all rights.
            It can be one that calls checks for no points. Then its value is not shown: to draw the
            figures of the ladder takes longer than all tests of the notebook.
        seconds : float, optional
            How long it may take, if that is not as long as every test.

        Raises
        ------
        FaultyTest
            If the test could not be carried out.
        Exception
            If the student kernel has ended.
        """
        name = cell.metadata.nbgrader.get("grade_id")
        plan = self.plan.of(name)
        self.connection.start_cell(plan.decides, watch=name in self.plan.open)
        self._found.clear()
        seconds = self.timeout if seconds is None else seconds
        self._end = time.monotonic() + seconds
        self._lend(self.plan.lent.get(name, {}))
        self._sources.append(cell.source)
        for name in self.plan.names:  # what a test or a given cell has called so is not the answer
            self.namespace.pop(name, None)
        printed, value = io.StringIO(), None
        error: BaseException | None = None
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(io.StringIO()),
                alarm(seconds, self._stop),
                guard(self.connection.refuse),
                json_of_remotes(),
                self._own_filters(),
            ):
                value = self._execute(cell.source)
            if not is_test(cell):
                value = None
        except CannotJudge as failure:
            self.connection.failed = failure
        except KeyboardInterrupt:
            raise
        except BaseException as failure:  # as pytest's own, SystemExit too
            error = failure
        finally:
            self._end = math.inf
        if self._lost is None and self.connection.count:
            with contextlib.suppress(Exception):  # it is remembered: see `_check`
                self.connection.tell("end_cell")
        if isinstance(self.connection.failed, TooMuch) and plan.passes:
            error = TimeoutError(f"with your code, this test {self.connection.failed}")
        else:
            self._check(self.connection.failed)
        if missing := missing_module(error):
            raise FaultyTest(f"imports `{missing}`, which is not installed here") from error
        if error is None and not gives_number(value):  # whatever a test does with that error
            error = self.connection.refused
        if isinstance(error, NotPlainError) and not (plan.passes or plan.decides is None):
            raise FaultyTest(f"is not known to pass with the reference solution; here, {error}")
        verdict = Verdict(decided=tuple(sorted(self.connection.used)))
        if printed.getvalue():
            verdict.outputs.append(new_output("stream", text=printed.getvalue()[:MAX_OUTPUT]))
        if error is not None:
            if isinstance(error, CheckFailed) and is_test(cell):
                note_cause(cell, error.cause)
            verdict.line = failed_line(error)
            if isinstance(error, NameError) and is_borrowed(error, self._sources):
                self._define_rest(cell.source, verdict.line or 0)
            verdict.outputs.append(error_output(error, cell.source))
        elif value is not None:
            points = points_of(value, cell)
            verdict.outputs.append(new_output("execute_result", {"text/plain": repr(points)}))
        return verdict

    @contextlib.contextmanager
    def _own_filters(self) -> Iterator[None]:
        """Have the filters of warnings that this notebook has set, and no others."""
        with warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.filters[:] = self._filters  # type: ignore[index]
            try:
                yield
            finally:
                self._filters = [*warnings.filters]

    def _check(self, failure: CannotJudge | None) -> None:
        """Raise the error of the kernel, or of what cannot be judged, whatever became of it."""
        if self._lost is not None:
            lost, self._lost = self._lost, None
            raise lost from None
        if failure is not None:
            raise FaultyTest(str(failure)) from failure

    def _execute(self, source: str) -> Any:
        """Run code, and return the value of its last line if that is an expression."""
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise CannotJudge(f"is not Python alone ({error.msg}, line {error.lineno})") from None
        self.connection.statements = _statements(tree)
        copies = self.connection.copies
        value = self._evaluate_watched(tree, copies) if copies else self._evaluate(tree)
        if is_quiet(source):
            return None
        is_number_or_text = type(value) is Remote and isinstance(value, int | float | str)
        return self.connection.plain_of(value) if is_number_or_text else value

    def _evaluate_watched(self, tree: ast.Module, copies: Copies) -> Any:
        own = self.namespace["__builtins__"]
        self.namespace.update(copies.names() | {"__builtins__": own | {"id": copies.identity}})
        try:
            value = self._evaluate(copies.rewritten(tree))
        finally:
            self.namespace["__builtins__"] = own
        copies.look(at_end=True)
        return value

    def _evaluate(self, tree: ast.Module) -> Any:
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, TEST_FILE, "exec"), self.namespace)
        if not isinstance(last, ast.Expr):
            return None
        return eval(compile(ast.Expression(last.value), TEST_FILE, "eval"), self.namespace)


def _computes_nothing(node: ast.stmt) -> bool:
    """Whether a statement is an import, a plain function, or gives a name to a constant."""
    match node:
        case ast.FunctionDef(decorator_list=[], args=arguments):
            defaults = (*arguments.defaults, *filter(None, arguments.kw_defaults))
            return all(isinstance(each, ast.Constant) for each in defaults)
        case ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
    return isinstance(node, ast.Import | ast.ImportFrom)


def _statements(tree: ast.Module) -> dict[int, int]:
    """Return, by line, the first line of its statement: a message may stand below what fails."""
    return {
        line: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


@contextlib.contextmanager
def alarm(seconds: float, ring: Callable[[], None]) -> Iterator[None]:
    """Call a function in the main thread when time is up, and again and again after that.

    An alarm that was set before goes on.
    """
    before = signal.getsignal(signal.SIGALRM)
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, lambda number, frame: ring())
    start, limit = time.monotonic(), min(seconds, left or seconds)
    signal.setitimer(signal.ITIMER_REAL, limit, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.01, left - (time.monotonic() - start)))


def error_of(cell: NotebookNode) -> str:
    """Return the error among the outputs of a cell, or nothing."""
    for output in cell.outputs:
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}" if output.evalue else str(output.ename)
    return ""
