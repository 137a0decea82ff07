"""A notebook of the course: as it is graded, as students got it, and what its answers define."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, Notebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task
from traitlets.config import Config

from lxmls_grading.cells import DUE_DATE, grade_id, is_locked, is_test
from lxmls_grading.definitions import analyse, bound_names, names_from_elsewhere, tree_of
from lxmls_grading.intake.layout import layout_key, statements_about
from lxmls_grading.intake.sources import not_released
from lxmls_grading.listing import list_names

#: A line of a text that begins or ends code in it.
FENCE = re.compile(r"\s*(```|~~~)[^`~]*$")

#: What makes the keys of a cell by which it is found.
Keys = Callable[[NotebookNode], list[Hashable]]


@dataclass(frozen=True)
class Answer:
    """What the course expects of an answer.

    Attributes
    ----------
    names : frozenset of str
        The names that it must define for the course's other cells. None are known of a text, or of
        code whose names another answer defines, too.
    checks : tuple of str
        Names (``grade_id``) of the test cells that grade it, in their order.
    given : frozenset of str
        The names that the stub defines as the solution does, such as code that is to be
        commented.
    """

    names: frozenset[str] = frozenset()
    checks: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Originals:
    """A notebook of the course.

    Attributes
    ----------
    graded : NotebookNode
        As the gradebook has it: without solutions, with hidden tests.
    released : NotebookNode
        As students got it.
    answers : dict
        What is expected of each answer, by name (``grade_id``).
    """

    graded: NotebookNode
    released: NotebookNode
    answers: dict[str, Answer] = field(default_factory=dict)
    _keys: dict[Keys, dict[str, list[Hashable]]] = field(default_factory=dict, repr=False)

    def keys(self, of: Keys) -> dict[str, list[Hashable]]:
        """Return keys of the cells that nbgrader keeps, by name: made once for a course."""
        if of not in self._keys:
            self._keys[of] = {name: of(cell) for name, cell in self.known.items()}
        return self._keys[of]

    @cached_property
    def known(self) -> dict[str, NotebookNode]:
        """The cells that nbgrader keeps, as they were released, by name and in their order."""
        return {name_of(cell): cell for cell in self.released.cells if is_known(cell)}

    @cached_property
    def texts(self) -> frozenset[str]:
        """The texts of all cells, as they were released; some have no marks of nbgrader's."""
        return frozenset(plain_text(cell) for cell in self.released.cells)

    @cached_property
    def lines(self) -> frozenset[str]:
        """The lines of all cells, as they were released, without what makes them comments."""
        lines = (line for cell in self.released.cells for line in cell.source.splitlines())
        return frozenset(map(_bare, lines))

    def new_lines(self, text: str) -> list[str]:
        """Return the lines of a text that stand in no cell as it was released.

        Empty lines are left out, and so are those that fence code in a text, and the due date.
        """
        return [
            line
            for line in text.splitlines()
            if _bare(line) and _bare(line) not in self.lines and not FENCE.match(line)
            if not DUE_DATE.fullmatch(line.strip())
        ]

    @cached_property
    def stubs(self) -> frozenset[bytes]:
        """What the statements are that bind names of answers, as they were released."""
        return self._statements([self.known[name] for name in self.answers])[0]

    @cached_property
    def uses(self) -> frozenset[bytes]:
        """What the other statements are that mention such names, as they were released."""
        return self._statements(self.released.cells)[1]

    def _statements(
        self, cells: Iterable[NotebookNode]
    ) -> tuple[frozenset[bytes], frozenset[bytes]]:
        names = frozenset[str]().union(*(answer.names for answer in self.answers.values()))
        found = [statements_about(cell.source, names) for cell in cells if _is_code(cell)]
        binding, others = zip(*found, strict=True) if found else ((), ())
        return frozenset[bytes]().union(*binding), frozenset[bytes]().union(*others)

    def names_written(self, name: str, source: str) -> frozenset[str]:
        """Return the names of an answer that code defines, none if it is as it was released.

        What was released may be filled in by statements below it, which change what it made. Where
        a person reads the answer, comments are one, and broken code is compared by its lines.
        """
        code = analyse(source)
        here = self.answers[name].names & code.bound
        if not here:
            return here
        if is_grade(self.known[name]) or not code.parsed:
            is_written = bool(self.new_lines(source))
        else:
            binding, others = statements_about(source, here)
            is_written = not (binding <= self.stubs and others <= self.uses)
        return here if is_written else frozenset()

    @cached_property
    def order(self) -> dict[str, int]:
        """The place of each of these cells."""
        return {name: place for place, name in enumerate(self.known)}


