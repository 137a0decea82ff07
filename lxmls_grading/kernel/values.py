"""Values that travel between judge and student kernel as what they are; other objects, as handles.

A value of a plain type arrives as a value of the same type: ``None``, truth values, numbers, text,
bytes, the containers of Python, arrays, matrices and scalars of NumPy, tensors and parameters of
PyTorch, and frames, series and indexes of pandas. The type must be exactly one of these: an object
of a derived class can do anything, and is a handle.

A message is JSON, in which each value that JSON does not know is a dictionary with one key, its
tag, and safetensors for the numbers in arrays. Neither can carry code. What comes in is not
trusted.
"""

from __future__ import annotations

import base64
import builtins
import datetime
import json
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Container
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import safetensors.numpy

from lxmls_grading.kernel.shared import Content, Sharing, is_mutable
from lxmls_grading.kernel.tables import MAX_ALL_HASHED, Split, split_table
from lxmls_grading.kernel.views import is_array
from lxmls_grading.kernel.wire import MAX_RANGE, ReplyError, check_array, check_sizes

#: Bounds of a message besides its bytes: values in all, depth, characters of a string, and digits
#: before or after the point of a Decimal.
MAX_VALUES, MAX_DEPTH, MAX_STRING, MAX_EXPONENT = 100_000, 40, 500_000, 5000

#: Containers with one list of items, by their tags.
SEQUENCES: dict[str, type] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
}

#: Those of them that hash nothing.
ORDERED = {"list", "tuple", "deque"}

#: Other types whose values consist of plain ones, by their tags: the type, its parts, the types
#: that they must have, and what puts them together.
COMPOSED: dict[str, tuple[type, Callable[[Any], tuple[Any, ...]], tuple[type, ...], Any]] = {
    "Counter": (Counter, lambda value: (dict(value),), (dict,), Counter),
    "OrderedDict": (OrderedDict, lambda value: (dict(value),), (dict,), OrderedDict),
    "Fraction": (Fraction, lambda v: (v.numerator, v.denominator), (int, int), Fraction),
    "date": (datetime.date, lambda v: (v.isoformat(),), (str,), datetime.date.fromisoformat),
    "datetime": (
        datetime.datetime,
        lambda value: (value.isoformat(),),
        (str,),
        datetime.datetime.fromisoformat,
    ),
    "timedelta": (
        datetime.timedelta,
        lambda value: (value.days, value.seconds, value.microseconds),
        (int, int, int),
        datetime.timedelta,
    ),
}

#: What makes the missing values of a defaultdict that is sent as a value.
FACTORIES = {"int", "float", "str", "list", "dict", "set"}

#: Values that are there once, by their tags.
SINGLES = {"...": Ellipsis, "NotImplemented": NotImplemented}

#: What a tensor that came as no leaf of its graph has instead: else a test could let gradients flow
#: back through it, and nobody would notice that they do not arrive.
LEAF = "_leaf_in_its_place"

#: The missing values of pandas.
MISSING = ("NA", "NaT")

#: What safetensors knows.
SENDABLE = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
]


def encode(
    value: Any,
    refer: Callable[[Any], dict[str, Any]],
    held: Container[int] = (),
    sharing: Sharing | None = None,
) -> list[bytes]:
    """Return a value as a message.

    Parameters
    ----------
    value : object
    refer : callable
        Returns what stands for an object that is no plain value: a dictionary with one key.
    held : container of int
        The ids of plain values that are referred to nevertheless.
    sharing : Sharing, optional
        What has numbers of the values that can be changed in place.

    Raises
    ------
    ReplyError
        If the value is too large or too deep.
    """
    encoder = _Encoder(refer, held, sharing)
    try:
        tree = encoder.encode(value, 0)
        arrays = {str(place): array for place, array in enumerate(encoder.arrays)}
        parts = [json.dumps(tree).encode(), safetensors.numpy.save(arrays) if arrays else b""]
    except ReplyError:
        raise
    except Exception as error:  # of a library, for one of its more unusual objects
        raise ReplyError(f"it cannot be sent: {type(error).__name__}: {error}"[:300]) from None
    check_sizes(parts)
    return parts


