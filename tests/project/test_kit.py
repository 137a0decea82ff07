"""The student kit: all that students need, and nothing that they must not see."""

from __future__ import annotations

import ast
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

import lxmls_nb
from lxmls_grading.cells import read_notebook
from tests.support.course import NOTEBOOKS, RELEASE, ROOT, SOURCE, source
from tests.support.kit import copy_course, release_without_nbgrader
from tests.support.submissions import DELIMITER
from tools import make_kit, name_repository

ANSWERS = ROOT / "tests" / "answers" / "day2"
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: What stands in no file of the kit, in capital letters or not.
WORDS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "BEGIN MARK", "lxmls_grading", "right.py")
#: Lines of right answers that say nothing of them: the chapters and given code have these, too.
GIVEN = {
    "weight, bias = self.parameters[-1]",
    "return 1 / (1 + np.exp(-z))",
    "tilde_z = torch.sigmoid(z)",
    "parameters = list(model.parameters())",
}


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


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


# --- nothing secret -------------------------------------------------------------------------------


def lines_of_sources() -> tuple[set[str], set[str]]:
    """Return the lines of regions of the source notebooks, and all other lines of them."""
    secret, public = set(), set()
    for name in NOTEBOOKS:
        for cell in source(name).cells:
            inside = False
            for line in cell.source.split("\n"):
                if match := DELIMITER.match(line):
                    inside = match[1] == "BEGIN"
                else:
                    (secret if inside else public).add(line.strip())
    return secret, public


def lines_of_answers() -> set[str]:
    """Return the lines in the bodies of functions of all right answers."""
    found = set()
    for path in ANSWERS.glob("*/right.py"):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = range(node.body[0].lineno - 1, node.end_lineno)
                found |= {lines[n].strip() for n in body}
    return {
        line for line in found if not re.match(r"(@|def |class |import |from .* import )", line)
    }


def secrets() -> set[str]:
    """Return all lines that nobody finds in the kit."""
    secret, public = lines_of_sources()
    lines = (secret | lines_of_answers()) - public - GIVEN
    return {line for line in lines if len(line) > 20}


def found_secrets(folder: Path) -> list[str]:
    """Return lines and words in files of a folder that students must not see."""
    lines, found = secrets(), []
    for path in files(folder):
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.name}: {word}" for word in WORDS if word.lower() in text.lower()]
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in read_notebook(path).cells)
        shown = {line.strip() for line in text.splitlines()}
        found += [f"{path.name}: {line}" for line in sorted(lines & shown)]
    return found


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

    def test_release_without_a_cell(self, course, refused):
        name_repository.rename(name_repository.Addresses("a/b", "a/c"), course)
        refused(r"its cells are not those of source/: run make release")

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
        (course / "release" / "day2" / "notes.py").write_text("### BEGIN SOLUTION\nx = 1\n")
        refused(r"day2/notes\.py: it has '### BEGIN SOLUTION' in it; no kit is written")

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

    def test_a_file_is_not_replaced(self, course, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(make_kit.KitError, match="is a file"):
            make_kit.make_kit(course, tmp_path / "file")
        assert (tmp_path / "file").read_text() == "mine"

    def test_make_lab_copies_only_what_is_missing(self, made, tmp_path):
        kit, _ = made
        mine = tmp_path / "day2" / "exercise_2_1.ipynb"
        mine.parent.mkdir()
        mine.write_text("my own work")
        copied = list(make_kit.copy_missing(kit, tmp_path))
        assert len(copied) == len(NOTEBOOKS) - 1 + len(CHAPTERS)
        assert mine.read_text() == "my own work"
        assert list(make_kit.copy_missing(kit, tmp_path)) == []
        assert not (tmp_path / "lxmls_nb").exists()  # it would hide the one that is installed
        recipe = (ROOT / "Makefile").read_text().partition("\nlab:")[2].partition("\n\n")[0]
        assert "tools/make_kit.py --work work" in recipe
        assert "cd work && " in recipe


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
        # Of two files, that with the later name decides.
        assert "nbgrader.json" < "nbgrader_of_students.json"

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
