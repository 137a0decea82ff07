"""How failures look in a notebook."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lxmls_nb import checks
from lxmls_nb.errors import answer_needed, stopped
from tests.lxmls_nb.checks.probes.test_errors import define


def test_a_failing_check_shows_its_message_without_a_traceback():
    shell = InteractiveShell.instance()
    shell.push({"checks": checks})
    with capture_output() as captured:
        shell.run_cell("checks.log_linear_gradients(lambda *arguments: 1)")
    assert captured.stdout.startswith("Not yet right: `log_linear_gradients`")
    assert "Traceback" not in captured.stdout
    assert captured.stdout.strip().count("\n") <= 2
    assert all(len(line) <= 92 for line in captured.stdout.splitlines())


#: Cells of a notebook, run as a kernel runs them: what each of them shows.
IN_A_NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from lxmls_nb import checks")
shell.run_cell({cell!r})
"""
STUB = 'raise NotImplementedError("not attempted yet")'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "shown", "traceback"),
    [
        (f"def f():\n    {STUB}\nf()", "Not attempted yet: write `f` in its cell above", False),
        (f"answers = {{}}\n{STUB}", "Not attempted yet: write your answer in this cell", False),
        (
            f"def f():\n    {STUB}\n    return 1\nf()",
            "Not yet right: the line `raise NotImplementedError` is still in `f`.",
            False,
        ),
        (
            "from lxmls_nb.models import NumpyMLP\nclass Mine(NumpyMLP):\n"
            "    def backpropagation(self, *given):\n"
            "        return super().backpropagation(*given)\n"
            "Mine([2, 2], ['softmax'], 0.1).backpropagation(1, 2)",
            "Not yet right: `Mine.backpropagation` calls the method of the given class",
            False,
        ),
        ("raise NotImplementedError('of another kind')", "of another kind", True),
        ("1 / 0", "division by zero", True),
    ],
)
def test_unwritten_answers_show_no_traceback(cell, shown, traceback):
    """Where a cell uses an answer without a check."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_NOTEBOOK.format(cell=cell)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert ("Traceback" in done.stdout) == traceback


def failure_of(code: str) -> checks.CheckFailed | None:
    """Return what is told of code that calls `f`, apart from that it is not written."""
    try:
        define(code)["f"]()
    except NotImplementedError as error:
        return stopped(error.__traceback__)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "body",
    [
        STUB,
        f'"""What it returns."""\n    # A remark.\n    {STUB}  # delete this line',
        f"super().__init__(1)\n    {STUB}".replace("super().__init__(1)", "pass"),
    ],
)
def test_a_function_with_nothing_of_ones_own_is_not_written(body):
    assert failure_of(f"def f():\n    {body}") is None


@pytest.mark.parametrize(
    "body",
    [
        f"{STUB}\n    return 1",
        f"x = 1\n    {STUB}\n    return x",
        f"return 1 if False else g()\ndef g():\n    {STUB}\n    return 1",
    ],
)
def test_the_line_for_an_answer_that_is_written_is_told(body):
    place = "g" if "def g" in body else "f"
    words = f"is still in `{place}`. Is your answer written? Then delete that line"
    assert words in str(failure_of(f"def f():\n    {body}"))


def test_a_function_without_a_source_is_not_written():
    names: dict = {}
    exec(f"def f():\n    {STUB}\n    return 1", names)
    with pytest.raises(NotImplementedError) as raised:
        names["f"]()
    assert stopped(raised.value.__traceback__) is None
    assert stopped(None) is None


def test_what_needs_an_answer_tells_of_the_line():
    """Such as the course's training."""
    written = define(f"def f():\n    {STUB}\n    return 1")["f"]
    with pytest.raises(checks.CheckFailed, match="is still in `f`"), answer_needed():
        written()
