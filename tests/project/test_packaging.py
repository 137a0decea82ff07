"""What is installed: one list of versions, and an import that stays thin."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.resources
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import lxmls_nb

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, SETUPTOOLS = PYPROJECT["project"], PYPROJECT["tool"]["setuptools"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    Requirement(line)
    for line in PROJECT["dependencies"] + EXTRAS["book"] + EXTRAS["instructor"] + EXTRAS["test"]
]
GRADING = "lxmls_grading"


def pins() -> dict[str, Version]:
    """Return the version of each package in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    # Nothing but names and versions: no index, no file, no local build such as +cpu.
    odd = [line for line in lines if not re.fullmatch(r"[\w.-]+==[0-9][0-9a-z.]*", line)]
    assert odd == []
    pairs = [line.split("==") for line in lines]
    found = {canonicalize_name(name): Version(version) for name, version in pairs}
    assert len(found) == len(pairs), "a package is listed twice"
    return found


def modules() -> list[str]:
    """Return the names of the modules that students may import."""
    found = pkgutil.walk_packages(lxmls_nb.__path__, "lxmls_nb.", onerror=lambda _: None)
    return ["lxmls_nb", *(m.name for m in found)]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_pins_satisfy_the_ranges(requirement):
    assert str(requirement.specifier), "no range"
    version = pins()[canonicalize_name(requirement.name)]
    assert version in requirement.specifier


def test_what_a_hub_needs_is_pinned_and_not_installed_for_everyone():
    """`make test-hub` looks at what comes with it."""
    [hub] = map(Requirement, EXTRAS["hub"])
    assert pins()[canonicalize_name(hub.name)] in hub.specifier
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not re.search(r"\[[\w,]*\bhub\b", makefile)


def test_pins_install_on_the_oldest_python():
    """Some packages drop the first releases of a Python, which systems still have."""
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    for name in pins():
        try:
            asked = importlib.metadata.metadata(name).get("Requires-Python") or ""
        except importlib.metadata.PackageNotFoundError:
            continue  # another system's: see below
        assert oldest in SpecifierSet(asked), f"{name} asks for Python {asked}"


def test_pythons_that_are_named_are_those_that_run():
    """The classifiers name what the workflow runs, from the oldest on, without a gap."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    prefix = "Programming Language :: Python :: "
    named = [line.removeprefix(prefix) for line in PROJECT["classifiers"]]
    assert named == workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    assert named == [f"3.{oldest + step}" for step in range(len(named))]


def test_pins_are_complete_and_installed():
    pinned = pins()
    todo = [(requirement.name, "") for requirement in REQUIREMENTS]
    seen = set()
    while todo:
        name, extra = todo.pop()
        name = canonicalize_name(name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        assert name in pinned, f"{name} is installed, but not in constraints.txt"
        installed = importlib.metadata.version(name).partition("+")[0]
        assert Version(installed) == pinned[name], f"{name} is not as pinned: run make setup"
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            environment = {**default_environment(), "extra": extra}
            if needed.marker is None or needed.marker.evaluate(environment):
                todo += [(needed.name, other) for other in ("", *needed.extras)]
    assert len(seen) > len(REQUIREMENTS)


class TestCondaEnvironment:
    @pytest.fixture
    def dependencies(self):
        text = (ROOT / "environment.yml").read_text(encoding="utf-8")
        return yaml.safe_load(text)["dependencies"]

    def test_conda_brings_python_and_pip_alone(self, dependencies):
        names = [re.split("[=<> ]", item)[0] for item in dependencies if isinstance(item, str)]
        assert names == ["python", "pip"]

    def test_python(self, dependencies):
        version = dependencies[0].partition("=")[2]
        assert f"{version}.0" in SpecifierSet(PROJECT["requires-python"])

    def test_pip_takes_the_pins_and_this_project(self, dependencies):
        constraint, project = dependencies[-1]["pip"]
        assert constraint == "-c constraints.txt"
        assert (ROOT / "constraints.txt").is_file()
        editable, requirement = project.split(" ")
        assert editable == "-e"
        extras = Requirement(requirement.replace(".", PROJECT["name"], 1)).extras
        assert "instructor" in extras
        assert extras <= EXTRAS.keys()

    def test_makefile_takes_the_same_pins(self):
        text = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(r"-c constraints\.txt -e '\.\[book,instructor,test\]'", text)


@pytest.mark.slow
@pytest.mark.parametrize("package", ["torch", "nbgrader"])
def test_imports_without(package):
    """Everything but the parts for PyTorch imports where `package` cannot be imported."""
    needs_torch = ("device", "pytorch_mlp", "pytorch_checks", "pytorch_probes")
    names = [
        name
        for name in modules()
        if package != "torch" or name.rpartition(".")[2] not in needs_torch
    ]
    for name in ("data", "models", "training", "checks", "plots"):
        assert f"lxmls_nb.{name}" in names
    code = (
        f"import importlib, sys; sys.modules[{package!r}] = None\n"
        f"for name in {names}: importlib.import_module(name)\n"
        f"loaded = [name for name in sys.modules if name.startswith({GRADING!r})]\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_students_part_imports_nothing_of_graders():
    folder = ROOT / "lxmls_nb"
    paths = list(folder.rglob("*.py"))
    assert len(paths) > 10
    for path in paths:
        for name in imported(path):
            assert name.split(".")[0] not in ("nbgrader", "dask", "distributed", "nbclient"), path
            assert not f"{name}.".startswith(f"{GRADING}."), path


def test_students_part_needs_only_students_packages():
    allowed = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    allowed |= {"ipython"}  # comes with ipykernel
    allowed |= {"pil"} if "pillow" in allowed else set()  # what Pillow is imported as
    allowed |= {"lxmls-nb", *map(canonicalize_name, sys.stdlib_module_names)}
    folder = ROOT / "lxmls_nb"
    for path in folder.rglob("*.py"):
        tops = {canonicalize_name(name.split(".")[0]) for name in imported(path)}
        assert tops <= allowed, path


def test_the_newest_version_of_the_changelog_is_this_one():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\S+)\] - \d{4}-\d\d-\d\d$", text, flags=re.MULTILINE)
    assert versions[0] == lxmls_nb.__version__
    assert len(versions) == len(re.findall("^## ", text, flags=re.MULTILINE))
    assert sorted(versions, key=Version, reverse=True) == versions


def test_snippets_are_in_the_package():
    files = importlib.resources.files("lxmls_nb")
    assert (files / "corpora" / "snippets.npz").is_file()


@pytest.mark.parametrize("package", [f"{GRADING}.commands", f"{GRADING}.results"])
def test_templates_are_in_the_package(package):
    assert any((importlib.resources.files(package) / "templates").iterdir())
    assert SETUPTOOLS["package-data"][package] == ["templates/*"]


@pytest.mark.parametrize("package", ["lxmls_nb", GRADING])
def test_both_packages_have_types(package):
    """A file `py.typed` tells type checkers so; wheels have what package-data names."""
    assert (importlib.resources.files(package) / "py.typed").is_file()
    assert "py.typed" in SETUPTOOLS["package-data"][package]
