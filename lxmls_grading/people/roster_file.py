"""Reads a list of students as spreadsheets and learning management systems write it.

Nothing here knows the gradebook. A list is read as a whole: if a line of it makes no sense, none is
taken, since columns that have moved would put names to wrong people.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from lxmls_grading.intake.files import UNPRINTABLE

#: Columns of nbgrader, each with what others call it: in small letters, without accents, spaces
#: and signs. Of several names for an id, the first one that is there is taken.
COLUMNS = {
    "id": (
        *("sisloginid", "id", "studentid", "username", "userid", "login", "loginid", "netid"),
        *("benutzername", "anmeldename", "nutzername", "kennung", "benutzerkennung"),
        *("utilizador", "nomedeutilizador", "nomedeusuario", "usuario", "nombredeusuario"),
        *("identifiant", "nomdutilisateur", "student", "studentnumber", "idnumber", "sisuserid"),
        *("matrikelnummer", "matrikelnr", "matrnr", "numerodealuno", "numeroaluno", "matricula"),
        *("numeromecanografico", "numerodeidentificacao", "numerodeid", "idnummer"),
    ),
    "first_name": (
        *("firstname", "givenname", "first", "forename", "vorname", "nomeproprio"),
        *("primeironome", "nombre", "prenom", "voornaam"),
    ),
    "last_name": (
        *("lastname", "surname", "familyname", "last", "nachname", "familienname", "apelido"),
        *("apelidos", "sobrenome", "apellido", "apellidos", "nomdefamille", "achternaam"),
    ),
    "email": (
        *("email", "emailaddress", "mail", "emailadresse", "correio", "correioeletronico"),
        *("correo", "correoelectronico", "courriel", "enderecodeemail", "adressedecourriel"),
        *("enderecodecorreioeletronico", "emailadress"),
    ),
    "lms_user_id": ("lmsuserid", "lmsid", "canvasid", "canvasuserid", "moodleid"),
    "name": ("name", "fullname", "studentname", "student", "nome", "nomecompleto", "nom"),
}

#: The fields of a student in the gradebook besides the id.
FIELDS = ("first_name", "last_name", "email", "lms_user_id")

#: Bytes of a file, lines before the header that are looked at, and characters of an id.
MAX_BYTES, MAX_TITLE_LINES, MAX_ID = 20_000_000, 10, 128

#: A number that a spreadsheet has shortened: 1.23457E+11.
SHORTENED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)

#: Starts of files that are no text: what they are, and what to do.
NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another archive: open it and save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: open it and save it as CSV",
    b"%PDF": "a PDF: export the list as CSV",
}


class RosterError(ValueError):
    """A list cannot be read. The message has a line for each thing that is wrong."""


@dataclass(frozen=True)
class Entry:
    """A student in a list.

    Attributes
    ----------
    line : int
        Of the file.
    id : str
    values : dict
        Of :data:`FIELDS`, those that are filled in.
    """

    line: int
    id: str
    values: dict[str, str]


@dataclass
class RosterFile:
    """A list of students.

    Attributes
    ----------
    entries : list of Entry
    skipped : list of tuple
        Lines that are left out: the number of each, and why.
    columns : dict
        What each column of the gradebook was read from.
    unused : list of str
        Columns of the file that are not read.
    notes : list of str
        What to have a look at.
    """

    entries: list[Entry] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plain_letters(text: str) -> str:
    """Return a name in small letters, without accents, spaces and signs."""
    text = text.casefold().translate(str.maketrans("øłđıðþ", "oldidt"))
    text = unicodedata.normalize("NFKD", text.replace("æ", "ae").replace("œ", "oe"))
    return "".join(c for c in text.casefold() if c.isalnum())


def read_roster(path: str | Path) -> RosterFile:
    """Read a list of students.

    Raises
    ------
    RosterError
        If it is no such list, or a line of it makes no sense.
    OSError
        If the file cannot be read.
    """
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RosterError(f"it is larger than {MAX_BYTES / 1e6:g} MB")
    text, note = decode(data)
    rows = _rows(text)
    found = _entries(rows)
    if note:
        found.notes.insert(0, note)
    return found


def decode(data: bytes) -> tuple[str, str | None]:
    """Return the text of a file, and a note if its encoding is a guess.

    Raises
    ------
    RosterError
        If it is no text.
    """
    for start, what in NOT_TEXT.items():
        if data.startswith(start):
            raise RosterError(f"it is {what}")
    start = data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise RosterError("it is a web page or a workbook in XML: open it and save it as CSV")
    note = None
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        elif b"\0" in data[:1000]:
            text = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows calls Western; it has all characters that Latin-1 has for names.
        text = data.decode("cp1252", "replace")
        note = "it is not in UTF-8: read as Windows-1252 (Latin-1), so look at the accents"
    if re.search("[\0-\x08\x0e-\x1f\N{REPLACEMENT CHARACTER}]", text):
        raise RosterError("it is no text: save it as CSV in UTF-8")
    if not text.strip():
        raise RosterError("it is empty")
    return text, note


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows from the header on, with the lines that they start at."""
    separators, first = ";,\t|", 1
    if found := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):  # a line for Excel
        separators, first, text = found[1], 2, text[found.end() :]
    tables = {s: _header_first(_parse(text, s, first)) for s in separators}
    best = max(tables, key=lambda s: len(_columns(tables[s][0][1])) if tables[s] else 0)
    if not tables[best]:
        shown = text.strip().splitlines()[0][:200]
        raise RosterError(
            "no column has the students' ids: name one of them id (or username, student id, ...) "
            f"in the first line, which is {shown!r}"
        )
    return _header_first(_parse(text, best, first, strict=True))


