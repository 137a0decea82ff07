"""Lists of students are read as spreadsheets write them, and taken as a whole."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook

from lxmls_grading.people.roster import import_students
from lxmls_grading.people.roster_file import RosterError, read_roster

PLAIN = "id,first_name,last_name,email,lms_user_id\r\nada,Ada,Lovelace,ada@example.org,17\r\n"
ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"}


def read(tmp_path, content: str | bytes):
    path = tmp_path / "students.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(path)


def only(tmp_path, content: str | bytes):
    [entry] = read(tmp_path, content).entries
    return entry.id, entry.values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_of_spreadsheets(tmp_path, encoding, separator):
    text = PLAIN.replace(",", separator).replace("Ada", "Adélia")
    assert only(tmp_path, text.encode(encoding)) == (
        "ada",
        ADA | {"first_name": "Adélia", "lms_user_id": "17"},
    )


def test_latin_1_is_read_and_told(tmp_path):
    found = read(tmp_path, "id;Name\r\njoao;João Müller\r\n".encode("cp1252"))
    assert found.entries[0].values == {"first_name": "João", "last_name": "Müller"}
    assert "Windows-1252" in found.notes[0]


@pytest.mark.parametrize(
    "header",
    [
        "Username;First name;Surname;Email address",
        " ID ;FIRST NAME; Last-Name;E-Mail",
        "Benutzername;Vorname;Nachname;E-Mail-Adresse",
        "Kennung;Vorname;Name;E-Mail",
        "Nome de utilizador;Nome próprio;Apelido;Endereço de e-mail",
        "student_id;given name;family name;mail",
        "Matrikelnummer;Vorname;Familienname;Mail",
    ],
)
def test_headers_in_several_spellings(tmp_path, header):
    assert only(tmp_path, f"{header}\nada;Ada;Lovelace;ada@example.org\n") == ("ada", ADA)


def test_whole_names_are_split(tmp_path):
    text = 'login,Name\na,"Lovelace, Ada King"\nb,Ada Lovelace\nc,Plato\nd,Vasco da Gama\n'
    assert [entry.values for entry in read(tmp_path, text).entries] == [
        {"first_name": "Ada King", "last_name": "Lovelace"},
        {"first_name": "Ada", "last_name": "Lovelace"},
        {"first_name": "Plato"},
        {"first_name": "Vasco", "last_name": "da Gama"},
    ]


def test_a_gradebook_of_canvas(tmp_path):
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Day 2 (99)\n"
        "    Points Possible,,,,,40\n"
        '"Lovelace, Ada",1234,s0042,ada,A,\n'
    )
    found = read(tmp_path, text)
    assert found.entries[0].id == "ada"
    assert found.entries[0].values == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "lms_user_id": "1234",
    }
    assert found.skipped == []


def test_what_excel_adds_is_no_matter(tmp_path):
    text = 'sep=;\r\nCourse 2026;;\r\n;;\r\nid;Name;;\r\n\r\n;;\r\n="0042";Ada Lovelace;;\r\n'
    found = read(tmp_path, text)
    assert [(entry.line, entry.id) for entry in found.entries] == [(7, "0042")]


def test_lines_without_a_usable_id_are_skipped_and_named(tmp_path):
    text = "id,email\n,nobody@example.org\n1.23457E+11,a@b\n../ada,a@b\n.hidden,\na/b,\nok,\n"
    found = read(tmp_path, text)
    assert [entry.id for entry in found.entries] == ["ok"]
    assert [line for line, _ in found.skipped] == [2, 3, 4, 5, 6]
    assert "shortened" in found.skipped[1][1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "save it as CSV"),
        (b"<html><table>", "save it as CSV"),
        (b"", "empty"),
        (b"\x00\x01\x02\x03", "no text"),
        ("first;last\nAda;Lovelace\n", "'first;last'"),
        ("id,email\nada,a\nbob,b\nada,c\n", "line 4: ada is in line 2 already"),
        ("id,name\nada,Lovelace, Ada\n", "line 2: it has more cells"),
        ('id,name\nada,"Ada\nbob,Bob\n', "line 2"),
        ('id,name\nada,"Ada\nLovelace"\n', "line 2"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(tmp_path, content, said):
    with pytest.raises(RosterError, match=said.replace("+", r"\+")):
        read(tmp_path, content)


def test_lookalikes_are_noted(tmp_path):
    found = read(tmp_path, "id,email\nAda,a@b\nada,A@b\n")
    assert "Ada, ada" in found.notes[0]
    assert "have the same email" in found.notes[1]


@pytest.fixture
def gradebook(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "small") as gradebook:
        gradebook.add_student("ada", first_name="Ada", email="old@example.org", lms_user_id="17")
        gradebook.add_student("bob")
        yield gradebook


def test_students_are_added_and_changed_and_none_is_removed(tmp_path, gradebook):
    found = read(tmp_path, "id,first,last,email,lms id\nada,,Lovelace,new@example.org,\neve,,,,\n")
    changes = import_students(gradebook, found.entries)
    assert [entry.id for entry in changes.added] == ["eve"]
    [(entry, new)] = changes.changed
    assert (entry.line, entry.id) == (2, "ada")
    assert new == {
        "last_name": (None, "Lovelace"),
        "email": ("old@example.org", "new@example.org"),
    }
    ada = gradebook.find_student("ada")
    assert (ada.first_name, ada.lms_user_id) == ("Ada", "17")
    assert {student.id for student in gradebook.students} == {"ada", "bob", "eve"}
    again = import_students(gradebook, found.entries)
    assert (again.added, again.changed) == ([], [])
    assert [entry.id for entry in again.unchanged] == ["ada", "eve"]


def test_an_id_that_differs_from_one_in_the_gradebook_by_case_is_noted(tmp_path, gradebook):
    changes = import_students(gradebook, read(tmp_path, "id\nBob\n").entries)
    assert changes.notes == ["these ids differ in capital letters only: Bob, bob"]


def test_nothing_is_taken_where_the_gradebook_refuses(tmp_path, gradebook, monkeypatch):
    entries = read(tmp_path, "id\nzoe\nyan\n").entries

    def refuse():
        raise OSError("disk full")

    monkeypatch.setattr(gradebook.db, "commit", refuse)
    with pytest.raises(OSError, match="disk full"):
        import_students(gradebook, entries)
    monkeypatch.undo()
    gradebook.db.rollback()
    assert {student.id for student in gradebook.students} == {"ada", "bob"}