def _bare(line: str) -> str:
    """Return a line without what makes it a comment, and without indentation."""
    return line.strip("# \t")


def _is_code(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code")


def name_of(cell: NotebookNode) -> str:
    """Return the name (``grade_id``) of a cell of the course."""
    return str(grade_id(cell))


def is_known(cell: NotebookNode) -> bool:
    """Whether nbgrader keeps a cell of an instructor's notebook in the gradebook."""
    return bool(is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell))


def read_originals(source: NotebookNode, config: Config | None = None) -> Originals:
    """Return an instructor's notebook as nbgrader keeps it, and as students get it.

    Parameters
    ----------
    source : NotebookNode
    config : Config, optional
        The configuration of nbgrader, which sets what replaces solutions.
    """
    graded, resources = copy.deepcopy(source), ResourcesDict()
    for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        graded, resources = step(config=config).preprocess(graded, resources)
    released = copy.deepcopy(graded)
    for step in (ClearHiddenTests, ClearMarkScheme):
        released, resources = step(config=config).preprocess(released, resources)
    return Originals(graded, released, _answers(source, released))


def _answers(source: NotebookNode, released: NotebookNode) -> dict[str, Answer]:
    """Return what the course expects of each answer: names that a stub or the solution defines.

    If the course's other cells use some of them, these are enough: a student needs no helper
    functions of the reference solution.
    """
    stubs = {name_of(cell): cell for cell in released.cells if is_known(cell)}
    defined: dict[str, frozenset[str]] = {}
    for cell in filter(is_solution, source.cells):
        name = name_of(cell)
        defined[name] = frozenset()
        if cell.cell_type == "code":
            solved = analyse(cell.source).defined
            begun = analyse(stubs[name].source).defined
            others = [c for c in source.cells if c.cell_type == "code" and c is not cell]
            used = {each for other in others for each in names_from_elsewhere(other.source)}
            defined[name] = (begun | solved) & used or begun or solved
    number = Counter(each for names in defined.values() for each in names)
    solutions = {name_of(cell): cell.source for cell in filter(is_solution, source.cells)}
    answers = {}
    for name, names in defined.items():
        alone = frozenset(each for each in names if number[each] == 1)
        stub, solution = stubs[name].source, solutions[name]
        given = frozenset(each for each in alone if _is_same(each, stub, solution))
        shared = {n for n, others in defined.items() if n != name and names & others}
        if any(names & names_from_elsewhere(solutions[other]) for other in shared):
            shared = set()  # one is made of the other, whose tests need it, too
        answers[name] = Answer(alone, _checks(name, names, shared, source), given)
    return answers


def _is_same(name: str, stub: str, solution: str) -> bool:
    """Whether all that a stub makes of a name, before it may stop, is what the solution does."""
    tree = tree_of(stub)
    first = takewhile(lambda node: not isinstance(node, ast.Raise), tree.body if tree else ())
    names = frozenset({name}) & bound_names(first)[0]
    return bool(names) and statements_about(stub, names) == statements_about(solution, names)


def _checks(
    name: str, names: frozenset[str], shared: set[str], source: NotebookNode
) -> tuple[str, ...]:
    """Return the tests of an answer: those that use its names, else those that follow it.

    Of names that other answers define, too, it has the tests above the next one of these.
    """
    found, following, before_next = [], [], []
    is_here = is_last = False
    for cell in source.cells:
        if is_solution(cell):
            is_here = name_of(cell) == name
            is_last = is_here or (is_last and name_of(cell) not in shared)
        elif is_test(cell):
            test = name_of(cell)
            is_used = bool(names & names_from_elsewhere(cell.source))
            found += [test] * is_used
            before_next += [test] * (is_used and is_last)
            following += [test] * is_here
    return tuple((before_next if shared else []) or found or following)


