"""Writes reasons where people read them: in comments of the gradebook, and in the feedback."""

from __future__ import annotations

import html
from collections import defaultdict

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution

from lxmls_grading.cells import METADATA_KEY, grade_id
from lxmls_grading.reasons import TEXTS, reasons_of

#: Kinds of reasons for which cells did not run.
DID_NOT_RUN = TEXTS.keys() - {"tampered"}


class SaveReasons(NbGraderPreprocessor):
    """Write the reasons of a notebook to the gradebook; to run right after ``SaveAutoGrades``.

    They become the comment on an answer. Cells that did not run get 0 points and wait for manual
    grading, whatever points an earlier submission was given for them. A rubric, whose cell can give
    no points, does not wait: in nbgrader, each submission would need manual grading until somebody
    had given 0 of 0 points for it.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Write comments and grades, all or none."""
        comments = comments_of(nb)
        cells = {name for r in reasons_of(nb) if r.kind in DID_NOT_RUN for name in r.cells}
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            saved = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            set_aside: list[str | None] = []
            # Each name or score costs a query, so that they are looked up only where needed.
            if cells:
                set_aside = [_score_nothing(grade) for grade in saved.grades if grade.name in cells]
            else:
                for grade in saved.grades:
                    if grade.needs_manual_grade and grade.max_score == 0:
                        grade.needs_manual_grade = False
            if comments:
                comments[next(iter(comments))] += [note for note in set_aside if note]
                for comment in saved.comments:
                    if comment.name in comments:
                        before = [comment.auto_comment] if comment.auto_comment else []
                        comment.auto_comment = "\n\n".join(before + comments[comment.name])
            gradebook.db.commit()
        return nb, resources


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
            comments[about[0]].append(html.escape(each.text, quote=False))
    for repair in notebook.metadata.get(METADATA_KEY, {}).get("repairs", []):
        if repair["cell"] in answers and not repair["tampered"]:
            comments[repair["cell"]].append(repair["text"])
    return comments


def _score_nothing(grade: Grade) -> str | None:
    """Score a cell that did not run; return a note on points that were given by hand."""
    by_hand = (grade.manual_score or 0) + (grade.extra_credit or 0)
    grade.auto_score, grade.manual_score, grade.extra_credit = 0, None, None
    grade.needs_manual_grade = True
    if not by_hand:
        return None
    points = "1 point that was" if by_hand == 1 else f"{by_hand:g} points that were"
    end = "was" if by_hand == 1 else "were"
    return f"{grade.name}: {points} given by hand to an earlier submission {end} set aside."


class ShowReasons(NbGraderPreprocessor):
    """Add the reasons to the comments that students read; to run right after ``GetGrades``.

    In nbgrader, a comment by hand hides the automatic one.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Add to comments on answers what they do not contain yet."""
        comments = comments_of(nb)
        for cell in nb.cells:
            if is_solution(cell):
                old = cell.metadata.nbgrader.get("comment") or ""
                new = [text for text in comments.get(str(grade_id(cell)), []) if text not in old]
                if new:
                    cell.metadata.nbgrader["comment"] = "\n\n".join([old, *new] if old else new)
        return nb, resources
