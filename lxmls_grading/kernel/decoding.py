"""Puts values together again that :mod:`~lxmls_grading.kernel.values` has taken apart.

What comes in is not trusted. Each value is of exactly the type that it has to be, and each counts:
by its number, its depth, the bytes of its arrays as often as they are named, and the steps that a
test takes to go over it. An object of the student has no part in it.
"""

from __future__ import annotations

import base64
import builtins
import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from lxmls_grading.kernel.tables import (
    BUILDERS,
    MAX_ALL_HASHED,
    build_table,
    labels_to_hash,
)
from lxmls_grading.kernel.values import (
    COMPOSED,
    FACTORIES,
    LEAF,
    MAX_DEPTH,
    MAX_EXPONENT,
    MAX_STRING,
    MAX_VALUES,
    MISSING,
    ORDERED,
    SENDABLE,
    SEQUENCES,
    SINGLES,
    range_length,
)
from lxmls_grading.kernel.wire import (
    MAX_RANGE,
    ReplyError,
    Room,
    check_array,
    check_sizes,
    load_arrays,
)

#: Most pairs of keys in a message that hash alike: a dictionary compares each with each, ordered
#: ones several times, and to compare those that stand for objects of the student takes Python code.
MAX_ALIKE = 100_000


def decode(parts: list[bytes], resolve: Callable[[str, Any], Any]) -> Any:
    """Return the value in a message.

    Parameters
    ----------
    parts : list of bytes
    resolve : callable
        Returns the object for the tag and the content of what stands for an object there. It raises
        KeyError for an unknown tag.

    Raises
    ------
    ReplyError
        If the message is malformed or too large.
    """
    if len(parts) != 2:
        raise ReplyError(f"a message has two parts, not {len(parts)}")
    check_sizes(parts)
    # A hostile message can make a parser raise anything; RecursionError is a RuntimeError.
    try:
        tree = json.loads(parts[0])
        arrays = load_arrays(parts[1])
        return _Decoder(arrays, resolve).decode(tree, 0)
    except ReplyError:
        raise
    except Exception as error:
        raise ReplyError(f"{type(error).__name__}: {str(error)[:200]}") from None


