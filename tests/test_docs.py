"""What the documentation refers to is there."""

from __future__ import annotations

import re

import pytest

from tests.course import ROOT


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/answers/README.md"]
)
def test_links_and_images_are_there(name):
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_make_targets_are_there(name):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    text = (ROOT / name).read_text()
    named = set(re.findall(r"(?:\$ |`)make ([a-z]+)", text))
    assert named
    assert named <= targets
