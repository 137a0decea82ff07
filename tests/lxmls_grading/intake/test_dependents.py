"""Answers that other answers need: their tests wait together, and own cells keep their order."""

from __future__ import annotations

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from lxmls_grading import definitions
from lxmls_grading.intake import layout
from lxmls_grading.intake.answered import is_answered
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.intake.rebuild import rebuild
from tests.support.conversion import course_config
from tests.support.odd_course import cell, own, passed, place, stub_of, twin
from tests.support.small_course import marks
from tests.support.submissions import complete, reference_answers

CLEAN = "def clean(values):\n    return [v for v in values if v is not None]"
WHY = "Since one outlier changes the mean of a small sample a lot."
CHINESE = "因为中位数对异常值不敏感。"
TESTS = {"test-clean", "test-mean", "test-summary", "test-double"}


def _answer(name: str, code: str, head: str = ""):
    lines = "".join(f"    {line}\n" for line in code.split("\n")) if head else f"{code}\n"
    indent = "    " if head else ""
    text = f"{head}{indent}### BEGIN SOLUTION\n{lines}{indent}### END SOLUTION"
    return new_code_cell(text, id=name, metadata=marks(name, False, True))


def _test(name: str, code: str):
    return new_code_cell(code, id=name, metadata=marks(name, True, False))


def _given(name: str, text: str, make=new_markdown_cell):
    return make(text, id=name, metadata=marks(name, False, False))


