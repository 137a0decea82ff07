"""Finds values that are older than the code they were made with.

A notebook keeps what a cell has made until the cell is run again. After an answer is repaired, a
network made of the earlier class still computes with the earlier code, and nothing shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from lxmls_nb.notebook.cells import Cell
from lxmls_nb.notebook.names import CellNames, names_of

#: Types whose values can be compared: where they are equal, nothing has changed.
PLAIN = (int, float, str, bool)
#: How many items a list may have to be compared.
MAX_ITEMS = 100


@dataclass(frozen=True)
class Old:
    """A value that is older than something it was made with.

    Attributes
    ----------
    name : str
    changed : str
        What has changed since.
    cell : Cell
        The one that makes the value.
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
        f"{_listed(names)} from before your change of `{changed}`: run {cell.described()} again, "
        "then this one."
        for (changed, cell), names in together.items()
    ]


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


@dataclass(frozen=True)
class _Binding:
    """What a name stands for: which cell made it, of what, and how often it has changed."""

    cell: Cell
    version: int
    code: str  # of a definition, else of its cell
    value: object = None  # if it is plain
    reads: frozenset[str] = frozenset()  # of a definition, when it is called
    made_with: Mapping[str, object] = field(default_factory=dict)  # what each input was then


class Freshness:
    """Follows which cell has bound which name, and what the cell has read for it."""

    def __init__(self) -> None:
        self._bindings: dict[str, _Binding] = {}
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
        self._before = {name: names.get(name) for name in used.bound}
        there = sorted((used.read & names.keys()) - used.bound)
        found = {old.name: old for name in there if (old := self._old(name, set()))}
        return list(found.values())

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
            name: {each: self._state(each, set()) for each in inputs - used.bound}
            for name, inputs in used.values.items()
        }
        for name in sorted(used.bound & names.keys()):
            if finished or names[name] is not self._before.get(name):
                self._bind(name, names[name], cell, used, made_with.get(name, {}))
        self._before = {}

    def state(self, source: str) -> object:
        """Return what changes where something changes that a cell reads."""
        return tuple((name, self._state(name, set())) for name in sorted(names_of(source).read))

    def _bind(
        self, name: str, value: object, cell: Cell, used: CellNames, made_with: Mapping[str, object]
    ) -> None:
        earlier = self._bindings.get(name)
        version = earlier.version if earlier else 0
        if definition := used.definitions.get(name):
            changed = not earlier or earlier.code != definition.code
            new = _Binding(cell, version + changed, definition.code, reads=definition.reads)
        else:
            same = earlier is not None and (
                (earlier.code == used.code and earlier.made_with == made_with)
                or _equal(earlier.value, value)
            )
            kept = value if _is_plain(value) else None  # a network would stay in memory
            new = _Binding(cell, version + (not same), used.code, kept, made_with=made_with)
        self._bindings[name] = new

    def _state(self, name: str, seen: set[str]) -> object:
        """Return what changes where a name is bound anew, or something that its code reads."""
        binding = self._bindings.get(name)
        if binding is None or name in seen:
            return None
        reads = sorted(binding.reads)
        return binding.version, tuple((read, self._state(read, {*seen, name})) for read in reads)

    def _old(self, name: str, seen: set[str]) -> Old | None:
        """Return what is old of a name, or of what its code or value comes from."""
        binding = self._bindings.get(name)
        if binding is None or name in seen:
            return None
        for source, state in binding.made_with.items():
            if self._state(source, set()) != state:
                return Old(name, self._changed(source, state), binding.cell)
        for source in sorted(binding.made_with):
            if found := self._old(source, {*seen, name}):
                return Old(name, found.changed, binding.cell)
        for read in sorted(binding.reads):  # a function is as new as what it looks up
            if found := self._old(read, {*seen, name}):
                return found
        return None

    def _changed(self, name: str, state: object) -> str:
        """Return which name has changed: this one, or one that its code reads."""
        present = self._state(name, set())
        if isinstance(state, tuple) and isinstance(present, tuple) and state[0] == present[0]:
            for (read, before), (_, now) in zip(state[1], present[1], strict=False):
                if before != now:
                    return self._changed(read, before)
        return name


def _is_plain(value: object) -> bool:
    """Whether a value is a number or a text, or a short list or tuple of these."""
    if type(value) in (list, tuple):
        items = cast(Sequence[object], value)
        return len(items) <= MAX_ITEMS and all(type(item) in PLAIN for item in items)
    return type(value) in PLAIN


def _equal(one: object, two: object) -> bool:
    """Whether two values are plain, equal, and no None, which says nothing."""
    plain = one is not None and _is_plain(one) and _is_plain(two)
    return plain and type(one) is type(two) and one == two
