"""Finds notebooks of a submission that are not where they should be.

Browsers, learning management systems and students rename notebooks, put them into folders, or into
archives. One is taken in place of a missing one where only one can be meant: by its cells, and by
its name where its cells fit several notebooks of the assignment. Where none is found, and a file
may be one that cannot be read, a person looks at it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_grade
from traitlets.config import Config

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import analyse
from lxmls_grading.intake.answered import (
    is_answered,
    may_hold_answer,
    names_of,
    texts_of_student,
    written_elsewhere,
)
from lxmls_grading.intake.archives import (
    PROSE,
    Listing,
    Member,
    list_notebooks,
    list_texts,
)
from lxmls_grading.intake.file_names import is_one_of, name_in, stem
from lxmls_grading.intake.files import UNPRINTABLE, UnreadableError, UnsafeFileError, read_plain
from lxmls_grading.intake.matching import Found, find_marked, is_blank
from lxmls_grading.intake.originals import Originals, read_originals
from lxmls_grading.listing import list_names
from lxmls_grading.reasons import Reason, add_reason, reason

#: What makes a notebook of a file's bytes: the bytes' reader and the name of the file.
Reader = Callable[[Callable[[], bytes], str], NotebookNode | Reason]

#: Where JupyterLab keeps a copy of each notebook, as it was when it was saved last.
CHECKPOINTS = ".ipynb_checkpoints"

#: Most characters of a file's name that are shown.
SHOWN_NAME = 80


@dataclass(frozen=True)
class Candidate:
    """A notebook that was found.

    Attributes
    ----------
    path : str
        Relative to the submission, to be shown.
    stem : str
        The name of its file, without the ending.
    notebook : NotebookNode
    marked : dict of Found
        The cells of each notebook of the assignment that are in it.
    """

    path: str
    stem: str
    notebook: NotebookNode
    marked: dict[str, Found]


class NotebookFinder:
    """Finds the notebooks of one assignment in submissions.

    Parameters
    ----------
    sources : callable
        Returns the instructor's notebooks by name.
    given : callable
        Returns the paths of the assignment's own files, which students hand in, too.
    ignore : list of str
        Patterns of names of files and folders that are left out.
    max_bytes : int
        Most bytes of a notebook.
    read : callable
        See :data:`Reader`.
    config : traitlets.config.Config
        The configuration of nbgrader.
    """

    def __init__(
        self,
        sources: Callable[[], dict[str, NotebookNode]],
        given: Callable[[], Collection[str]],
        ignore: list[str],
        max_bytes: int,
        read: Reader,
        config: Config,
    ):
        self.sources, self.given, self.ignore = sources, given, ignore
        self.max_bytes = max_bytes
        self.read, self.config = read, config
        self._originals: dict[str, Originals] | None = None
        self._folder = ""
        self._candidate_of: dict[tuple[str, tuple[int, int]], Candidate | None] = {}

    def originals(self) -> dict[str, Originals]:
        """Return the assignment's notebooks, by name."""
        if self._originals is None:
            self._originals = {
                name: read_originals(source, self.config) for name, source in self.sources().items()
            }
        return self._originals

    def find(self, path: str, proper: NotebookNode | Reason) -> NotebookNode | Reason | None:
        """Find a notebook that may be elsewhere.

        Parameters
        ----------
        path : str
            Where it should be.
        proper : NotebookNode or Reason
            What is there, or the reason why it cannot be read.

        Returns
        -------
        notebook : NotebookNode, Reason or None
            Another notebook, with the reason in its metadata; why none was taken; None if what is
            there counts.
        """
        folder, file = os.path.split(path)
        name = os.path.splitext(file)[0]
        there = os.path.lexists(path)
        original = self.originals().get(name)
        if original is None:
            return None if there else _missing(name, [])
        listing = list_notebooks(folder, self.ignore, self._is_named, self.max_bytes)
        everything = listing.notebooks
        other = self._other_notebook(proper, name)
        mine: tuple[str, ...] = ()
        if not other and not isinstance(proper, Reason) and is_answered(proper, original):
            mine = texts_of_student(proper, original)
        proper_files = {f"{each}.ipynb" for each in self._names()}
        elsewhere = [each for each in everything if each.path not in proper_files]
        # Without an answer in its place, this one may lie under the name of another.
        entries = elsewhere if mine else [each for each in everything if each.path != file]
        found = [each for each in self._candidates(folder, entries) if self._holds(each, name)]
        with_answers = [each for each in found if is_answered(each.notebook, original)]
        written = {
            texts_of_student(each.notebook, original): each for each in reversed(with_answers)
        }
        answered = [*written.values()][::-1]
        if mine and not isinstance(proper, Reason):
            others = [each for texts, each in written.items() if texts != mine]
            if others:
                _leave_out(proper, file, others, name, original)
            self._look_for_words(proper, folder, name, listing)
            return None
        state = _state(proper, there and not other)
        if not answered and original.answers and not (there and isinstance(proper, Reason)):
            uncertain = self._uncertain(folder, name, entries, listing)
            if uncertain:
                files = list_names([_shown(each) for each in uncertain])
                return reason("uncertain", notebook=name, state=state, files=files)
        if not answered and there and not other:
            return None
        listed = [entry.path for entry in elsewhere]
        if other:
            listed = [f"{file}, which holds {other}", *listed]
        return _take(name, state, there and not other, answered or found[:1], listed, original)

    def _look_for_words(
        self, notebook: NotebookNode, folder: str, name: str, listing: Listing
    ) -> None:
        """Have a person look for an empty answer in words in the documents beside a notebook."""
        original = self.originals()[name]
        stubs = {each: original.known[each] for each in original.answers}
        words = {n: s for n, s in stubs.items() if s.cell_type == "markdown" and is_grade(s)}
        marked = [(str(grade_id(cell)), cell) for cell in notebook.cells]
        empty = [each for each, cell in marked if each in words and is_blank(cell, words[each])]
        if not empty:
            return
        texts, documents = list_texts(folder, self.ignore, self.max_bytes)
        prose = [each.path for each in texts if PROSE.search(each.path)]
        named = [each for each in listing.named if not each.lower().endswith(".py")]
        files = [
            each for each in dict.fromkeys(named + documents + prose) if self._fits(each, name)
        ]
        files = self._without_given(files)
        shown = list_names([_shown(each) for each in files])
        for each in empty if files else ():
            what = f"the cell {each} is empty, and its answer may be in {shown}"
            add_reason(notebook, reason("set aside", [each], what=what))

    def _uncertain(
        self, folder: str, name: str, entries: list[Member], listing: Listing
    ) -> list[str]:
        """Return the files that may hold a notebook and cannot be graded in its place.

        They are notebooks that cannot be read, that fit this one and another equally well, or that
        have nothing of it but an answer; archives; files with its name that are no notebooks; and
        other files in which there may be an answer.
        """
        may_be = [each.path for each in entries if self._may_be(folder, each, name)]
        may_be += [each for each in listing.closed if self._fits(each, name)]
        may_be += [each for each in listing.named if name_in(stem(each), self._names()) == name]
        texts, documents = list_texts(folder, self.ignore, self.max_bytes)
        may_be += [each for each in documents if self._fits(each, name) and each not in may_be]
        may_be += [each.path for each in texts if self._is_answer(each, name)]
        if not may_be and not listing.notebooks:  # an archive may be named after one of several
            may_be += listing.closed
        return self._without_given(may_be + self._checkpoint(folder, name))

    def _checkpoint(self, folder: str, name: str) -> list[str]:
        """Return JupyterLab's own copy of a notebook, where it has an answer."""
        path = os.path.join(CHECKPOINTS, f"{name}-checkpoint.ipynb")
        if os.path.islink(os.path.join(folder, CHECKPOINTS)):
            return []
        notebook = self.read(partial(read_plain, os.path.join(folder, path), self.max_bytes), path)
        if isinstance(notebook, Reason) or not is_answered(notebook, self.originals()[name]):
            return []
        return [path]

    def _without_given(self, paths: list[str]) -> list[str]:
        """Return the paths of files that are not the assignment's own, which are read if needed."""
        given = self.given() if paths else ()
        return [each for each in paths if not is_one_of(given, each)]

    def _is_answer(self, text: Member, name: str) -> bool:
        """Whether a file of text that has no notebook's name seems to hold an answer of one."""
        if self._is_named(text.path):
            return False
        try:
            content = text.read().decode(errors="replace")
        except (UnsafeFileError, UnreadableError):
            return False
        return may_hold_answer(text.path, content, self.originals()[name])

    def _may_be(self, folder: str, entry: Member, name: str) -> bool:
        """Whether a file may be the notebook of a name, which is not certain."""
        (candidate,) = self._candidates(folder, [entry]) or (None,)
        if candidate is None:
            return self._fits(entry.path, name)
        best, enough = self._best(candidate.marked)
        original = self.originals()[name]
        if self.is_for(candidate) is not None:
            return False
        if enough:
            return name in best and is_answered(candidate.notebook, original)
        codes = [cell.source for cell in candidate.notebook.cells if cell.cell_type == "code"]
        return any(names_of(original) & analyse(code).bound for code in codes)

    def _fits(self, path: str, name: str) -> bool:
        """Whether the name of a file is that of a notebook, or of none of the assignment."""
        return name_in(stem(path), self._names()) in (name, None)

    def _is_named(self, file: str) -> bool:
        """Whether the name of a file is that of a notebook of the assignment."""
        return name_in(stem(file), self._names()) is not None

    def _names(self) -> list[str]:
        return [*self.originals()]

    def _candidates(self, folder: str, entries: list[Member]) -> list[Candidate]:
        """Return the notebooks that can be read. Those of the last submission are kept."""
        if self._folder != folder:
            self._folder, self._candidate_of = folder, {}
        for entry in entries:
            key = entry.path, entry.state
            if key not in self._candidate_of:
                self._candidate_of[key] = self._candidate(entry)
        found = (self._candidate_of[entry.path, entry.state] for entry in entries)
        return [each for each in found if each is not None]

    def _candidate(self, entry: Member) -> Candidate | None:
        notebook = self.read(entry.read, entry.path)
        if isinstance(notebook, Reason):
            return None
        return Candidate(entry.path, stem(entry.path), notebook, self._marked(notebook))

    def _marked(self, notebook: NotebookNode) -> dict[str, Found]:
        """Return the cells of each notebook of the assignment that are in a notebook."""
        return {name: find_marked(notebook, each) for name, each in self.originals().items()}

    def _other_notebook(self, proper: NotebookNode | Reason, name: str) -> str:
        """Return which other notebook of the assignment lies under a name, "" if it is its own."""
        if isinstance(proper, Reason):
            return ""
        known = self.originals()[name].known
        marked = {mark for mark in map(grade_id, proper.cells) if mark in known}
        if 2 * len(marked) >= len(known):
            return ""
        marks = self._marked(proper)
        best, enough = self._best(marks)
        is_own = not enough or name in best or self._has_answers(marks[name], name)
        return "" if is_own else best[0]

    def _holds(self, candidate: Candidate, name: str) -> bool:
        """Whether a notebook is the one of a name, or holds it among others."""
        best = self.is_for(candidate)
        if best == name:
            return True
        tied, enough = self._best(candidate.marked)
        others = [each for each in ([best] if best else tied) if each != name]
        if best is None and not (enough and name in tied and others):
            return False
        mine = self._answers_in(candidate, name)
        is_other = all(mine.isdisjoint(self._answers_in(candidate, each)) for each in others)
        return is_other and self._has_answers(candidate.marked[name], name)

    def _answers_in(self, candidate: Candidate, name: str) -> set[str | int]:
        """Return the names of the answers of a notebook, and the places of its cells in another."""
        answers = self.originals()[name].answers
        found = enumerate(candidate.marked[name].names)
        return {*answers, *(index for index, each in found if each in answers)}

    def _has_answers(self, found: Found, name: str) -> bool:
        """Whether most cells of a notebook of the assignment are there, one of them an answer.

        Without nbgrader's marks, an answer is a cell that defines what one has to.
        """
        original = self.originals()[name]
        if 2 * len({*found.names} - {None}) < len(original.known):
            return False
        names = names_of(original)
        return any(
            not is_blank(cell, original.known[each])
            if each in original.answers
            else cell.cell_type == "code" and not each and names & analyse(cell.source).bound
            for each, cell in zip(found.names, found.cells, strict=True)
        )

    def is_for(self, candidate: Candidate) -> str | None:
        """Return which notebook of the assignment a notebook is, or None if it is none of them."""
        best, enough = self._best(candidate.marked)
        named = name_in(candidate.stem, self._names())
        if named in best:
            return named
        return best[0] if len(best) == 1 and enough else None

    def _best(self, marked: Mapping[str, Found]) -> tuple[list[str], bool]:
        """Return of which notebooks of the assignment most cells are there, and if they are enough.

        There are several where notebooks have the same cells.
        """
        scores = {name: len({*found.names} - {None}) for name, found in marked.items()}
        most = max(scores.values(), default=0)
        best = [name for name, score in scores.items() if score == most]
        return best, bool(best) and most * 4 >= len(self.originals()[best[0]].known)


