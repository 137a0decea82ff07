"""Checks as a library: what they print, how they fail, and that a verdict needs no student code."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lxmls_nb import checks
from lxmls_nb.checks.mistakes.words import CAUSES
from tests.support.course import definitions


@pytest.fixture(scope="module")
def log_linear_gradients():
    return definitions("exercise_2_1")["log_linear_gradients"]


@pytest.fixture(scope="module")
def my_numpy_mlp():
    return definitions("exercise_2_2")["MyNumpyMLP"]


def test_a_passing_check_says_what_was_compared_and_how_close(my_numpy_mlp, capsys):
    checks.backpropagation(my_numpy_mlp, geometry=[6, 5, 3])
    out = capsys.readouterr().out
    assert "geometry [6, 5, 3], 7 examples" in out
    assert "Largest relative difference" in " ".join(out.split())
    assert out.count("\n") <= 2


def test_a_failing_check_shows_its_message_without_a_traceback():
    shell = InteractiveShell.instance()
    shell.push({"checks": checks})
    with capture_output() as captured:
        shell.run_cell("checks.log_linear_gradients(lambda *arguments: 1)")
    assert captured.stdout.startswith("Not yet right: `log_linear_gradients`")
    assert "Traceback" not in captured.stdout
    assert captured.stdout.strip().count("\n") <= 2
    assert all(len(line) <= 92 for line in captured.stdout.splitlines())


def test_not_attempted_is_not_wrong():
    def answer(weight, bias, input, output):
        raise NotImplementedError("not attempted yet")

    with pytest.raises(checks.NotAttempted, match="write `log_linear_gradients` in its cell"):
        checks.log_linear_gradients(answer)


def test_a_step_whose_module_is_missing_says_so():
    import torch

    class LogLinear(torch.nn.Module):
        def __init__(self, input_size, num_classes):
            super().__init__()
            raise NotImplementedError("not attempted yet")

    training_step = definitions("exercise_2_3")["training_step"]
    with pytest.raises(checks.NotAttempted, match="write `LogLinear`"):
        checks.training_step(training_step, LogLinear)


def test_a_step_whose_module_is_wrong_says_so():
    names = definitions("exercise_2_3")

    class Logits(names["LogLinear"]):
        def forward(self, input):
            return super().forward(input) + 1

    with pytest.raises(checks.CheckFailed, match="`LogLinear` is not right yet"):
        checks.training_step(names["training_step"], Logits)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        [],
        [1, 2, 3],
        {"a": 1},
        np.array(["x"]),
        object(),
        (None, None, None),
        (np.zeros(0), None, None),
    ],
    ids=[
        "None",
        "int",
        "str",
        "empty",
        "numbers",
        "dict",
        "strings",
        "object",
        "Nones",
        "zero size",
    ],
)
def test_odd_results_get_a_message(value):
    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(lambda *arguments: value)
    assert "log_linear_gradients" in str(failure.value)
    assert len(str(failure.value)) < 300


def test_subclasses_of_arrays_decide_nothing(log_linear_gradients):
    class AlwaysEqual(np.ndarray):
        def __eq__(self, other):
            return True

        def __le__(self, other):
            return True

        def __array_ufunc__(self, *arguments, **options):
            return True

        def __array_function__(self, *arguments, **options):
            return True

    def answer(weight, bias, input, output):
        return 0.0, np.zeros(weight.shape).view(AlwaysEqual), np.zeros((1, 3)).view(AlwaysEqual)

    with pytest.raises(checks.CheckFailed):
        checks.log_linear_gradients(answer, quantity="weight")


def test_dictionary():
    choices = {"keys": ["a", "b"], "choices": ["x", "y"]}
    checks.dictionary({"a": "X ", "b": "y"}, **choices)
    with pytest.raises(checks.NotAttempted):
        checks.dictionary({"a": None, "b": None}, **choices)
    with pytest.raises(checks.CheckFailed, match="no answer for 'b' yet"):
        checks.dictionary({"a": "x", "b": None}, **choices)
    with pytest.raises(checks.CheckFailed, match="'z', given for 'b', is not one of: x, y"):
        checks.dictionary({"a": "x", "b": "z"}, **choices)
    with pytest.raises(checks.CheckFailed, match="no key 'b'"):
        checks.dictionary({"a": "x"}, **choices)
    with pytest.raises(checks.CheckFailed, match="a dictionary is expected"):
        checks.dictionary(["x", "y"], **choices)
    checks.dictionary({"a": "x"}, expected={"a": ("x", "y")})
    with pytest.raises(checks.CheckFailed) as failure:
        checks.dictionary({"a": "wrong"}, expected={"a": "secret"})
    assert "secret" not in str(failure.value)


def test_causes_are_sentences_without_their_end():
    for key, text in CAUSES.items():
        assert not text.endswith("."), key
        assert len(text) < 200, key


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
