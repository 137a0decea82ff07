"""The report on a class: numbers, hostile names, damaged files."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import warnings
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.results import survey as survey_module
from lxmls_grading.results.gradebook import (
    FAILED,
    NOT_ATTEMPTED,
    NOT_RUN,
    PASSED,
    Messages,
    UnreadableError,
    known_of,
    natural,
    printable,
    read_result,
    without_numbers,
)
from lxmls_grading.results.report import ReportError, marked_up, number, safe, write_report
from lxmls_grading.results.report_figures import draw_tests, draw_totals

TIME = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

#: Cells that give points, by notebook: the points of tests, and of an answer graded by hand.
TESTS = {"exercise_2_1": {"test-b": 2, "test-a": 1}, "exercise_2_2": {"test-c": 3}}
ESSAY, ESSAY_POINTS = "essay", 2

RIGHT: dict[str, tuple[str, str] | None] = {}
NO_ANSWER = ("NotAttempted", "this needs your answer")
STOPPED = ("NotRun", "Time is up.")
TIMEOUT = {"kind": "timeout", "text": "Time is up: `train` took too long.", "cells": []}


def wrong(message: str) -> tuple[str, str]:
    return "CheckFailed", message


class Course:
    """A course whose gradebook and graded notebooks are made by hand."""

    def __init__(self, root: Path):
        self.root = root
        self.coursedir = CourseDirectory(root=str(root), course_id="lxmls_nb")

    def release(self) -> None:
        for name, tests in TESTS.items():
            # Not in the order of names: the source decides.
            write(self.root / "source" / "day2" / f"{name}.ipynb", notebook(name, RIGHT, {}))
            with self.gradebook() as gradebook:
                gradebook.update_or_create_assignment("day2")
                gradebook.add_notebook(name, "day2")
                for test, points in tests.items():
                    gradebook.add_grade_cell(test, name, "day2", max_score=points, cell_type="code")
        with self.gradebook() as gradebook:
            where = ("exercise_2_1", "day2")
            gradebook.add_grade_cell(ESSAY, *where, max_score=ESSAY_POINTS, cell_type="code")
            gradebook.add_solution_cell(ESSAY, *where)
            gradebook.add_task_cell("rubric", *where, max_score=0, cell_type="markdown")

    def gradebook(self) -> Gradebook:
        return Gradebook(self.coursedir.db_url, "lxmls_nb")

    def add(
        self,
        student: str,
        errors: dict[str, tuple[str, str] | None] = RIGHT,
        essay: float | None = 0,
        penalty: float = 0,
        missing: tuple[str, ...] = (),
        **notes,
    ) -> None:
        """Add a graded submission: errors by test; no points yet for an essay that is None."""
        (self.root / "submitted" / student / "day2").mkdir(parents=True)
        with self.gradebook() as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's use of SQLAlchemy
            gradebook.add_student(student)
            submission = gradebook.add_submission("day2", student)
            for saved in submission.notebooks:
                if saved.name == "exercise_2_2":
                    saved.late_submission_penalty = penalty
                for grade in saved.grades:
                    grade.needs_manual_grade = grade.name == "rubric"
                    if grade.name == ESSAY:
                        grade.manual_score, grade.needs_manual_grade = essay, essay is None
                    elif grade.name != "rubric":
                        lost = grade.name in errors or saved.name in missing
                        grade.auto_score = 0 if lost else TESTS[saved.name][grade.name]
            gradebook.db.commit()
        for name in TESTS:
            if name not in missing:
                write(self.graded(student, name), notebook(name, errors, notes))

    def graded(self, student: str, name: str) -> Path:
        return self.root / "autograded" / student / "day2" / f"{name}.ipynb"

    def record(self, student: str, **values) -> None:
        record = {
            "student": student,
            "assignment": "day2",
            "graded": True,
            "digest": "",
            "time": "2026-11-24T03:50:00+00:00",
            "sandbox": True,
            "reasons": [],
            "seconds": {},
            "version": "0.1.0",
            "format": 1,
        }
        write(self.root / ".lxmls_nb" / "day2" / f"{student}.json", record | values)

    def report(self) -> tuple[str, list[dict[str, str]]]:
        page, table = write_report(self.coursedir, "day2", quiet=True, time=TIME)
        with open(table, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert all(None not in row and None not in row.values() for row in rows)
        return page.read_text(encoding="utf-8"), rows


def write(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def notebook(name: str, errors: dict, notes: dict) -> dict:
    cells: list[dict] = [
        {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "# Text"}
    ]
    for test, points in TESTS[name].items():
        marks = {"grade": True, "solution": False, "points": points, "grade_id": test}
        outputs: list[dict] = [{"output_type": "stream", "name": "stdout", "text": "hello"}]
        if errors.get(test):
            kind, message = errors[test]
            outputs.append(
                {"output_type": "error", "ename": kind, "evalue": message, "traceback": []}
            )
        cells.append(
            {
                "cell_type": "code",
                "id": test,
                "metadata": {"nbgrader": marks},
                "source": "",
                "outputs": outputs,
                "execution_count": None,
            }
        )
    notes = {"sandbox": True} | notes
    return {"cells": cells, "metadata": {"lxmls_nb": notes}, "nbformat": 4, "nbformat_minor": 5}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, headings, rows of tables."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data

    def row(self, start: str) -> list[str]:
        (found,) = [row for row in self.rows if row[:1] == [start] and len(row) > 2]
        return [" ".join(cell.split()) for cell in found]


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A course without submissions: to be copied, for nbgrader takes a second to make it."""
    course = Course(tmp_path_factory.mktemp("released"))
    course.release()
    return course.root


