"""Takes a list of students into the gradebook, all of it or nothing, and knows who is new there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from nbgrader.api import Gradebook, Student
from sqlalchemy.orm import Session

from lxmls_grading.people.roster_file import Entry, lookalikes


@dataclass
class Changes:
    """What a list has changed in the gradebook.

    Attributes
    ----------
    added : list of Entry
    changed : list of tuple
        Entries, each with the old and the new value of each field that has changed.
    unchanged : list of Entry
    notes : list of str
        What to have a look at.
    """

    added: list[Entry] = field(default_factory=list)
    changed: list[tuple[Entry, dict[str, tuple[str | None, str]]]] = field(default_factory=list)
    unchanged: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def newcomers(session: Session, students: Iterable[str]) -> list[str]:
    """Return those who are not in the gradebook, in order, if it has any students at all.

    Grading adds whoever has a folder, so that a misspelt name makes a student of its own.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        That of the gradebook.
    students : iterable of str
    """
    known = {name for (name,) in session.query(Student.id)}
    return sorted({*students} - known) if known else []


def import_students(gradebook: Gradebook, entries: list[Entry]) -> Changes:
    """Add students to the gradebook, and fill in or change what is known of them.

    Whoever is not in the list stays, and an empty cell changes nothing.

    Parameters
    ----------
    gradebook : Gradebook
    entries : list of Entry
    """
    known = {student.id: student for student in gradebook.students}
    changes = Changes()
    for entry in entries:
        student = known.get(entry.id)
        if student is None:
            gradebook.db.add(Student(id=entry.id, **entry.values))
            changes.added.append(entry)
            continue
        new = {
            name: (getattr(student, name), value)
            for name, value in entry.values.items()
            if getattr(student, name) != value
        }
        for name, (_, value) in new.items():
            setattr(student, name, value)
        if new:
            changes.changed.append((entry, new))
        else:
            changes.unchanged.append(entry)
    gradebook.db.commit()
    listed = {entry.id for entry in entries}
    for group in lookalikes(sorted(known.keys() | listed)):
        if not listed.issuperset(group) and listed.intersection(group):
            changes.notes.append(f"these ids differ in capital letters only: {', '.join(group)}")
    if gradebook.authenticator is not None:
        for entry in changes.added:  # JupyterHub's group of the course
            gradebook.authenticator.add_student_to_course(entry.id, gradebook.course_id)
    return changes
