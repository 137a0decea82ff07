"""Kernels that die and replies that are forged: earlier points are kept, no point is unearned."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution import plan as plans
from tests.support.execution import OBJECT, SETTINGS, TEST, attempt, graded, kinds, printed
from tests.support.submissions import points_of


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_dead_kernel_is_told_and_costs_no_other_points(warm, settings, code, words):
    _, points, reasons = attempt(warm, code, settings)
    assert points == 2
    assert kinds(reasons) == ["kernel"]
    assert words in reasons[0]["text"]
    assert reasons[0]["cells"] == []


@pytest.mark.parametrize(
    "forged",
    [
        "{'result': {'value': {'a': float('nan')}}}",
        "{'result': None}",
        "{}",
        "{'result': {'value': [1] * 30000}}",
        "{'result': {'value': 'x' * 10**6}}",
        "[1, 2]",
        "{'interrupted': True}",
    ],
)
def test_forged_replies_earn_nothing(warm, forged):
    code = f"from lxmls_nb.checks.probes import running\nrunning.execute = lambda *a: {forged}"
    _, points, _ = attempt(warm, code, answer=OBJECT)
    assert points == 0


def test_answer_that_ends_its_kernel_in_a_test_is_told(warm):
    code = (
        "import os\nfrom lxmls_nb.checks.probes import running\n"
        "running.execute = lambda *a: os._exit(1)"
    )
    _, points, reasons = attempt(warm, code, answer=OBJECT)
    assert points == 0
    assert kinds(reasons) == ["kernel"]


def test_garbage_in_a_reply_earns_nothing_and_the_rest_runs(warm):
    code = """
from lxmls_grading.kernel import wire
honest = wire.encode
wire.encode = lambda value: [b"{" * 1000, b"\\x00" * 1000]
"""
    cells = [new_code_cell(OBJECT), new_code_cell(code), graded(TEST, "garbage")]
    cells += [new_code_cell("wire.encode = honest"), graded(TEST, "after")]
    points = points_of(warm.execute(new_notebook(cells=cells), SETTINGS))
    assert points["garbage"] == 0


def test_shell_that_is_disarmed_keeps_the_points_of_what_was_right(warm):
    code = """
shell = get_ipython()
shell.input_transformers_cleanup.append(lambda lines: [])
"""
    _, points, _ = attempt(warm, code)
    assert points == 2


def test_without_a_sandbox_is_a_choice_that_shows(warm):
    executed, points, reasons = attempt(warm, "print(1)", replace(SETTINGS, sandbox=False))
    assert points == 2
    assert reasons == []
    assert executed.metadata["lxmls_nb"]["sandbox"] is False


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "together"])
def test_a_text_that_cannot_be_encoded_hides_no_failure(warm, apart):
    """Half a pair of surrogates: in what is printed, shown and raised, and in a test's message."""
    answer = "answer = chr(0xd800)\nprint('before', answer)\nanswer"
    cells = [new_code_cell(answer), graded("assert answer == 'x', f'it is {answer}'")]
    cells += [new_code_cell("raise ValueError(answer)"), new_code_cell("print(6 * 7)")]
    plan = plans.NotebookPlan(tests={"test": plans.TestPlan(apart=apart)})
    executed = warm.execute(new_notebook(cells=cells), SETTINGS, plan=plan)
    shown = executed.cells[0].outputs
    assert [output.output_type for output in shown] == ["stream", "execute_result"]
    assert shown[0].text == "before ?\n"
    assert points_of(executed) == {"test": 0}
    assert executed.cells[2].outputs[0].evalue == "?"
    assert printed(executed, 3) == "42"


#: Errors of an answer that are no output: one below more than is kept; a wrong magic and a group of
#: exceptions, which IPython prints; and what fails to be formatted.
NOT_SHOWN = {
    "a wrong magic": "get_ipython().run_line_magic('there_is_none', '')",
    "below much output": "print('x' * 3_000_000)\nraise ValueError('below it')",
    "a group": "raise ExceptionGroup('two', [ValueError(1), KeyError(2)])",
    "its cause is a group": (
        "try:\n    raise ExceptionGroup('two', [ValueError(1)])\n"
        "except ExceptionGroup:\n    raise ValueError('after it')"
    ),
    "not formatted": (
        "class Odd(Exception):\n    def _render_traceback_(self):\n        raise ValueError(1)\n"
        "raise Odd('odd')"
    ),
    "no text": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError(1)\nraise Odd"
    ),
}


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_an_error_that_is_not_shown_is_a_failure(warm, name):
    """Where it runs together, all that tells it is the kernel's reply."""
    answer = f"def answer():\n{textwrap.indent(NOT_SHOWN[name], '    ')}"
    cells = [new_code_cell(answer), graded("answer()", "test"), graded("assert 1", "after")]
    together = plans.TestPlan(apart=False, why="it is so asked for")
    plan = plans.NotebookPlan(tests={"test": together, "after": together})
    executed = warm.execute(new_notebook(cells=cells), SETTINGS, plan=plan)
    assert points_of(executed) == {"test": 0, "after": 2}
    assert [o.output_type for o in executed.cells[1].outputs].count("error") == 1


def test_points_below_much_output_are_those_that_the_test_gives(warm):
    """Also where the notebook has put out more than is kept, so that nothing else is."""
    much = [new_code_cell("print('x' * 3_000_000)") for _ in range(5)]
    cells = [new_code_cell("def answer():\n    print('x' * 3_000_000)\n    return 0.5"), *much]
    cells += [graded("answer()", "test")]
    together = plans.TestPlan(apart=False, why="it is so asked for")
    plan = plans.NotebookPlan(tests={"test": together})
    executed = warm.execute(new_notebook(cells=cells), SETTINGS, plan=plan)
    assert points_of(executed) == {"test": 0.5}
