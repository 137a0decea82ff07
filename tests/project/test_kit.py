"""The student kit: all that students need, and nothing that they must not see."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_server.extension.config import ExtensionConfigManager

import lxmls_nb
from lxmls_grading.cells import read_notebook
from tests.support.course import NOTEBOOKS, RELEASE, ROOT
from tests.support.kit import (
    copy_course,
    files,
    found_secrets,
    lines_of_answers,
    lines_of_sources,
    release_without_nbgrader,
    secrets,
)
from tools import make_kit, name_repository

CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a kit, and its archive."""
    return make_kit.make_kit(output=tmp_path_factory.mktemp("made") / "kit")


@pytest.fixture(scope="module", params=["folder", "archive"])
def kit(request, made, tmp_path_factory):
    """Return the folder of a kit, as made and as unpacked from the archive."""
    folder, archive = made
    if request.param == "folder":
        return folder
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive) as file:
        file.extractall(unpacked)
    (root,) = unpacked.iterdir()
    assert root.name == "lxmls_nb-kit"
    return root


@pytest.fixture
def course(tmp_path):
    """Return a copy of the course, to be changed."""
    return copy_course(tmp_path / "course")


# --- nothing secret -------------------------------------------------------------------------------


def test_there_are_secrets_to_look_for():
    secret, _ = lines_of_sources()
    assert len(secret) > 100
    assert len(lines_of_answers()) > 300
    assert len(secrets()) > 400


def test_no_solution_and_no_hidden_test_is_in_it(kit):
    assert found_secrets(kit) == []


@pytest.mark.parametrize("place", ["day2/exercise_2_2.ipynb", "lxmls_nb/models/numpy_mlp.py"])
def test_the_search_finds_a_solution(made, tmp_path, place):
    shutil.copytree(made[0], tmp_path / "kit")
    path = tmp_path / "kit" / place
    answer = sorted(lines_of_answers() & secrets())[0]
    if path.suffix == ".py":
        path.write_text(f"{path.read_text()}\n    {answer}\n")
    else:
        notebook = read_notebook(path)
        notebook.cells[3].source += f"\n{answer}"
        nbformat.write(notebook, path)
    assert found_secrets(tmp_path / "kit") == [f"{path.name}: {answer}"]


# --- all that students need, and nothing else -----------------------------------------------------


def test_nothing_else_is_in_it(kit):
    assert {path.name for path in kit.iterdir()} == make_kit.ENTRIES
    assert sorted(p.name for p in (kit / "notebooks").iterdir()) == CHAPTERS
    setup = {path.relative_to(kit / "setup").as_posix() for path in files(kit / "setup")}
    images = {path for path in setup if path.endswith(".svg")}
    assert setup - images == {
        "lab/jupyter_server_config.d/nbgrader_of_students.json",
        "lab/page_config.d/lxmls_nb.json",
        "lab/pyproject.toml",
        "quiet_pip.py",
    }
    assert bool(images) == (name_repository.read_addresses() is not None)
    for path in files(kit / "lxmls_nb"):
        relative = path.relative_to(kit)
        assert path.read_bytes() == (ROOT / relative).read_bytes()
        assert path.suffix == ".py" or relative.parts[1] in ("corpora", "py.typed")


def test_exercises_are_those_of_the_release(kit):
    names = sorted(path.name for path in RELEASE.iterdir() if not path.name.startswith("."))
    assert sorted(path.name for path in (kit / "day2").iterdir()) == names
    for name in names:
        assert (kit / "day2" / name).read_bytes() == (RELEASE / name).read_bytes()


def test_the_package_is_whole(kit):
    theirs = {p.relative_to(kit) for p in files(kit / "lxmls_nb")}
    ours = {
        path.relative_to(ROOT)
        for path in files(ROOT / "lxmls_nb")
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert theirs == ours


def test_students_may_write_everywhere(made):
    for path in files(made[0]):
        assert path.stat().st_mode & 0o200, path


def links(text: str) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in target]


