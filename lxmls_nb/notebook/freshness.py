"""Finds values that are older than the code they were made with.

A notebook keeps what a cell has made until the cell is run again. After an answer is repaired, a
network made of the earlier class still computes with the earlier code, and nothing shows it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from lxmls_nb.notebook.cells import Cell
from lxmls_nb.notebook.names import CellNames, names_of

#: Types whose values can be compared: where they are equal, nothing has changed.
PLAIN = (int, float, str, bool)
#: How many items a list may have to be compared.
MAX_ITEMS = 100

#: How often each name has changed that stands behind a value, by name and sorted.
State = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Old:
    """A value that is older than something it was made with.

    Attributes
    ----------
    name : str
    changed : str
        What has changed since.
    cell : Cell
        The one that makes the value, as it was last run.
    """

    name: str
    changed: str
    cell: Cell


def sentences(found: Sequence[Old]) -> list[str]:
    """Return lines on old values for students, one for those of a cell and a change."""
    together: dict[tuple[str, Cell], list[str]] = {}
    for old in sorted(found, key=lambda old: old.cell.number):
        together.setdefault((old.changed, old.cell), []).append(f"`{old.name}`")
    return [
        f"{_listed(names)} made before `{changed}` changed. Run {cell.described()} again, then "
        "this one."
        for (changed, cell), names in together.items()
    ]


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} was"
    return f"{', '.join(names[:-1])} and {names[-1]} were"


@dataclass(frozen=True)
class _Binding:
    """What a name stands for: which cell made it, of what, and how often it has changed."""

    cell: Cell
    version: int
    code: object
    value: object = None  # if it is plain
    reads: frozenset[str] = frozenset()  # of a definition, when it is called
    made_with: Mapping[str, State] = field(default_factory=dict)  # what each input was then


class Freshness:
    """Follows which cell has bound which name, and what the cell has read for it."""

    def __init__(self) -> None:
        self._bindings: dict[str, _Binding] = {}
        self._cells: dict[str, Cell] = {}  # as they were last run
        self._before: dict[str, object] = {}

    def start_cell(self, cell: Cell, names: Mapping[str, object]) -> list[Old]:
        """Return what is old among the names that a cell is about to read.

        Parameters
        ----------
        cell : Cell
        names : mapping of str to object
            The names of the notebook, before the cell is run.
        """
        used = names_of(cell.source)
        self._cells[cell.key] = cell
        self._before = {name: names.get(name) for name in [*used.bound, *self._bindings]}
        memo: dict[str, Old | None] = {}
        there = sorted((used.read & names.keys()) - used.bound)
        return [old for name in there if (old := self._old(name, memo))]

    def end_cell(self, cell: Cell, names: Mapping[str, object], finished: bool) -> None:
        """Note what a cell has bound.

        Parameters
        ----------
        cell : Cell
        names : mapping of str to object
            The names of the notebook, after the cell was run.
        finished : bool
            Whether the cell ran without an error. Else only what is new was bound by it.
        """
        used = names_of(cell.source)
        made_with = {
            name: {each: self._state([each]) for each in value.reads - used.bound}
            for name, value in used.values.items()
        }
        for name in self._bindings.keys() - used.bound:
            if names.get(name) is not self._before.get(name):
                del self._bindings[name]  # bound in a way that nothing is known of
        for name in sorted(used.bound & names.keys()):
            if finished or names[name] is not self._before.get(name):
                self._bind(name, names[name], cell, used, made_with.get(name, {}))
        self._before = {}

    def state(self, source: str) -> State:
        """Return what changes where something changes that a cell reads."""
        return self._state(names_of(source).read)

    def _bind(
        self,
        name: str,
        value: object,
        cell: Cell,
        used: CellNames,
        made_with: Mapping[str, State],
    ) -> None:
        earlier = self._bindings.get(name)
        version = earlier.version if earlier else 0
        if definition := used.definitions.get(name):
            changed = not earlier or earlier.code != definition.code
            new = _Binding(cell, version + changed, definition.code, reads=definition.reads)
        else:
            code = used.values[name].code
            same = value is self._before.get(name) or (
                earlier is not None
                and (
                    (earlier.code == code and earlier.made_with == made_with)
                    or _equal(earlier.value, value)
                )
            )
            kept = copy.copy(value) if _is_plain(value) else None  # a network would stay in memory
            new = _Binding(cell, version + (not same), code, kept, made_with=made_with)
        self._bindings[name] = new

    def _state(self, names: Sequence[str] | frozenset[str]) -> State:
        """Return how often these names have changed, and those that their code reads."""
        versions: dict[str, int] = {}
        left = list(names)
        while left:
            name = left.pop()
            if name not in versions and (binding := self._bindings.get(name)):
                versions[name] = binding.version
                left += binding.reads
        return tuple(sorted(versions.items()))

    def _old(self, name: str, memo: dict[str, Old | None]) -> Old | None:
        """Return what is old of a name, or of what its code or value comes from."""
        if name in memo:
            return memo[name]
        memo[name] = None  # until it is known, or functions that call each other have no end
        binding = self._bindings.get(name)
        if binding is None:
            return None
        for source, state in sorted(binding.made_with.items()):
            if changed := self._changed(source, state):
                memo[name] = Old(name, changed, self._cells[binding.cell.key])
                return memo[name]
        for source in sorted(binding.made_with):
            if found := self._old(source, memo):
                memo[name] = Old(name, found.changed, self._cells[binding.cell.key])
                return memo[name]
        for read in sorted(binding.reads):  # a function is as new as what it looks up
            if found := self._old(read, memo):
                memo[name] = found
                return found
        return None

    def _changed(self, name: str, state: State) -> str:
        """Return which name has changed since: this one, or one that its code reads."""
        present = self._state([name])
        changed = {one for one, _ in set(present) ^ set(state)}
        return name if name in changed else min(changed, default="")


def _is_plain(value: object) -> bool:
    """Whether a value is a number or a text, or a short list or tuple of these."""
    if type(value) in (list, tuple):
        items = cast(Sequence[object], value)
        return len(items) <= MAX_ITEMS and all(type(item) in PLAIN for item in items)
    return type(value) in PLAIN


def _equal(one: object, two: object) -> bool:
    """Whether two values are plain and equal."""
    return _is_plain(one) and _is_plain(two) and type(one) is type(two) and one == two