class _Decoder:
    """Puts a value together again, within bounds."""

    def __init__(self, arrays: dict[str, Any], resolve: Callable[[str, Any], Any]):
        self.arrays, self.resolve, self.room = arrays, resolve, Room()
        self.count = self.hashed = self.alike = 0

    def decode(self, tree: Any, depth: int) -> Any:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_VALUES:
            raise ReplyError("too deep, or too many values")
        if tree is None or type(tree) in (bool, int, float):
            return tree
        if type(tree) is str:
            if len(tree) > MAX_STRING:
                raise ReplyError("a text is too long")
            return tree
        if type(tree) is not dict or len(tree) != 1:
            raise ReplyError(f"unexpected {type(tree).__name__}")
        ((tag, content),) = tree.items()
        if tag in SEQUENCES:
            items = self._items(content, depth)
            return SEQUENCES[tag](items if tag in ORDERED else self._distinct(items))
        if tag in COMPOSED:
            _, _, types, build = COMPOSED[tag]
            return build(*_typed(self._items(content, depth), types))
        if tag in BUILDERS:
            parts = self._items(content, depth)
            self.hashed += labels_to_hash(tag, parts)
            if self.hashed > MAX_ALL_HASHED:
                raise ReplyError("there are too many categories or labels")
            return build_table(tag, parts)
        decoder = getattr(self, f"_{tag}", None) if tag in TAGS else None
        return decoder(content, depth) if decoder else self.resolve(tag, content)

    def _items(self, content: Any, depth: int) -> list[Any]:
        if type(content) is not list:
            raise ReplyError("a list is missing")
        return [self.decode(item, depth + 1) for item in content]

    def _dict(self, content: Any, depth: int) -> Any:
        keys = self._distinct([self.decode(key, depth + 1) for key, _ in content])
        return dict(zip(keys, (self.decode(value, depth + 1) for _, value in content), strict=True))

    def _distinct(self, keys: list[Any]) -> list[Any]:
        """Return keys, or values of a set, if not too many in the message have the same hash."""
        hashes = [hash(key) for key in keys]
        if len(set(hashes)) < len(hashes):
            self.alike += sum(n * (n - 1) // 2 for n in Counter(hashes).values())
        if self.alike > MAX_ALIKE:
            raise ReplyError("too many keys hash alike")
        return keys

    def _defaultdict(self, content: Any, depth: int) -> Any:
        name, items = content
        (items,) = _typed([self.decode(items, depth + 1)], (dict,))
        if name and name not in FACTORIES:
            raise ReplyError("no such factory")
        return defaultdict(getattr(builtins, name) if name else None, items)

    def _bounded(self, content: Any, depth: int) -> Any:
        longest, items = content
        (longest,) = _typed([longest], (int,))
        return deque(self._items(items, depth), longest)

    def _Decimal(self, content: Any, depth: int) -> Any:
        (text,) = _typed([content], (str,))
        value = Decimal(text)
        if value.is_finite() and abs(value.adjusted()) > MAX_EXPONENT:
            raise ReplyError("a number is too large")
        return value

    def _int(self, content: Any, depth: int) -> Any:
        (text,) = _typed([content], (str,))
        return int(text, 16)

    def _shared(self, content: Any, depth: int) -> Any:
        number, tree = content
        (number,) = _typed([number], (int,))
        return self.resolve("shared", (number, self.decode(tree, depth)))

    def _missing(self, content: Any, depth: int) -> Any:
        import pandas

        if content not in MISSING:
            raise ReplyError("there is no such missing value")
        return getattr(pandas, content)

    def _single(self, content: Any, depth: int) -> Any:
        return SINGLES[content]

    def _bytes(self, content: Any, depth: int) -> Any:
        return base64.b64decode(content)

    def _bytearray(self, content: Any, depth: int) -> Any:
        return bytearray(base64.b64decode(content))

    def _complex(self, content: Any, depth: int) -> Any:
        return complex(*_typed(content, (float, float)))

    def _range(self, content: Any, depth: int) -> Any:
        return _short(range(*_typed(self._items(content, depth), (int, int, int))))

    def _slice(self, content: Any, depth: int) -> Any:
        return slice(*self._items(content, depth))

    def _array(self, content: Any, depth: int) -> Any:
        array = self._filled(content, depth)
        if "fixed" in content:
            array.flags.writeable = False
        return array

    def _matrix(self, content: Any, depth: int) -> Any:
        array = self._array(content, depth)
        if array.ndim != 2:
            raise ReplyError("a matrix has not two dimensions")
        return array.view(np.matrix)

    def _filled(self, content: Any, depth: int) -> Any:
        dtype = np.dtype(*_typed([content["dtype"]], (str,)))
        if "items" in content:
            items, shape = self.decode(content["items"], depth + 1), tuple(content["shape"])
            self.room.take(len(items), len(items) * dtype.itemsize)
            check_array(shape, dtype.itemsize)
            wanted = {"O": object, "U": str, "S": bytes, "M": int, "m": int}.get(dtype.kind)
            if wanted is None or dtype.names:
                raise ReplyError("an array has numbers in the wrong place")
            if wanted is not object:
                _typed(items, (wanted,) * len(items))
            if wanted is int:
                return np.array(items, dtype="int64").astype(dtype).reshape(shape)
            array = np.empty(len(items), dtype)
            for place, item in enumerate(items):  # an item of type object may be a list
                array[place] = item
            return array.reshape(shape)
        parts = [self._part(part) for part in content["parts"]]
        if dtype.kind == "c" and {part.shape for part in parts} == {parts[0].shape}:
            array = np.empty(parts[0].shape, dtype)
            array.real, array.imag = parts  # a sum would lose numbers beside what is not finite
            return array
        if dtype == np.longdouble and len(parts) == 2 and parts[0].shape == parts[1].shape:
            return np.asarray(parts[0].astype(dtype) + parts[1])
        if dtype.name not in SENDABLE or parts[0].dtype.name != dtype.name:
            raise ReplyError("an array is of another type than it is called")
        return parts[0].astype(dtype, copy=False)

    def _part(self, place: Any) -> Any:
        """Return one of the arrays of the message, each as often as it is named."""
        array = self.arrays[str(*_typed([place], (int,)))]
        self.room.take(array.size, array.nbytes)
        return array

    def _scalar(self, content: Any, depth: int) -> Any:
        array = self._array(content, depth)
        if array.shape != ():
            raise ReplyError("a number is an array")
        return array[()]

    def _tensor(self, content: Any, depth: int) -> Any:
        import torch

        places = content["numbers"]
        if type(places) is not list or len(places) not in (1, 2):
            raise ReplyError("a tensor has no numbers")
        parts = [torch.from_numpy(self._part(place).copy()) for place in places]
        if len({part.shape for part in parts}) > 1:
            raise ReplyError("the parts of a tensor are of different shapes")
        found = parts[0] if len(parts) == 1 else torch.complex(*parts)
        found = found.to(self._torch(["dtype", content["dtype"]], depth))
        if content.get("parameter"):
            found = torch.nn.Parameter(found, requires_grad=False)
        if content["requires_grad"]:
            found.requires_grad_()
            found.grad = self.decode(content["grad"], depth + 1)
            if not content["leaf"]:
                leaf, found = found, found.clone()
                setattr(found, LEAF, leaf)
        return found

    def _torch(self, content: Any, depth: int) -> Any:
        import torch

        kind, value = content
        if kind == "Size":
            return torch.Size(_typed(value, (int,) * len(value)))
        if kind == "device":
            return torch.device(value)
        found = vars(torch).get(value)  # getattr() imports what has such a name
        if kind != "dtype" or type(found) is not torch.dtype:
            raise ReplyError("there is no such dtype")
        return found


def _typed(values: Any, types: Iterable[type]) -> Any:
    """Return values if they are of exactly these types; objects of others can do anything."""
    if type(values) is not list or [type(value) for value in values] != list(types):
        raise ReplyError("a part is of the wrong type")
    return values


def _short(value: range) -> range:
    """Return a range if it is not so long that a test would take for ever over it."""
    if range_length(value) > MAX_RANGE:
        raise ReplyError("a range is too long")
    return value


#: The tags that a decoder knows itself.
TAGS = frozenset(
    [
        "dict",
        "defaultdict",
        "bounded",
        "Decimal",
        "int",
        "shared",
        "missing",
        "single",
        "bytes",
        "bytearray",
        "complex",
        "range",
        "slice",
        "array",
        "matrix",
        "scalar",
        "tensor",
        "torch",
    ]
)