def check_released(
    originals: Originals, path: str, notebook: str, assignment: str, db_url: str, **_: str
) -> None:
    """Compare a source notebook with the one that the gradebook knows.

    Parameters
    ----------
    originals : Originals
        What :func:`read_originals` has returned for the source notebook.
    path : str
        Its file, for the message.
    notebook, assignment, db_url : str
        Where the gradebook is, and what the two are called there.

    Raises
    ------
    NbGraderException
        If cells, their checksums or their points differ.
    """
    with Gradebook(db_url) as gradebook:
        stored = gradebook.find_notebook(notebook, assignment)
        checksums = {cell.name: cell.checksum for cell in stored.source_cells}
        points = {cell.name: cell.max_score for cell in stored.grade_cells}
        points |= {cell.name: cell.max_score for cell in stored.task_cells}
        known = {name_of(cell): cell for cell in originals.graded.cells if is_known(cell)}
        differ = known.keys() ^ checksums.keys()
        is_fixed = bool(differ) and _is_graded(stored)
    if is_fixed:  # the command below would fail
        raise NbGraderException(
            f"{path} has other cells than were released: {list_names(differ)}. nbgrader adds, "
            "removes and renames none once something is graded: put them back as they were. A test "
            "that is no longer to count can be worth 0 points."
        )
    for name, cell in known.items():
        worth = float(cell.metadata.nbgrader.points) if is_grade(cell) or is_task(cell) else None
        if checksums.get(name) != cell.metadata.nbgrader.checksum or points.get(name) != worth:
            differ.add(name)
    if differ:
        raise not_released(assignment, f"{path} is not what was released: {list_names(differ)}")


def missing_source(path: str, notebook: str, assignment: str, db_url: str) -> NbGraderException:
    """Return the error that there is no source of a notebook that was released.

    Parameters
    ----------
    path : str
        Where it would be.
    notebook, assignment, db_url : str
        See :func:`check_released`.
    """
    with Gradebook(db_url) as gradebook:
        if not _is_graded(gradebook.find_notebook(notebook, assignment)):
            return not_released(assignment, f"{path} is missing")
    return NbGraderException(
        f"{path} is missing, which was released. nbgrader removes and renames none once something "
        "is graded: put it back as it was. Tests that are no longer to count can be worth 0 points."
    )


def _is_graded(notebook: Notebook) -> bool:
    """Whether the gradebook has points for a notebook; a row without any may be a new one."""
    return any(
        grade.auto_score is not None or grade.manual_score is not None
        for submission in notebook.submissions
        for grade in submission.grades
    )


def is_unchanged(cell: NotebookNode) -> bool:
    """Whether a marked cell is as it was in this release or an earlier one.

    A student can forge the checksum, which avoids the blame and nothing else.

    Parameters
    ----------
    cell : NotebookNode
        With nbgrader's marks.
    """
    try:
        return bool(compute_checksum(cell) == cell.metadata.nbgrader.get("checksum"))
    except (TypeError, ValueError, KeyError, AttributeError):  # malformed marks
        return False


def plain_text(cell: NotebookNode) -> str:
    """Return the text of a cell without what editors change: spaces at ends of lines and cells.

    The due date that a release adds at its end is no part of it: the source has none.
    """
    lines = [line.rstrip() for line in cell.source.strip("\n").rstrip().splitlines()]
    if lines and DUE_DATE.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines).rstrip("\n")


def same_text(cell: NotebookNode, released: NotebookNode) -> bool:
    """Whether a cell has the text of a cell of the course, up to the layout of code."""
    if plain_text(cell) == plain_text(released):
        return True
    code = cell.cell_type == released.cell_type == "code"
    key = layout_key(cell.source) if code else ""
    return bool(key) and key == layout_key(released.source)
