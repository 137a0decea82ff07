"""A submission is put together from the course's cells and a student's answers."""

from __future__ import annotations

import copy
import random

import nbformat
import pytest
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import compute_checksum

from lxmls_grading.cells import grade_id, is_answer, is_test, read_notebook
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.intake.rebuild import rebuild
from tests.support import odd_course
from tests.support.conversion import (
    ANSWER,
    NAME,
    TEST,
    convert,
    course_config,
    find,
    hand_in,
    scores,
)
from tests.support.course import release
from tests.support.rebuilding import assert_sound, edited, missing


def own(source: str, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def test_a_submission_as_it_should_be_stays_as_it_is(originals, submitted):
    for notebook in (submitted, copy.deepcopy(release(NAME))):
        rebuilt, reasons = rebuild(notebook, originals)
        assert reasons == []
        assert_sound(rebuilt, originals)
        assert [c.source for c in rebuilt.cells if not is_test(c) and not _is_rubric(c)] == [
            c.source for c in notebook.cells if not is_test(c) and not _is_rubric(c)
        ]


def _is_rubric(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("task"))


def a_line_more(cell, cells):
    cell.source += "\nprint('full marks')"


def renamed(cell, cells):
    cell.metadata.nbgrader.grade_id = "mine"


def made_markdown(cell, cells):
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def copied(cell, cells):
    cells.append(copy.deepcopy(cell))


def tagged(cell, cells):
    cell.metadata.tags = ["skip-execution"]


def worth_more(cell, cells):
    cell.metadata.nbgrader.points = 400


def worth_nonsense(cell, cells):
    cell.metadata.nbgrader.points = "many"


def not_graded(cell, cells):
    cell.metadata.nbgrader.grade = False


def an_answer(cell, cells):
    cell.metadata.nbgrader.solution = True


def swapped(cell, cells):
    other = next(each for each in cells if grade_id(each) == ANSWER)
    other.metadata, cell.metadata = cell.metadata, other.metadata


def named(value):
    def change(cell, cells):
        cell.metadata.nbgrader["grade_id"] = value

    change.__name__ = f"named_{value!r}"
    return change


def unmarked(value):
    def change(cell, cells):
        cell.metadata["nbgrader"] = value

    change.__name__ = f"unmarked_{value!r}"
    return change


TAMPERING = [
    *(edited, a_line_more, missing, renamed, made_markdown, copied, tagged, worth_more),
    *(worth_nonsense, not_graded, an_answer, swapped),
    *map(named, ("TEST-LOSS", "test-loss ", "\ud800")),
]
UNMARKED = [
    *map(named, ({}, [], None, 5, True, "")),
    *map(unmarked, ({}, [], None, "x", 5)),
]


@pytest.mark.parametrize("change", TAMPERING, ids=lambda change: change.__name__)
def test_a_changed_test_is_put_back_and_named(change, originals, submitted):
    change(find(submitted, TEST), submitted.cells)
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    (why,) = [each for each in reasons if each.kind == "tampered"]
    assert TEST in why.cells
    assert TEST in why.text


def test_nobody_is_blamed_where_an_answer_is_worth_something_else_now():
    submission, source = odd_course.submission(), odd_course.source_notebook()
    odd_course.cell(source, "essay").metadata.nbgrader.points = 5
    _, reasons = rebuild(submission, read_originals(source, course_config()))
    assert reasons == []
    odd_course.cell(submission, "essay").metadata.nbgrader.points = 400
    _, (why,) = rebuild(submission, odd_course.originals())
    assert (why.kind, why.cells) == ("tampered", ("essay",))


@pytest.mark.parametrize("change", UNMARKED, ids=lambda change: change.__name__)
def test_nobody_is_blamed_for_marks_that_a_program_has_dropped(change, originals, submitted):
    change(find(submitted, TEST), submitted.cells)
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert [each.kind for each in reasons] == ["repaired"]
    assert "lost on 1 cell" in reasons[0].text
    assert sum(is_test(c) or c.source == find(release(NAME), TEST).source for c in notebook.cells)


@pytest.mark.parametrize("lacking", ["schema_version", "cell_type", "checksum", "locked"])
def test_marks_that_say_nothing_new_are_put_back_quietly(lacking, originals, submitted):
    del find(submitted, TEST).metadata.nbgrader[lacking]
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert reasons == []


def test_a_cell_of_a_student_never_counts_as_a_test(originals, submitted):
    """Tests run outside the sandbox."""
    forged = {"grade": True, "solution": False, "locked": True, "points": 100, "schema_version": 3}
    for name in ("mine", "", "test-loss2", None, 7, ["test-loss"], {"test-loss": 1}, "test-loss"):
        for cell_type in (nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell):
            cell = cell_type("import os", metadata={"nbgrader": {**forged, "grade_id": name}})
            submitted.cells.insert(5, cell)
            submitted.cells.append(copy.deepcopy(cell))
    find(submitted, ANSWER).metadata.nbgrader.update(forged)
    notebook, _ = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    # What has the name of the test and another text is a cell of the student's own.
    assert sum(cell.source == "import os" for cell in notebook.cells) == 2 * 2 * 8


def test_no_change_makes_a_test(originals):
    """The same of notebooks changed at random."""
    chance = random.Random(4)
    names = [grade_id(cell) for cell in release(NAME).cells]
    values = [*names, None, 3, [], {}, "mine", True, False, "code", ["skip-execution"]]
    fields = ["grade_id", "grade", "solution", "locked", "task", "points", "checksum", "x"]
    for _ in range(200):
        notebook = copy.deepcopy(release(NAME))
        for _ in range(chance.randint(1, 12)):
            cell = chance.choice(notebook.cells)
            what = chance.randrange(6)
            if what == 0:
                marks = cell.metadata.get("nbgrader")
                if isinstance(marks, dict):
                    marks[chance.choice(fields)] = chance.choice(values)
            elif what == 1:
                cell.metadata[chance.choice(["nbgrader", "tags", "x"])] = chance.choice(values)
            elif what == 2:
                other = chance.choice(notebook.cells)
                cell.metadata, other.metadata = other.metadata, cell.metadata
            elif what == 3:
                notebook.cells.insert(chance.randrange(20), copy.deepcopy(cell))
            elif what == 4 and len(notebook.cells) > 2:
                notebook.cells.remove(cell)
            else:
                chance.shuffle(notebook.cells)
        rebuilt, _ = rebuild(notebook, originals)
        assert_sound(rebuilt, originals)


def collapse(cell):
    cell.metadata |= {"collapsed": True, "trusted": True, "deletable": True, "editable": True}
    cell.metadata |= {"slideshow": {"slide_type": "skip"}, "jupyter": {"source_hidden": True}}
    cell.metadata |= {"scrolled": True, "execution": {"iopub.status.busy": "now"}}


def run(cell):
    if cell.cell_type == "code":
        cell.execution_count = 7
        cell.outputs = [nbformat.v4.new_output("stream", text="passed")]


def end_lines(cell):
    cell.source = cell.source.replace("\n", "\r\n") + "\r\n"


def drop_tags(cell):
    cell.metadata.pop("tags", None)


def strip(cell):
    cell.source = cell.source.strip()


@pytest.mark.parametrize("habit", [collapse, run, end_lines, drop_tags, strip])
def test_nobody_is_blamed_for_what_editors_do(habit, originals, submitted):
    for cell in submitted.cells:
        habit(cell)
    submitted.cells.insert(7, own("import pandas"))
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert reasons == []


def test_nobody_is_blamed_for_an_earlier_release(originals, submitted):
    introduction, imports = find(submitted, "introduction"), find(submitted, "imports")
    introduction.source = "An introduction with a tpyo."
    introduction.metadata.nbgrader.checksum = compute_checksum(introduction)
    imports.source = "import numpy"
    imports.metadata.nbgrader.checksum = compute_checksum(imports)
    submitted.cells.remove(find(submitted, "end"))
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert [(each.kind, each.cells) for each in reasons] == [("repaired", ("imports",))]
    assert "earlier release" in reasons[0].text
    imports.source = "import numpy as np"
    assert [each.kind for each in rebuild(submitted, originals)[1]] == ["tampered"]


def test_of_copies_the_last_above_the_tests_counts(originals, submitted):
    where = submitted.cells.index(find(submitted, ANSWER))
    for text, place in (("1", where), ("2", where + 1)):
        cell = copy.deepcopy(find(submitted, ANSWER))
        cell.source = f"def log_linear_gradients(*arguments):\n    return {text}"
        submitted.cells.insert(place, cell)
    answer = submitted.cells[where + 2].source
    last = copy.deepcopy(submitted.cells[where])
    last.source = answer.replace("def ", "def  ")
    submitted.cells.append(last)
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert find(notebook, ANSWER).source == answer
    assert notebook.cells[-1].source == last.source
    assert [(each.kind, each.cells) for each in reasons] == [("repaired", (ANSWER,))]
    assert "4 copies" in reasons[0].text
    assert "number 3" in reasons[0].text


@pytest.mark.parametrize("first", [True, False], ids=["above", "below"])
def test_a_part_that_was_split_off_an_answer_stays_beside_it(first, originals, submitted):
    """An editor leaves the marks on both parts."""
    where = submitted.cells.index(find(submitted, ANSWER))
    part = copy.deepcopy(submitted.cells[where])
    part.source = "def helper(z):\n    return z"
    part.id = "split"
    submitted.cells.insert(where if first else where + 1, part)
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    answer = texts.index(find(notebook, ANSWER).source)
    assert texts.index(part.source) == (answer - 1 if first else answer + 1)
    assert "def log_linear_gradients" in texts[answer]
    assert reasons == []


@pytest.mark.parametrize("gone", [False, True], ids=["stub left", "cell deleted"])
@pytest.mark.parametrize("above", [False, True], ids=["below", "above"])
@pytest.mark.parametrize(
    "cell",
    [
        nbformat.v4.new_markdown_cell("**Block a** makes the weights."),
        nbformat.v4.new_raw_cell("Block a makes the weights."),
        own("# Block a makes the weights."),
        own("print('Block a makes the weights.')"),
    ],
    ids=["markdown", "raw", "comment", "print"],
)
def test_words_beside_an_answer_that_is_read_by_a_person_wait_for_one(
    cell, above, gone, originals, submitted
):
    name = "log-linear-comments"
    where = submitted.cells.index(find(submitted, name))
    submitted.cells[where].source = originals.known[name].source
    submitted.cells.insert(where if above else where + 1, copy.deepcopy(cell))
    if gone:
        submitted.cells.remove(find(submitted, name))
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    [why] = [each for each in reasons if each.kind == "set aside"]
    assert name in why.cells
    assert "Block a" in why.text


def test_comments_on_given_code_are_an_answer(originals, submitted):
    """The code is as it was released, and a copy of it without comments may be there."""
    name, other = "log-linear-comments", "weighted-gradients"
    written = find(submitted, name).source
    blank = copy.deepcopy(find(submitted, name))
    blank.source, blank.id = originals.known[name].source, "blank"
    twice = copy.deepcopy(submitted)
    twice.cells.append(blank)
    assert find(rebuild(twice, originals)[0], name).source == written
    submitted.cells.remove(find(submitted, name))
    merged = copy.deepcopy(submitted)
    for notebook, text in ((merged, written), (submitted, blank.source)):
        find(notebook, other).source = f"{text}\n\n\n{originals.known[other].source}"
    aside = [each.cells for each in rebuild(merged, originals)[1] if each.kind == "set aside"]
    assert aside == [(name,)]
    assert all(each.kind != "set aside" for each in rebuild(submitted, originals)[1])


def test_an_answer_for_a_person_that_is_not_written_waits_for_nobody(originals, submitted):
    find(submitted, "log-linear-comments").source = originals.known["log-linear-comments"].source
    assert rebuild(submitted, originals)[1] == []


def test_what_a_moved_answer_calls_comes_back_with_it(originals, submitted):
    where = submitted.cells.index(find(submitted, ANSWER))
    last = submitted.cells.index(find(submitted, originals.answers[ANSWER].checks[-1]))
    helpers = [own("def inner(z):\n    return z"), own("def helper(z):\n    return inner(z)")]
    block = submitted.cells[where : last + 1]
    block[0].source = block[0].source.replace("    z = ", "    helper(0)\n    z = ", 1)
    assert "helper" in block[0].source
    submitted.cells[where : last + 1] = []
    submitted.cells += [own("other = 1"), *helpers, *block]
    notebook, _ = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    answer = texts.index(block[0].source)
    assert texts[answer - 2 : answer] == [cell.source for cell in helpers]
    assert texts[-1] == "other = 1"


NEEDS = {
    "its own name": "old = log_linear_gradients\n\ndef log_linear_gradients(*arguments):\n    ...",
    "its help": "help(log_linear_gradients)\n\ndef log_linear_gradients(*arguments):\n    ...",
    "deletes it": "del log_linear_gradients\n\ndef log_linear_gradients(*arguments):\n    ...",
    "as default": "def log_linear_gradients(*arguments, old=log_linear_gradients):\n    ...",
    "decorated": "log_linear_gradients = print(log_linear_gradients)",
}


@pytest.mark.parametrize("text", NEEDS.values(), ids=NEEDS)
def test_an_own_cell_that_needs_the_stub_runs_after_it(text, originals, submitted):
    stub = originals.known[ANSWER].source
    where = submitted.cells.index(find(submitted, ANSWER))
    submitted.cells[where].source = stub
    submitted.cells.insert(where + 1, own(text))
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    assert texts.index(stub) + 1 == texts.index(text)
    assert [each.kind for each in reasons] == ["repaired"]
    assert "found in a cell of your own" in reasons[0].text


def test_own_cells_stay_where_they_were(originals, submitted):
    where = submitted.cells.index(find(submitted, TEST))
    submitted.cells[where:where] = [own("a = 1"), own("b = 2", tags=["skip-execution"])]
    submitted.cells.insert(0, own("first"))
    submitted.cells.append(own("last"))
    submitted.cells.append(copy.deepcopy(submitted.cells[1]))  # a copy of a locked cell
    submitted.cells.append(own("very last"))
    notebook, _ = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    texts = [cell.source for cell in notebook.cells]
    assert texts[0] == "first"
    assert texts[-3] == "last"
    assert texts[-1] == "very last"
    (place,) = [i for i, cell in enumerate(notebook.cells) if grade_id(cell) == TEST]
    assert texts[place - 2 : place] == ["a = 1", "b = 2"]


def test_a_missing_answer_is_put_back_without_one(originals, submitted):
    for cell in [cell for cell in submitted.cells if is_answer(cell)]:
        submitted.cells.remove(cell)
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    for cell in notebook.cells:
        if is_answer(cell):
            assert cell.source == find(release(NAME), grade_id(cell)).source
            assert "not attempted yet" in cell.source
    assert {name for each in reasons for name in each.cells} == {
        grade_id(cell) for cell in originals.graded.cells if is_answer(cell)
    }
    assert {each.kind for each in reasons} == {"repaired"}


def test_an_answer_of_another_type_is_code_again(originals, submitted):
    made_markdown(find(submitted, ANSWER), submitted.cells)
    text = find(submitted, ANSWER).source
    notebook, reasons = rebuild(submitted, originals)
    assert_sound(notebook, originals)
    assert find(notebook, ANSWER).source == text
    assert [each.kind for each in reasons] == ["repaired"]


def test_another_notebook_is_said_to_be_one(originals):
    notebook, reasons = rebuild(nbformat.v4.new_notebook(cells=[own("1")]), originals)
    assert_sound(notebook, originals)
    assert "none of the cells of this exercise" in reasons[0].text


def test_what_stops_feedback_is_taken_out_of_texts(originals, submitted):
    text = "### BEGIN HIDDEN TESTS\n![](attachment:a.png) ![](attachment:b.png)"
    picture = nbformat.v4.new_markdown_cell(text)
    picture.attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    submitted.cells.append(picture)
    notebook, _ = rebuild(submitted, originals)
    assert notebook.cells[-1].source == (
        "### BEGIN-HIDDEN TESTS\n![](attachment:a.png) ![](missing-attachment:b.png)"
    )


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize("change", ["added", "removed", "renamed"])
def test_cells_that_nbgrader_will_not_change_are_named_with_what_to_do(change, course, caplog):
    hand_in(course, "ada")
    convert(Autograde, course)
    path = course / "source" / "day2" / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    cell = find(notebook, TEST)
    if change == "added":
        other = copy.deepcopy(cell)
        other.metadata.nbgrader.grade_id = other.id = "another"
        notebook.cells.append(other)
    elif change == "removed":
        notebook.cells.remove(cell)
    else:
        cell.metadata.nbgrader.grade_id = "another"
    nbformat.write(notebook, path)
    with pytest.raises(NbGraderException):
        convert(Autograde, course)
    names = {"added": "another", "removed": TEST, "renamed": f"another, {TEST}"}[change]
    assert f"other cells than were released: {names}. nbgrader adds, removes" in caplog.text
    assert "Run `nbgrader generate_assignment" not in caplog.text
    with pytest.raises(NbGraderException):  # which would not have helped
        convert(GenerateAssignment, course)
    caplog.clear()
    path.unlink()
    with pytest.raises(NbGraderException):
        convert(Autograde, course)
    assert f"{NAME}.ipynb is missing, which was released. nbgrader removes and" in caplog.text
    assert "Run `nbgrader generate_assignment" not in caplog.text


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize("change", ["text", "points", "missing"])
def test_a_source_that_was_not_released_is_said_to_be_so(change, course, caplog):
    hand_in(course, "ada")
    path = course / "source" / "day2" / "exercise_2_1.ipynb"
    notebook = read_notebook(path)
    if change == "text":
        find(notebook, TEST).source += "\n1 / 0"
    elif change == "points":
        find(notebook, "log-linear-comments-rubric").metadata.nbgrader.points = 3
    nbformat.write(notebook, path)
    if change == "missing":
        path.rename(course / "gone.ipynb")
    with pytest.raises(NbGraderException):
        convert(Autograde, course)
    assert "Run `nbgrader generate_assignment day2 --force`" in caplog.text
    assert not (course / "autograded" / "ada" / "day2").exists()
    if change == "missing":
        (course / "gone.ipynb").rename(path)
    convert(GenerateAssignment, course)
    convert(Autograde, course)
    assert scores(course)["ada", "exercise_2_2"] == 10
