"""An instructor's day: nbgrader's formgrader from release to feedback, then the class run."""

from __future__ import annotations

import csv
import shutil
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from tests.answers.catalogue import read_answers
from tests.browser.accessibility import violations
from tests.browser.conftest import Camera, new_page
from tests.browser.formgrader import grade_by_hand, press
from tests.browser.lab import assignment_list, exchange_config, jupyter_lab
from tests.support.classroom import write_submission
from tests.support.course import NOTEBOOKS, ROOT, SOURCE, run, source
from tests.support.servers import TOKEN, home
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow

WRONG = next(answer for answer in read_answers("exercise_2_2", "wrong") if answer.id == "M2")
MESSAGE = "is the average over the batch missing?"
COMMENTS = "log-linear-comments"
#: What the student writes at the first blocks.
WRITTEN = {
    "# Block a:": "# Block a: first weights as in Glorot, of shape (K, I), and biases of zero",
    "# Block b:": "# Block b: the linear transformation, for all examples at once",
    "# Block c:": "# Block c: log of the softmax; logsumexp keeps exp from overflowing",
}
REMARK = "Clear. What does the loop of block g add up?"


STORY = True  # each step goes on where the one before it ended


@pytest.fixture(scope="module")
def day(browser, tmp_path_factory):
    """An instructor's JupyterLab in the course's folder."""
    root = tmp_path_factory.mktemp("instructor")
    course = root / "course"
    shutil.copytree(SOURCE, course / "source" / "day2")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    config = exchange_config(root / "exchange")
    (root / "work").mkdir()
    with jupyter_lab(course, root / "home", config) as url:
        yield SimpleNamespace(
            url=url,
            root=root,
            course=course,
            work=root / "work",
            config=config,
            page=new_page(browser),
            camera=Camera("instructor"),
        )


def students_command(day, command: str) -> None:
    """Run an nbgrader command where a student works, who is the user that runs this test."""
    home_of = day.root / "student"
    if not home_of.exists():
        (home_of / ".jupyter").mkdir(parents=True)
        (home_of / ".jupyter" / "nbgrader_config.py").write_text(day.config)
    run("nbgrader", command, "day2", cwd=day.work, **home(home_of))


def open_assignments(day):
    """Open the formgrader's list of assignments; return the row of the assignment."""
    day.page.goto(f"{day.url}formgrader/manage_assignments?token={TOKEN}")
    row = day.page.locator("#main-table tr").filter(has_text="day2")
    expect(row).to_be_visible()
    return row


def test_generates_and_releases(day):
    row = open_assignments(day)
    day.camera.take(day.page, "formgrader")
    press(day.page, row, "assign")
    assert len(list((day.course / "release" / "day2").glob("*.ipynb"))) == len(NOTEBOOKS)
    press(day.page, row, "release")
    expect(row.locator(".status")).to_have_text("released")
    day.camera.take(day.page, "released")


def test_collects(day):
    """What a student has handed in: all right but 2.2, without the average over the batch."""
    answers = {name: reference_answers(source(name)) for name in NOTEBOOKS}
    answers["exercise_2_2"] |= {WRONG.grade_id: WRONG.code}
    for mark, comment in WRITTEN.items():
        commented = answers["exercise_2_1"][COMMENTS].replace(mark, comment)
        answers["exercise_2_1"][COMMENTS] = commented
    write_submission(day.work / "day2", answers)
    students_command(day, "submit")
    row = open_assignments(day)
    press(day.page, row, "collect")
    expect(row.locator(".num-submissions")).to_have_text("1")
    row.locator(".num-submissions a").click()
    expect(day.page.locator("#main-table")).to_contain_text("needs autograding")
    day.camera.take(day.page, "collected")


def test_autogrades(day):
    row = day.page.locator("#main-table tr").first
    press(day.page, row, "autograde")
    expect(row.locator(".status")).to_have_text("needs manual grading")
    expect(row.locator(".score")).to_have_text("28 / 40")
    day.camera.take(day.page, "autograded")


