"""Values that travel between judge and student kernel as what they are; other objects, as handles.

A value of a plain type arrives as a value of the same type: ``None``, truth values, numbers, text,
bytes, the containers of Python, arrays and scalars of NumPy, tensors of PyTorch, and frames, series
and indexes of pandas. The type must be exactly one of these: an object of a derived class can do
anything, and is a handle.

A message is JSON, in which each value that JSON does not know is a dictionary with one key, its
tag, and safetensors for the numbers in arrays. Neither can carry code. What comes in is not
trusted.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors.numpy

from lxmls_grading.kernel.wire import ReplyError, check_sizes

#: Bounds of a message besides its bytes: values in all, depth, characters of a string.
MAX_VALUES, MAX_DEPTH, MAX_STRING = 100_000, 40, 500_000

#: Containers with one list of items, by their tags.
SEQUENCES: dict[str, type] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
}

#: Values that are there once, by their tags.
SINGLES = {"...": Ellipsis, "NotImplemented": NotImplemented}

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


def encode(value: Any, refer: Callable[[Any], dict[str, Any]]) -> list[bytes]:
    """Return a value as a message.

    Parameters
    ----------
    value : object
    refer : callable
        Returns what stands for an object that is no plain value: a dictionary with one key.

    Raises
    ------
    ReplyError
        If the value is too large or too deep.
    """
    encoder = _Encoder(refer)
    tree = encoder.encode(value, 0)
    arrays = {str(place): array for place, array in enumerate(encoder.arrays)}
    parts = [json.dumps(tree).encode(), safetensors.numpy.save(arrays) if arrays else b""]
    check_sizes(parts)
    return parts


def decode(parts: list[bytes], resolve: Callable[[str, Any], Any]) -> Any:
    """Return the value in a message.

    Parameters
    ----------
    parts : list of bytes
    resolve : callable
        Returns the object for the tag and the content of what :func:`encode` called `refer` for.
        It raises KeyError for an unknown tag.

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
        arrays = safetensors.numpy.load(bytes(parts[1])) if parts[1] else {}
        return _Decoder(arrays, resolve).decode(tree, 0)
    except ReplyError:
        raise
    except Exception as error:
        raise ReplyError(f"{type(error).__name__}: {str(error)[:200]}") from None


class _Encoder:
    def __init__(self, refer: Callable[[Any], dict[str, Any]]):
        self.refer, self.arrays, self.count = refer, list[Any](), 0

    def encode(self, value: Any, depth: int) -> Any:
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
        if kind in (range, slice):
            parts = [value.start, value.stop, value.step]
            return {kind.__name__: [self.encode(part, depth + 1) for part in parts]}
        if kind is np.ndarray or isinstance(value, np.generic):
            return self._array(value, depth)
        return self._of_library(value, kind, depth) or self.refer(value)

    def _text(self, value: str) -> Any:
        if len(value) > MAX_STRING:
            raise ReplyError(f"it holds a text of {len(value)} characters")
        return value

    def _array(self, value: Any, depth: int) -> Any:
        """Encode an array or a scalar of NumPy."""
        tag = "array" if type(value) is np.ndarray else "scalar"
        array = np.asarray(value)
        dtype = array.dtype
        if dtype.names or type(value) not in (np.ndarray, dtype.type):
            return self.refer(value)
        if dtype.kind in "OUSMm":
            if dtype.kind in "Mm":
                content = {"list": array.ravel().astype("int64").tolist()}
            else:
                content = self.encode(array.ravel().tolist(), depth + 1)
            return {tag: {"dtype": dtype.str, "shape": list(array.shape), "items": content}}
        if dtype.kind == "c":
            parts = [self._numbers(part.astype(np.float64)) for part in (array.real, array.imag)]
            return {tag: {"dtype": dtype.str, "parts": parts}}
        if dtype.name not in SENDABLE:
            return self.refer(value)
        return {tag: {"dtype": dtype.str, "parts": [self._numbers(array)]}}

    def _numbers(self, array: Any) -> int:
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        self.arrays.append(np.ascontiguousarray(native).reshape(array.shape))
        return len(self.arrays) - 1

    def _of_library(self, value: Any, kind: type, depth: int) -> Any:
        """Encode a tensor, frame, series or index; return None for anything else."""
        torch, pandas = sys.modules.get("torch"), sys.modules.get("pandas")
        if torch is not None and kind is torch.Tensor and value.layout is torch.strided:
            array = value.detach().cpu()
            dtype = str(array.dtype).removeprefix("torch.")
            array = array.float() if dtype == "bfloat16" else array
            if array.numpy().dtype.name in SENDABLE:
                content = {"dtype": dtype, "number": self._numbers(array.numpy())}
                content["requires_grad"] = bool(value.requires_grad)
                gradient = value.grad if value.is_leaf else None
                content["grad"] = self.encode(gradient, depth + 1)
                return {"tensor": content}
        if torch is not None and kind in (torch.dtype, torch.device, torch.Size):
            if kind is torch.Size:
                return {"torch": ["Size", list(value)]}
            return {"torch": [kind.__name__, str(value).removeprefix("torch.")]}
        if pandas is not None and kind is pandas.DataFrame:
            columns = [self.encode(value.iloc[:, n], depth + 1) for n in range(value.shape[1])]
            labels = [self.encode(each, depth + 1) for each in (value.columns, value.index)]
            return {"frame": {"columns": columns, "labels": labels}}
        if pandas is not None and kind is pandas.Series:
            series = (value.to_numpy(), str(value.dtype), value.index, value.name)
            return {"series": [self.encode(part, depth + 1) for part in series]}
        if pandas is not None and kind in (pandas.Index, pandas.RangeIndex, pandas.DatetimeIndex):
            index = (value.to_numpy(), str(value.dtype), value.name)
            steps = [value.start, value.stop, value.step] if kind is pandas.RangeIndex else []
            return {"index": [*(self.encode(part, depth + 1) for part in index), steps]}
        return None