@pytest.fixture
def course(released, tmp_path) -> Course:
    return Course(Path(shutil.copytree(released, tmp_path / "course")))


@pytest.fixture
def small_class(class_of_seven, tmp_path) -> Course:
    return Course(Path(shutil.copytree(class_of_seven, tmp_path / "class")))


@pytest.fixture(scope="module")
def class_of_seven(released, tmp_path_factory) -> Path:
    """Four graded submissions, one that was given up, one that waits, one that is not there."""
    course = Course(Path(shutil.copytree(released, tmp_path_factory.mktemp("seven") / "course")))
    course.add("ada", essay=2)
    course.add("bob", {"test-b": wrong("off by 3.5 at (1, 2)."), "test-c": NO_ANSWER}, essay=None)
    course.add(
        "cyn", {"test-b": wrong("off by 7 at (0, 1, 2)."), "test-c": STOPPED}, reasons=[TIMEOUT]
    )
    course.add("dan", {"test-a": wrong("sign")}, penalty=1, missing=("exercise_2_2",))
    with course.gradebook() as gradebook:
        gradebook.add_student("eve")
    (course.root / "submitted" / "gil" / "day2").mkdir(parents=True)
    course.record("fay", graded=False, reasons=[dict(TIMEOUT, notebook=None, text="It ended us.")])
    course.record("ada", seconds={"exercise_2_1": 1.0, "exercise_2_2": 2.0, "unknown": 3.0})
    course.record("bob", seconds={"exercise_2_1": 3.0})
    course.record("cyn", reasons=[dict(TIMEOUT, notebook="exercise_2_1")])
    course.record("dan")
    return course.root


@pytest.fixture(scope="module")
def reported(class_of_seven):
    """What is reported on this class."""
    return Course(class_of_seven).report()


# --- numbers --------------------------------------------------------------------------------------


def test_table_has_a_row_for_everybody(reported):
    _, rows = reported
    assert [row["student"] for row in rows] == ["ada", "bob", "cyn", "dan", "eve", "fay", "gil"]
    assert [row["status"] for row in rows] == ["graded"] * 4 + [
        "not handed in",
        "could not be graded",
        "not graded yet",
    ]
    # In the order of the course's notebooks; a rubric without points has no column.
    assert list(rows[0]) == [
        "student",
        "status",
        "2.1 test-b",
        "2.1 test-a",
        "2.1 essay",
        "2.2 test-c",
        "exercise 2.1",
        "exercise 2.2",
        "points",
        "late_penalty",
        "total",
        "max",
        "needs_manual_grade",
        "reasons",
    ]
    assert [*rows[0].values()][2:] == ["2", "1", "2", "3", "5", "3", "8", "0", "8", "8", "no", ""]
    assert [*rows[1].values()][2:] == ["0", "1", "0", "0", "1", "0", "1", "0", "1", "8", "yes", ""]
    assert [*rows[3].values()][2:] == ["2", "0", "0", "0", "2", "0", "2", "1", "1", "8", "no", ""]
    assert rows[2]["reasons"] == "2.1: Time is up: `train` took too long. | 2.2: " + TIMEOUT["text"]
    assert rows[5]["reasons"] == "It ended us."
    assert rows[4]["total"] == rows[5]["total"] == rows[6]["total"] == ""