def known_name(value: Any) -> list[str] | None:
    """Return the module and the name under which a library has a function, class or module.

    Parameters
    ----------
    value : object

    Returns
    -------
    known : list of str, optional
        Without a name for a module; None for any other object.
    """
    kind = type(value)
    if kind.__module__.partition(".")[0] not in ("abc", "builtins", "numpy", "functools", "torch"):
        return None  # its attributes could be anything
    name = getattr(value, "__name__", None)
    if kind is type(sys):
        return [str(name), ""] if sys.modules.get(str(name)) is value else None
    for module in (getattr(value, "__module__", None), kind.__module__):
        if (
            isinstance(module, str)
            and isinstance(name, str)
            and vars(sys.modules.get(module, object)).get(name) is value
        ):
            return [module, name]
    return None


class _Encoder:
    """Takes a value apart: `encode` each that is in it, and `_whole` what is made on the way."""

    def __init__(
        self,
        refer: Callable[[Any], dict[str, Any]],
        held: Container[int],
        sharing: Sharing | None,
    ):
        self.refer, self.held, self.sharing = refer, held, sharing
        self.arrays, self.count, self.hashed = list[Any](), 0, 0

    def encode(self, value: Any, depth: int) -> Any:
        if id(value) in self.held:
            return self.refer(value)
        if type(value) is Content:
            return self._whole(value.value, depth)
        if self.sharing is None or not is_mutable(value):
            return self._whole(value, depth)
        number = self.sharing.known(value)
        if number is not None:
            return {"same": number}
        content = self._whole(value, depth)
        number = None if "handle" in content else self.sharing.new(value)
        return content if number is None else {"shared": [number, content]}

    def _whole(self, value: Any, depth: int) -> Any:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_VALUES:
            raise ReplyError("it is nested too deeply, or holds too many values")
        kind = type(value)
        if value is None or kind in (bool, float):
            return value
        if kind is int:
            return value if abs(value) < 2**63 else {"int": hex(value)}
        if kind is str:
            return self._text(value)
        for tag, single in SINGLES.items():
            if value is single:
                return {"single": tag}
        if kind.__module__.startswith("pandas.") and (missing := missing_name(value)):
            return {"missing": missing}
        if kind is deque and value.maxlen is not None:
            items = [self.encode(item, depth + 1) for item in list(value)]
            return {"bounded": [value.maxlen, items]}
        for tag, sequence in SEQUENCES.items():
            if kind is sequence:
                return {tag: [self.encode(item, depth + 1) for item in list(value)]}
        if kind is dict:
            items = list(value.items())
            return {
                "dict": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in items]
            }
        if kind in (bytes, bytearray):
            return {kind.__name__: base64.b64encode(value).decode()}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind is range and range_length(value) > MAX_RANGE:
            return self.refer(value)
        if kind in (range, slice):
            parts = [value.start, value.stop, value.step]
            return {kind.__name__: [self.encode(part, depth + 1) for part in parts]}
        if is_array(value) or issubclass(kind, np.generic):
            return self._array(value, depth)
        return (
            self._of_standard_library(value, kind, depth)
            or self._of_library(value, kind, depth)
            or self.refer(value)
        )

    def _of_standard_library(self, value: Any, kind: type, depth: int) -> Any:
        """Encode a value of another class of Python's library; return None for anything else."""
        for tag, (known, split, _, _) in COMPOSED.items():
            if kind is known and getattr(value, "tzinfo", None) is None:
                return {tag: [self._whole(part, depth + 1) for part in split(value)]}
        if kind is defaultdict:
            factory = value.default_factory
            name = "" if factory is None else getattr(factory, "__name__", "?")
            if factory is None or (name in FACTORIES and getattr(builtins, name) is factory):
                return {"defaultdict": [name, self._whole(dict(value), depth + 1)]}
        if kind is Decimal and (not value.is_finite() or abs(value.adjusted()) <= MAX_EXPONENT):
            return {"Decimal": str(value)}
        return None

    def _text(self, value: str) -> Any:
        if len(value) > MAX_STRING:
            raise ReplyError(f"it holds a text of {len(value)} characters")
        return value

    def _array(self, value: Any, depth: int) -> Any:
        """Encode an array or a scalar of NumPy."""
        tag = "scalar"
        if is_array(value):
            tag = "matrix" if type(value) is np.matrix else "array"
        array = np.asarray(value)
        dtype = array.dtype
        if dtype.names or (tag == "scalar" and type(value) is not dtype.type):
            return self.refer(value)
        if tag == "matrix" and array.ndim != 2:  # as `matrix[None]`
            return self.refer(value)
        check_array(array.shape, dtype.itemsize)
        about: dict[str, Any] = {"dtype": dtype.str}
        if tag != "scalar" and not array.flags.writeable:
            about["fixed"] = True
        if dtype.kind in "OUSMm":
            if dtype.kind in "Mm":
                content = {"list": array.ravel().astype("int64").tolist()}
            else:
                content = self._whole(array.ravel().tolist(), depth + 1)
            return {tag: {**about, "shape": list(array.shape), "items": content}}
        if dtype.kind == "c":
            parts = [self._numbers(part.astype(np.float64)) for part in (array.real, array.imag)]
            return {tag: {**about, "parts": parts}}
        if dtype.kind == "f" and dtype.itemsize > 8:  # as a number and what that leaves
            near = array.astype(np.float64)
            rest = (array - near).astype(np.float64)
            if np.isfinite(near).all() and (near + rest.astype(dtype) == array).all():
                return {tag: {**about, "parts": [self._numbers(near), self._numbers(rest)]}}
        if dtype.name not in SENDABLE:
            return self.refer(value)
        return {tag: {**about, "parts": [self._numbers(array)]}}

    def _numbers(self, array: Any) -> int:
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        self.arrays.append(np.ascontiguousarray(native).reshape(array.shape))
        return len(self.arrays) - 1

    def _of_library(self, value: Any, kind: type, depth: int) -> Any:
        """Encode a tensor, frame, series or index; return None for anything else."""
        torch = sys.modules.get("torch")
        is_tensor = torch is not None and kind in (torch.Tensor, torch.nn.Parameter)
        if torch is not None and is_tensor and value.layout is torch.strided:
            array = value.detach().cpu().resolve_conj().resolve_neg()
            dtype = str(array.dtype).removeprefix("torch.")
            array = array.float() if dtype == "bfloat16" else array
            is_complex = array.is_complex()
            parts = [array.real, array.imag] if is_complex else [array]
            if all(part.numpy().dtype.name in SENDABLE for part in parts):
                numbers = [self._numbers(part.contiguous().numpy()) for part in parts]
                content = {"dtype": dtype, "numbers": numbers, "leaf": bool(value.is_leaf)}
                content["requires_grad"] = bool(value.requires_grad)
                leaf = value if value.is_leaf else vars(value).get(LEAF)
                gradient = None if leaf is None else leaf.grad
                content["grad"] = self._whole(gradient, depth + 1)
                content["parameter"] = kind is torch.nn.Parameter
                return {"tensor": content}
        if torch is not None and kind in (torch.dtype, torch.device, torch.Size):
            if kind is torch.Size:
                return {"torch": ["Size", list(value)]}
            return {"torch": [kind.__name__, str(value).removeprefix("torch.")]}
        split = value if kind is Split else split_table(value)
        if split is not None:
            self.hashed += split.hashed
            if self.hashed > MAX_ALL_HASHED:
                raise ReplyError("it has too many categories or labels")
            return {split.tag: [self._whole(part, depth + 1) for part in split.parts]}
        return None


def missing_name(value: Any) -> str:
    """Return the name of a missing value of pandas, or nothing."""
    pandas = sys.modules.get("pandas")
    return next((name for name in MISSING if value is getattr(pandas, name, None)), "")


def range_length(value: range) -> int:
    """Return the length of a range; ``len`` refuses the longest."""
    return max(0, (value.stop - value.start) // value.step)
