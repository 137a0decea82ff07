"""A school's day on a hub: students hand in, two grade, and nobody reads what is not theirs."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Page, expect

from lxmls_grading.cells import read_notebook
from tests.answers.catalogue import read_answers
from tests.browser.conftest import Camera, new_page
from tests.browser.formgrader import GRADING, grade_by_hand, press
from tests.browser.lab import Notebook, assignment_list
from tests.hub.environment import not_pinned
from tests.hub.machine import NAMES, machine
from tests.support.course import source
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow
STORY = True  # each step goes on where the one before it ended

NAME = "exercise_2_1"
ANSWER, COMMENTS = "log-linear-gradients", "log-linear-comments"
WRONG = next(answer for answer in read_answers(NAME, "wrong") if answer.id == "U2").code
#: What the students write in the cell of the answer: the second forgets the average.
WRITTEN = {"ada": reference_answers(source(NAME))[ANSWER], "bob": WRONG}
COMMENT = "# Block a: Glorot's first weights, of shape (K, I), and biases of zero"
REMARK = "Clear. What does the loop over epochs add up?"
NEXT, ITS_NOTEBOOK = "next", "warm_up"


@pytest.fixture(scope="module")
def day(browser):
    """A machine with its hub, and a window for each account that logs in."""
    with machine() as here:
        for path in (here.course / "source" / "day2").iterdir():
            if path.name != f"{NAME}.ipynb":
                path.unlink()  # one exercise is enough for a day
        yield SimpleNamespace(here=here, browser=browser, pages={}, camera=Camera("hub"))


def server(day, who: str) -> str:
    return f"{day.here.url}user/{NAMES[who]}/"


def page_of(day, who: str) -> Page:
    """Return the window of an account; log in with its password the first time."""
    if who in day.pages:
        return day.pages[who]
    page = day.pages[who] = new_page(day.browser)
    page.goto(day.here.url)
    page.get_by_label("Username").fill(NAMES[who])
    page.get_by_label("Password").fill(day.here.passwords[who])
    if who == "ines":
        day.camera.take(page, "login")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server(day, who)}lab**")
    expect(page.get_by_role("menuitem", name="Nbgrader", exact=True)).to_be_visible()
    return page


def entries_of_nbgrader(page: Page) -> list[str]:
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    menu = page.locator(".lm-Menu").last
    expect(menu).to_be_visible()
    texts = menu.locator(".lm-Menu-itemLabel").all_inner_texts()
    page.keyboard.press("Escape")
    return sorted(filter(None, texts))


def in_terminal(day, who: str, command: str, picture: str) -> None:
    """Type a command in a terminal of JupyterLab, and wait until it has ended well."""
    page = page_of(day, who)
    page.goto(f"{server(day, who)}lab?reset")
    page.locator('.jp-LauncherCard[data-category="Other"]', has_text="Terminal").click()
    expect(page.locator(".xterm-screen")).to_be_visible()
    page.locator(".xterm-helper-textarea").focus()
    ended = day.here.home(who) / "ended"
    ended.unlink(missing_ok=True)
    page.wait_for_timeout(1500)  # the prompt comes from the server
    page.keyboard.type(f"{command}; echo $? > ~/ended\n")
    for _ in range(GRADING // 250):
        if ended.exists() and (status := ended.read_text().strip()):
            break
        page.wait_for_timeout(250)
    else:
        status = "not ended"
    page.wait_for_timeout(500)
    day.camera.take(page, picture)
    assert status == "0", f"{command}: {status}"


def open_formgrader(day, who: str, assignment: str):
    """Open the formgrader where the page says it is; return the assignment's row."""
    page = page_of(day, who)
    page.goto(f"{day.here.url}hub/user-redirect/formgrader/manage_assignments")
    row = page.locator("#main-table tr").filter(has_text=assignment)
    expect(row).to_be_visible()
    return row


def scores(day, assignment: str) -> dict[str, float]:
    with Gradebook(f"sqlite:///{day.here.course}/gradebook.db") as gradebook:
        found = gradebook.assignment_submissions(assignment)
        return {each.student.id: each.score for each in found}