def test_links_lead_to_the_students_own_copy(kit):
    pages = {"README.md": (kit / "README.md").read_text(encoding="utf-8")}
    for path in files(kit):
        if path.suffix == ".ipynb":
            cells = [c.source for c in read_notebook(path).cells if c.cell_type == "markdown"]
            pages[path.relative_to(kit).as_posix()] = "\n".join(cells)
    seen = set()
    for name, text in pages.items():
        for target in links(text):
            path = (kit / name).parent.joinpath(target).resolve()
            assert path.is_relative_to(kit.resolve()), f"{name}: {target}"
            assert path.exists(), f"{name}: {target}"
            seen.add((name, path.relative_to(kit.resolve()).as_posix()))
    for name in NOTEBOOKS:
        assert ("README.md", f"day2/{name}.ipynb") in seen
        assert any(page.startswith("notebooks/") for page, to in seen if to == f"day2/{name}.ipynb")
    for name in CHAPTERS:
        assert ("README.md", f"notebooks/{name}") in seen


@pytest.mark.parametrize(
    ("name", "chapters"),
    [
        ("exercise_2_1", [1, 2]),
        ("exercise_2_2", [3]),
        ("exercise_2_3", [4]),
        ("exercise_2_4", [4]),
    ],
)
def test_each_exercise_opens_with_what_to_read_first(made, name, chapters):
    first = read_notebook(made[0] / "day2" / f"{name}.ipynb").cells[0].source
    (line,) = [line for line in first.split("\n") if line.startswith("**Read first:**")]
    found = re.findall(r"\[Chapter (\d)\]\(../notebooks/(\d)_\w+\.ipynb\)", line)
    assert found == [(str(n), str(n)) for n in chapters]


