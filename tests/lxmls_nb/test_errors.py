"""How failures look in a notebook."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lxmls_nb import checks


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
