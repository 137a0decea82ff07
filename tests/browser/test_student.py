"""A student's day: Exercise 2.2 in JupyterLab, from fetching it to handing it in."""

from __future__ import annotations

import re
import shutil
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from lxmls_grading.cells import read_notebook
from tests.answers.catalogue import read_answers
from tests.browser.conftest import Camera, new_page
from tests.browser.kit import student_lab
from tests.browser.lab import Notebook, assignment_list, exchange_config
from tests.support.classroom import make_course
from tests.support.course import run, source
from tests.support.submissions import reference_answers

pytestmark = pytest.mark.slow

NAME = "exercise_2_2"
ANSWER = "numpy-backpropagation"
#: The wrong answer that is written first: no average over the batch. What the check says of it, and
#: what the next check does.
WRONG = next(answer for answer in read_answers(NAME, "wrong") if answer.id == "M2")
MESSAGE = "is the average over the batch missing?"
AGAIN = "the same mistake as in the cell “The last layer”: the average over the batch is missing."
CHECKS = [
    "test-last-layer",
    "test-hidden-weights",
    "test-hidden-biases",
    "test-deep-square",
    "test-everything",
    "test-real-size",
]
#: Seconds from a double click on the notebook to the first result: about 4 on two cores that
#: nothing else keeps busy.
AT_MOST = 60

#: Write down every width that a progress bar of a page has.
WATCH_BARS = """() => {
  window.widths = [];
  new MutationObserver(() => {
    const bars = document.querySelectorAll('.progress-bar');
    for (const bar of bars) window.widths.push(bar.style.width);
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


STORY = True  # each step goes on where the one before it ended


@pytest.fixture(scope="module")
def day(browser, tmp_path_factory):
    """A student's JupyterLab, and the course where the assignment is released.

    The student has the kit, but fetches the exercises, into the same place.
    """
    root = tmp_path_factory.mktemp("student")
    config = exchange_config(root / "exchange")
    course = make_course(root / "course", students=0, notebooks=[NAME])
    run(
        "nbgrader", "release_assignment", "day2", f"--Exchange.root={root / 'exchange'}", cwd=course
    )
    with student_lab(root, config) as (url, work):
        shutil.rmtree(work / "day2")
        yield SimpleNamespace(
            url=url, root=root, work=work, page=new_page(browser), camera=Camera("student")
        )


def test_fetches_the_assignment(day):
    """With the button of nbgrader's assignment list."""
    assignments = assignment_list(day.page, day.url)
    released = assignments.locator("#released_assignments_list")
    expect(released).to_contain_text("day2")
    day.camera.take(day.page, "assignment-list")
    released.get_by_role("button", name="Fetch").click()
    expect(assignments.locator("#fetched_assignments_list")).to_contain_text("day2")
    assert [path.stem for path in (day.work / "day2").glob("*.ipynb")] == [NAME]
    day.camera.take(day.page, "fetched")


def test_reads_the_task(day):
    day.notebook = Notebook(day.page, day.url, day.work, f"day2/{NAME}.ipynb")
    day.notebook.run("imports")
    day.notebook.run("data")  # the first cell that says something
    expect(day.notebook.output("data")).to_contain_text("Corpus: snippets")
    seconds = day.notebook.seconds
    print(f"\nThe first result is there {seconds:.1f} s after opening.")
    assert seconds < AT_MOST
    day.notebook.run("network")
    expect(day.notebook.output("network")).to_contain_text("log_probabilities: (30, 2)")


def test_equations_are_rendered(day):
    for name in ("forward-pass", "backward-pass", "algorithm", "task-hints"):
        cell = day.notebook.scroll_to(name)
        expect(cell.locator("mjx-container").first).to_be_attached()
        assert "$" not in cell.locator(".jp-RenderedMarkdown").inner_text(), name
        assert cell.locator("mjx-merror").count() == 0, name
    day.notebook.scroll_to("backward-pass")
    day.camera.take(day.page, "equations")


def test_hints_unfold(day):
    """One after the other: each offers the next."""
    hints = day.notebook.scroll_to("task-hints").locator("details")
    text, equation = hints.nth(1).get_by_text("Keep the errors"), hints.nth(1).locator("mjx-math")
    expect(hints.nth(1)).not_to_be_visible()
    for number, hint in enumerate(hints.all()[:2]):
        expect(text).not_to_be_visible()
        hint.locator("summary").first.focus()
        day.page.keyboard.press("Enter")  # the keyboard is enough
        expect(hints.nth(number + 1)).to_be_visible()
    expect(text).to_be_visible()
    expect(equation.first).to_be_visible()
    day.camera.take(day.page, "hint")


def test_not_attempted_is_no_traceback(day):
    """Run all cells of the untouched notebook."""
    notebook = day.notebook
    notebook.run_all()
    notebook.wait_until_idle()
    for name in [*CHECKS, "tangent-explorer", "train", "check-relu"]:
        expect(notebook.output(name)).to_contain_text("Not attempted yet")
    everything = day.page.locator(".jp-Notebook")
    expect(everything.locator(".jp-OutputArea .progress-bar")).to_have_count(0)
    expect(everything).not_to_contain_text("Traceback")
    notebook.scroll_to("test-last-layer")
    day.camera.take(day.page, "not-attempted")
    notebook.scroll_to("tangent-figure")
    day.camera.take(day.page, "not-attempted-below")


def test_wrong_answer_is_named(day):
    notebook = day.notebook
    notebook.write(ANSWER, WRONG.code)
    notebook.run(ANSWER)
    for name, message in zip(CHECKS[:2], (MESSAGE, AGAIN), strict=True):
        notebook.run(name)
        expect(notebook.output(name)).to_contain_text("Not yet right")
        expect(notebook.output(name)).to_contain_text(message)
    notebook.scroll_to(CHECKS[0])
    day.camera.take(day.page, "wrong-answer")


