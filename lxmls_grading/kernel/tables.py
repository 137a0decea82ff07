"""Frames, series and indexes of pandas: taken apart for a message, and put together again.

One that holds what no message can carry, such as times of a time zone, is not taken apart: it stays
an object of the student as a whole.
"""

from __future__ import annotations

import sys
from builtins import all, any  # a student's code can replace those of the module
from collections.abc import Callable
from typing import Any

import numpy as np

from lxmls_grading.kernel.shared import Content
from lxmls_grading.kernel.wire import ReplyError

#: Longest name of a type, and of the length of periods; and most levels of an index.
MAX_NAME, MAX_LEVELS = 100, 20

#: The classes of indexes that have their values in one array.
PLAIN = ("Index", "DatetimeIndex", "TimedeltaIndex")


def split_table(value: Any) -> tuple[str, list[Any]] | None:
    """Return the tag and the parts of a value of pandas; None for all else.

    Parameters
    ----------
    value : object
        Its parts are lists, arrays, plain values and other values of pandas.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    kind = type(value)
    if kind is pandas.DataFrame:
        columns = [_column(value.iloc[:, place]) for place in range(value.shape[1])]
        labels = [value.columns, value.index]
        return _whole("frame", [_list(columns), *labels], [*columns, *map(split_table, labels)])
    if kind is pandas.Series:
        column = _column(value)
        return _whole(
            "series", [column, value.index, value.name], [column, split_table(value.index)]
        )
    name = kind.__name__
    if kind is not getattr(pandas, name, None):
        return None
    if name == "RangeIndex":
        return "range_index", [value.start, value.stop, value.step, value.name]
    if name == "MultiIndex" and value.nlevels <= MAX_LEVELS:
        levels = [*value.levels]
        codes = _list(map(np.asarray, value.codes))
        return _whole("levels", [_list(levels), codes, [*value.names]], [*map(split_table, levels)])
    if name == "CategoricalIndex":
        parts = [value.categories, np.asarray(value.codes), bool(value.ordered), value.name]
        return _whole("categories", parts, [split_table(value.categories)])
    if name == "IntervalIndex":
        parts = [value.left, value.right, value.closed, value.name]
        return _whole("intervals", parts, [*map(split_table, parts[:2])])
    if name == "PeriodIndex":
        return "periods", [np.asarray(value.asi8), value.freqstr, value.name]
    if name in PLAIN:
        column = _column(value)
        return _whole("index", [column, value.name], [column])
    return None


def _whole(tag: str, parts: list[Any], needed: list[Any]) -> tuple[str, list[Any]] | None:
    return (tag, parts) if all(each is not None for each in needed) else None


def _list(values: Any) -> list[Any]:
    """Return a list of values that get no numbers of their own: they are made on the way."""
    return [Content(each) for each in values]


def _column(value: Any) -> list[Any] | None:
    """Return the values of a series or an index, as an array or an index, and their type."""
    pandas = sys.modules["pandas"]
    dtype = value.dtype
    kinds = (pandas.CategoricalDtype, pandas.IntervalDtype, pandas.PeriodDtype)
    if any(type(dtype) is kind for kind in kinds):
        index = pandas.Index(value.array)
        return None if split_table(index) is None else [Content(index), ""]
    array = value.to_numpy()
    told = isinstance(dtype, np.dtype) or array.dtype.kind in "biuf"
    if type(dtype) is pandas.StringDtype:
        told = dtype.na_value is not pandas.NA or not value.isna().any()
    return [Content(array), str(dtype)] if told else None


# --- and together again ---------------------------------------------------------------------------


def build_table(tag: str, parts: list[Any], check: Callable[[list[Any]], Any]) -> Any:
    """Return a value of pandas that was taken apart.

    Parameters
    ----------
    tag : str
        One of :data:`BUILDERS`.
    parts : list
        What a message says they are, decoded: of plain types, but not always of the right ones.
    check : callable
        Raises for values too many of which hash alike.

    Raises
    ------
    ReplyError
        If they do not fit together.
    """
    import pandas

    return BUILDERS[tag](pandas, check, *parts)


def _frame(pandas: Any, check: Any, columns: Any, labels: Any, index: Any) -> Any:
    _are(pandas, columns, list)
    _are(pandas, labels, "an index")
    made = (_series(pandas, check, column, index, None) for column in columns)
    frame = pandas.DataFrame(dict(enumerate(made)), index=index)
    frame.columns = labels
    return frame


def _series(pandas: Any, check: Any, column: Any, index: Any, name: Any) -> Any:
    values, dtype = _values(pandas, column)
    _are(pandas, index, "an index")
    if len(values) != len(index):
        raise ReplyError("a column is longer than another")
    return pandas.Series(values, dtype=dtype, index=index, name=name)


def _index(pandas: Any, check: Any, column: Any, name: Any) -> Any:
    values, dtype = _values(pandas, column)
    return pandas.Index(values, dtype=dtype, name=name)


def _range_index(pandas: Any, check: Any, start: Any, stop: Any, step: Any, name: Any) -> Any:
    return pandas.RangeIndex(check(range(start, stop, step)), name=name)


def _levels(pandas: Any, check: Any, levels: Any, codes: Any, names: Any) -> Any:
    if len(_are(pandas, levels, list)) > MAX_LEVELS:
        raise ReplyError("an index has too many levels")
    for each in levels:
        _can_be_hashed(check, _are(pandas, each, "an index"))
    for each in _are(pandas, codes, list):
        _are(pandas, each, np.ndarray)
    return pandas.MultiIndex(levels=levels, codes=codes, names=names)


def _categories(pandas: Any, check: Any, known: Any, codes: Any, ordered: Any, name: Any) -> Any:
    _can_be_hashed(check, _are(pandas, known, "an index"))
    codes = _are(pandas, codes, np.ndarray)
    made = pandas.Categorical.from_codes(codes, known, ordered=_are(pandas, ordered, bool))
    return pandas.CategoricalIndex(made, name=name)


def _intervals(pandas: Any, check: Any, left: Any, right: Any, closed: Any, name: Any) -> Any:
    for each in (left, right):
        _are(pandas, each, "an index")
    return pandas.IntervalIndex.from_arrays(left, right, closed=closed, name=name)


def _periods(pandas: Any, check: Any, ordinals: Any, length: Any, name: Any) -> Any:
    if len(_are(pandas, length, str)) > MAX_NAME:
        raise ReplyError("the length of a period is too long")
    ordinals = _are(pandas, ordinals, np.ndarray)
    return pandas.PeriodIndex.from_ordinals(ordinals, freq=length, name=name)


#: What puts values together again, by their tags.
BUILDERS: dict[str, Callable[..., Any]] = {
    "frame": _frame,
    "series": _series,
    "index": _index,
    "range_index": _range_index,
    "levels": _levels,
    "categories": _categories,
    "intervals": _intervals,
    "periods": _periods,
}


def _are(pandas: Any, value: Any, kind: Any) -> Any:
    """Return a part if it is of exactly a type, or an index: objects of others can do anything."""
    fits = issubclass(type(value), pandas.Index) if kind == "an index" else type(value) is kind
    if not fits:
        raise ReplyError("a part is of the wrong type")
    return value


def _can_be_hashed(check: Callable[[list[Any]], Any], index: Any) -> None:
    if index.dtype.kind == "O":  # pandas has numbers hashed in its own way
        check([*index])


def _values(pandas: Any, column: Any) -> tuple[Any, Any]:
    """Return values and their type, if pandas can take both without making them larger."""
    values, name = _are(pandas, column, list)
    _are(pandas, name, str)
    if issubclass(type(values), pandas.Index):
        return values.array, values.dtype
    _are(pandas, values, np.ndarray)
    dtype = pandas.api.types.pandas_dtype(name) if len(name) <= MAX_NAME else np.dtype("U")
    if values.ndim != 1 or getattr(dtype, "kind", "O") in "USV":
        raise ReplyError("a column is of the wrong type")
    return values, dtype