def _state(proper: NotebookNode | Reason, there: bool) -> str:
    """Return why another file is graded than the proper one: a clause without its subject."""
    if not there:
        return "was not handed in"
    return "could not be read" if isinstance(proper, Reason) else "holds no answer"


def _take(
    name: str,
    state: str,
    there: bool,
    found: list[Candidate],
    files: list[str],
    original: Originals,
) -> NotebookNode | Reason | None:
    """Return the notebook that is meant, if there is only one."""
    exact = [each for each in found if each.stem.casefold() == name.casefold()]
    chosen = exact if len(exact) == 1 else found
    if not chosen:
        return None if there else _missing(name, files)
    if len(chosen) > 1:
        shown = list_names([_shown(each.path) for each in chosen])
        return reason("several", notebook=name, state=state, files=shown)
    (only,) = copy.deepcopy(chosen)  # the reason is not of the notebook that is kept
    values = {"notebook": name, "state": state, "file": _shown(only.path)}
    add_reason(only.notebook, reason("renamed", **values))
    left = [each for each in found if each.path != only.path]
    if left:
        _leave_out(only.notebook, only.path, left, name, original)
    return only.notebook


def _leave_out(
    notebook: NotebookNode, path: str, others: list[Candidate], name: str, original: Originals
) -> None:
    """Note that copies of a notebook are not graded.

    A person looks at an answer that is blank in the one that is, and that a copy has.
    """
    files = list_names(sorted(_shown(each.path) for each in others))
    values = {"notebook": name, "graded": _shown(path), "files": files}
    add_reason(notebook, reason("left out", **values))
    for each in sorted(others, key=lambda each: each.path):
        names = written_elsewhere(notebook, each.notebook, original)
        if names:
            s = "s" if names[1:] else ""
            what = (
                f"{_shown(path)} was graded, and has no answer in the cell{s} {list_names(names)}, "
                f"as {_shown(each.path)} has"
            )
            cells = (cell for name in names for cell in (name, *original.answers[name].checks))
            add_reason(notebook, reason("set aside", dict.fromkeys(cells), what=what))


def _missing(name: str, files: list[str]) -> Reason:
    """Return the reason of a notebook that is not there."""
    shown = f" (other files there: {list_names([_shown(f) for f in files])})" if files else ""
    return reason("missing", notebook=name, what=shown)


def _shown(path: str) -> str:
    """Return the name of a file as it can be shown."""
    text = UNPRINTABLE.sub("?", path)
    return text if len(text) <= SHOWN_NAME else f"…{text[-SHOWN_NAME:]}"
