"""Kernels and commands that need not import PyTorch each."""

from __future__ import annotations

import pytest

from tests.support import forked_python


@pytest.fixture(scope="session")
def forked(tmp_path_factory):
    """Return what runs Python commands as forks of one process."""
    with forked_python.started(tmp_path_factory.mktemp("forked")) as python:
        yield python


@pytest.fixture
def forked_kernels(forked, monkeypatch) -> None:
    """Let each kernel that is started be a fork, whoever starts it."""
    monkeypatch.setenv("JUPYTER_PATH", forked.kernels)
