"""Messages between judge and student kernel: plain data as JSON, arrays as safetensors.

Neither format can carry code. A message that comes in is not trusted: its size, depth and number of
parts are bounded, and anything unexpected in it is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

#: Bounds of a message: bytes of its two parts, values in all, depth, characters of a string.
MAX_JSON, MAX_ARRAYS, MAX_VALUES, MAX_DEPTH, MAX_STRING = 2**20, 2**26, 20_000, 12, 4000
#: Most items of a range that a test can go over.
MAX_RANGE = 10**6
#: Most elements of the arrays of a message, each as often as it is named. What a test makes of one
#: can take a hundred bytes, though the element itself takes one.
MAX_ELEMENTS = MAX_ARRAYS // 8

#: By kind, the types that arrays of another byte order or with more than 8 bytes are converted to.
WIDEST = {"f": np.float64, "i": np.int64, "u": np.uint64}

Array = npt.NDArray[Any]


class ReplyError(ValueError):
    """A message is malformed or too large, or holds something that cannot be sent."""


def encode(value: Any) -> list[bytes]:
    """Return plain data (see :func:`lxmls_nb.checks.probes.running.plain`) as JSON and safetensors.

    Raises
    ------
    ReplyError
        If there is anything else in the value, or too much.
    """
    arrays: dict[str, Array] = {}
    structure = _encode(value, arrays, 0)
    parts = [json.dumps(structure).encode(), safetensors.numpy.save(arrays) if arrays else b""]
    check_sizes(parts)
    return parts


def decode(parts: list[bytes]) -> Any:
    """Return the plain data that a message holds.

    Raises
    ------
    ReplyError
        If the message is malformed or too large.
    """
    if len(parts) != 2:
        raise ReplyError(f"a message has two parts, not {len(parts)}")
    check_sizes(parts)
    try:
        structure = json.loads(parts[0])
        arrays = load_arrays(parts[1])
    # A hostile message can make a parser raise anything; RecursionError is a RuntimeError.
    except ReplyError:
        raise
    except Exception as error:
        raise ReplyError(f"{type(error).__name__}: {str(error)[:200]}") from None
    return _Decoder(arrays).decode(structure, 0)


def load_arrays(part: bytes) -> dict[str, Array]:
    """Return the arrays in the second part of a message, by name.

    Raises
    ------
    ReplyError
        If they are described at too great a length, or are larger than the part that holds them.
    Exception
        Whatever the parser raises.
    """
    if not part:
        return {}
    if int.from_bytes(part[:8], "little") > MAX_JSON:  # a million empty arrays take a gigabyte
        raise ReplyError("too many arrays")
    arrays = safetensors.numpy.load(bytes(part))
    for array in arrays.values():
        check_array(array.shape, array.itemsize)
    return arrays


def check_array(shape: Sequence[int], itemsize: int) -> None:
    """Raise ReplyError if an array takes too many bytes, or would if it were not empty.

    Parameters
    ----------
    shape : sequence of int
        A million rows of length zero take no bytes, but as many steps as other rows.
    itemsize : int
        Bytes of one element.
    """
    if math.prod(max(1, length) for length in shape) * max(1, itemsize) > MAX_ARRAYS:
        raise ReplyError(f"an array of the shape {tuple(shape)} is too large")


def check_sizes(parts: list[bytes]) -> None:
    """Raise ReplyError if the JSON or the arrays of a message take too many bytes."""
    for part, limit in zip(parts, (MAX_JSON, MAX_ARRAYS), strict=True):
        if len(part) > limit:
            raise ReplyError(f"{len(part)} bytes are too many, {limit} are allowed")


def _encode(value: Any, arrays: dict[str, Array], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ReplyError(f"nested more than {MAX_DEPTH} deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, list | tuple):
        return [_encode(item, arrays, depth + 1) for item in value]
    if isinstance(value, dict):
        return {"dict": {str(key): _encode(v, arrays, depth + 1) for key, v in value.items()}}
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind == "c":
            return {"complex": [_encode(part, arrays, depth + 1) for part in _parts(array)]}
        if array.dtype.kind not in "biuf":
            raise ReplyError(f"arrays of {array.dtype} cannot be sent")
        if not array.dtype.isnative or array.dtype.itemsize > 8:
            array = array.astype(WIDEST[array.dtype.kind])
        name = str(len(arrays))
        arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
        return {"array": name}
    raise ReplyError(f"a {type(value).__name__} cannot be sent")


def _parts(array: Array) -> list[Array]:
    return [array.real.astype(np.float64), array.imag.astype(np.float64)]


class Room:
    """How much the arrays of a message may still take, each as often as it is named."""

    def __init__(self) -> None:
        self.elements = self.bytes = 0

    def take(self, elements: int, size: int) -> None:
        """Count an array.

        Parameters
        ----------
        elements : int
        size : int
            In bytes.

        Raises
        ------
        ReplyError
            If that is too much.
        """
        self.elements += elements
        self.bytes += size
        if self.elements > MAX_ELEMENTS or self.bytes > MAX_ARRAYS:
            raise ReplyError("arrays are too large, or named too often")


class _Decoder:
    """Puts the arrays of a message back in their places, within bounds."""

    def __init__(self, arrays: dict[str, Array]):
        self.arrays = arrays
        self.values, self.room = 0, Room()

    def decode(self, value: Any, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise ReplyError("too deep, or too many values")
        if value is None or type(value) in (bool, int, float):
            return value
        if type(value) is str and len(value) <= MAX_STRING:
            return value
        if type(value) is list:
            return [self.decode(item, depth + 1) for item in value]
        if type(value) is dict and len(value) == 1:
            ((kind, content),) = value.items()
            if kind == "dict" and type(content) is dict:
                return {str(k)[:MAX_STRING]: self.decode(v, depth + 1) for k, v in content.items()}
            if kind == "array" and type(content) is str and content in self.arrays:
                array = self.arrays[content]
                self.room.take(array.size, array.nbytes)
                return array
            if kind == "complex" and type(content) is list and len(content) == 2:
                real, imaginary = (self.decode(part, depth + 1) for part in content)
                arrays = isinstance(real, np.ndarray) and isinstance(imaginary, np.ndarray)
                if arrays and real.shape == imaginary.shape:
                    whole = np.empty(real.shape, complex)
                    whole.real, whole.imag = real, imaginary
                    return whole[()]
        raise ReplyError(f"unexpected {type(value).__name__}")
