"""Finds the student whom a name stands for, where that is beyond doubt."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lxmls_grading.people.roster_file import plain_letters


@dataclass(frozen=True)
class Person:
    """A student, as the gradebook knows them.

    Attributes
    ----------
    id, first_name, last_name, email, lms_user_id : str
        Empty where it is not known.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def spellings(self) -> set[str]:
        """What the name is, in both orders, and the id and the address, in plain letters."""
        names = [plain_letters(name) for name in (self.first_name, self.last_name)]
        whole = f"{self.first_name} {self.last_name}"
        found = {"".join(names), "".join(reversed(names)), _in_any_order(whole)}
        return (found | {plain_letters(self.id), plain_letters(self.email)}) - {""}


def _in_any_order(name: str) -> str:
    """Return the words of a name, sorted."""
    return "".join(sorted(filter(None, map(plain_letters, re.split(r"[\s,._]+", name)))))


def written_alike(name: str, names: Iterable[str]) -> list[str]:
    r"""Return the names that look like one: accents can be written in two ways.

    A keyboard writes them in one, and a folder made on a Mac has them in the other.

    Parameters
    ----------
    name : str
    names : iterable of str

    Examples
    --------
    >>> written_alike("zo\u00eb", ["zoe\u0308", "zoe"]) == ["zoe\u0308"]
    True
    """
    same = unicodedata.normalize("NFC", name)
    return [each for each in names if unicodedata.normalize("NFC", each) == same]


def close_names(name: str, names: Iterable[str]) -> str:
    r"""Return a question that suggests names close to a mistyped one, or an empty string.

    Parameters
    ----------
    name : str
    names : iterable of str

    Examples
    --------
    >>> close_names("joao", ["ana", "jo\u00e3o"]) == ": did you mean jo\u00e3o?"
    True
    """
    names = list(names)
    close = difflib.get_close_matches(name, names, n=2)
    bare = plain_letters(name)
    close += [each for each in names if plain_letters(each) == bare and each not in close]
    return f": did you mean {' or '.join(close)}?" if close else ""


class NotFoundError(LookupError):
    """No student is meant beyond doubt. The message is a clause that tells why."""


class People:
    """The students of a course.

    Parameters
    ----------
    persons : list of Person
    """

    def __init__(self, persons: list[Person]):
        self.persons = {person.id: person for person in persons}
        self._by_spelling: dict[str, set[str]] = defaultdict(set)
        self._by_number: dict[str, set[str]] = defaultdict(set)
        for person in persons:
            for spelling in person.spellings:
                self._by_spelling[spelling].add(person.id)
            if person.lms_user_id:
                self._by_number[person.lms_user_id].add(person.id)

    def find(self, label: str, number: str = "") -> str:
        """Return the id of the student whom a label means.

        Parameters
        ----------
        label : str
            A name in either order, an id or an address; case and accents do not matter.
        number : str
            The id in the learning management system, if the label came with one.

        Raises
        ------
        NotFoundError
            If nobody is meant, or several may be.
        """
        if not self.persons:
            raise NotFoundError(
                "the gradebook has no students: run `lxmls-nb students import` first"
            )
        named = {label} & self.persons.keys()
        named = named or self._by_spelling[plain_letters(label)] | (
            self._by_spelling[_in_any_order(label)] if re.search(r"[\s,]", label) else set()
        )
        numbered = self._by_number[number] if number else set()
        if len(numbered) == 1 and not named - numbered:
            return next(iter(numbered))
        if numbered and named:
            return self._only(numbered & named or numbered | named)
        if number and len(named) == 1:
            known = self.persons[next(iter(named))].lms_user_id
            if known:
                raise NotFoundError(f"{', '.join(named)} has the number {known}, not {number}")
        return self._only(named or numbered)

    @staticmethod
    def _only(found: set[str]) -> str:
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise NotFoundError(f"it may be {' or '.join(sorted(found))}")
        raise NotFoundError("no student in the gradebook has this name")
