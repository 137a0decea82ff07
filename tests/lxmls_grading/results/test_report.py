"""The report on a class: hostile names, the same files again, nothing to report on."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from lxmls_grading import cli
from lxmls_grading.results.report import ReportError, safe, write_report
from tests.support.reporting import TIME, TIMEOUT, Course, Page, wrong

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
    figures = [given for _, given in page.elements if given.get("role") == "img"]
    assert len(figures) == 2
    assert all(len(given["aria-label"]) > 40 for given in figures)


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


def test_same_class_makes_the_same_files(small_class, tmp_path):
    first = write_report(small_class.coursedir, "day2", quiet=True, time=TIME)
    second = write_report(small_class.coursedir, "day2", tmp_path / "o", quiet=True, time=TIME)
    assert first[0].parent == small_class.root / "reports"
    assert [path.name for path in second] == ["day2.html", "day2.csv"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_tests_that_ran_together_are_listed(course):
    course.add("ada")
    assert "ran together" not in course.report()[0]
    place = course.graded("ada", "exercise_2_1")
    graded = json.loads(place.read_text())
    cells = {cell["id"]: cell for cell in graded["cells"]}
    cells["test-a"]["metadata"]["lxmls_nb"] = {"together": "uses `globals()` & <b>"}
    place.write_text(json.dumps(graded))
    page = Page(course.report()[0])
    assert "Tests that ran together with the student's code" in page.text
    assert ["2.1 test-a", "uses globals() & <b>"] in page.rows


def test_ids_that_differ_in_capital_letters_only_are_named(course, caplog):
    for student in ("Ada", "ada", "bob [2]"):
        course.add(student)
    text = Page(course.report()[0]).text
    assert "These ids differ in capital letters only: Ada, ada." in text
    assert "Ids that differ in capital letters only: Ada, ada" in caplog.text
    assert text.count("capital letters") == 1


def test_what_was_handed_in_where_nobody_looks_is_named(course, caplog):
    course.add("ada")
    for place in (".anna/day2", "bob/Day2"):
        (course.root / "submitted" / place).mkdir(parents=True)
        (course.root / "submitted" / place / "exercise_2_1.ipynb").write_text("{}")
    text = Page(course.report()[0]).text
    assert "Not graded, since they are not where submissions are looked for" in text
    for line in ("submitted/.anna", "submitted/bob/Day2"):
        assert line in text
        assert f"Not graded: {line}" in caplog.text


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


def test_of_which_points_penalties_are_taken_is_told_where_there_are_any(course):
    course.add("ada")
    assert "of graded submissions</caption>" in course.report()[0]
    course.add("dan", penalty=1)
    assert "of graded submissions, before late penalties</caption>" in course.report()[0]


def test_points_that_are_given_later_do_not_escape_the_penalty(course, monkeypatch, capsys):
    course.add("ada", essay=2, penalty=1)
    course.add("bob", essay=2)
    with course.gradebook() as gradebook:
        assignment = gradebook.update_or_create_assignment("day2", duedate="2026-07-01 10:00 UTC")
        late = assignment.duedate + timedelta(hours=1)
        gradebook.find_submission("day2", "ada").timestamp = late
        gradebook.db.commit()
    setting = "c.LateSubmissionPlugin.penalty_method = 'zero'"
    (course.root / "nbgrader_config.py").write_text(f"c = get_config()\n{setting}\n")
    monkeypatch.chdir(course.root)
    assert cli.main(["report", "day2"]) == 0
    assert "Points that being late costs now: ada (8)" in capsys.readouterr().err
    with open(course.root / "reports" / "day2.csv", encoding="utf-8-sig", newline="") as file:
        assert [row["total"] for row in csv.DictReader(file)] == ["0", "8"]