def test_right_answer_passes(day):
    notebook = day.notebook
    notebook.write(ANSWER, reference_answers(source(NAME))[ANSWER])
    notebook.run(ANSWER)
    for name in CHECKS:
        notebook.run(name)
        expect(notebook.output(name)).to_contain_text("Passed")
        expect(notebook.output(name)).not_to_contain_text("Not yet right")
    notebook.scroll_to("test-hidden-weights")
    day.camera.take(day.page, "right-answer")


def test_tangent_figure(day):
    notebook = day.notebook
    notebook.run("loss-range")
    notebook.run("tangent-figure")
    figure = notebook.output("tangent-figure").locator("img")
    expect(figure).to_have_attribute("alt", re.compile("has the slope of the gradient"))
    notebook.scroll_to("tangent-figure")
    day.camera.take(day.page, "tangent-figure")


def test_figure_shows_the_repaired_class(day):
    """No other cell has to run once more."""
    notebook = day.notebook
    figure = notebook.output("tangent-figure").locator("img")
    right = figure.get_attribute("alt")
    for answer, same in ((WRONG.code, False), (reference_answers(source(NAME))[ANSWER], True)):
        notebook.write(ANSWER, answer)
        notebook.run(ANSWER)
        notebook.run("tangent-figure")
        assert (figure.get_attribute("alt") == right) == same


def test_another_weight_is_chosen_by_keyboard(day):
    notebook = day.notebook
    notebook.run("words")
    notebook.run("tangent-explorer")
    output = notebook.output("tangent-explorer")
    figure = output.locator("img")
    alt = "layer_index 0, row 0, column "
    expect(figure).to_have_attribute("alt", re.compile(f"^{alt}"))
    before = figure.get_attribute("src")
    output.get_by_role("slider").nth(1).focus()
    day.page.keyboard.press("ArrowRight")
    expect(figure).to_have_attribute("alt", re.compile("^layer_index 0, row 1, "))
    assert figure.get_attribute("src") != before
    word = output.get_by_label("word")
    word.focus()
    day.page.keyboard.press("ArrowDown")
    chosen = re.fullmatch(r"(\S+)\s\(\d+\)", word.locator("option:checked").inner_text())[1]
    expect(figure).to_have_attribute("alt", re.compile(f": “{re.escape(chosen)}”\\."))
    notebook.scroll_to("tangent-explorer")
    day.camera.take(day.page, "tangent-explorer")


def test_another_weight_is_chosen_by_mouse_on_a_narrow_screen(day):
    page, output = day.page, day.notebook.output("tangent-explorer")
    size = page.viewport_size
    page.set_viewport_size({"width": 800, "height": 900})
    figure = output.locator("img")
    output.get_by_label("word").select_option(index=2)
    expect(figure).to_have_attribute("alt", re.compile("^layer_index 0, row 1, "))
    sliders = output.get_by_role("slider")
    box, line = sliders.first.bounding_box(), output.locator(".noUi-connects").first.bounding_box()
    page.mouse.click(line["x"] + line["width"] - 1, box["y"] + box["height"] / 2)
    expect(figure).to_have_attribute("alt", re.compile("^layer_index 1, row 1, column 0. "))
    expect(output.get_by_label("word")).not_to_be_visible()
    cell = day.notebook.cell("tangent-explorer").bounding_box()
    for control in output.locator(".widget-inline-hbox").all():
        if control.is_visible():
            place = control.bounding_box()
            assert place["x"] + place["width"] <= cell["x"] + cell["width"]
    day.notebook.scroll_to("tangent-explorer")
    day.camera.take(page, "tangent-explorer-narrow")
    page.set_viewport_size(size)


def test_training_shows_its_progress(day):
    notebook = day.notebook
    day.page.evaluate(WATCH_BARS)
    notebook.run("train")
    widths = day.page.evaluate("() => [...new Set(window.widths)]")
    assert len(widths) > 3, widths
    output = notebook.output("train")
    expect(output).to_contain_text("Epoch 10: accuracy 71.25 %")
    expect(output.locator("img")).to_have_attribute("alt", re.compile("^Accuracy on the test set"))
    notebook.scroll_to("train")
    day.camera.take(day.page, "training")


def test_saves_and_validates(day):
    notebook = day.notebook
    notebook.save()
    answers = {cell.id: cell.source for cell in read_notebook(notebook.path).cells}
    assert answers[ANSWER] == reference_answers(source(NAME))[ANSWER]
    day.page.get_by_role("button", name="Validate").click()
    dialog = day.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your notebook passes all the tests")
    day.camera.take(day.page, "validated")
    dialog.get_by_role("button", name="Ok").click()


def test_submits(day):
    assignments = assignment_list(day.page, day.url)
    fetched = assignments.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name="Submit").click()
    expect(assignments.locator("#submitted_assignments_list")).to_contain_text("day2")
    day.camera.take(day.page, "submitted")
    (submission,) = (day.root / "exchange" / "lxmls_nb" / "inbound").iterdir()
    assert (submission / f"{NAME}.ipynb").read_bytes() == day.notebook.path.read_bytes()


def test_hands_in_by_the_plain_folder(day):
    """No exchange: the notebooks are copied, and graded where they are."""
    course = day.root / "course"
    shutil.copytree(day.work / "day2", course / "submitted" / "ada" / "day2")
    run("lxmls_grading.cli", "grade", "day2", cwd=course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_submission("day2", "ada").score == 10