def test_doctor_has_nothing_to_repair(day):
    """As an ordinary user: it makes a sandbox, and runs a cell in it."""
    done = day.here.run_as("ines", "lxmls-nb", "doctor", cwd=day.here.course)
    lines = done.stdout.splitlines()
    wrong = [line for line in lines if line.startswith(("!!", " ?  hub"))]
    # Homes of this machine's own accounts may be open: neither they nor its cgroups are the page's.
    assert all("others can read the homes" in line for line in wrong), done.stdout + done.stderr
    assert str(day.here.root / "home") not in done.stdout
    assert "ok  sandbox" in done.stdout
    assert "ok  sharing: your group can grade what you have graded" in lines


def test_everything_is_pinned(day):
    """The hub's packages, too, which `make setup` does not install."""
    assert not_pinned(day.here.environment) == []


def test_instructor_releases(day):
    page = page_of(day, "ines")
    assert entries_of_nbgrader(page) == ["Assignment List", "Create assignment"]
    row = open_formgrader(day, "ines", "day2")
    # In a tab of its own: the hub forbids frames, of which JupyterLab's own entry is one.
    headers = page.request.get(page.url).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    day.camera.take(page, "formgrader")
    press(page, row, "assign")
    press(page, row, "release")
    expect(row.locator(".status")).to_have_text("released")


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_student_fetches_works_and_submits(day, who):
    page = page_of(day, who)
    assert entries_of_nbgrader(page) == ["Assignment List"]
    assert page.request.get(f"{server(day, who)}formgrader").status == 404
    assert list((day.here.home(who) / "notebooks").glob("*.ipynb"))  # the kit's chapters
    expect(page.locator(".jp-DirListing-item", has_text="notebooks")).to_be_visible()
    assignments = assignment_list(page, server(day, who), "reset")
    released = assignments.locator("#released_assignments_list")
    released.get_by_role("button", name="Fetch").click()
    fetched = assignments.locator("#fetched_assignments_list")
    expect(fetched).to_contain_text("day2")
    day.camera.take(page, f"{who}-fetched")

    notebook = Notebook(page, server(day, who), day.here.home(who), f"day2/{NAME}.ipynb", "reset")
    comments = next(
        c.source for c in source_of(notebook) if c.metadata.nbgrader.grade_id == COMMENTS
    )
    notebook.write(COMMENTS, comments.replace("# Block a:", COMMENT, 1))
    notebook.write(ANSWER, WRITTEN[who])
    for name in ("imports", ANSWER, "test-weight-gradient"):
        notebook.run(name)
    said = "Passed" if who == "ada" else "is the average over the batch missing?"
    expect(notebook.output("test-weight-gradient")).to_contain_text(said)
    notebook.scroll_to("test-weight-gradient")
    day.camera.take(page, f"{who}-works")
    notebook.save()
    page.get_by_role("button", name="Validate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile("cells? failed"))  # one of the answers is not there
    day.camera.take(page, f"{who}-validates")
    dialog.get_by_role("button", name="Ok").click()

    assignments = assignment_list(page, server(day, who), "reset")
    assignments.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    expect(assignments.locator("#submitted_assignments_list")).to_contain_text("day2")
    day.camera.take(page, f"{who}-submitted")


def source_of(notebook: Notebook) -> list:
    return [cell for cell in read_notebook(notebook.path).cells if "nbgrader" in cell.metadata]


def test_instructor_collects_and_grades(day):
    row = open_formgrader(day, "ines", "day2")
    press(page_of(day, "ines"), row, "collect")
    expect(row.locator(".num-submissions")).to_have_text("2")
    in_terminal(day, "ines", "lxmls-nb grade day2", "graded")
    points = scores(day, "day2")
    assert points[NAMES["ada"]] > points[NAMES["bob"]] > 0
    for who in ("ada", "bob"):
        graded = day.here.course / "autograded" / NAMES[who] / "day2" / f"{NAME}.ipynb"
        assert graded.owner() == NAMES["ines"]
        assert '"sandbox": false' not in graded.read_text()


def test_instructor_grades_by_hand(day):
    page = page_of(day, "ines")
    before = scores(day, "day2")
    page.goto(f"{server(day, 'ines')}formgrader/gradebook/day2/{NAME}")
    page.get_by_role("link", name="Submission #1").click()
    grade_by_hand(page, COMMENTS, "1.5", REMARK)
    page.locator(f"input.score#{COMMENTS}").scroll_into_view_if_needed()
    day.camera.take(page, "by-hand")
    after = scores(day, "day2")
    [who] = [name for name in after if after[name] != before[name]]
    assert after[who] == before[who] + 1.5
    day.by_hand = who.removeprefix("lxhub-")


def test_student_fetches_the_feedback(day):
    row = open_formgrader(day, "ines", "day2")
    press(page_of(day, "ines"), row, "generate-feedback")
    press(page_of(day, "ines"), row, "release-feedback")
    who = day.by_hand
    assignments = assignment_list(page_of(day, who), server(day, who), "reset")
    submitted = assignments.locator("#submitted_assignments_list")
    submitted.get_by_role("button", name="Fetch Feedback").click()
    expect(submitted.get_by_text("(view feedback)")).to_have_count(1)
    day.camera.take(page_of(day, who), "feedback-fetched")
    [page] = (day.here.home(who) / "day2" / "feedback").rglob(f"{NAME}.html")
    assert REMARK in page.read_text()


def test_second_grader_grades_the_next_assignment(day):
    """Made, released and graded by the second one, in the same course and gradebook."""
    before = scores(day, "day2")
    page = page_of(day, "otto")
    in_terminal(
        day,
        "otto",
        f"lxmls-nb new-assignment {NEXT} --notebook {ITS_NOTEBOOK} && "
        f"nbgrader generate_assignment {NEXT} && nbgrader release_assignment {NEXT}",
        "next-assignment",
    )
    for who in ("ada", "bob"):
        for command in ("fetch_assignment", "submit"):
            done = day.here.run_as(who, "nbgrader", command, NEXT)
            assert done.returncode == 0, done.stderr
    row = open_formgrader(day, "otto", NEXT)
    press(page, row, "collect")
    in_terminal(day, "otto", f"lxmls-nb grade {NEXT}", "graded-by-the-second")
    assert set(scores(day, NEXT)) == {NAMES["ada"], NAMES["bob"]}
    assert scores(day, "day2") == before
    # What the first one has graded is the second one's, too.
    in_terminal(day, "otto", f"lxmls-nb grade day2 --student {NAMES['bob']} --force", "again")
    assert scores(day, "day2") == before


@pytest.mark.parametrize(("who", "other"), [("ada", "bob"), ("bob", "ada")])
def test_no_student_reads_what_is_not_theirs(day, who, other):
    course, exchange = day.here.course, day.here.exchange / "lxmls_nb"
    own = day.here.home(who) / "day2" / f"{NAME}.ipynb"
    assert day.here.run_as(who, "cat", str(own)).returncode == 0
    private = [
        day.here.home(other) / "day2" / f"{NAME}.ipynb",
        course / "source" / "day2" / f"{NAME}.ipynb",
        course / "gradebook.db",
        course / "nbgrader_config.py",
        *(course / "submitted" / NAMES[name] / "day2" / f"{NAME}.ipynb" for name in (who, other)),
        course / "autograded" / NAMES[other] / "day2" / f"{NAME}.ipynb",
        *(course / "feedback" / NAMES[other]).rglob("*.html"),
    ]
    assert len(private) == 8
    for path in private:
        assert path.exists()
        refused(day.here.run_as(who, "cat", str(path)))
    for folder in (exchange / "inbound", exchange / "feedback", course, day.here.home(other)):
        refused(day.here.run_as(who, "ls", str(folder)))
    # Nor can they put another course in the place of this one.
    refused(day.here.run_as(who, "mv", str(exchange), str(exchange.with_name("mine"))))
    # The other's server, and a grader's, are closed to them in the browser, too.
    for name in (other, "ines"):
        page = new_page(day.browser)
        cookies = page_of(day, who).context.cookies()
        page.context.add_cookies(cookies)
        answer = page.goto(f"{server(day, name)}lab")
        assert answer.status in (403, 404), answer.status
        api = page.request.get(f"{server(day, name)}api/contents/day2/{NAME}.ipynb")
        assert api.status in (403, 404), api.status
        page.context.close()


def refused(done) -> None:
    assert done.returncode != 0, done.stdout
    assert re.search("Permission denied|Operation not permitted", done.stderr), done.stderr