def test_tests_are_counted(reported):
    page = Page(reported[0])
    # points, pass rate; passed, failed, not attempted, not run
    assert page.row("2.1 test-a") == ["2.1 test-a", "1", "75 %", "3", "1", "0", "0"]
    assert page.row("2.1 test-b") == ["2.1 test-b", "2", "50 %", "2", "2", "0", "0"]
    assert page.row("2.2 test-c") == ["2.2 test-c", "3", "25 %", "1", "0", "2", "1"]
    assert page.row("2.1 essay") == ["2.1 essay", "2", "0.67", "3", "1"]
    assert ["Exercise 2.1", "5", "2.25", "1.5"] in page.rows


def test_the_class_is_summed_up(reported):
    text = " ".join(Page(reported[0]).text.split())
    for said in (
        "Handed in 6",
        "Graded 4",
        "Could not be graded 1",
        "Not graded yet 1",
        "Not handed in 1",
        "With reasons 2",
        "Wait for points by hand 1",
        "With a late penalty 1",
        "Mean total 2.75 of 8",
        "Median total 1 of 8",
        "Sandbox on for all",
        "2026-11-24 04:00 UTC",
        "Graded with lxmls-nb 0.1.0",
    ):
        assert re.sub(r"\s", "", said) in re.sub(r"\s", "", text), said


def test_what_to_teach_again_comes_first(reported):
    text = " ".join(Page(reported[0]).text.split())
    begin, end = text.index("What to teach again"), text.index("The class")
    assert text[:begin].count("points") == 0
    # Most points lost first: 3 x 3 of test-c, then 2 x 2 of test-b, with its message.
    first = text[begin:end]
    assert re.findall(r"(\S+) of (\S+) points lost (\S+ \S+)", first) == [
        ("9", "12", "2.2 test-c"),
        ("4", "8", "2.1 test-b"),
        ("1", "4", "2.1 test-a"),
    ]
    assert "2 students: off by 3.5 at (1, 2)." in first


def test_times_are_summed_up(reported):
    rows = Page(reported[0]).rows
    times = [row for row in rows if len(row) == 5 and row[2].endswith(" s")]
    assert times == [
        ["Exercise 2.1", "2", "2.0 s", "2.9 s", "3.0 s"],
        ["Exercise 2.2", "1", "2.0 s", "2.0 s", "2.0 s"],
    ]


def test_nothing_to_teach_where_all_is_right(course):
    course.add("ada", essay=2)
    page, _ = course.report()
    assert "no points were lost" in page
    assert "Unknown: <code>lxmls-nb grade</code> notes it" in page  # there is no record


def test_sandbox_that_was_off_is_a_warning(small_class):
    assert "was OFF" not in small_class.report()[0]
    small_class.add("hal", sandbox=False)
    page = Page(small_class.report()[0])
    assert ("p", {"class": "warning"}) in page.elements
    assert "OFF for 1 submission" in page.text
    assert "OFF for 1: hal" in " ".join(page.text.split())


def test_sandbox_is_unknown_where_nothing_says_so(course):
    course.add("ada", sandbox=None)
    page = " ".join(Page(course.report()[0]).text.split())
    assert "Unknown for 1: ada" in page
    course.record("ada")
    assert "On for all 1 graded submission." in Page(course.report()[0]).text


def test_reasons_are_listed_once(reported):
    page = Page(reported[0])
    rows = [row for row in page.rows if row[0] in ("cyn", "fay")]
    assert [row[:2] for row in rows] == [["cyn", "2.1"], ["cyn", "2.2"], ["fay", "all"]]
    assert "Could not be graded." in rows[2][2]


def test_many_reasons_are_cut_on_the_page(small_class, monkeypatch):
    monkeypatch.setattr(survey_module, "ROWS", 2)
    page, rows = small_class.report()
    assert "And 1 more" in page
    assert sum(bool(row["reasons"]) for row in rows) == 2


def test_submissions_graded_by_nbgrader_alone_are_graded(course):
    """Neither records nor this project's notes."""
    course.add("ada", {"test-b": ("AssertionError", "no")}, essay=0)
    for name in TESTS:
        path = course.graded("ada", name)
        content = json.loads(path.read_text())
        content["metadata"] = {}
        write(path, content)
    page, rows = course.report()
    assert rows[0]["status"] == "graded"
    assert "AssertionError: no" in page


