"""Frames, series and indexes of pandas: taken apart for a message, and put together again.

One that holds what no message can carry, such as tuples as categories, is not taken apart: it stays
an object of the student as a whole.
"""

from __future__ import annotations

import datetime
import re
import sys
from builtins import all, any, sum  # a student's code can replace those of the module
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lxmls_grading.kernel.shared import Content
from lxmls_grading.kernel.wire import MAX_RANGE, ReplyError

#: Longest name of a type, and of the length of periods; and most levels of an index.
MAX_NAME, MAX_LEVELS = 100, 20

#: The names of types. Those of other time zones can be those of files, which pandas would open.
NAMED = re.compile(
    r"[A-Za-z]+\d*|(datetime|timedelta)64\[\w+\]|\w+\[pyarrow\]|Sparse\[\w+, [\w.+-]+\]"
    r"|datetime64\[\w+, (UTC([+-]\d\d:\d\d)?|[A-Z]\w*(/[A-Z][\w+-]*){0,2})\]"
)

#: Most labels that pandas hashes when it makes one value, and all values of a message. Its hashes
#: can be foreseen: it takes as long as the square of their number over those that are alike.
MAX_HASHED, MAX_ALL_HASHED = 5000, 50_000

#: Types of such labels that are no numbers of NumPy: to compare others can take long.
HASHED = (str, int, float, bool, type(None), datetime.date, datetime.datetime)

#: The classes of indexes that have their values in one array.
PLAIN = ("Index", "DatetimeIndex", "TimedeltaIndex")

#: The classes of those that a column can have in the place of an array.
COLUMNS = ("CategoricalIndex", "IntervalIndex", "PeriodIndex")


#: The classes of what a column has its values in.
ARRAYS = frozenset(
    {
        *("Categorical", "IntervalArray", "PeriodArray", "DatetimeArray", "TimedeltaArray"),
        *("IntegerArray", "FloatingArray", "BooleanArray", "StringArray", "NumpyExtensionArray"),
    }
)


class Split(NamedTuple):
    """A value of pandas that was taken apart.

    Attributes
    ----------
    tag : str
        One of :data:`BUILDERS`.
    parts : list
        Lists, arrays, plain values and other values of pandas that were taken apart.
    hashed : int
        How many labels pandas hashes when it puts the value together.
    """

    tag: str
    parts: list[Any]
    hashed: int = 0