def _parse(
    text: str, separator: str, first: int, strict: bool = False
) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, with the lines that they start at.

    Parameters
    ----------
    text, separator : str
    first : int
        The number of the first line.
    strict : bool
        Whether quotes that do not match are an error: they would swallow lines.
    """
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    start = 0
    try:
        for row in reader:
            cells = [_clean(cell) for cell in row]
            if any(cells):
                rows.append((first + start, cells))
            start = reader.line_num
    except csv.Error as problem:
        if strict:
            raise RosterError(f"line {first + start}: {problem}") from None
    return rows


def _clean(cell: str) -> str:
    """Return the text of a cell, without spaces around it; ``="0042"`` is how Excel keeps zeros."""
    cell = unicodedata.normalize("NFC", cell.replace("\xa0", " ")).strip()
    found = re.fullmatch(r'="(.*)"', cell, re.DOTALL)
    return found[1].strip() if found else cell


def _header_first(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return the rows from the header on; a list may have a title above it."""
    for place, (_, cells) in enumerate(rows[:MAX_TITLE_LINES]):
        if "id" in _columns(cells) and len(set(filter(None, cells))) > 0:
            return rows[place:]
    return []


def _columns(header: list[str]) -> dict[str, int]:
    """Return the places of the columns that are read, by their names in the gradebook."""
    names = [plain_letters(cell) for cell in header]
    found = {}
    for column, others in COLUMNS.items():
        place = next((names.index(other) for other in others if other in names), None)
        if place is not None:
            found[column] = place
    canvas = {"sisloginid", "sisuserid"} & {*names}
    if canvas and "id" in names:  # a gradebook of Canvas, whose ID is its own number
        found.setdefault("lms_user_id", names.index("id"))
        if found.get("id") == names.index("id"):
            found["id"] = names.index(canvas.pop())
    if found.get("name") == found.get("id"):
        found.pop("name", None)
    if "first_name" in found and "last_name" in found:
        found.pop("name", None)
    elif "name" in found and "last_name" not in found and "first_name" in found:
        # "Name" beside "Vorname" is the family name.
        found["last_name"] = found.pop("name")
    return found


def _entries(rows: list[tuple[int, list[str]]]) -> RosterFile:
    (_, header), *lines = rows
    columns = _columns(header)
    read = RosterFile(columns={column: header[place] for column, place in columns.items()})
    read.unused = [
        name for place, name in enumerate(header) if name and place not in columns.values()
    ]
    problems = []
    lines_of: dict[str, int] = {}
    for line, cells in lines:
        if any(cells[len(header) :]):
            problems.append(f"line {line}: it has more cells than the header has columns")
            continue
        values = {
            column: cells[place]
            for column, place in columns.items()
            if place < len(cells) and cells[place]
        }
        if values.get("name", "").casefold() == "points possible" or (
            cells[0].casefold() == "points possible"
        ):
            continue  # the second line of Canvas's gradebook
        student = values.pop("id", "")
        if (problem := id_problem(student)) is not None:
            read.skipped.append((line, problem))
            continue
        if student in lines_of:
            problems.append(f"line {line}: {student} is in line {lines_of[student]} already")
            continue
        lines_of[student] = line
        values |= split_name(values.pop("name", ""))
        if bad := next((v for v in values.values() if UNPRINTABLE.search(v)), None):
            problems.append(f"line {line}: {bad!r} has characters that cannot be shown")
            continue
        read.entries.append(Entry(line, student, {k: values[k] for k in FIELDS if k in values}))
    if problems:
        raise RosterError("\n".join(problems))
    _note_lookalikes(read)
    return read


def id_problem(student: str) -> str | None:
    """Return why a text cannot be a student's id, which names a folder; None if it can."""
    if not student:
        return "no id"
    if SHORTENED.fullmatch(student):
        return f"the id is {student}: a spreadsheet has shortened it, format the column as text"
    if UNPRINTABLE.search(student) or "/" in student or "\\" in student:
        return f"the id is {student!a}, which cannot be the name of a folder"
    if student.startswith(".") or len(student) > MAX_ID or len(student.encode()) > 250:
        return f"the id is {student[:40]!a}, which cannot be the name of a folder"
    return None


def split_name(name: str) -> dict[str, str]:
    """Return first and last name of a whole one: "Lovelace, Ada" or "Ada Lovelace"."""
    if not name:
        return {}
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.partition(" ")
    return {k: v for k, v in (("first_name", first.strip()), ("last_name", last.strip())) if v}


def lookalikes(names: list[str]) -> list[list[str]]:
    """Return groups of names that differ in capital and small letters only."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def _note_lookalikes(read: RosterFile) -> None:
    for group in lookalikes([entry.id for entry in read.entries]):
        read.notes.append(f"these ids differ in capital letters only: {', '.join(group)}")
    for column in ("email", "lms_user_id"):
        lines: dict[str, list[str]] = {}
        for entry in read.entries:
            if column in entry.values:
                lines.setdefault(entry.values[column].casefold(), []).append(entry.id)
        for value, ids in lines.items():
            if len(ids) > 1:
                read.notes.append(f"{', '.join(ids)} have the same {column}: {value}")
