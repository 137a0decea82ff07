"""When no student kit is made, and what making one never replaces."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.support.course import NOTEBOOKS, ROOT, SOURCE, source
from tests.support.kit import copy_course, lines_of_sources, secrets
from tests.support.submissions import DELIMITER
from tools import make_kit, name_repository


@pytest.fixture
def course(tmp_path):
    """Return a copy of the course, to be changed."""
    return copy_course(tmp_path / "course")


class TestRefusals:
    """Nothing is made where something is wrong, and an earlier kit stays."""

    @pytest.fixture
    def refused(self, course):
        def refused(pattern: str) -> None:
            kit = course / "build" / "kit"
            with pytest.raises(make_kit.KitError, match=pattern) as caught:
                make_kit.make_kit(course)
            assert "\n" not in str(caught.value)
            assert not kit.exists()
            assert list(course.glob("build/*")) == []

        return refused

    def change_release(self, course, cell_id, **changes):
        path = course / "release" / "day2" / "exercise_2_2.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        (cell,) = [cell for cell in notebook["cells"] if cell["id"] == cell_id]
        cell |= changes
        path.write_text(json.dumps(notebook), encoding="utf-8")

    def test_solution_in_the_release(self, course, refused):
        for cell in source("exercise_2_2").cells:
            if cell.id == "numpy-backpropagation":
                lines = [line for line in cell.source.split("\n") if not DELIMITER.match(line)]
                self.change_release(course, cell.id, source="\n".join(lines))
        refused(r"exercise_2_2\.ipynb: the cell numpy-backpropagation has a solution")

    def test_hidden_test_in_the_release(self, course, refused):
        (cell,) = [cell for cell in source("exercise_2_2").cells if cell.id == "test-last-layer"]
        self.change_release(course, cell.id, source=cell.source)
        refused(r"exercise_2_2\.ipynb: the cell test-last-layer has .* a hidden test")

    def test_the_source_in_place_of_the_release(self, course, refused):
        shutil.copy(SOURCE / "exercise_2_3.ipynb", course / "release" / "day2")
        refused(r"exercise_2_3\.ipynb: the cell .* has a solution")

    @pytest.mark.parametrize(
        "change",
        [
            {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]},
            {"execution_count": 1},
        ],
    )
    def test_outputs(self, course, refused, change):
        self.change_release(course, "imports", **change)
        refused(r"the cell imports has outputs: run make release")

    def test_release_older_than_the_source(self, course, refused):
        self.change_release(course, "imports", source="import numpy")
        refused(r"the cell imports is not as in source/: run make release")

    def test_release_from_before_the_addresses_were_set(self, course, refused):
        name_repository.rename(name_repository.Addresses("a/b", "a/c"), course)
        refused(
            r"(its cells are not those of|the cell colab is not as in) source/: run make release"
        )

    @pytest.mark.parametrize(
        ("name", "pattern"),
        [
            ("release/day2/exercise_2_4.ipynb", r"release/day2 lacks exercise_2_4\.ipynb"),
            ("source/day2/exercise_2_4.ipynb", r"exercise_2_4\.ipynb has no notebook in source/"),
            ("tools/kit/Makefile", "do not agree on Makefile"),
            ("lxmls_nb/__init__.py", "__init__"),
            ("LICENSE", "LICENSE"),
            ("constraints.txt", r"constraints\.txt"),
        ],
    )
    def test_what_is_missing(self, course, refused, name, pattern, monkeypatch, capsys):
        (course / name).unlink()
        monkeypatch.setattr(make_kit, "ROOT", course)
        monkeypatch.setattr(make_kit.make_kit, "__defaults__", (course, None))
        assert make_kit.main([]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert re.search(pattern, error)
        assert list(course.glob("build/*")) == []

    @pytest.mark.parametrize("folder", ["release/day2", "notebooks"])
    def test_what_is_empty(self, course, refused, folder):
        for path in (course / folder).iterdir():
            path.unlink()
        refused("there is nothing|there are no chapters")

    def test_secret_beside_the_notebooks(self, course, refused):
        """Short lines, such as those of a dictionary, cannot be told from any others."""
        (course / "release" / "day2" / "notes.txt").write_text('"block a": "initialisation",\n')
        refused(r"release/day2/notes\.txt is no notebook")

    def test_secret_in_an_output_of_a_chapter(self, course, refused):
        (line,) = [line for line in sorted(lines_of_sources()[0] & secrets()) if len(line) > 40][:1]
        path = course / "notebooks" / "4_pytorch.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cell = next(cell for cell in notebook["cells"] if cell.get("outputs"))
        cell["outputs"][0] = {"output_type": "stream", "name": "stdout", "text": ["a\n", line]}
        # A chapter with tasks goes into the kit without outputs; this one has none.
        notebook["cells"] = [cell]
        (path.parent / "5_more.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        refused(r"notebooks/5_more\.ipynb: it has a line of a solution")

    def test_secret_in_the_package(self, course, refused):
        (line,) = [line for line in sorted(lines_of_sources()[0] & secrets()) if len(line) > 40][:1]
        (course / "lxmls_nb" / "help.py").write_text(f"{line}\n")
        refused(r"lxmls_nb/help\.py: it has a line of a solution or a hidden test")

    def test_name_of_the_instructors_package(self, course, refused):
        (course / "lxmls_nb" / "help.py").write_text("import lxmls_grading\n")
        refused(r"lxmls_nb/help\.py: it has 'lxmls_grading' in it")

    def test_an_earlier_kit_stays(self, course):
        kit, archive = make_kit.make_kit(course)
        before = archive.read_bytes()
        self.change_release(course, "imports", execution_count=1)
        with pytest.raises(make_kit.KitError):
            make_kit.make_kit(course)
        assert (kit / "README.md").is_file()
        assert archive.read_bytes() == before


class TestOutput:
    def test_an_earlier_kit_is_replaced_and_its_history_kept(self, course, tmp_path):
        folder = tmp_path / "published"
        make_kit.make_kit(course, folder)
        (folder / ".git").mkdir()
        (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (folder / "notebooks" / "0_removed_since.ipynb").touch()
        make_kit.make_kit(course, folder)
        assert (folder / ".git" / "HEAD").is_file()
        assert not (folder / "notebooks" / "0_removed_since.ipynb").exists()
        assert sorted(p.name for p in tmp_path.iterdir()) == [
            *("course", "lxmls_nb-kit.zip", "published")
        ]
        assert not [
            name
            for name in zipfile.ZipFile(tmp_path / "lxmls_nb-kit.zip").namelist()
            if ".git" in name
        ]

    @pytest.mark.parametrize("name", ["my_thesis.txt", ".venv"])
    def test_nothing_else_is_replaced(self, course, tmp_path, name):
        folder = tmp_path / "mine"
        make_kit.make_kit(course, folder)
        (folder / name).touch()
        with pytest.raises(make_kit.KitError, match=f"mine has {name} in it"):
            make_kit.make_kit(course, folder)
        assert (folder / name).exists()

    def test_a_work_space_is_not_replaced(self, course, tmp_path):
        """The folder that `make lab` makes has chapters and exercises alone."""
        kit, _ = make_kit.make_kit(course)
        list(make_kit.copy_missing(kit, tmp_path / "work"))
        with pytest.raises(make_kit.KitError, match="work would be lost, and it is no kit"):
            make_kit.make_kit(course, tmp_path / "work")
        assert (tmp_path / "work" / "day2" / "exercise_2_1.ipynb").is_file()

    def test_history_stays_where_the_new_kit_cannot(self, course, tmp_path, monkeypatch):
        folder = tmp_path / "published"
        make_kit.make_kit(course, folder)
        (folder / ".git").mkdir()
        rename = Path.rename

        def fail(path, target):
            if path.name == make_kit.NAME:
                raise OSError("the disk is full")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="full"):
            make_kit.make_kit(course, folder)
        assert (folder / ".git").is_dir()
        assert (folder / "README.md").is_file()

    def test_a_file_is_not_replaced(self, course, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(make_kit.KitError, match="is a file"):
            make_kit.make_kit(course, tmp_path / "file")
        assert (tmp_path / "file").read_text() == "mine"

    def test_make_lab_copies_only_what_is_missing(self, course, tmp_path):
        kit, _ = make_kit.make_kit(course)
        mine = tmp_path / "day2" / "exercise_2_1.ipynb"
        mine.parent.mkdir()
        mine.write_text("my own work")
        copied = list(make_kit.copy_missing(kit, tmp_path))
        assert len(copied) == len(NOTEBOOKS) - 1 + len(list((ROOT / "notebooks").glob("*.ipynb")))
        assert mine.read_text() == "my own work"
        assert list(make_kit.copy_missing(kit, tmp_path)) == []
        assert not (tmp_path / "lxmls_nb").exists()  # it would hide the one that is installed
        recipe = (ROOT / "Makefile").read_text().partition("\nlab:")[2].partition("\n\n")[0]
        assert "tools/make_kit.py --work work" in recipe
        assert "cd work && " in recipe
