"""Collects for one assignment of a course: who is in it, what is due when, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, Notebook, Student, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from lxmls_grading.collect.archives import File, Unreadable
from lxmls_grading.collect.names import NoFileError, claims, split_attempt
from lxmls_grading.collect.sorting import sort_files
from lxmls_grading.collect.taking import Submitted, Taken, set_time
from lxmls_grading.machine.sharing import share, share_folder
from lxmls_grading.people.matching import People, Person
from lxmls_grading.records import RECORDS_FOLDER


@dataclass
class Course:
    """What the gradebook knows of a course.

    Attributes
    ----------
    people : People
    notebooks : dict
        The names of the notebooks, by assignment.
    due : dict
        The due date of each assignment, in UTC, or None.
    extended : dict
        The due dates of those who have an extension, by assignment and student.
    """

    people: People
    notebooks: dict[str, set[str]]
    due: dict[str, datetime | None]
    extended: dict[tuple[str, str], datetime]

    def due_for(self, assignment: str, student: str) -> datetime | None:
        """Return when a student has to hand in an assignment: in UTC, an extension counted."""
        return self.extended.get((assignment, student), self.due.get(assignment))


def read_course(coursedir: CourseDirectory) -> Course:
    """Read students, assignments and due dates from the gradebook, which has to exist."""
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        persons = [
            Person(*(value or "" for value in row))
            for row in gradebook.db.query(
                Student.id,
                Student.first_name,
                Student.last_name,
                Student.email,
                Student.lms_user_id,
            )
        ]
        assignments = list(gradebook.db.query(Assignment.id, Assignment.name, Assignment.duedate))
        names = {key: name for key, name, _ in assignments}
        due = {name: date for _, name, date in assignments}
        notebooks: dict[str, set[str]] = {name: set() for name in due}
        for name, key in gradebook.db.query(Notebook.name, Notebook.assignment_id):
            notebooks[names[key]].add(name)
        extended = {}
        for key, student, more in gradebook.db.query(
            SubmittedAssignment.assignment_id,
            SubmittedAssignment.student_id,
            SubmittedAssignment.extension,
        ):
            date = due.get(names[key])
            if more is not None and date is not None:
                extended[names[key], student] = date + more
    return Course(People(persons), notebooks, due, extended)


def assignments_of(found: list[File | Unreadable], course: Course) -> list[str]:
    """Return the assignments that notebooks among files belong to, by their names."""
    fitting = set()
    for assignment, notebooks in course.notebooks.items():
        for file in found:
            if isinstance(file, File) and _is_of(file, notebooks):
                fitting.add(assignment)
                break
    return sorted(fitting)


def _is_of(file: File, notebooks: set[str]) -> bool:
    try:
        names = [file.parts[-1], *(claim.parts[-1] for claim in claims(file.parts, notebooks))]
    except NoFileError:
        return False
    stems = [name.removesuffix(".ipynb") for name in names if name.endswith(".ipynb")]
    return any(split_attempt(stem, notebooks)[0] in notebooks for stem in stems)


def collect(
    coursedir: CourseDirectory,
    assignment: str,
    found: list[File | Unreadable],
    course: Course,
    trust_times: bool = False,
    dry_run: bool = False,
) -> tuple[list[Taken], list[Unreadable]]:
    """Take in what fits, and return what becomes of it, and what does not fit.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    found : list of File and Unreadable
    course : Course
    trust_times : bool
        Whether the times in archives are those of the submissions in any case.
    dry_run : bool
        Whether to write nothing.

    Returns
    -------
    taken : list of Taken
        Of each student.
    problems : list of Unreadable
    """
    sorted_files = sort_files(found, course.people, assignment, course.notebooks, coursedir.ignore)
    everybody = []
    if coursedir.groupshared and not dry_run:
        share_folder(Path(coursedir.root, RECORDS_FOLDER))
    for student, handed_in in sorted_files.students.items():
        submitted = Submitted(coursedir, assignment, student)
        taken = submitted.compare(handed_in, trust_times)
        due = course.due_for(assignment, student)
        anew = submitted.is_late_by_its_own(taken, due)
        if taken.changes or anew:
            set_time(taken, handed_in, due, sorted_files.download_times, trust_times)
        if not dry_run:
            try:
                submitted.write(handed_in, taken)
                if anew:
                    submitted.renew_time(taken)
                if coursedir.groupshared and taken.changes:
                    share_folder(submitted.folder)
                    share(submitted.folder.parent)
            except OSError as error:
                place = f" ({error.filename})" if error.filename else ""
                taken.problems.append(f"not written: {error.strerror or error}{place}")
        everybody.append(taken)
    return everybody, sorted_files.problems
