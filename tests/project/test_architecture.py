"""The drawing of the layers, which has to be that of the contracts."""

from __future__ import annotations

import re
import tomllib

from tests.support.course import ROOT


def rows(text: str) -> list[set[str]]:
    return [set(re.findall(r"\w+", line)) for line in text.strip().splitlines()]


def test_the_layers_are_drawn_as_the_contracts_have_them():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    drawn = re.search(r"## Layers\n.*?```\n(.*?)```", text, re.DOTALL)[1]
    grading, students = re.split(r"-{10,}  lxmls_nb\n", drawn)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {
        each["containers"][0]: each["layers"]
        for each in project["tool"]["importlinter"]["contracts"]
        if each["type"] == "layers"
    }
    assert rows(students) == rows("\n".join(contracts["lxmls_nb"]))
    assert rows(grading) == rows("\n".join(contracts["lxmls_grading"]))