class _Decoder:
    """Puts a value together again, within bounds."""

    def __init__(self, arrays: dict[str, Any], resolve: Callable[[str, Any], Any]):
        self.arrays, self.resolve, self.count = arrays, resolve, 0

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
            return SEQUENCES[tag](self._items(content, depth))
        decoder = getattr(self, f"_{tag}", None) if tag in TAGS else None
        return decoder(content, depth) if decoder else self.resolve(tag, content)

    def _items(self, content: Any, depth: int) -> list[Any]:
        if type(content) is not list:
            raise ReplyError("a list is missing")
        return [self.decode(item, depth + 1) for item in content]

    def _dict(self, content: Any, depth: int) -> Any:
        found = {}
        for key, value in content:
            found[self.decode(key, depth + 1)] = self.decode(value, depth + 1)
        return found

    def _int(self, content: Any, depth: int) -> Any:
        return int(content, 16)

    def _single(self, content: Any, depth: int) -> Any:
        return SINGLES[content]

    def _bytes(self, content: Any, depth: int) -> Any:
        return base64.b64decode(content)

    def _bytearray(self, content: Any, depth: int) -> Any:
        return bytearray(base64.b64decode(content))

    def _complex(self, content: Any, depth: int) -> Any:
        return complex(*content)

    def _range(self, content: Any, depth: int) -> Any:
        return range(*self._items(content, depth))

    def _slice(self, content: Any, depth: int) -> Any:
        return slice(*self._items(content, depth))

    def _array(self, content: Any, depth: int) -> Any:
        dtype = np.dtype(content["dtype"])
        if "items" in content:
            items, shape = self.decode(content["items"], depth + 1), tuple(content["shape"])
            if dtype.kind in "Mm":
                return np.array(items, dtype="int64").astype(dtype).reshape(shape)
            if dtype.kind not in "OUS":
                raise ReplyError("an array has numbers in the wrong place")
            array = np.empty(len(items), dtype)
            for place, item in enumerate(items):  # an item of type object may be a list
                array[place] = item
            return array.reshape(shape)
        parts = [self.arrays[str(int(part))] for part in content["parts"]]
        if dtype.kind == "c":
            return (parts[0] + 1j * parts[1]).astype(dtype)
        if dtype.name not in SENDABLE or parts[0].dtype.name != dtype.name:
            raise ReplyError("an array is of another type than it is called")
        return parts[0].astype(dtype, copy=False)

    def _scalar(self, content: Any, depth: int) -> Any:
        return self._array(content, depth)[()]

    def _tensor(self, content: Any, depth: int) -> Any:
        import torch

        found = torch.from_numpy(self.arrays[str(int(content["number"]))].copy())
        found = found.to(getattr(torch, content["dtype"]))
        if content["requires_grad"]:
            found.requires_grad_()
            found.grad = self.decode(content["grad"], depth + 1)
        return found

    def _torch(self, content: Any, depth: int) -> Any:
        import torch

        kind, value = content
        if kind == "Size":
            return torch.Size(value)
        if kind == "device":
            return torch.device(value)
        found = getattr(torch, value)
        if kind != "dtype" or type(found) is not torch.dtype:
            raise ReplyError("there is no such dtype")
        return found

    def _frame(self, content: Any, depth: int) -> Any:
        import pandas

        columns = [self.decode(each, depth + 1) for each in content["columns"]]
        labels, index = (self.decode(each, depth + 1) for each in content["labels"])
        frame = pandas.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = labels
        return frame

    def _series(self, content: Any, depth: int) -> Any:
        import pandas

        values, dtype, index, name = (self.decode(each, depth + 1) for each in content)
        return pandas.Series(values, dtype=dtype, index=index, name=name)

    def _index(self, content: Any, depth: int) -> Any:
        import pandas

        values, dtype, name = (self.decode(each, depth + 1) for each in content[:3])
        if content[3]:
            return pandas.RangeIndex(*content[3], name=name)
        return pandas.Index(values, dtype=dtype, name=name)


#: The tags that a decoder knows itself.
TAGS = frozenset(
    [
        "dict",
        "int",
        "single",
        "bytes",
        "bytearray",
        "complex",
        "range",
        "slice",
        "array",
        "scalar",
        "tensor",
        "torch",
        "frame",
        "series",
        "index",
    ]
)
