"""What `make setup` in a kit installs, from the network: all that is pinned, and nothing of ours.

It takes a minute, in which one core mostly waits. The environment stays for the tests in a browser.
"""

from __future__ import annotations

import json
import subprocess
import sys
from tempfile import TemporaryDirectory

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.project.test_packaging import pins
from tests.support.student_environment import student_python

pytestmark = pytest.mark.slow

#: What a virtual environment has by itself, and the two packages of a kit.
NOT_PINNED = {"setuptools", "lxmls-nb", "lxmls-nb-lab-for-students"}


@pytest.fixture(scope="module")
def python():
    """The Python of a student's environment."""
    try:
        return student_python()
    except subprocess.CalledProcessError:
        ask = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
        with TemporaryDirectory() as folder:
            if subprocess.run([*ask, folder, "six"]).returncode:
                pytest.skip("pip reaches no package index from here")
        raise


def test_all_is_installed_as_pinned(python):
    listing = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    found = {canonicalize_name(each["name"]): each["version"] for each in json.loads(listed)}
    assert NOT_PINNED - {"setuptools"} <= found.keys()
    assert {"jupyterlab", "nbgrader", "torch"} <= found.keys()
    wanted = pins()
    odd = {
        name: version
        for name, version in found.items()
        if name not in NOT_PINNED and wanted.get(name) != Version(version.partition("+")[0])
    }
    assert odd == {}


def test_nothing_is_missing_or_of_a_version_that_does_not_fit(python):
    done = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


def test_what_grades_is_not_there(python):
    code = "import importlib.util as u; print(*(u.find_spec(n) for n in ('lxmls_grading', 'dask')))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=python.parent)
    assert done.stdout.split() == ["None", "None"], done.stderr