# --- what comes from submissions ------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)<",
    "=HYPERLINK('x')",
    "+1",
    "-1+2",
    "@SUM(1)",
    "\t=1",
    "a;=1+1",
    "new\nline",
    "'\"><img src=x onerror=alert(1)>".replace("/", ""),
    "{{ 7 * 7 }}",
    "\u202etxt.exe",
    "$x^2$",
    "]]>&amp;",
    b"caf\xe9".decode(errors="surrogateescape"),
]


@pytest.fixture(scope="module")
def hostile(released, tmp_path_factory):
    course = Course(Path(shutil.copytree(released, tmp_path_factory.mktemp("x") / "hostile")))
    for name in HOSTILE[:-1]:  # SQLite takes no name that is not text
        message = wrong(f"{name}</code>`{name}`")
        course.add(name, {"test-a": message}, reasons=[dict(TIMEOUT, text=name)])
    (course.root / "submitted" / HOSTILE[-1] / "day2").mkdir(parents=True)
    course.record("given up", graded=False, reasons=[dict(TIMEOUT, notebook=None, text="=1+1")])
    return course.report()


def test_page_holds_what_the_template_holds(hostile, course):
    """No element or attribute comes from a name, message or reason."""
    course.add("ada", {"test-a": wrong("`x`")}, reasons=[TIMEOUT])
    honest = Page(course.report()[0])
    found = Page(hostile[0])
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in honest.elements}
    assert {(tag, name) for tag, given in found.elements for name in given} <= {
        (tag, name) for tag, given in honest.elements for name in given
    }
    assert "<script>alert(1)<" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert "\u202e" not in hostile[0]


def test_page_needs_no_network_and_runs_no_script(hostile):
    page = Page(hostile[0])
    (policy,) = [
        given["content"]
        for tag, given in page.elements
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    for tag, given in page.elements:
        assert not any(name.startswith("on") for name in given)
        for name in ("src", "href", "xlink:href", "action", "data"):
            if name in given:
                assert (tag == "a" and given[name] == "day2.csv") or given[name].startswith("#")
    assert not re.search(r"https?:|//|@import|url\((?!#)", re.sub(r"HYPERLINK.*", "", hostile[0]))


def test_page_is_well_formed(hostile):
    page = Page(hostile[0])
    assert page.elements[0] == ("html", {"lang": "en"})
    identifiers = [given["id"] for _, given in page.elements if "id" in given]
    assert len(identifiers) == len(set(identifiers))
    for _, given in page.elements:  # clips, markers and links are there
        for value in filter(None, given.values()):
            for reference in re.findall(r"url\(#(.*?)\)|^#(.+)", value):
                assert "".join(reference) in identifiers
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels[:-1], levels[1:], strict=True))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in given for tag, given in page.elements if tag == "th")
    figures = [given for tag, given in page.elements if tag == "svg"]
    assert len(figures) == 2
    assert all(given["role"] == "img" and len(given["aria-label"]) > 40 for given in figures)


def test_table_is_read_back_and_holds_no_formula(hostile):
    _, rows = hostile
    assert len(rows) == len(HOSTILE) + 1
    students = {row["student"] for row in rows}
    assert {"'=HYPERLINK('x')", "'+1", "'-1+2", "'@SUM(1)", "a;'=1+1"} <= students
    assert {"<script>alert(1)<", "{{ 7 * 7 }}", "caf\\udce9"} <= students
    for row in rows:
        for name, cell in row.items():
            if name not in ("student", "status", "reasons", "needs_manual_grade") and cell:
                float(cell)
            else:
                assert not re.search(r"(?:^|[;\t\r\n])\s*[=+\-@]", cell), cell


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1, "-1"),
        (2.5, "2.5"),
        (0.1 + 0.2, "0.3"),
        (100.0, "100"),
        ("-1", "'-1"),
        ("ada", "ada"),
        ("a-b", "a-b"),
        ("\tx", "'\tx"),
        ("\r=1", "'\r'=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("", ""),
    ],
)
def test_cells_of_the_table(value, expected):
    assert safe(value) == expected


def test_figures_hold_text_as_text():
    from collections import Counter
    from xml.etree import ElementTree

    names = ["<script>x</script>", 'a" onload="b', "$\\frac{1}{2}$", "nul\x00", "]]>"]
    svg = draw_tests(names, [Counter({PASSED: 1})] * len(names))
    tree = ElementTree.fromstring(svg)  # well-formed without any declaration of names
    assert [printable(name) for name in names] == [
        element.text for element in tree.iter("text") if element.text in map(printable, names)
    ]
    assert "<script" not in svg
    assert not re.search(r"<[^>]* onload=", re.sub(r'"[^"]*"', '""', svg))
    assert "http" not in svg


