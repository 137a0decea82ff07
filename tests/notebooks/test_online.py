"""Exercises opened without installing: the cell for Colab, and badges that lead there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types

import pytest

from tests.support.course import NOTEBOOKS, RELEASE, ROOT, release, source
from tools import name_repository

#: In the place of git and Python: notes what is asked for; a clone gets the notebooks.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
for last in "$@"; do :; done
if [ "$1" = clone ]; then mkdir -p "$last/release" && cp -R "$RELEASE" "$last/release/day2"; fi
"""


def colab_cell(name: str) -> str:
    (cell,) = [cell for cell in release(name).cells if cell.id == "colab"]
    return cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_is_the_first_cell_that_runs(name):
    for notebook in (source(name), release(name)):
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        assert first.id == "colab"
        assert first.source == colab_cell("exercise_2_1")
        assert first.metadata.nbgrader.locked
        assert not first.metadata.nbgrader.grade
        assert "remove-cell" in first.metadata.tags  # the site is to be read, not run


@pytest.mark.slow
def test_elsewhere_it_does_nothing():
    code = f"import sys\nbefore = set(sys.modules)\nexec({colab_cell('exercise_2_1')!r})\n"
    code += "print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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

    def test_installs_the_course(self, log):
        exec(colab_cell("exercise_2_1"), {})
        clone, install = log.read_text().splitlines()
        address = f"https://github.com/{name_repository.repository()}"
        assert clone.startswith(f"git clone --quiet --depth 1 {address} ")
        folder = clone.split()[-1]
        assert install == f"python -m pip install --quiet --no-deps {folder} pooch"

    def test_fetches_notebooks_and_leaves_what_is_there(self, log):
        content = log.parent / "content"
        (content / "exercise_2_2.ipynb").write_text("my own work")
        for _ in range(2):  # running it again does no harm
            exec(colab_cell("exercise_2_4"), {})
            assert sorted(path.stem for path in content.iterdir()) == list(NOTEBOOKS)
            assert (content / "exercise_2_2.ipynb").read_text() == "my own work"
        assert (content / "exercise_2_1.ipynb").read_bytes() == (
            RELEASE / "exercise_2_1.ipynb"
        ).read_bytes()

    def test_says_what_went_wrong(self, log):
        (log.parent / "bin" / "git").write_text("#!/bin/sh\nexit 128\n")
        with pytest.raises(subprocess.CalledProcessError):
            exec(colab_cell("exercise_2_1"), {})
        assert not log.exists()  # pip was not asked


class TestAddresses:
    def test_badges_lead_to_each_exercise(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        name = re.escape(name_repository.repository())
        for notebook in NOTEBOOKS:
            path = rf"release/day2/{notebook}\.ipynb"
            assert (ROOT / "release" / "day2" / f"{notebook}.ipynb").is_file()
            assert re.search(rf"mybinder\.org/v2/gh/{name}/HEAD\?urlpath=lab/tree/{path}\n", readme)
            assert re.search(rf"research\.google\.com/github/{name}/blob/main/{path}\n", readme)

    def test_naming_changes_every_copy(self, tmp_path):
        for pattern in name_repository.FILES:
            for path in ROOT.glob(pattern):
                copy = tmp_path / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        old = name_repository.repository(tmp_path)
        changed = name_repository.rename("school/day-2", tmp_path)
        assert len(changed) == 2 + len(NOTEBOOKS)
        assert name_repository.repository(tmp_path) == "school/day-2"
        assert not [path for path in changed if old in path.read_text(encoding="utf-8")]

    @pytest.mark.parametrize("arguments", [[], ["https://github.com/a/b"], ["a/b", "c/d"]])
    def test_command_wants_one_name(self, arguments, capsys):
        assert name_repository.main(arguments) == 2
        assert "OWNER/NAME" in capsys.readouterr().err
