"""Kernels and commands that need not import PyTorch each."""

from __future__ import annotations

import pytest

from tests.support import forked_python


@pytest.fixture(scope="session")
def forked(tmp_path_factory):
    """Return what runs Python commands as forks of one process."""
    folder = tmp_path_factory.mktemp("forked")
    with forked_python.started(folder) as python:
        python.write_kernelspec(folder)
        yield python


@pytest.fixture
def forked_kernels(forked, monkeypatch):
    """Let each kernel that is started be a fork, whoever starts it."""
    monkeypatch.setenv("JUPYTER_PATH", str(forked.address.parent))
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    return forked
