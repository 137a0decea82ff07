"""The command `lxmls-nb`: it answers at once, and where something is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from traitlets.utils.importstring import import_item

import lxmls_nb
from lxmls_grading import cli
from lxmls_grading.commands import dispatch


@pytest.mark.parametrize("command", ["grade", "report", "doctor"])
def test_without_the_extra_it_says_in_a_line_how_to_install_it(command, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "nbgrader"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    assert cli.main([command, "day2"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "nbgrader is not installed" in err
    assert "pip install 'lxmls-nb[instructor]'" in err


def test_a_module_of_ours_that_is_missing_is_no_such_line(monkeypatch):
    def broken(*given):
        raise ModuleNotFoundError("gone", name="lxmls_grading.gone")

    monkeypatch.setattr(dispatch, "run_command", broken)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["report", "day2"])


def test_the_version_and_the_commands_are_told(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == lxmls_nb.__version__
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    for command, (_, what) in dispatch.COMMANDS.items():
        assert command in said
        assert what in said


@pytest.mark.parametrize("command", dispatch.COMMANDS)
def test_examples_in_help_are_lines_to_type(command):
    """traitlets indents the first line alone where a text has several that are indented."""
    for line in import_item(dispatch.COMMANDS[command][0]).examples.splitlines():
        assert line.startswith(f"lxmls-nb {command}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gradee", "day2"], "there is no command gradee: did you mean grade?"),
        (["xyz"], "grade, watch, report, doctor"),
        ([], "which command?"),
        (["--quiet"], "there is no option --quiet"),
        (["--quiet", "grade", "day2"], "there is no option --quiet"),
    ],
)
def test_what_is_no_command_is_told_in_a_line(arguments, said, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("lxmls-nb: ")
    assert said in err


@pytest.mark.slow
@pytest.mark.parametrize("argument", ["--help", "--version", "gradee"])
def test_it_answers_without_importing_what_takes_long(argument):
    code = (
        "import sys\nfrom lxmls_grading import cli\n"
        f"cli.main([{argument!r}])\n"
        "print(sorted({'nbgrader', 'torch', 'distributed', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


#: Interrupts itself while Python ends.
ENDING = """
import atexit, os, signal, sys
from lxmls_grading import cli
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv[1:] = ["--version"]
cli.program()
"""


@pytest.mark.slow
def test_ctrl_c_comes_too_late_while_the_program_ends():
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == lxmls_nb.__version__