def split_table(value: Any) -> Split | None:
    """Return a value of pandas, taken apart; None for all else, and for what cannot be sent."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    kind = type(value)
    if kind is pandas.DataFrame:
        columns = [_column(value.iloc[:, place]) for place in range(value.shape[1])]
        labels = [split_table(value.columns), split_table(value.index)]
        return _whole("frame", [_list(columns), *labels], [*columns, *labels])
    if kind is pandas.Series:
        column, index = _column(value), split_table(value.index)
        return _whole("series", [column, index, value.name], [column, index])
    name = kind.__name__
    if name in ARRAYS and kind is getattr(pandas.arrays, name, getattr(pandas, name, None)):
        column = _column(pandas.Series(value, copy=False))
        return _whole("values", [column], [column])
    if kind is not getattr(pandas, name, None):
        return None
    if name == "RangeIndex" and len(value) <= MAX_RANGE:
        return Split("range_index", [range(value.start, value.stop, value.step), value.name])
    if name == "MultiIndex" and _can_be_hashed(pandas, [*value.levels]):
        levels = [*map(split_table, value.levels)]
        places = _list(map(np.asarray, value.codes))
        count = sum(map(len, value.levels))
        return _whole("levels", [_list(levels), places, [*value.names]], levels, count)
    if name == "CategoricalIndex" and _can_be_hashed(pandas, [value.categories]):
        known = split_table(value.categories)
        codes, ordered = np.asarray(value.codes), bool(value.ordered)
        parts = [known, codes, ordered, value.name]
        return _whole("categories", parts, [known], len(value.categories))
    if name == "IntervalIndex":
        bounds = [split_table(_without_range(pandas, each)) for each in (value.left, value.right)]
        return _whole("intervals", [*bounds, value.closed, value.name], bounds)
    if name == "PeriodIndex":
        return Split("periods", [np.asarray(value.asi8), value.freqstr, value.name])
    if name in PLAIN:
        column = _column(value)
        return _whole("index", [column, value.name], [column])
    return None


def _whole(tag: str, parts: list[Any], needed: list[Any], hashed: int = 0) -> Split | None:
    return Split(tag, parts, hashed) if all(each is not None for each in needed) else None


def _without_range(pandas: Any, index: Any) -> Any:
    """Return an index, as one with an array if it is a range."""
    return pandas.Index(index.to_numpy()) if type(index) is pandas.RangeIndex else index


def _list(values: Any) -> list[Any]:
    """Return a list of values that get no numbers of their own: they are made on the way."""
    return [Content(each) for each in values]


def _column(value: Any) -> list[Any] | None:
    """Return the values of a series or an index, as an array or an index, and their type.

    Where numbers are missing, it is told where.
    """
    pandas = sys.modules["pandas"]
    dtype = value.dtype
    if _is_of_index(pandas, dtype):
        index = split_table(pandas.Index(value.array))
        return None if index is None else [index, ""]
    if isinstance(dtype, _masked(pandas)) and value.isna().any():
        array = value.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return [Content(array), str(dtype), Content(np.asarray(value.isna()))]
    if isinstance(dtype, pandas.DatetimeTZDtype):
        if not NAMED.fullmatch(str(dtype)) or pandas.api.types.pandas_dtype(str(dtype)) != dtype:
            return None
        array = pandas.DatetimeIndex(value).tz_convert("UTC").tz_localize(None).to_numpy()
        return [Content(array), str(dtype)]
    array = value.to_numpy()
    kind = array.dtype.kind  # with a missing value, integers become inexact
    told = isinstance(dtype, np.dtype) or (kind in "biuf" and kind == dtype.kind)
    told = told or type(dtype) is pandas.StringDtype
    return [Content(array), str(dtype)] if told and NAMED.fullmatch(str(dtype)) else None


# --- and together again ---------------------------------------------------------------------------


def build_table(tag: str, parts: list[Any]) -> Any:
    """Return a value of pandas that was taken apart.

    Parameters
    ----------
    tag : str
        One of :data:`BUILDERS`.
    parts : list
        What a message says they are, decoded: of plain types, but not always of the right ones.

    Returns
    -------
    value : DataFrame, Series or Index

    Raises
    ------
    ReplyError
        If they do not fit together.
    """
    import pandas

    return BUILDERS[tag](pandas, *parts)


def labels_to_hash(tag: str, parts: list[Any]) -> int:
    """Return how many labels pandas hashes when it puts a value together.

    Parameters
    ----------
    tag : str
    parts : list
        As for `build_table`.
    """
    if tag == "levels":
        return sum(map(len, parts[0]))
    return len(parts[0]) if tag == "categories" else 0


def _frame(pandas: Any, columns: Any, labels: Any, index: Any) -> Any:
    _are(pandas, columns, list)
    _are(pandas, labels, "an index")
    made = (_series(pandas, column, index, None) for column in columns)
    frame = pandas.DataFrame(dict(enumerate(made)), index=index)
    frame.columns = labels
    return frame


def _series(pandas: Any, column: Any, index: Any, name: Any) -> Any:
    values, dtype = _values(pandas, column, COLUMNS)
    _are(pandas, index, "an index")
    if len(values) != len(index):
        raise ReplyError("a column is longer than another")
    return pandas.Series(values, dtype=dtype, index=index, name=name)


def _index(pandas: Any, column: Any, name: Any) -> Any:
    values, dtype = _values(pandas, column, ())
    return pandas.Index(values, dtype=dtype, name=name)


def _array(pandas: Any, column: Any) -> Any:
    values, dtype = _values(pandas, column, COLUMNS)
    return pandas.Series(values, dtype=dtype).array


def _range_index(pandas: Any, steps: Any, name: Any) -> Any:
    return pandas.RangeIndex(_are(pandas, steps, range), name=name)


def _levels(pandas: Any, levels: Any, codes: Any, names: Any) -> Any:
    for each in _are(pandas, levels, list):
        _are(pandas, each, "an index")
    for each in _are(pandas, codes, list):
        _are(pandas, each, np.ndarray)
    if not _can_be_hashed(pandas, levels):
        raise ReplyError("an index has too many levels, or labels that cannot be hashed")
    return pandas.MultiIndex(levels=levels, codes=codes, names=names)


def _categories(pandas: Any, known: Any, codes: Any, ordered: Any, name: Any) -> Any:
    if not _can_be_hashed(pandas, [_are(pandas, known, "an index")]):
        raise ReplyError("there are too many categories, or such that cannot be hashed")
    codes = _are(pandas, codes, np.ndarray)
    made = pandas.Categorical.from_codes(codes, known, ordered=_are(pandas, ordered, bool))
    return pandas.CategoricalIndex(made, name=name)


def _intervals(pandas: Any, left: Any, right: Any, closed: Any, name: Any) -> Any:
    for each in (left, right):
        if type(_are(pandas, each, "an index")).__name__ not in PLAIN:
            raise ReplyError("bounds of intervals are of the wrong type")
    return pandas.IntervalIndex.from_arrays(left, right, closed=closed, name=name)


def _periods(pandas: Any, ordinals: Any, length: Any, name: Any) -> Any:
    if len(_are(pandas, length, str)) > MAX_NAME:
        raise ReplyError("the length of a period is too long")
    ordinals = _are(pandas, ordinals, np.ndarray)
    return pandas.PeriodIndex.from_ordinals(ordinals, freq=length, name=name)


#: What puts values together again, by their tags.
BUILDERS: dict[str, Callable[..., Any]] = {
    "frame": _frame,
    "series": _series,
    "index": _index,
    "values": _array,
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


def _can_be_hashed(pandas: Any, indexes: list[Any]) -> bool:
    """Whether indexes are few and short enough, and pandas does not take long over their labels."""
    if len(indexes) > MAX_LEVELS or sum(map(len, indexes)) > MAX_HASHED:
        return False
    return all(_has_plain_labels(pandas, each) for each in indexes)


def _has_plain_labels(pandas: Any, index: Any) -> bool:
    kind = type(index)
    if kind in (pandas.MultiIndex, pandas.CategoricalIndex):
        return False
    dtype = index.dtype
    if kind is pandas.Index and dtype.kind == "O":
        return all(any(type(label) is each for each in HASHED) for label in index)
    return True


def _values(pandas: Any, column: Any, indexes: tuple[str, ...]) -> tuple[Any, Any]:
    """Return values and their type, if pandas can take both without making them larger.

    It is told which classes of indexes can stand for an array.
    """
    values, name, *missing = _are(pandas, column, list)
    _are(pandas, name, str)
    if issubclass(type(values), pandas.Index) and type(values).__name__ in indexes:
        return values.array, values.dtype
    _are(pandas, values, np.ndarray)
    known = len(name) <= MAX_NAME and NAMED.fullmatch(name)
    dtype = pandas.api.types.pandas_dtype(name) if known else np.dtype("U")
    kind = values.dtype.kind
    fits = kind == dtype.kind and kind not in "USV"  # to make texts of numbers takes long
    if values.ndim != 1 or not fits or _is_of_index(pandas, dtype):
        raise ReplyError("a column is of the wrong type")
    if isinstance(dtype, pandas.DatetimeTZDtype):
        if values.dtype != np.dtype(f"M8[{dtype.unit}]"):
            raise ReplyError("times are in another unit than they are called")
        return pandas.DatetimeIndex(values).tz_localize("UTC").tz_convert(dtype.tz).array, dtype
    if missing:
        (places,) = missing
        if not isinstance(dtype, _masked(pandas)) or _are(pandas, places, np.ndarray).dtype != bool:
            raise ReplyError("a column is of the wrong type")
        values = pandas.array(values, dtype=dtype)
        values[places] = pandas.NA
    return values, dtype


def _masked(pandas: Any) -> Any:
    """Return the class of the types of numbers and truth values that can be missing."""
    return pandas.core.dtypes.dtypes.BaseMaskedDtype


def _is_of_index(pandas: Any, dtype: Any) -> bool:
    """Whether values of a type are sent as an index; to make those of others takes long."""
    return isinstance(dtype, pandas.CategoricalDtype | pandas.IntervalDtype | pandas.PeriodDtype)
