"""The page of the watcher's state, for instructors: a JSON file, and an HTML file made of it."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from lxmls_grading.watch.ledger import GRADED, PASSED, REFUSED, Ledger, now, watch_folder
from lxmls_nb.files import atomic_path

#: Most lines of a table on the page; the JSON file has all of them.
MAX_ROWS = 100

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>{title}</title>
<style>
body {{ font: 1em/1.5 sans-serif; max-width: 60em; margin: 1em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: 0.1em 1em 0.1em 0; text-align: left; }}
.error {{ border: 2px solid #a00; padding: 0.5em; }}
</style></head>
<body><main>
<h1>{title}</h1>
<p>{summary}</p>
{body}
</main></body>
</html>
"""


class StatePage:
    """Writes the state of the watcher, as a whole or not at all.

    Parameters
    ----------
    root : path
        The folder of the course.
    assignment : str
    options : dict
        What the watcher was told, to be shown.
    """

    def __init__(self, root: str | Path, assignment: str, options: dict[str, Any]):
        self.folder = watch_folder(root, assignment)
        self.assignment, self.options = assignment, options
        self.started = now()
        self.last_error = ""
        self.written = ""

    def error(self, text: str) -> None:
        """Note what went wrong last."""
        self.last_error = f"{now()} {text}"

    def write(
        self,
        ledger: Ledger,
        working: Iterable[str],
        waiting: dict[str, str],
        problems: list[str],
        state: str = "watching",
    ) -> None:
        """Write both files, if something has changed.

        Parameters
        ----------
        ledger : Ledger
        working : iterable of str
            Students whose tries are being graded.
        waiting : dict of str
            Students whose tries wait, with what for.
        problems : list of str
            What fits nobody.
        state : str

        Raises
        ------
        OSError
            If that is not possible; what was written before stays.
        """
        values = self.values(ledger, sorted(working), waiting, problems, state)
        text = json.dumps(values)
        if text == self.written:
            return
        values = {"time": now(), **values}
        with atomic_path(self.folder / "state.json") as partial:
            partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
        with atomic_path(self.folder / "state.html") as partial:
            partial.write_text(page(values), encoding="utf-8")
        self.written = text

    def values(
        self,
        ledger: Ledger,
        working: list[str],
        waiting: dict[str, str],
        problems: list[str],
        state: str,
    ) -> dict[str, Any]:
        """Return the state as plain data; see :meth:`write`."""
        graded, refused = [], []
        for student in ledger.tries:
            for one in ledger.of(student):
                row = {"student": student, "try": one.id, "handed_in": one.handed_in}
                if one.state == GRADED:
                    row |= {"seen": one.seen, "graded": one.done, "told": one.told_at}
                    graded.append(row | {"points": one.points, "counts": one.counts})
                elif one.state == REFUSED or (one.state == PASSED and one.why):
                    refused.append(row | {"time": one.done, "why": one.why})
        graded.sort(key=lambda row: str(row["graded"]), reverse=True)
        refused.sort(key=lambda row: str(row["time"]), reverse=True)
        return {
            "assignment": self.assignment,
            "state": state,
            "process": os.getpid(),
            "started": self.started,
            "options": self.options,
            "waiting": waiting,
            "in_work": working,
            "graded": graded,
            "refused": refused,
            "problems": problems,
            "last_error": self.last_error,
        }


def page(values: dict[str, Any]) -> str:
    """Return the state as a page.

    Parameters
    ----------
    values : dict
        See :meth:`StatePage.values`.
    """
    options = ", ".join(f"{name}: {value}" for name, value in values["options"].items())
    counts = ", ".join(
        f"{len(values[key])} {key.replace('_', ' ')}"
        for key in ("waiting", "in_work", "graded", "refused")
    )
    body = ""
    if values["last_error"]:
        body += f'<p class="error">Last error: {html.escape(values["last_error"])}</p>\n'
    body += _table("Waiting", ("student", "for"), values["waiting"].items())
    body += _table("In work", ("student",), ([each] for each in values["in_work"]))
    body += _table(
        "Graded",
        (
            "student",
            "handed in",
            "graded",
            "first seen",
            "seconds from then to feedback",
            "points",
            "counts",
        ),
        (
            (
                row["student"],
                row["handed_in"],
                row["graded"],
                row["seen"],
                _seconds(row["seen"], row["told"]),
                "" if row["points"] is None else f"{row['points']:g}",
                "yes" if row["counts"] else "no",
            )
            for row in values["graded"]
        ),
    )
    body += _table(
        "Refused",
        ("student", "handed in", "why"),
        ((row["student"], row["handed_in"], row["why"]) for row in values["refused"]),
    )
    body += _table("Fits nobody", ("what",), ([each] for each in values["problems"]))
    summary = f"{values['state']}, {values['time']}. {counts}. {options}"
    title = f"{values['assignment']}: watch"
    return PAGE.format(title=html.escape(title), summary=html.escape(summary), body=body)


def _table(title: str, heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    listed = [[html.escape(str(each)) for each in row] for row in rows]
    if not listed:
        return ""
    lines = [f"<h2>{title} ({len(listed)})</h2>", "<table>"]
    lines.append("<tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>")
    for row in listed[:MAX_ROWS]:
        lines.append("<tr>" + "".join(f"<td>{each}</td>" for each in row) + "</tr>")
    return "\n".join([*lines, "</table>", ""])


def _seconds(seen: str, told: str) -> str:
    with suppress(ValueError):
        between = datetime.fromisoformat(told) - datetime.fromisoformat(seen)
        return f"{between.total_seconds():.0f}"
    return ""
