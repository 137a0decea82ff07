"""What a student is told: the official page, the same without points, or a receipt."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import determine_grade, is_grade, is_task

from lxmls_grading.cells import is_test
from lxmls_grading.feedback.comments import DID_NOT_RUN
from lxmls_grading.reasons import NOTHING_READ, reasons_of
from lxmls_grading.watch.ledger import Try

#: What can be told before the due date.
POINTS, CAUSES, NOTHING = "points", "causes", "nothing"

#: What stands for a number that is not told: a character that no text has a use for.
UNTOLD = "\ue0f7"

RECEIPT = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{name}</title>
<style>body {{ font: 1.1em/1.5 sans-serif; max-width: 40em; margin: 2em auto; }}</style></head>
<body><main>
<h1>{name}</h1>
{lines}
</main></body>
</html>
"""

NOTE = (
    '<div role="note" style="border: 2px solid #23527c; margin: 1em; padding: 0.5em 1em;">'
    "{text}</div>"
)


class ScoresOfNotebook(NbGraderPreprocessor):
    """Put points where ``GetGrades`` puts them, from outputs: the gradebook has another try."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Note the points of each cell, and their sum."""
        score = most = 0.0
        for cell in nb.cells:
            if is_grade(cell) or is_task(cell):
                points, there = determine_grade(cell) if is_grade(cell) else (0.0, 0.0)
                cell.metadata.nbgrader["score"] = points or 0.0
                cell.metadata.nbgrader["points"] = there
                score, most = score + (points or 0.0), most + there
        resources["nbgrader"] |= {"score": score, "max_score": most, "late_penalty": 0}
        return nb, resources


class WithoutPoints(NbGraderPreprocessor):
    """Takes the place of ``GetGrades`` where points are not told: nothing of the gradebook is read.

    A test that gives a part of its points prints them as its result, which is left out.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Remove results of tests; there are no points and no penalty."""
        for cell in nb.cells:
            if "nbgrader" in cell.metadata:
                for key in ("score", "points", "comment"):
                    cell.metadata.nbgrader.pop(key, None)
            if is_test(cell):
                cell.outputs = [o for o in cell.outputs if o.output_type != "execute_result"]
        resources["nbgrader"] |= {"score": 0, "max_score": 0, "late_penalty": 0}
        return nb, resources


#: Filters of the template with which each number of points becomes `UNTOLD`.
HIDING: dict[str, Any] = {"float": lambda value, *_: UNTOLD, "round": lambda value, *_: value}


def hide_points(page: str) -> str:
    """Return a page that was made with `HIDING`, without its places for points."""
    score = f"Score: {UNTOLD} / {UNTOLD}"
    return page.replace(f"({score})", "").replace(score, "").replace(UNTOLD, "")


def add_note(page: str, text: str) -> str:
    """Return a page with a note on top; without a text, the page as it is."""
    if not text:
        return page
    return page.replace("<body>", f"<body>\n{NOTE.format(text=html.escape(text))}", 1)


def note_on_best(one: Try, tries: Iterable[Try]) -> str:
    """Return a sentence on what a try got, and which of a student's tries counts as the best."""
    got = "This try" if one.points is None else f"This try got {_points(one)} from the tests"
    if one.counts:
        return f"{got}. It is the best of your tries so far, and counts."
    text = f"{got}. The best of your tries counts, which is an earlier one"
    best = next((each for each in tries if each.counts), None)
    if best is not None and moment(best):
        text += f", of {moment(best)}"
    if best is not None and best.points is not None:
        text += f", with {_points(best)}"
    return f"{text}."


def _points(one: Try) -> str:
    return "1 point" if one.points == 1 else f"{round(one.points or 0, 2):g} points"


def moment(one: Try) -> str:
    """Return when a try was handed in, for its student; empty if that is not known."""
    when = one.handed_in.partition(".")[0].replace("T", " ")
    return f"{when} UTC" if when else ""


def notice(name: str, text: str) -> str:
    """Return a page with a text on a notebook that is not graded yet."""
    line = f"<p>{html.escape(text)}</p>"
    return RECEIPT.format(name=html.escape(name), lines=line)


def receipt(notebook: NotebookNode, name: str, handed_in: str, note: str) -> str:
    """Return the page of a notebook of which nothing is told but that it is there, and ran.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    name : str
    handed_in : str
        When; empty if that is not known.
    note : str
        A sentence on which try counts, or an empty string.
    """
    kinds = {each.kind for each in reasons_of(notebook)}
    when = f", handed in {handed_in}" if handed_in else ""
    if kinds & NOTHING_READ:
        lines = [f"There was no notebook of this name that could be read{when}."]
    elif kinds & (DID_NOT_RUN - {"test"}):
        lines = [f"It is received{when}. It did not run to its end."]
    else:
        lines = [f"It is received{when}. It ran to its end."]
    lines += ["What it got is told later: after the due date, or by your instructor."]
    lines += [note] if note else []
    text = "\n".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return RECEIPT.format(name=html.escape(name), lines=text)
