"""The folders of the machine that grades never stand in what students read."""

from __future__ import annotations

import sys
import sysconfig

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lxmls_grading.feedback import paths
from lxmls_grading.feedback.comments import comments_of
from lxmls_grading.feedback.paths import HidePaths, hide_paths
from lxmls_grading.reasons import add_reason, reason
from tests.support.odd_course import submission

HOME, COURSE = "/home/ann", "/home/ann/teaching/lxmls"
PREFIX = f"{COURSE}/.venv"
SITE = f"{PREFIX}/lib/python3.11/site-packages"


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """The machine of somebody who keeps the environment in the folder of the course."""
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setattr(sys, "prefix", PREFIX)
    monkeypatch.setattr(sys, "base_prefix", f"{HOME}/.pyenv/versions/3.11.7")
    monkeypatch.setattr(sysconfig, "get_path", lambda kind: SITE)
    monkeypatch.setattr(paths.os, "getcwd", lambda: COURSE)
    paths._folders.cache_clear()
    yield
    paths._folders.cache_clear()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{SITE}/numpy/a.py:12: UserWarning: x", "site-packages/numpy/a.py:12: UserWarning: x"),
        (f'File "{SITE}/a.py", line 3', 'File "site-packages/a.py", line 3'),
        (f"File \x1b[32m{SITE}/a.py:3\x1b[39m", "File \x1b[32msite-packages/a.py:3\x1b[39m"),
        (f"{PREFIX}/bin/python", ".venv/bin/python"),
        (f"{HOME}/.pyenv/versions/3.11.7/lib/json/decoder.py", "3.11.7/lib/json/decoder.py"),
        (f"{COURSE}/submitted/ada", "lxmls/submitted/ada"),
        (f"I live in {HOME}.", "I live in ~."),
        (f"{HOME}/bin:{HOME}/sbin:/usr/bin", "~/bin:~/sbin:/usr/bin"),
        (f"file://{HOME}/x", "file://~/x"),
        (f"{HOME}/{HOME}", "~/~"),
        # Other texts stay.
        ("/home/anna/x /home/ann-b /data/home/ann/x /home/ann.bak", None),
        ("/usr/lib/python3.11/json/decoder.py /tmp/x /home", None),
        ("site-packages/x.py ~ann", None),
        ("", None),
    ],
)  # fmt: skip
def test_folders_are_shortened(text, shown):
    assert hide_paths(text) == (text if shown is None else shown)


def test_all_outputs_are_looked_at():
    path = f"{SITE}/x.py"
    cell = new_code_cell(f"open('{path}')")
    cell.outputs = [
        new_output("stream", name="stderr", text=path),
        new_output("error", ename="E", evalue=path, traceback=[path, "second"]),
        new_output("execute_result", {"text/plain": path, "text/html": f"<b>{path}</b>"}),
        new_output("display_data", {"image/png": "iVBORw0KGgo="}),
    ]
    notebook, _ = HidePaths().preprocess(new_notebook(cells=[cell]), {})
    nbformat.validate(notebook)
    assert HOME not in str(notebook.cells[0].outputs)
    assert str(notebook.cells[0].outputs).count("site-packages/x.py") == 5
    assert notebook.cells[0].source == f"open('{path}')"  # the student's own words


def test_reasons_are_shortened_for_students():
    notebook = submission()
    add_reason(notebook, reason("given up", what=f"OSError: {COURSE}/x is full"))
    assert "given up" not in str(comments_of(notebook))
    assert "OSError: lxmls/x is full" in comments_of(notebook)["area"][0]


def test_a_home_that_is_everything_is_no_home(monkeypatch):
    monkeypatch.setenv("HOME", "/")
    paths._folders.cache_clear()
    assert hide_paths("/a/b /") == "/a/b /"
