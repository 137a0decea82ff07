"""Writes reasons where people read them: in comments of the gradebook, and in the feedback."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, SubmittedNotebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution
from sqlalchemy.orm import Session, scoped_session

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.definitions import analyse, used_names
from lxmls_grading.feedback.paths import hide_paths
from lxmls_grading.feedback.undefined import explain_errors
from lxmls_grading.reasons import RAN, TEXTS, add_reason, reasons_of

#: Kinds of reasons for which cells did not run. Of these, a missing notebook waits for nobody.
DID_NOT_RUN = TEXTS.keys() - RAN
NOT_HANDED_IN = "missing"

#: nbgrader's own comment on an answer that is as it was released.
NO_RESPONSE = "No response."

#: What the gradebook has of a cell of a submitted notebook.
RowT = TypeVar("RowT", Grade, Comment)


def by_cell(
    session: scoped_session[Session], kind: type[RowT], saved: SubmittedNotebook
) -> dict[str, RowT]:
    """Return the grades or comments of a submitted notebook by the names of their cells.

    It takes one query. nbgrader looks up each of them, or the name of each, by one more.

    Parameters
    ----------
    session : sqlalchemy.orm.scoped_session
        Of the gradebook.
    kind : type
        nbgrader's ``Grade`` or ``Comment``.
    saved : SubmittedNotebook
    """
    rows = session.query(BaseCell.name, kind).join(kind, kind.cell_id == BaseCell.id)
    return dict(rows.filter(kind.notebook_id == saved.id).all())


def add_texts(saved: Mapping[str, Comment], texts: Mapping[str, list[str]]) -> None:
    """Add texts, by the names of cells, to the automatic comments that there are.

    Parameters
    ----------
    saved : dict of str to Comment
        As :func:`by_cell` returns them. They are not committed here.
    texts : dict of str to list of str
    """
    for name in texts.keys() & saved.keys():
        comment = saved[name]
        before = [comment.auto_comment] if comment.auto_comment else []
        comment.auto_comment = "\n\n".join(before + texts[name])


class SaveReasons(NbGraderPreprocessor):
    """Write the reasons of a notebook to the gradebook; to run right after ``SaveGrades``.

    They become the comment on an answer. Cells that did not run get 0 points and wait for manual
    grading, whatever points an earlier submission was given for them; cells that were set aside
    keep their points and wait. A rubric, whose cell can give no points, does not wait: in nbgrader,
    each submission would need manual grading until somebody had given 0 of 0 points for it.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Write comments and grades, all or none."""
        names = resources["nbgrader"]
        for each in explain_errors(nb):
            add_reason(nb, each)
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], each.text)
        reasons = reasons_of(nb)
        comments = comments_of(nb)
        stopped = {name for r in reasons if r.kind in DID_NOT_RUN for name in r.cells}
        waiting = {name for r in reasons if r.kind == "set aside" for name in r.cells}
        missing = any(r.kind == NOT_HANDED_IN for r in reasons)
        with Gradebook(names["db_url"]) as gradebook:
            saved = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            grades = by_cell(gradebook.db, Grade, saved)
            set_aside: list[str | None] = []
            # A largest score costs a query, so that it is looked up only where needed.
            for name, grade in grades.items():
                if name in waiting and grade.max_score:
                    grade.needs_manual_grade = True
            if stopped:
                set_aside = [
                    _score_nothing(name, grade, wait=not missing)
                    for name, grade in grades.items()
                    if name in stopped
                ]
            else:
                for grade in grades.values():
                    # Points by hand that are there were given when it was worth more: they wait.
                    waits = grade.needs_manual_grade and not grade.score
                    if waits and grade.max_score == 0:
                        grade.needs_manual_grade = False
            notes = [note for note in set_aside if note]
            _save_comments(by_cell(gradebook.db, Comment, saved), grades, comments, notes, nb)
            gradebook.db.commit()
        return nb, resources


def _save_comments(
    saved: dict[str, Comment],
    grades: dict[str, Grade],
    comments: dict[str, list[str]],
    notes: list[str],
    nb: NotebookNode,
) -> None:
    """Add comments, and notes to the first of them; take back those that are not true."""
    if comments:
        comments[next(iter(comments))] += notes
    unanswered = {name: row for name, row in saved.items() if row.auto_comment == NO_RESPONSE}
    if unanswered:
        points = {name: grade.score or 0 for name, grade in grades.items()}
        for name, comment in unanswered.items():
            if _has_points(name, nb, points) or _is_explained(name, nb):
                comment.auto_comment = None
    add_texts(saved, comments)


def _is_explained(name: str, notebook: NotebookNode) -> bool:
    """Whether a reason tells where an answer is, or that it is not there."""
    return any(
        name in each.cells and each.kind in ("repaired", "set aside")
        for each in reasons_of(notebook)
    )


def _has_points(name: str, notebook: NotebookNode, points: Mapping[str, float]) -> bool:
    """Whether an answer or one of its tests has points.

    Its tests are those that use what it defines, else those between it and the next answer.
    """
    tests, names, following = {name}, frozenset[str](), False
    for cell in notebook.cells:
        if is_solution(cell):
            following = grade_id(cell) == name
            names = analyse(cell.source).defined if following else names
        elif following and is_test(cell):
            tests.add(str(grade_id(cell)))
    using = {
        str(grade_id(cell))
        for cell in notebook.cells
        if is_test(cell) and names & used_names(cell.source)
    }
    return any(points.get(each, 0) > 0 for each in ({name} | using if using else tests))


def comments_of(notebook: NotebookNode) -> dict[str, list[str]]:
    """Return the comments on a notebook, by the name of the answer that they are written at.

    A reason is written at the answer that it names, else at the first one.
    """
    answers = [str(grade_id(cell)) for cell in notebook.cells if is_solution(cell)]
    comments: dict[str, list[str]] = defaultdict(list)
    for each in reasons_of(notebook):
        about = [name for name in answers if name in each.cells] or answers
        if about:
            # nbgrader treats comments as Markdown with HTML in it.
            comments[about[0]].append(html.escape(hide_paths(each.text), quote=False))
    return comments


def _score_nothing(name: str, grade: Grade, wait: bool = True) -> str | None:
    """Score a cell that did not run; return a note on points that were given by hand."""
    by_hand = (grade.manual_score or 0) + (grade.extra_credit or 0)
    grade.auto_score, grade.manual_score, grade.extra_credit = 0, None, None
    grade.needs_manual_grade = wait or bool(by_hand)
    if not by_hand:
        return None
    points = "1 point that was" if by_hand == 1 else f"{by_hand:g} points that were"
    end = "was" if by_hand == 1 else "were"
    return f"{name}: {points} given by hand to an earlier submission {end} set aside."


class ShowReasons(NbGraderPreprocessor):
    """Add the reasons to the comments that students read; to run right after ``GetGrades``.

    In nbgrader, a comment by hand hides the automatic one. An answer whose tests have got points,
    by hand maybe, is not called one without a response.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Add to comments on answers what they do not contain yet."""
        comments = comments_of(nb)
        points = {
            str(grade_id(cell)): cell.metadata.nbgrader.get("score") or 0
            for cell in nb.cells
            if grade_id(cell)
        }
        for cell in nb.cells:
            if is_solution(cell):
                name = str(grade_id(cell))
                old = cell.metadata.nbgrader.get("comment") or ""
                if old == NO_RESPONSE and _has_points(name, nb, points):
                    old = cell.metadata.nbgrader["comment"] = ""
                new = [text for text in comments.get(name, []) if text not in old]
                if new:
                    cell.metadata.nbgrader["comment"] = "\n\n".join([old, *new] if old else new)
        return nb, resources