def test_figures_say_what_they_show():
    svg = draw_totals([0, 1, 8, 8], 8)
    assert "0 to 0.5 points: 1; 1 to 1.5 points: 1; 7.5 to 8 points: 2" in svg
    assert "The median is 4.5" in svg
    for totals, most in (([0], 0), ([3.25], 2), ([12345.0], 1), ([0.1], 0.5)):
        assert "points: 1" in draw_totals(totals, most)


def test_same_class_makes_the_same_files(small_class, tmp_path):
    first = write_report(small_class.coursedir, "day2", quiet=True, time=TIME)
    second = write_report(small_class.coursedir, "day2", tmp_path / "o", quiet=True, time=TIME)
    assert first[0].parent == small_class.root / "reports"
    assert [path.name for path in second] == ["day2.html", "day2.csv"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


# --- what is damaged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"metadata": {}}',
        '{"metadata": {"lxmls_nb": 1}, "cells": []}',
        '{"metadata": {"lxmls_nb": {"reasons": 3}}, "cells": []}',
        '{"metadata": {}, "cells": [1]}',
        "[" * 100_000,
        '{"metadata": {}, "cells": [{"cell_type": "code", "metadata": {"nbgrader": 1}}]}',
    ],
)
def test_damaged_notebook_is_not_read(tmp_path, content):
    (tmp_path / "n.ipynb").write_text(content)
    with pytest.raises(UnreadableError):
        read_result(tmp_path / "n.ipynb")


def test_damaged_notebook_is_listed(small_class):
    small_class.graded("bob", "exercise_2_2").write_text("{")
    page = Page(small_class.report()[0])
    assert any(row[0] == "bob" and "could not be read" in row[2] for row in page.rows)
    # Nobody knows what became of the test: it is not taken for one that failed.
    assert page.row("2.2 test-c") == ["2.2 test-c", "3", "25 %", "1", "0", "1", "1", "1"]


def test_notebook_that_is_no_file_is_listed(small_class):
    """A link, to what could be read, and a pipe that nobody writes to."""
    link, pipe = (small_class.graded(name, "exercise_2_2") for name in ("bob", "cyn"))
    link.unlink()
    link.symlink_to(small_class.graded("ada", "exercise_2_2"))
    pipe.unlink()
    os.mkfifo(pipe)
    page = Page(small_class.report()[0])
    unread = [row[0] for row in page.rows if "could not be read" in row[-1]]
    assert unread == ["bob", "cyn"]
    assert page.row("2.2 test-c")[3:] == ["1", "0", "1", "0", "2"]


def test_report_without_the_graded_notebooks_has_the_points(small_class):
    (small_class.root / "autograded").rename(small_class.root / "tidied away")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert Page(page).row("2.1 test-a")[3:] == ["0", "0", "0", "0", "4"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"student": "bob"}',
        *(
            json.dumps(
                {
                    "student": "bob",
                    "assignment": "day2",
                    "graded": True,
                    "digest": "",
                    "time": 0,
                    "sandbox": True,
                    "reasons": [],
                    "seconds": {},
                }
                | values
            )
            for values in (
                {"student": 1},
                {"sandbox": "yes", "version": [], "graded": "?"},
                {"seconds": {"exercise_2_1": float("nan"), "exercise_2_2": -1, "x": 1.5}},
                {"seconds": {"exercise_2_1": "x"}},
                {"seconds": 3},
                {"reasons": [1]},
                {"reasons": [{"notebook": 3, "kind": [], "text": {}}]},
                {"format": 2},
            )
        ),
    ],
)
def test_damaged_record_stops_nothing(tmp_path, content):
    path = tmp_path / ".lxmls_nb" / "day2" / "bob.json"
    write(path, {})
    path.write_text(content)
    for known in known_of(tmp_path, "day2").values():  # nothing, or what makes sense
        assert known.sandbox in (True, None)
        assert known.version in ("0.1.0", None)
        assert not known.given_up
        assert set(known.seconds.values()) <= {1.5}
        assert all(isinstance(each.text, str) for each in known.reasons)


def test_report_with_a_damaged_record(small_class):
    (small_class.root / ".lxmls_nb" / "day2" / "ada.json").write_text("{")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert "On for all 4" in page  # the notebooks say so


