"""Finds values that are older than the code they were made with.

A notebook keeps what a cell has made until the cell is run again. After an answer is repaired, a
network made of the earlier class still computes with the earlier code, and nothing shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from lxmls_nb.notebook.cells import CodeCell
from lxmls_nb.notebook.names import CellNames, names_of

#: Types whose values can be compared: where they are equal, nothing has changed.
PLAIN = (int, float, str, bool)
#: How many items a list may have to be compared.
MAX_ITEMS = 100

#: The versions of the names that stand behind a value, by name and sorted.
State = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Old:
    """A value that is older than something it was made with.

    Attributes
    ----------
    name : str
    changed : str
        What has changed since; empty if its cell was changed so that it does not make the value.
    cell : CodeCell
        The one that makes the value, as it was last run.
    """

    name: str
    changed: str
    cell: CodeCell


def sentences(found: Sequence[Old]) -> list[str]:
    """Return lines on old values for students, one for those of a cell and a change."""
    together: dict[tuple[str, CodeCell], list[str]] = {}
    for old in sorted(found, key=lambda old: old.cell.number):
        together.setdefault((old.changed, old.cell), []).append(f"`{old.name}`")
    return [_sentence(names, changed, cell) for (changed, cell), names in together.items()]


def _sentence(names: list[str], changed: str, cell: CodeCell) -> str:
    if not changed:
        return (
            f"{_listed(names)} made by an earlier version of {cell.described()}. The present "
            "version does not make that: does it stop with an error, or use another name?"
        )
    return (
        f"{_listed(names)} made before `{changed}` changed. Run {cell.described()} again, then "
        "this one."
    )


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} was"
    return f"{', '.join(names[:-1])} and {names[-1]} were"


@dataclass(frozen=True)
class _Binding:
    """What a name stands for: which cell made it, and of what."""

    cell: CodeCell
    version: object  # the code of a definition, a plain value, or a number
    code: frozenset[str] = frozenset()  # of a value: the statements that it is made by
    reads: frozenset[str] = frozenset()  # of a definition, when it is called
    made_with: dict[str, State] = field(default_factory=dict)  # what each input was then


class Freshness:
    """Follows which cell has bound which name, and what the cell has read for it."""

    def __init__(self) -> None:
        self._bindings: dict[str, _Binding] = {}
        self._cells: dict[str, CodeCell] = {}  # as they were last run
        self._count = 0
        self._before: dict[str, object] = {}

    def start_cell(self, cell: CodeCell, names: Mapping[str, object]) -> list[Old]:
        """Return what is old among the names that a cell is about to read.

        Parameters
        ----------
        cell : CodeCell
        names : mapping of str to object
            The names of the notebook, before the cell is run.
        """
        used = names_of(cell.source)
        self._cells[cell.key] = cell
        self._before = {name: names.get(name) for name in [*used.bound, *self._bindings]}
        memo: dict[str, Old | None] = {}
        there = sorted((used.read & names.keys()) - used.bound)
        return [old for name in there if (old := self._old(name, memo))]

    def end_cell(self, cell: CodeCell, names: Mapping[str, object], finished: bool) -> None:
        """Note what a cell has bound.

        Parameters
        ----------
        cell : CodeCell
        names : mapping of str to object
            The names of the notebook, after the cell was run.
        finished : bool
            Whether the cell ran without an error. Else only what is new was bound by it.
        """
        used = names_of(cell.source)
        self._cells[cell.key] = cell
        read = {name: self._state([name]) for name in used.read}
        for name in self._bindings.keys() - used.bound:
            if names.get(name) is not self._before.get(name):
                del self._bindings[name]  # bound in a way that nothing is known of
        new = [
            name
            for name in [*used.definitions, *used.values]  # values are in the order of the cell
            if name in names and (finished or names[name] is not self._before.get(name))
        ]
        for name in new:
            if definition := used.definitions.get(name):
                self._bindings[name] = _Binding(cell, definition.code, reads=definition.reads)
                continue
            value = used.values[name]
            made_with = {each: read[each] for each in value.reads - {name}}
            made_with |= {each: self._state([each]) for each in value.uses - {name}}
            version = self._version(name, names[name], value.code, made_with)
            self._bindings[name] = _Binding(cell, version, value.code, made_with=made_with)
        self._settle(used, new)
        self._before = {}

    def _settle(self, used: CellNames, new: Iterable[str]) -> None:
        """Let values know the names of their own cell as these are at its end.

        A loop changes a value before the name that it counts with is bound for the last time.
        """
        for name in new:
            if name not in used.definitions:
                binding, value = self._bindings[name], used.values[name]
                own = (value.uses | value.reads & used.bound) - {name}
                made_with = binding.made_with | {each: self._state([each]) for each in own}
                self._bindings[name] = replace(binding, made_with=made_with)

    def state(self, source: str) -> State:
        """Return what changes where something changes that a cell reads."""
        return self._state(names_of(source).read)

    def _version(
        self, name: str, value: object, code: object, made_with: Mapping[str, State]
    ) -> object:
        """Return what tells a value from what the name stood for at other times."""
        if _is_plain(value):
            return repr(value)
        if earlier := self._bindings.get(name):
            made_the_same = earlier.code == code and earlier.made_with == made_with
            if made_the_same or value is self._before.get(name):
                return earlier.version
        self._count += 1
        return self._count

    def _state(self, names: Iterable[str]) -> State:
        """Return the versions of these names, and of those that their code reads."""
        versions: dict[str, object] = {}
        left = list(names)
        while left:
            name = left.pop()
            if name not in versions and (binding := self._bindings.get(name)):
                versions[name] = binding.version, self._is_left_over(binding)
                left += binding.reads
        return tuple(sorted(versions.items(), key=lambda item: item[0]))

    def _is_left_over(self, binding: _Binding) -> bool:
        """Whether the cell of a value has changed and been run, and did not make the value."""
        cell = self._cells[binding.cell.key]
        return cell.number != binding.cell.number and cell.source != binding.cell.source

    def _old(self, name: str, memo: dict[str, Old | None]) -> Old | None:
        """Return what is old of a name, or of what its code or value comes from."""
        if name in memo:
            return memo[name]
        memo[name] = None  # until it is known, or functions that call each other have no end
        binding = self._bindings.get(name)
        if binding is None:
            return None
        if self._is_left_over(binding):
            memo[name] = Old(name, "", self._cells[binding.cell.key])
            return memo[name]
        for source, state in sorted(binding.made_with.items()):
            if changed := self._changed(source, state):
                memo[name] = Old(name, changed, self._cells[binding.cell.key])
                return memo[name]
        for source in sorted(binding.made_with):
            if found := self._old(source, memo):
                changed = found.changed or found.name
                memo[name] = Old(name, changed, self._cells[binding.cell.key])
                return memo[name]
        for read in sorted(binding.reads):  # a function is as new as what it looks up
            if found := self._old(read, memo):
                memo[name] = found
                return found
        return None

    def _changed(self, name: str, state: State) -> str:
        """Return which name has changed since: this one, or one that its code reads."""
        present = self._state([name])
        changed = {one for one, _ in {*present} ^ {*state}}
        return name if name in changed else min(changed, default="")


def _is_plain(value: object) -> bool:
    """Whether a value is a number or a text, or a short list or tuple of these."""
    if type(value) in (list, tuple):
        items = cast(Sequence[object], value)
        return len(items) <= MAX_ITEMS and all(type(item) in PLAIN for item in items)
    return type(value) in PLAIN
