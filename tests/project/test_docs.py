"""What the documentation refers to is there, and its commands do what it says."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
from nbgrader.utils import get_username

from tests.support.classroom import write_submission
from tests.support.commands import run_command
from tests.support.course import ROOT, SOURCE, source
from tests.support.submissions import reference_answers

PAGES = [
    *("README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("docs/students.md", "docs/instructors.md", "docs/authors.md", "docs/jupyterhub.md"),
]

#: Commands that the test below does not run, and why.
NOT_RUN = {
    "make setup": "installs everything; who runs the tests has done so",
    "make kit": "see test_kit.py",
    "lxmls-nb doctor": "says what this machine lacks: see test_doctor.py",
    "source .venv/bin/activate": "the tests run in the environment",
    "make lab": "opens a browser: tests/browser plays a student's day",
    "LXMLS_NB_CORPUS=snippets LXMLS_NB_DEVICE=cpu make lab": "opens a browser; see test_data.py",
    "lxmls-nb grade day2 --force": "grades again: class_run/test_run.py does",
    "lxmls-nb watch day2": "runs until it is stopped: see watch/test_run.py",
    "jupyter lab": "opens a browser: tests/browser plays an instructor's day",
}

#: Where the student takes over in the instructor's page, and with which command they end.
RELEASE_FEEDBACK = "nbgrader release_feedback day2"
STUDENT = {
    "nbgrader release_assignment day2": "python -m zipfile -c day2.zip day2/",
    RELEASE_FEEDBACK: "nbgrader fetch_feedback day2 --course lxmls_nb",
}
NAME = "exercise_2_1"


@pytest.mark.parametrize("name", [*PAGES, "tests/answers/README.md"])
def test_links_and_images_are_there(name):
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_are_there(name):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    text = (ROOT / name).read_text()
    named = set(re.findall(r"(?:\$ |`)make ([a-z-]+)", text))
    assert named
    assert named <= targets


# --- commands -------------------------------------------------------------------------------------


def commands(name: str) -> list[str]:
    """Return the commands of a page, in its order, without their comments."""
    text = (ROOT / name).read_text()
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            assert line.startswith("$ "), f"{name}: {line!r} is no command"
            found.append(re.split(r"\s+# ", line.removeprefix("$ "))[0].strip())
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play both pages in the order of their commands; return the folder, and what commands said."""
    root = tmp_path_factory.mktemp("played")
    course, student, home = root / "course", root / "student", root / "home"
    for folder in (course / "source" / "day2", student, home / "Downloads", root / "exchange"):
        folder.mkdir(parents=True)
    (root / "exchange").chmod(0o777)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copy(SOURCE / f"{NAME}.ipynb", course / "source" / "day2")
    write_submission(home / "Downloads" / "ada", {NAME: reference_answers(source(NAME))})
    (course / "students.csv").write_text("id,first_name,last_name\nbob,Bob,Moog\n")
    # The settings that the page of the instructors puts in /etc/jupyter.
    [settings] = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs/instructors.md").read_text(), re.M | re.S
    )
    assert "/srv/exchange" in settings
    (home / "jupyter").mkdir()
    (home / "jupyter" / "nbgrader_config.py").write_text(
        settings.replace("/srv/exchange", str(root / "exchange"))
    )
    environment = {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "data"),
    }
    said: dict[str, str] = {}

    def play(line: str, cwd: Path) -> None:
        if line not in NOT_RUN:
            status, text = run_command(line, cwd, environment)
            assert status == 0, f"$ {line}\n{text}"
            said[line] = said.get(line, "") + text

    of_student = iter(commands("docs/students.md"))
    for line in commands("docs/instructors.md"):
        play(line, course)
        if line in STUDENT:
            for theirs in of_student:
                play(theirs, student)
                if theirs == STUDENT[line]:
                    break
    said |= {line: "never played" for line in of_student if line not in NOT_RUN}
    return root, said


def test_every_command_is_run_or_excused(played):
    _, said = played
    named = [*commands("docs/students.md"), *commands("docs/instructors.md")]
    assert set(named) == said.keys() | NOT_RUN.keys()
    assert "never played" not in said.values()


def test_the_student_gets_what_the_page_says(played):
    root, said = played
    validated = said[f"nbgrader validate day2/{NAME}.ipynb"]
    assert "Not attempted yet" in validated
    assert "day2" in said["nbgrader list --inbound"]
    assert (root / "student" / "day2.zip").is_file()
    [page] = (root / "student" / "day2" / "feedback").glob("*/*.html")
    assert page.name == f"{NAME}.html"


def test_the_instructor_gets_what_the_page_says(played):
    root, said = played
    course, user = root / "course", get_username()
    assert (course / "reports" / "day2.html").is_file()
    for student in ("ada", user):
        assert (course / "feedback" / student / "day2" / f"{NAME}.html").is_file()
    with open(course / "points.csv") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ada": 8, "bob": 0, user: 0}
    # The comments of 2.1 wait for a person, and bob has handed in nothing.
    for name, column in (("canvas", 3), ("moodle", 0)):
        with open(course / f"{name}.csv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if "Points Possible" not in row[0]]
        assert [(row[column], row[-1]) for row in rows[1:]] == [(user, "0")]
    assert any("left empty: ada" in text for text in said.values())