def source_notebook():
    """Return a notebook whose answers and given cells call what stands above them."""
    clean, *body = CLEAN.split("\n    ")
    why = f"### BEGIN SOLUTION\n{WHY}\n### END SOLUTION"
    return new_notebook(
        cells=[
            _given("start", "import math", new_code_cell),
            _given("clean-task", "## Clean"),
            _answer("clean", "\n".join(body), f"{clean}\n"),
            _test("test-clean", "assert clean([1, None]) == [1]"),
            _given("mean-task", "## Mean"),
            _answer("mean", "v = clean(values)\nreturn sum(v) / len(v)", "def mean(values):\n"),
            _test("test-mean", "assert mean([1, None, 3]) == 2"),
            _given("summary", "summary = {'mean': mean([2, 4])}", new_code_cell),
            _test("test-summary", "assert summary['mean'] == 3"),
            new_markdown_cell(why, id="why", metadata=marks("why", True, True)),
            _given("double-task", "## Double"),
            _answer("double", "for v in range(3):\n    print(v)\ndouble = [2 * v for v in (1, 2)]"),
            _test("test-double", "assert double == [2, 4]\nassert all(v > 1 for v in double)"),
            _given("end", "That was all."),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


@pytest.fixture(scope="module")
def originals():
    return read_originals(source_notebook(), course_config())


@pytest.fixture
def submitted(originals):
    return complete(originals.released, reference_answers(source_notebook()))


def merge(notebook, first: str, second: str, into: str, changed: str = ""):
    """Merge two cells as an editor does, which keeps the marks of one."""
    if changed:  # such text cannot be told from the other cell's
        cell(notebook, changed).source += "  # mine"
    text = f"{cell(notebook, first).source}\n\n{cell(notebook, second).source}"
    cell(notebook, into).source = text
    del notebook.cells[place(notebook, second if into == first else first)]


def waiting(reasons) -> set[str]:
    return {name for each in reasons if each.kind == "set aside" for name in each.cells}


@pytest.mark.parametrize(
    ("first", "second", "into"),
    [("clean", "test-clean", "test-clean"), ("start", "clean", "start")],
)
def test_what_needs_an_answer_that_was_not_run_waits_with_its_tests(
    first, second, into, originals, submitted
):
    if first == "start":
        del submitted.cells[place(submitted, "clean-task")]
    merge(submitted, first, second, into, changed=into)
    rebuilt, reasons = rebuild(submitted, originals)
    assert passed(rebuilt) == {"test-double"}
    assert waiting(reasons) == {"clean", "test-clean", "test-mean", "test-summary"}


def test_what_stands_beside_an_answer_that_was_not_run_is_lacking_too(originals, submitted):
    cell(submitted, "double").source = "double = [part, 2 * part]"
    cell(
        submitted, "test-clean"
    ).source = f"{CLEAN}\n\npart = 1\n\n{cell(submitted, 'test-clean').source}  # mine"
    del submitted.cells[place(submitted, "clean")]
    rebuilt, reasons = rebuild(submitted, originals)
    assert "test-double" not in passed(rebuilt)
    assert waiting(reasons) >= TESTS


def test_what_needs_an_answer_below_its_tests_waits_as_far_as_it_stands_above(originals, submitted):
    merge(submitted, "mean", "clean", "mean")
    del submitted.cells[place(submitted, "test-clean")]
    rebuilt, reasons = rebuild(submitted, originals)
    assert passed(rebuilt) == TESTS - {"test-clean"}
    assert waiting(reasons) == {"clean", "test-clean"}
    assert "below its tests" in " ".join(each.text for each in reasons)


def test_what_needs_one_of_two_answers_waits_for_who_says_which_it_is(originals, submitted):
    at = place(submitted, "clean")
    submitted.cells[at] = own("def clean(values):\n    return 0")
    submitted.cells.insert(at, own(CLEAN))
    assert waiting(rebuild(submitted, originals)[1]) == {
        *("clean", "test-clean", "test-mean", "test-summary")
    }


def test_nobody_waits_for_stubs_that_were_merged(originals):
    blank = copy.deepcopy(originals.released)
    merge(blank, "clean", "mean", "mean")
    merge(blank, "summary", "test-summary", "test-summary")
    assert waiting(rebuild(blank, originals)[1]) == set()
    merge(blank, "mean", "test-mean", "test-mean")
    assert waiting(rebuild(blank, originals)[1]) == set()


def test_a_part_that_is_as_it_was_released_belongs_to_what_is_written(originals):
    source = source_notebook()
    clean = cell(source, "clean")
    clean.source = f"SEEN = []\n\n{clean.source}"
    cell(source, "test-clean").source += "\nassert SEEN == []"
    course = read_originals(source, course_config())
    notebook = complete(course.released, reference_answers(source))
    notebook.cells[place(notebook, "clean")] = own(CLEAN)
    notebook.cells.insert(place(notebook, "test-clean") - 1, own("SEEN = []"))
    rebuilt, reasons = rebuild(notebook, course)
    assert passed(rebuilt) == TESTS
    assert waiting(reasons) == set()


@pytest.mark.parametrize("gone", [True, False])
def test_code_in_a_text_waits(gone, originals, submitted):
    """Converters make texts of code in fences, and some students do."""
    at = place(submitted, "clean")
    submitted.cells.insert(at, new_markdown_cell(f"My answer:\n```python\n{CLEAN}\n```"))
    cell(submitted, "clean").source = stub_of(originals, "clean")
    if gone:
        del submitted.cells[at + 1]
    [why] = [each for each in rebuild(submitted, originals)[1] if each.kind == "set aside"]
    assert {"clean", "test-clean"} <= set(why.cells)
    assert "a cell of your own that is no code" in why.text


def test_a_stub_that_became_a_text_waits_for_nobody(originals):
    blank = copy.deepcopy(originals.released)
    stub = stub_of(originals, "clean")
    blank.cells.insert(0, new_markdown_cell(f"{stub}\n\n\n{stub_of(originals, 'mean')}"))
    assert waiting(rebuild(blank, originals)[1]) == set()


@pytest.mark.parametrize(
    ("code", "waits", "fence"),
    [
        *(("", False, "```"), ("    return None", True, "```")),
        *(("", False, ""), ("    return None", True, "")),
        ("```\nor\n```\n    pass", True, "```"),
    ],
)
def test_a_stub_that_is_quoted_in_notes_waits_for_nobody(code, waits, fence, originals):
    """But a line more in the code is an answer."""
    blank = copy.deepcopy(originals.released)
    stub = f"{stub_of(originals, 'clean')}\n{code}".strip()
    notes = f"How do I begin? This is what was given:\n```python\n{stub}\n```\nClean!"
    notes = notes.replace("```python", fence).replace("```", fence)
    blank.cells.insert(0, new_markdown_cell(notes))
    cell(blank, "why").source = WHY
    reasons = rebuild(blank, originals)[1]
    assert ({"clean", "test-clean"} <= waiting(reasons)) == waits
    assert bool(waiting(reasons)) == waits


def test_a_quoted_stub_is_no_answer_in_words(originals):
    blank = copy.deepcopy(originals.released)
    stub = stub_of(originals, "mean")
    blank.cells.insert(0, new_markdown_cell(f"My notes:\n```python\n{stub}\n```"))
    assert waiting(rebuild(blank, originals)[1]) == set()
    assert not is_answered(blank, originals)


def test_a_variable_of_a_loop_is_no_name_that_is_asked_for(originals, submitted):
    assert originals.answers["double"].names == {"double"}
    cell(submitted, "double").source = "double = [2, 4]"
    submitted.cells.insert(
        place(submitted, "test-double") + 1, own("for v in double:\n    print(v)")
    )
    rebuilt, reasons = rebuild(submitted, originals)
    assert reasons == []
    assert passed(rebuilt) == TESTS


def test_answers_in_one_anothers_cells_wait_where_tests_come_first(originals, submitted):
    clean, mean = cell(submitted, "clean"), cell(submitted, "mean")
    clean.source, mean.source = mean.source, clean.source
    tests = [submitted.cells.pop(place(submitted, name)) for name in ("test-clean", "test-mean")]
    submitted.cells += tests
    assert passed(submitted) == TESTS
    rebuilt, reasons = rebuild(submitted, originals)
    assert TESTS - passed(rebuilt) == {"test-clean"}
    assert {"clean", "test-clean"} <= waiting(reasons)


@pytest.mark.parametrize("moved", ["clean-task", "mean-task"])
def test_own_cells_stay_below_what_they_need(moved, originals, submitted):
    """Prose that is moved down takes nothing with it that stands below it."""
    prose = submitted.cells.pop(place(submitted, moved))
    submitted.cells.insert(place(submitted, "test-mean") + 1, own("values = mean([2])"))
    submitted.cells.insert(place(submitted, "test-mean") + 1, prose)
    cell(submitted, "double").source = "double = [values, 2 * values]"
    rebuilt, reasons = rebuild(submitted, originals)
    assert passed(rebuilt) == TESTS
    assert reasons == []


def test_own_cells_stay_above_tests_that_need_them(originals, submitted):
    """What no cell of the course defines; a trial of what one does stays where it is."""
    source = source_notebook()
    at = place(source, "test-double")
    source.cells[at].source += "\nassert half == 1"
    source.cells.insert(at, own("half = double[0] / 2"))
    course = read_originals(source, course_config())
    notebook = complete(course.released, reference_answers(source))
    end = notebook.cells.pop(place(notebook, "end"))
    notebook.cells.insert(place(notebook, "double") + 1, end)
    assert passed(rebuild(notebook, course)[0]) == TESTS
    test = submitted.cells.pop(place(submitted, "test-clean"))
    submitted.cells += [own("def clean(values):\n    return 'a trial'"), test]
    assert passed(rebuild(submitted, originals)[0]) == TESTS


@pytest.mark.parametrize("blank_first", [False, True])
def test_a_notebook_that_is_there_twice_keeps_its_order(blank_first, originals, submitted):
    """A merge of two versions keeps both; what was tried at the end comes last."""
    blank = copy.deepcopy(originals.released.cells)
    submitted.cells.append(own("double = None"))
    submitted.cells = blank + submitted.cells if blank_first else submitted.cells + blank
    for number, each in enumerate(submitted.cells):
        each.id = f"cell-{number}"
    assert passed(rebuild(submitted, originals)[0]) == TESTS


def test_a_copy_of_a_stub_with_a_line_more_is_no_answer(originals, submitted):
    more = f"{stub_of(originals, 'clean')}\n\nprint('tried')"
    submitted.cells.insert(place(submitted, "clean") + 1, twin(submitted, "clean", more))
    rebuilt, reasons = rebuild(submitted, originals)
    assert cell(rebuilt, "clean").source == CLEAN
    assert "number 1 from the top" in reasons[0].text
    assert "not empty, as it was given, or broken" in reasons[0].text


@pytest.mark.parametrize("fill", ["clean.__code__ = f", "setattr(clean, '__code__', f)"])
def test_a_stub_that_is_filled_in_below_is_an_answer(fill, originals):
    """What was released stays, and statements below it change what it has made."""
    stub = stub_of(originals, "clean")
    assert originals.names_written("clean", f"{stub}\n{fill}\n") == {"clean"}
    assert originals.names_written("clean", f"{stub}\nprint(clean([1]))\n") == set()


@pytest.fixture
def table():
    """Return a course with a table of answers whose release has an entry of each."""
    source = source_notebook()
    answer = cell(source, "double")
    answer.source = "double = [2, None]\n### BEGIN SOLUTION\ndouble[1] = 4\n### END SOLUTION"
    cell(source, "test-double").source = "check(double)"
    return source, read_originals(source, course_config())


def test_a_stub_that_is_filled_in_counts_before_an_untouched_copy(table):
    source, course = table
    notebook = complete(course.released, reference_answers(source))
    filled, stub = "double = [2, None]\ndouble[1] = 4", stub_of(course, "double")
    cell(notebook, "double").source = filled
    notebook.cells.insert(place(notebook, "double") + 1, twin(notebook, "double", stub))
    assert cell(rebuild(notebook, course)[0], "double").source == filled


@pytest.mark.parametrize("where", ["start", "mean", "test-double"])
def test_a_stub_that_is_filled_in_elsewhere_waits(where, table):
    source, course = table
    notebook = complete(course.released, reference_answers(source))
    cell(notebook, "double").source = ""
    stub = stub_of(course, "double")
    given = cell(notebook, where).source
    cell(notebook, where).source = f"{stub}\n\n{given}"
    assert waiting(rebuild(notebook, course)[1]) == set()  # nor for what a test does with it
    cell(notebook, where).source = f"{stub}\ndouble[1] = 4\n\n{given}"
    reasons = rebuild(notebook, course)[1]
    if where == "mean":  # it stands above the tests
        assert any("double was found in the cell mean" in each.text for each in reasons)
    else:
        assert {"double", "test-double"} <= waiting(reasons)


def test_a_trial_at_the_end_is_no_answer_where_it_stands_in_a_given_cell(originals, submitted):
    del submitted.cells[place(submitted, "clean-task")]
    merge(submitted, "start", "clean", "start", changed="start")
    del submitted.cells[place(submitted, "test-clean")]
    submitted.cells.append(own("clean = None"))
    reasons = rebuild(submitted, originals)[1]
    assert {"clean", "test-clean"} <= waiting(reasons)


def test_a_trial_at_the_end_is_no_answer_where_it_stands_in_another_cell(originals, submitted):
    merge(submitted, "clean", "mean", "clean")
    submitted.cells.append(own("mean = None"))
    rebuilt, reasons = rebuild(submitted, originals)
    assert passed(rebuilt) == TESTS
    assert waiting(reasons) == set()


@pytest.mark.parametrize(
    "written",
    [
        *(new_code_cell(WHY), new_code_cell(f"# {WHY}"), new_code_cell(f'"""{WHY}"""')),
        *(new_code_cell(f"print({WHY!r})"), new_raw_cell(WHY)),
        *(new_markdown_cell(CHINESE), new_code_cell(f"# {CHINESE}")),
    ],
    ids=["code", "comment", "text", "print", "raw", "Chinese", "Chinese comment"],
)
def test_words_in_a_cell_of_another_type_wait(written, originals, submitted):
    cell(submitted, "why").source = stub_of(originals, "why")
    submitted.cells.insert(0, copy.deepcopy(written))
    assert waiting(rebuild(submitted, originals)[1]) == {"why"}


@pytest.mark.parametrize(
    "code",
    [
        *("mean([1, 2])", "x = 'one two three four five six seven'", "# TODO: ask", "1 +"),
        "[v for v in (1, 2) if v",
        "assert mean([1]) == 1, 'the mean of one is that one'",
    ],
)
def test_code_beside_an_empty_answer_in_words_waits_for_nobody(code, originals, submitted):
    cell(submitted, "why").source = stub_of(originals, "why")
    submitted.cells.insert(place(submitted, "why") + 1, own(code))
    assert waiting(rebuild(submitted, originals)[1]) == set()


def test_a_question_that_was_merged_with_its_empty_answer_waits_for_nobody(originals):
    source = source_notebook()
    source.cells.insert(place(source, "why"), _given("why-task", "## Why?"))
    course = read_originals(source, course_config())
    blank = copy.deepcopy(course.released)
    merge(blank, "why-task", "why", "why-task")
    assert waiting(rebuild(blank, course)[1]) == set()
    cell(blank, "why-task").source += f"\n\n{WHY}"
    rebuilt, reasons = rebuild(blank, course)
    assert waiting(reasons) == set()
    assert cell(rebuilt, "why").source.endswith(WHY)


@pytest.mark.parametrize("stub", ["given", "empty", "below what raises"])
@pytest.mark.parametrize(
    "scratch", ["", "import math\nshown = Table()", "def show():\n    return Table()\n\nhalf = 1"]
)
def test_tests_wait_for_no_comments_on_code_that_was_given(stub, scratch):
    """The code that is to be commented runs; a function to be written by hand does not."""
    source = source_notebook()
    code = "class Table:\n    # Block a:\n    size = 2\n### BEGIN SOLUTION\n### END SOLUTION"
    if stub == "below what raises":
        code = f"### BEGIN SOLUTION\n### END SOLUTION\n{code.partition('###')[0]}"
    elif stub == "empty":
        code = "class Table:\n    ### BEGIN SOLUTION\n    size = 2\n    ### END SOLUTION"
    graded = marks("comments", True, True)
    source.cells.insert(1, new_code_cell(code, id="comments", metadata=graded))
    cell(source, "double").source += "\ndouble = double[: Table.size]"
    course = read_originals(source, course_config())
    notebook = complete(course.released, reference_answers(source))
    cell(notebook, "comments").source = stub_of(course, "comments")
    notebook.cells.insert(2, new_markdown_cell("Block a has the number of the columns."))
    notebook.cells.insert(3, own(scratch))
    cell(notebook, "double").source = "double = [2, 4][: Table.size]"
    waits = {"comments"} if stub == "given" else {"comments", "test-double"}
    assert waiting(rebuild(notebook, course)[1]) == waits


def test_of_a_cell_that_stops_only_what_follows_is_lacking(originals, submitted):
    """What a function reads when it is called stops no cell, and modules are there before."""
    del submitted.cells[place(submitted, "clean-task")]
    merge(submitted, "start", "clean", "start", changed="start")
    cell(submitted, "double").source = "def show():\n    return clean([1])\n\ndouble = [2, 4]"
    assert waiting(rebuild(submitted, originals)[1]) == {
        *("clean", "test-clean", "test-mean", "test-summary")
    }
    cell(submitted, "double").source = "clean([1])\nimport math\ndouble = [2, 4]"
    assert waiting(rebuild(submitted, originals)[1]) == TESTS | {"clean"}
    cell(submitted, "double").source = "@clean\ndef show():\n    pass\n\ndouble = [2, 4]"
    assert waiting(rebuild(submitted, originals)[1]) == TESTS | {"clean"}


def test_a_number_too_long_for_a_text_is_no_error(originals):
    """Python turns no number into a text that has more than 4300 digits."""
    notebook = copy.deepcopy(originals.released)
    notebook.cells.insert(0, own("0x" + "f" * 5000))
    assert not is_answered(notebook, originals)
    assert waiting(rebuild(notebook, originals)[1]) == set()


def test_the_layout_of_the_course_s_own_code_is_looked_at_once(originals, monkeypatch):
    """A class run has many notebooks, and compares them with the same cells."""
    compared = []

    def spy(source):
        compared.append(source)
        return layout.layout_key(source)

    submitted = copy.deepcopy(originals.released)
    submitted.cells = [each for each in submitted.cells if each.id != "test-double"]
    submitted.cells.append(own("y = 1"))
    rebuild(submitted, originals)
    monkeypatch.setattr("lxmls_grading.intake.matching.layout_key", spy)
    rebuild(submitted, originals)
    assert {*compared} == {"y = 1"}


def test_code_that_defines_no_answer_is_compared_with_none_and_forgotten(originals, monkeypatch):
    """A notebook may have two thousand cells, and a class run has many notebooks."""
    compared = []

    def spy(source, names):
        compared.append(source)
        return layout.statements_about(source, names)

    blank = copy.deepcopy(originals.released)
    own_cells = [own(f"clean([1]); x = {number}") for number in range(5)]
    blank.cells += own_cells
    assert originals.stubs  # which are found once for a course
    assert originals.uses
    monkeypatch.setattr("lxmls_grading.intake.originals.statements_about", spy)
    rebuild(blank, originals)
    assert not {each.source for each in own_cells} & {*compared}
    functions = (layout.layout_key, layout.statements_about, definitions.analyse)
    assert [function.cache_info().currsize for function in functions] == [0, 0, 0]
