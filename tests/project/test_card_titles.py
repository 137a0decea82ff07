"""Every title that a check's card can have is explained to students."""

from __future__ import annotations

import ast
import re

from lxmls_nb.errors import CheckFailed, NotAttempted
from tests.support.course import ROOT


def titles() -> set[str]:
    """Return the titles that checks report, as their sources have them."""
    found = {CheckFailed.heading, NotAttempted.heading}
    for path in (ROOT / "lxmls_nb" / "checks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "report":
                found |= {n.value for n in ast.walk(node.args[1]) if isinstance(n, ast.Constant)}
    return found


def test_each_title_is_explained_to_students():
    text = (ROOT / "docs" / "students.md").read_text("utf-8")
    section = re.search(r"## What a check says\n(.*?)\n## ", text, re.DOTALL)[1]
    explained = {bold.lstrip("✓!○i ") for bold in re.findall(r"\*\*([^*]+)\*\*", section)}
    assert {"Passed", "Right", "Not yet", "Your turn"} <= titles() <= explained
