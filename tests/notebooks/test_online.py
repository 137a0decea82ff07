"""Exercises opened without installing: addresses, badges, and the cell for Colab."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types

import nbformat
import pytest

from lxmls_grading.cells import read_notebook
from tests.support.course import NOTEBOOKS, RELEASE, ROOT, run
from tests.support.kit import copy_course
from tools import name_repository
from tools.name_repository import Addresses

ADDRESSES = Addresses("school/day-2", "school/day-2-students")

#: In the place of git and Python: notes what is asked for; a clone gets the exercises.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
for last in "$@"; do :; done
if [ "$1" = clone ]; then mkdir -p "$last" && cp -R "$RELEASE" "$last/day2"; fi
"""


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Return the folder of a copy of the course whose addresses are set."""
    root = copy_course(tmp_path_factory.mktemp("named") / "course")
    name_repository.rename(ADDRESSES, root)
    return root


@pytest.fixture
def course(tmp_path):
    return copy_course(tmp_path / "course")


def colab_source() -> str:
    return "".join(name_repository.colab_cell(ADDRESSES.kit)["source"])


class TestUntilAddressesAreSet:
    """Nobody sees a placeholder, nor a badge or a cell that leads nowhere."""

    def test_there_are_none(self):
        if name_repository.read_addresses() is not None:
            pytest.skip("the addresses of this course are set")
        paths = [ROOT / "README.md", ROOT / "pyproject.toml", *(ROOT / "docs").glob("*.md")]
        for folder in ("source", "release"):
            paths += (ROOT / folder / "day2").glob("*.ipynb")
        for path in paths:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"mybinder\.org/v2|colab\.research|google\.colab", text), path
            if path.name != "instructors.md":  # it explains the command
                assert "OWNER" not in text, path


class TestCellForColab:
    @pytest.mark.parametrize("name", NOTEBOOKS)
    def test_it_is_the_first_cell_that_runs_and_is_folded(self, named, name):
        notebook = read_notebook(named / "source" / "day2" / f"{name}.ipynb")
        nbformat.validate(notebook)
        assert [cell.id for cell in notebook.cells[:2]] == ["introduction", "colab"]
        cell = notebook.cells[1]
        assert cell.source == colab_source()
        assert cell.source.startswith("# @title ")  # all that Colab shows of a form
        assert cell.metadata.cellView == "form"
        assert cell.metadata.jupyter.source_hidden  # JupyterLab's way to fold
        assert cell.metadata.nbgrader.locked
        assert not cell.metadata.nbgrader.grade
        assert "remove-cell" in cell.metadata.tags  # the site is to be read, not run

    @pytest.mark.slow
    def test_students_get_it(self, named, tmp_path):
        run(
            *("nbgrader", "generate_assignment", "day2", "--no-db"),
            f"--CourseDirectory.root={tmp_path}",
            f"--CourseDirectory.source_directory={named / 'source'}",
        )
        for name in NOTEBOOKS:
            cell = read_notebook(tmp_path / "release" / "day2" / f"{name}.ipynb").cells[1]
            assert cell.source == colab_source()
            assert cell.metadata.jupyter.source_hidden
            assert cell.metadata.cellView == "form"

    @pytest.mark.slow
    def test_elsewhere_it_does_nothing(self):
        code = f"import sys\nbefore = set(sys.modules)\nexec({colab_source()!r})\n"
        code += "print(sorted(set(sys.modules) - before))"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("[]\n", "")


class TestInColab:
    @pytest.fixture
    def log(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("git", "python"):
            (programs / name).write_text(FAKE)
            (programs / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
        monkeypatch.setenv("LOG", str(tmp_path / "log"))
        monkeypatch.setenv("RELEASE", str(RELEASE))
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        (tmp_path / "content").mkdir()
        monkeypatch.chdir(tmp_path / "content")
        return tmp_path / "log"

    def test_installs_the_kit(self, log):
        exec(colab_source(), {})
        clone, install = log.read_text().splitlines()
        address = f"https://github.com/{ADDRESSES.kit}"
        assert clone.startswith(f"git clone --quiet --depth 1 {address} ")
        folder = clone.split()[-1]
        assert install == f"python -m pip install --quiet --no-deps {folder} pooch"

    def test_fetches_notebooks_and_leaves_what_is_there(self, log):
        content = log.parent / "content"
        (content / "exercise_2_2.ipynb").write_text("my own work")
        for _ in range(2):  # running it again does no harm
            exec(colab_source(), {})
            assert sorted(path.stem for path in content.iterdir()) == list(NOTEBOOKS)
            assert (content / "exercise_2_2.ipynb").read_text() == "my own work"
        assert (content / "exercise_2_1.ipynb").read_bytes() == (
            RELEASE / "exercise_2_1.ipynb"
        ).read_bytes()

    def test_says_what_went_wrong(self, log):
        (log.parent / "bin" / "git").write_text("#!/bin/sh\nexit 128\n")
        with pytest.raises(subprocess.CalledProcessError):
            exec(colab_source(), {})
        assert not log.exists()  # pip was not asked


class TestNaming:
    def test_badges_lead_to_each_exercise_of_the_kit(self, named):
        readme = (named / "README.md").read_text(encoding="utf-8")
        name = re.escape(ADDRESSES.kit)
        for notebook in NOTEBOOKS:
            path = rf"day2/{notebook}\.ipynb"
            assert re.search(rf"mybinder\.org/v2/gh/{name}/HEAD\?urlpath=lab/tree/{path}\)", readme)
            assert re.search(rf"research\.google\.com/github/{name}/blob/main/{path}\)", readme)
        for image in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme):
            assert (ROOT / image).is_file(), image

    def test_addresses_are_in_the_project(self, named):
        assert name_repository.read_addresses(named) == ADDRESSES

    def test_nothing_else_of_a_notebook_changes(self, named):
        for name in NOTEBOOKS:
            path = f"source/day2/{name}.ipynb"
            notebook = json.loads((named / path).read_text(encoding="utf-8"))
            del notebook["cells"][1]
            ours = json.loads((ROOT / path).read_text(encoding="utf-8"))
            ours["cells"] = [cell for cell in ours["cells"] if cell["id"] != "colab"]
            assert notebook == ours

    def test_another_name_replaces_the_first_one(self, course, named):
        first = name_repository.rename(Addresses("a/b", "a/c"), course)
        assert len(first) == 2 + len(NOTEBOOKS)
        assert len(name_repository.rename(ADDRESSES, course)) == 2 + len(NOTEBOOKS)
        assert name_repository.rename(ADDRESSES, course) == []  # as it is already
        for path in (path.relative_to(course) for path in first):
            assert (course / path).read_bytes() == (named / path).read_bytes()

    def test_a_page_without_a_place_for_badges_is_named_and_nothing_written(self, course):
        readme, project = course / "README.md", course / "pyproject.toml"
        readme.write_text("no badges here\n")
        before = project.read_bytes()
        with pytest.raises(name_repository.NamingError, match=r"README\.md lacks the lines"):
            name_repository.rename(ADDRESSES, course)
        assert project.read_bytes() == before

    @pytest.mark.parametrize(
        "bad",
        ["https://github.com/a/b", "a", "a/", "/b", "a/b/c", "a b/c", "a/b.git", "-a/b", "a/.."],
    )
    @pytest.mark.parametrize("option", [False, True])
    def test_command_names_what_is_no_name(self, bad, option, capsys):
        arguments = ["a/b", f"--kit={bad}"] if option else ["--", bad]
        with pytest.raises(SystemExit) as stop:
            name_repository.main(arguments)
        assert stop.value.code == 2
        assert f"{bad!r} is no OWNER/NAME" in capsys.readouterr().err

    @pytest.mark.parametrize("arguments", [[], ["a/b", "c/d"]])
    def test_command_wants_one_name(self, arguments, capsys):
        with pytest.raises(SystemExit):
            name_repository.main(arguments)
        assert "OWNER/NAME" in capsys.readouterr().err

    def test_the_kit_has_a_repository_of_its_own(self, capsys):
        with pytest.raises(SystemExit):
            name_repository.main(["a/b", "--kit", "A/B"])
        assert "'A/B' is the repository of the course" in capsys.readouterr().err

    def test_the_kit_is_beside_the_course_by_default(self, monkeypatch, capsys):
        given = []
        monkeypatch.setattr(name_repository, "rename", lambda each: given.append(each) or [])
        assert name_repository.main(["school/day-2"]) == 0
        assert given == [Addresses("school/day-2", "school/day-2-kit")]
