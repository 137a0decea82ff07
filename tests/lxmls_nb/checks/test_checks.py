"""Checks as a library: what they print, how they fail, and that a verdict needs no student code."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lxmls_nb import checks
from lxmls_nb.checks.mistakes.words import CAUSES
from lxmls_nb.checks.probes import running as probes
from tests.support.course import ROOT, definitions


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


def test_an_error_of_the_answer_is_reported_with_its_line():
    source = "def answer(weight, bias, input, output):\n    return weight @ undefined\n"
    namespace: dict = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    with pytest.raises(checks.CheckFailed, match=r"raised NameError: .*\(line 2"):
        checks.log_linear_gradients(namespace["answer"])


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


@pytest.mark.parametrize("error", [SystemExit(0), RecursionError("deep"), AssertionError()])
def test_whatever_an_answer_raises_is_a_failure(error):
    def answer(*arguments):
        raise error

    with pytest.raises(checks.CheckFailed, match=type(error).__name__):
        checks.log_linear_gradients(answer)


def test_stderr_of_an_answer_moves_to_stdout(log_linear_gradients, capsys):
    def answer(*arguments):
        print("a warning", file=sys.stderr)
        return log_linear_gradients(*arguments)

    checks.log_linear_gradients(answer)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "a warning" in captured.out


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


REMOTE = """
import json, sys
import numpy as np
from lxmls_nb.checks.probes import running as probes
from tests.support.course import ROOT, definitions

def unpack(value):
    if isinstance(value, dict) and "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    return [unpack(item) for item in value] if isinstance(value, list) else value

def pack(value):
    if isinstance(value, np.ndarray):
        return {"array": value.ravel().tolist(), "dtype": str(value.dtype), "shape": value.shape}
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    return [pack(item) for item in value] if isinstance(value, list) else value

probe, notebook, names, arguments = json.load(sys.stdin)
answers = [definitions(notebook)[name] for name in names]
arguments = {key: unpack(value) for key, value in arguments.items()}
print(json.dumps(pack(probes.execute(probe, answers, arguments))))
"""


def pack(value):
    if isinstance(value, np.ndarray):
        return {"array": value.ravel().tolist(), "dtype": str(value.dtype), "shape": value.shape}
    return [pack(item) for item in value] if isinstance(value, list) else value


def unpack(value):
    if isinstance(value, dict) and "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: unpack(item) for key, item in value.items()}
    return [unpack(item) for item in value] if isinstance(value, list) else value


def elsewhere(notebook: str, *names: str) -> list[probes.Reference]:
    """Return references to answers that are run in another process, over JSON here."""

    def send(probe, names, arguments):
        arguments = {key: pack(value) for key, value in arguments.items()}
        done = subprocess.run(
            [sys.executable, "-c", REMOTE],
            input=json.dumps([probe, notebook, names, arguments]),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        return unpack(json.loads(done.stdout.splitlines()[-1]))

    return [probes.Reference(name, send) for name in names]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "notebook", "names", "options"),
    [
        ("log_linear_gradients", "exercise_2_1", ["log_linear_gradients"], {}),
        ("backpropagation", "exercise_2_2", ["MyNumpyMLP"], {"geometry": [4, 3, 2]}),
        ("log_linear_module", "exercise_2_3", ["LogLinear"], {}),
        ("training_step", "exercise_2_3", ["training_step", "LogLinear"], {"steps": 2}),
        ("log_forward", "exercise_2_4", ["MyPytorchMLP"], {"geometry": [4, 3, 2]}),
        ("gradient_flow", "exercise_2_4", ["MyPytorchMLP"], {"geometry": [4, 3, 2]}),
        ("dictionary", "exercise_2_1", ["block_equations"], {"keys": ["block a"]}),
    ],
)
def test_probe_and_verdict_can_run_in_two_processes(check, notebook, names, options, capsys):
    """The verdict gets names only; arrays, numbers and strings cross."""
    getattr(checks, check)(*elsewhere(notebook, *names), **options)
    assert "Passed" in capsys.readouterr().out


@pytest.mark.slow
def test_a_verdict_elsewhere_sees_what_is_not_written():
    (scaffold,) = elsewhere("exercise_2_2", "NumpyMLP")
    with pytest.raises(checks.NotAttempted):
        checks.backpropagation(scaffold, geometry=[4, 3, 2])


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