def test_grades_the_comments(day):
    """By hand, with the rubric above the answer."""
    page = day.page
    page.get_by_role("link", name="Manual Grading").first.click()
    page.get_by_role("link", name="day2").click()
    page.get_by_role("link", name="exercise_2_1").click()
    page.get_by_role("link", name="Submission #1").click()
    score = page.locator(f"input.score#{COMMENTS}")
    rubric = page.get_by_text("Mark scheme").first
    to_top = "element => window.scrollBy(0, element.getBoundingClientRect().top - 90)"
    rubric.evaluate(to_top)
    expect(rubric).to_be_in_viewport()
    expect(score).to_be_in_viewport()
    grade_by_hand(page, COMMENTS, "1.5", REMARK)
    rubric.evaluate(to_top)
    day.camera.take(page, "manual-grading")
    page.goto(f"{day.url}formgrader/manage_submissions/day2?token={TOKEN}")
    row = page.locator("#main-table tr").first
    expect(row.locator(".score")).to_have_text("29.5 / 40")
    expect(row.locator(".status")).to_have_text("graded")
    day.camera.take(page, "graded")


def test_gives_feedback(day):
    row = open_assignments(day)
    press(day.page, row, "generate-feedback")
    press(day.page, row, "release-feedback")
    day.camera.take(day.page, "feedback-released")


def test_student_reads_the_feedback(day):
    with jupyter_lab(day.work, day.root / "student", day.config) as url:
        assignments = assignment_list(day.page, url)
        submitted = assignments.locator("#submitted_assignments_list")
        submitted.get_by_role("button", name="Fetch Feedback").click()
        expect(submitted.get_by_text("(view feedback)")).to_have_count(1)
        submitted.get_by_text("day2").first.click()
        day.camera.take(day.page, "feedback-fetched")
    (page,) = (day.work / "day2" / "feedback").rglob("exercise_2_2.html")
    day.page.goto(page.as_uri())
    expect(day.page.locator("body")).to_contain_text(MESSAGE)
    day.camera.take(day.page, "feedback")
    assert violations(day.page) == []
    test = day.page.get_by_text("test-last-layer", exact=True)
    test.evaluate("each => each.scrollIntoView({block: 'start'})")
    day.camera.take(day.page, "feedback-mistake")
    day.page.goto(page.with_name("exercise_2_1.html").as_uri())
    expect(day.page.locator("body")).to_contain_text(REMARK)


def test_grades_the_rest(day):
    """Who handed in by the plain folder; what is graded already is left alone."""
    answers = {name: reference_answers(source(name)) for name in NOTEBOOKS}
    write_submission(day.course / "submitted" / "ada" / "day2", answers)
    run("lxmls_grading.cli", "grade", "day2", cwd=day.course)
    with Gradebook(f"sqlite:///{day.course}/gradebook.db") as gradebook:
        scores = {each.student.id: each.score for each in gradebook.assignment_submissions("day2")}
    assert sorted(scores.values()) == [29.5, 38]
    assert scores["ada"] == 38  # and 2 points by hand


def test_reads_the_report(day):
    run("lxmls_grading.cli", "report", "day2", cwd=day.course)
    day.page.goto((day.course / "reports" / "day2.html").as_uri())
    expect(day.page.locator("body")).to_contain_text("What to teach again")
    day.camera.take(day.page, "report")
    day.camera.take(day.page, "report-whole", full_page=True)
    assert violations(day.page) == []
    day.page.locator("summary").first.click()
    day.camera.take(day.page, "report-answer")
    day.page.locator("summary").first.click()
    day.page.emulate_media(color_scheme="dark")
    day.camera.take(day.page, "report-dark", full_page=True)
    assert violations(day.page) == []


def test_exports_the_grades(day):
    run("nbgrader", "export", cwd=day.course)
    with open(day.course / "grades.csv") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(rows["ada"]["score"]) == 38
    assert len(rows) == 2
