"""The table of layers in SECURITY.md names tests that exist."""

from __future__ import annotations

import re

from tests.attacks.corpus import ATTACKS
from tests.support.course import ROOT

PLACES = (ROOT, ROOT / "tests", ROOT / "tests" / "lxmls_grading")


def layers() -> dict[str, str]:
    """Return which tests look at each layer, from the table."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("\n## Layers\n")[2]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert {len(row) for row in rows} == {4}
    return {row[0].strip(): row[3] for row in rows[1:]}


def test_each_layer_has_tests_that_exist():
    found = layers()
    assert len(found) >= 19
    definitions = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    attacks = {attack.id for attack in ATTACKS}
    for layer, tests in found.items():
        names = re.findall(r"`([^`]+)`", tests)
        assert names, layer
        for name in names:
            is_file = any((place / name).is_file() for place in PLACES)
            assert is_file or name in attacks or f"def {name}(" in definitions, (layer, name)
