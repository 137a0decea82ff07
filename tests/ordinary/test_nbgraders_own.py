"""nbgrader's example course and fixtures get the points that nbgrader gives them."""

from __future__ import annotations

import pytest

from tests.ordinary.nbgraders_own import FILES, FIXTURES, example_course, fixtures

#: Those that the slow test takes; ``make ordinary`` has all.
CHOSEN = ("submitted-unchanged", "autotest-multi", "validating-environment-variable")


def check(comparison) -> None:
    print(comparison.table())
    print(f"{comparison.ours.seconds:.0f} s here, {comparison.stock.seconds:.0f} s there")
    assert comparison.keys()
    assert comparison.differing() == []


@pytest.mark.slow
def test_example_course(tmp_path):
    check(example_course(tmp_path / "example"))


@pytest.mark.slow
def test_fixtures(tmp_path):
    chosen = {name: files for name, files in FIXTURES.items() if name in CHOSEN}
    check(fixtures(tmp_path / "fixtures", FILES, chosen))
