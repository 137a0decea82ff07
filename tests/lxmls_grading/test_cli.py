"""The command `lxmls-nb` where something is missing."""

from __future__ import annotations

import sys

import pytest

from lxmls_grading import cli


@pytest.mark.parametrize("command", ["grade", "report"])
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
    def broken(given):
        raise ModuleNotFoundError("gone", name="lxmls_grading.gone")

    monkeypatch.setattr(cli, "report", broken)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["report", "day2"])