class TestInstallation:
    def test_data_are_those_of_the_course(self, kit):
        theirs = tomllib.loads((kit / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert theirs["version"] == lxmls_nb.__version__
        for key in ("name", "description", "requires-python", "license"):
            assert theirs[key] == PROJECT[key]
        (extra,) = set(theirs["dependencies"]) - set(PROJECT["dependencies"])
        assert extra in PROJECT["optional-dependencies"]["instructor"]
        assert extra.startswith("nbgrader>=")  # to fetch, validate and submit
        assert set(PROJECT["dependencies"]) <= set(theirs["dependencies"])
        assert theirs.keys().isdisjoint(
            {"scripts", "entry-points", "optional-dependencies", "gui-scripts"}
        )

    def test_pins_are_those_of_the_course(self, kit):
        ours = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        theirs = (kit / "constraints.txt").read_text(encoding="utf-8").splitlines()
        assert [line for line in theirs if "==" in line] == [line for line in ours if "==" in line]

    def test_conda_and_make_install_the_same(self, kit):
        environment = yaml.safe_load((kit / "environment.yml").read_text(encoding="utf-8"))
        constraint, *packages = environment["dependencies"][-1]["pip"]
        assert constraint == "-c constraints.txt"
        assert packages == ["-e .", "./setup/lab"]
        recipe = (kit / "Makefile").read_text(encoding="utf-8")
        assert "-c constraints.txt -e . ./setup/lab\n" in recipe
        oldest = PROJECT["requires-python"].removeprefix(">=")
        assert f"Python {oldest} or newer is needed" in recipe
        assert f"sys.version_info < ({oldest.replace('.', ', ')})" in recipe
        assert f"Python {oldest} or newer" in (kit / "README.md").read_text(encoding="utf-8")

    def test_makefile_lists_its_commands(self, made):
        done = subprocess.run(
            ["make", "help"], cwd=made[0], capture_output=True, text=True, check=True
        )
        assert re.findall(r"^make (\S+)", done.stdout, re.M) == ["help", "setup", "lab"]

    def test_no_placeholder_is_left(self, kit):
        for name in make_kit.ENTRIES:
            if (kit / name).is_file():
                assert not re.search(r"@[A-Z_]+@|OWNER", (kit / name).read_text("utf-8")), name

    @pytest.mark.slow
    def test_it_installs_by_itself_and_hides_what_is_for_instructors(self, made, tmp_path):
        """Without a network: what builds the packages, and what they need, is here already."""
        kit, environment = tmp_path / "kit", tmp_path / "environment"
        shutil.copytree(made[0], kit)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        python = environment / "bin" / "python"
        (site,) = environment.glob("lib/python*/site-packages")
        (here,) = {Path(path) for path in sys.path if Path(path).name == "site-packages"}
        for path in here.iterdir():  # all but this course
            if "lxmls" not in path.name:
                (site / path.name).symlink_to(path)
        install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*install, "-e", kit, kit / "setup" / "lab"], check=True, cwd=tmp_path)
        code = (
            "import importlib.metadata, importlib.util, lxmls_nb, lxmls_nb.checks\n"
            "assert importlib.util.find_spec('lxmls_grading') is None\n"
            "assert lxmls_nb.data.SentimentCorpus('snippets').nr_features\n"
            "names = importlib.metadata.distribution('lxmls-nb').entry_points\n"
            "print(lxmls_nb.__file__, len(names))"
        )
        done = subprocess.run(
            [python, "-c", "import lxmls_nb.data\n" + code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.stdout.split() == [str(kit / "lxmls_nb" / "__init__.py"), "0"], done.stderr
        assert self.page_config(python, tmp_path) == {
            "@jupyter/nbgrader:course-list",
            "@jupyter/nbgrader:create-assignment",
            "@jupyter/nbgrader:formgrader",
            "@jupyterlab/apputils-extension:announcements",
        }
        config = environment / "etc" / "jupyter" / "jupyter_server_config.d"
        assert [path.name for path in config.iterdir()] == ["nbgrader_of_students.json"]
        # nbgrader's own file enables them: that with the later name decides.
        shutil.copy(Path(sys.prefix, "etc/jupyter/jupyter_server_config.d/nbgrader.json"), config)
        enabled = ExtensionConfigManager(read_config_path=[str(config.parent)])
        assert {
            name.rpartition(".")[2] for name, on in enabled.get_jpserver_extensions().items() if on
        } == {"assignment_list", "validate_assignment"}

    def page_config(self, python: Path, cwd: Path) -> set[str]:
        """Return the names of plugins that JupyterLab leaves out in an environment."""
        code = (
            "import json\n"
            "from jupyterlab_server.config import get_page_config\n"
            "print(json.dumps(get_page_config([])['disabledExtensions']))"
        )
        done = subprocess.run(
            [python, "-c", code],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=True,
            env={"HOME": str(cwd), "JUPYTER_CONFIG_DIR": str(cwd / "none")},
        )
        return set(json.loads(done.stdout))

    def test_the_names_of_plugins_are_those_of_nbgrader(self, kit):
        distribution = importlib.metadata.distribution("nbgrader")
        scripts = "".join(
            Path(distribution.locate_file(file)).read_text(encoding="utf-8")
            for file in distribution.files
            if "labextensions" in str(file) and file.suffix == ".js"
        )
        text = (kit / "setup/lab/page_config.d/lxmls_nb.json").read_text(encoding="utf-8")
        names = json.loads(text)["disabledExtensions"]
        for name in names:
            assert name in scripts or "nbgrader" not in name
        text = (kit / "setup/lab/jupyter_server_config.d/nbgrader_of_students.json").read_text()
        theirs = json.loads(text)["ServerApp"]["jpserver_extensions"]
        for module in theirs:
            assert importlib.util.find_spec(module)


class TestWithAddresses:
    @pytest.fixture
    def named(self, course):
        name_repository.rename(name_repository.Addresses("school/day", "school/kit"), course)
        release_without_nbgrader(course)
        kit, _ = make_kit.make_kit(course)
        return kit

    def test_badges_and_address_are_those_of_the_kit(self, named):
        readme = (named / "README.md").read_text(encoding="utf-8")
        for name in NOTEBOOKS:
            assert (
                f"mybinder.org/v2/gh/school/kit/HEAD?urlpath=lab/tree/day2/{name}.ipynb" in readme
            )
            assert f"google.com/github/school/kit/blob/main/day2/{name}.ipynb" in readme
        for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme):
            assert (named / target).is_file()
        project = tomllib.loads((named / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert project["urls"] == {"Repository": "https://github.com/school/kit"}
        for path in files(named):
            assert b"school/day" not in path.read_bytes(), path

    def test_exercises_have_the_cell_for_colab(self, named):
        for name in NOTEBOOKS:
            cell = read_notebook(named / "day2" / f"{name}.ipynb").cells[1]
            assert "git clone --quiet --depth 1 https://github.com/school/kit " in cell.source
        assert found_secrets(named) == []
