"""Whose file it is, by the names that Canvas and Moodle give to files and folders.

- Canvas: ``lovelaceada_LATE_123_4567_exercise_2_2-1.ipynb``, that is name, mark, the student's
  number, the file's number, the file's name, and which upload of that name it was.
- Moodle, in folders: ``Ada Lovelace_1234567_assignsubmission_file/exercise_2_2.ipynb``; or without:
  ``Ada Lovelace_1234567_assignsubmission_file_exercise_2_2.ipynb``. Its number is that of the
  submission, and tells nothing of the student.
- Folders with the name or the id of a student: ``ada/exercise_2_2.ipynb``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

CANVAS, MOODLE, FOLDER = "Canvas", "Moodle", "a folder"

_CANVAS = re.compile(r"(.+?)_(?:(late)_)?(\d+)_(\d+)_(.+)", re.IGNORECASE | re.ASCII)
_CANVAS_TEXT = re.compile(r"(.+?)_(?:(late)_)?(\d+)_(?:text|link)\.html", re.IGNORECASE | re.ASCII)
_ANONYMOUS = re.compile(r"anon_(?:late_)?\w{5}_(?:late_)?\d+_.+", re.IGNORECASE | re.ASCII)
_MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_([a-z]+)(?:_(.*))?", re.ASCII)

#: What stands behind the name of a file that was uploaded or downloaded again.
_AGAIN = re.compile(r"(.+?)(?:-(\d{1,4})|[ _+]?\((\d{1,4})\))", re.ASCII)


@dataclass(frozen=True)
class Claim:
    """Whose file it may be.

    Attributes
    ----------
    label : str
        The student's name or id.
    system : str
        `CANVAS`, `MOODLE` or `FOLDER`.
    parts : tuple of str
        The path of the file in the student's submission.
    number : str
        The student's number in Canvas.
    key : str
        What tells people of the same name apart.
    late : bool
        Whether it is marked as late.
    upload : int
        The number of the file in Canvas: later ones are larger.
    """

    label: str
    system: str
    parts: tuple[str, ...]
    number: str = ""
    key: str = ""
    late: bool = False
    upload: int = 0


class NoFileError(ValueError):
    """It is nobody's file. The message is a clause that tells why."""


def claims(parts: tuple[str, ...], notebooks: Collection[str]) -> Iterator[Claim]:
    """Yield whose file it may be, the likeliest first.

    Parameters
    ----------
    parts : tuple of str
        The path of a file in an archive or a folder.
    notebooks : collection of str
        The names of the assignment's notebooks.

    Raises
    ------
    NoFileError
        If it is no file of a student who is named.
    """
    *folders, name = parts
    for place, folder in enumerate(folders):
        if found := _MOODLE.fullmatch(folder):
            _check_moodle(found)
            yield Claim(found[1], MOODLE, parts[place + 1 :], key=found[2])
            return
    if found := _MOODLE.fullmatch(name):
        _check_moodle(found)
        if found[4]:
            yield Claim(found[1], MOODLE, (found[4],), key=found[2])
            return
    if _ANONYMOUS.fullmatch(name):
        raise NoFileError("is anonymous: let Canvas show names, and download again")
    if _CANVAS_TEXT.fullmatch(name):
        raise NoFileError("is a text or an address that was typed into Canvas, not a file")
    if found := _CANVAS.fullmatch(name):
        late, number, upload = bool(found[2]), found[3], int(found[4])
        yield Claim(found[1], CANVAS, (found[5],), number, number, late, upload)
    for place, folder in enumerate(folders):
        yield Claim(folder, FOLDER, parts[place + 1 :])
    stem = name.removesuffix(".ipynb")
    for notebook in notebooks:
        for separator in ("_", "-", " "):
            if stem.endswith(f"{separator}{notebook}"):
                label = stem.removesuffix(f"{separator}{notebook}")
                yield Claim(label, FOLDER, (f"{notebook}.ipynb",))


def _check_moodle(found: re.Match[str]) -> None:
    if found[3] != "file":
        raise NoFileError("is a text that was typed into Moodle, not a file")
    # Moodle's word for whom it does not name, in some languages.
    if re.fullmatch(r"participante?|teilnehmer(/in)?|deelnemer|partecipante", found[1].lower()):
        raise NoFileError("is anonymous: reveal the names in Moodle, and download again")


def split_attempt(stem: str, notebooks: Collection[str]) -> tuple[str, tuple[int, ...]]:
    """Return the notebook that a name without its ending stands for, and which attempt it is.

    Parameters
    ----------
    stem : str
        Such as ``exercise_2_2-1`` or ``exercise_2_2 (1)``.
    notebooks : collection of str

    Returns
    -------
    name : str
        The name of a notebook; the stem itself if it stands for none.
    attempt : tuple of int
        Empty for the first attempt; larger for later ones.
    """
    name, attempt = stem, []
    while name not in notebooks:
        found = _AGAIN.fullmatch(name)
        if not found:
            return stem, ()
        name = found[1]
        attempt.append(int(found[2] or found[3]))
    return name, tuple(attempt)
