"""How probes run answers: what an answer raises and prints, and what probes need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lxmls_nb import checks
from lxmls_nb.checks.probes.running import PROBES
from lxmls_nb.checks.reply_forms import FORMS
from tests.support.course import ROOT, definitions


def test_an_error_of_the_answer_is_reported_with_its_line():
    source = "def answer(weight, bias, input, output):\n    return weight @ undefined\n"
    namespace: dict = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    with pytest.raises(checks.CheckFailed, match=r"raised NameError: .*\(line 2"):
        checks.log_linear_gradients(namespace["answer"])


@pytest.mark.parametrize("error", [SystemExit(0), RecursionError("deep"), AssertionError()])
def test_whatever_an_answer_raises_is_a_failure(error):
    def answer(*arguments):
        raise error

    with pytest.raises(checks.CheckFailed, match=type(error).__name__):
        checks.log_linear_gradients(answer)


def test_stderr_of_an_answer_moves_to_stdout(capsys):
    right = definitions("exercise_2_1")["log_linear_gradients"]

    def answer(*arguments):
        print("a warning", file=sys.stderr)
        return right(*arguments)

    checks.log_linear_gradients(answer)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "a warning" in captured.out


def test_each_probe_has_a_form_of_its_replies():
    assert PROBES.keys() == FORMS.keys()


#: Imports the probes where the package `lxmls_nb.checks` itself imports nothing.
ALONE = """
import sys, types
package = types.ModuleType("lxmls_nb.checks")
package.__path__ = ["lxmls_nb/checks"]
sys.modules["lxmls_nb.checks"] = package
from lxmls_nb.checks.probes import running
assert len(running.PROBES) == 8, running.PROBES
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("lxmls_nb", "torch")))
"""


@pytest.mark.slow
def test_probes_need_nothing_that_judges():
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "lxmls_nb",
        "lxmls_nb.checks",
        "lxmls_nb.checks.probes",
        "lxmls_nb.checks.probes.classes",
        "lxmls_nb.checks.probes.course_module",
        "lxmls_nb.checks.probes.errors",
        "lxmls_nb.checks.probes.numpy_probes",
        "lxmls_nb.checks.probes.pytorch_probes",
        "lxmls_nb.checks.probes.running",
        "lxmls_nb.checks.probes.time_limit",
        "lxmls_nb.checks.probes.tracing",
        "lxmls_nb.errors",
    ]
