"""A course with students, to collect for, and archives as systems make them."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.collect.archives import files_in
from lxmls_grading.collect.course import collect, read_course

NOTEBOOKS = ("exercise_2_1", "exercise_2_2")


class CollectingCourse:
    """A course, and what was collected for it."""

    def __init__(self, root: Path):
        self.root = root
        self.coursedir = CourseDirectory(root=str(root), course_id="small")
        self.trust_times = self.dry_run = False

    def fill(self) -> None:
        with self.gradebook() as gradebook:
            gradebook.add_assignment("day2")
            for name in NOTEBOOKS:
                gradebook.add_notebook(name, "day2")
            gradebook.add_student("ada", first_name="Ada", last_name="Lovelace", lms_user_id="123")
            gradebook.add_student("bob", first_name="Robert", last_name="Moog")
            gradebook.add_student("zoé", first_name="Zoé", last_name="da Silva Santos")
            gradebook.add_student("al.k", email="alk@example.org", lms_user_id="77")

    def gradebook(self) -> Gradebook:
        return Gradebook(self.coursedir.db_url, "small")

    def due(self, text: str | None) -> None:
        with self.gradebook() as gradebook:
            gradebook.update_or_create_assignment("day2", duedate=text)

    def archive(self, files: dict[str, str | bytes], time=(2026, 11, 26, 18, 0, 0)) -> Path:
        """Make an archive, and return its path; a time for all files, or one for each."""
        path = self.root / f"submissions-{len(list(self.root.glob('*.zip')))}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                when = time[name] if isinstance(time, dict) else time
                archive.writestr(zipfile.ZipInfo(name, when), content)
        return path

    def collect(self, *paths: Path, zone: str = "UTC"):
        found = [file for path in paths for file in files_in(path, ZoneInfo(zone))]
        everybody, problems = collect(
            self.coursedir,
            "day2",
            found,
            read_course(self.coursedir),
            trust_times=self.trust_times,
            dry_run=self.dry_run,
        )
        return {taken.student: taken for taken in everybody}, [
            f"{problem.where} {problem.why}" for problem in problems
        ]

    def submitted(self) -> dict[str, str]:
        top = self.root / "submitted"
        return {
            str(path.relative_to(top)): path.read_text()
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    """A course with students: to be copied, for nbgrader takes a second to make it."""
    course = CollectingCourse(tmp_path_factory.mktemp("filled"))
    course.fill()
    return course.root


@pytest.fixture
def collecting(filled, tmp_path) -> CollectingCourse:
    return CollectingCourse(Path(shutil.copytree(filled, tmp_path, dirs_exist_ok=True)))