# --- nothing to report on -------------------------------------------------------------------------


def test_class_without_grades_is_an_error(course):
    with course.gradebook() as gradebook:
        gradebook.add_student("eve")
    (course.root / "submitted" / "eve" / "day2").mkdir(parents=True)
    with pytest.raises(ReportError, match="nothing of day2 is graded yet"):
        write_report(course.coursedir, "day2", quiet=True)
    assert not (course.root / "reports").exists()


def test_unknown_assignment_is_an_error(course):
    with pytest.raises(ReportError, match="no assignment 'day3'"):
        write_report(course.coursedir, "day3", quiet=True)


def test_course_without_a_gradebook_is_an_error(tmp_path):
    with pytest.raises(ReportError, match="no gradebook"):
        write_report(CourseDirectory(root=str(tmp_path)), "day2", quiet=True)
    assert list(tmp_path.iterdir()) == []  # nbgrader would make one


def test_damaged_gradebook_is_an_error(tmp_path):
    (tmp_path / "gradebook.db").write_text("no database at all, in more than a few bytes" * 100)
    with pytest.raises(ReportError, match="cannot be read"):
        write_report(CourseDirectory(root=str(tmp_path)), "day2", quiet=True)


def test_report_that_fails_leaves_the_last_one(small_class, monkeypatch):
    page, table = write_report(small_class.coursedir, "day2", quiet=True, time=TIME)
    before = page.read_bytes(), table.read_bytes()
    small_class.add("zoe")
    monkeypatch.setattr("lxmls_grading.results.report.render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(small_class.coursedir, "day2", quiet=True, time=TIME)
    assert (page.read_bytes(), table.read_bytes()) == before
    assert sorted(path.name for path in page.parent.iterdir()) == ["day2.csv", "day2.html"]


def test_progress_is_shown_unless_quiet(small_class, capsys):
    write_report(small_class.coursedir, "day2", quiet=True, time=TIME)
    assert capsys.readouterr() == ("", "")
    write_report(small_class.coursedir, "day2", time=TIME)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "7/7" in shown.err


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("off by 3.5.", "off by 12."),
        ("off by -1e-05", "off by nan"),
        ("shapes (3, 2) and (2,)", "shapes (4, 1, 5) and (7,)"),
        ("[1. 2. 3.]", "[4. 5.]"),
        ("object at 0x7f00", "object at 0x12ab"),
        ("`f` raised E: x (line 3: a = 1)", "`f` raised E: x (line 14: return b())"),
    ],
)
def test_messages_that_are_the_same(one, other):
    assert without_numbers(one) == without_numbers(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("float32", "float64"), ("W1", "W2"), ("the loss", "the gradient"), ("x 1", "y 1")],
)
def test_messages_that_are_not(one, other):
    assert without_numbers(one) != without_numbers(other)


def test_most_frequent_messages_come_first():
    messages = Messages()
    for message in ("b 1", "a 1", "b 2", "c"):
        messages.add(message)
    assert messages.most_frequent(2) == [(2, "b 1"), (1, "a 1")]
    assert len(messages) == 3


def test_outcomes_of_a_notebook(tmp_path):
    content = notebook("exercise_2_1", {"test-a": NO_ANSWER, "test-b": STOPPED}, {})
    write(tmp_path / "n.ipynb", content)
    found = read_result(tmp_path / "n.ipynb")
    assert found.tests == {"test-a": (NOT_ATTEMPTED, ""), "test-b": (NOT_RUN, "")}
    content["cells"][1]["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "0.5"},
            "metadata": {},
            "execution_count": None,
        }
    ]
    write(tmp_path / "n.ipynb", content)
    assert read_result(tmp_path / "n.ipynb").tests["test-b"] == (
        FAILED,
        "partly right: 0.5 of 2 points",
    )


def test_text_is_made_printable():
    assert printable("a\n b\x00\u202ec\ud800") == "a b\\x00\\u202ec\\ud800"
    assert len(printable("x" * 10_000)) == 400
    assert marked_up("<b> `a<b` &") == "&lt;b&gt; <code>a&lt;b</code> &amp;"
    assert marked_up("one ` alone") == "one ` alone"
    assert number(2.0) == "2"
    assert number(1 / 3) == "0.33"
    assert sorted(["e_10", "e_2", "x", "e_2_1"], key=natural) == ["e_2", "e_2_1", "e_10", "x"]
