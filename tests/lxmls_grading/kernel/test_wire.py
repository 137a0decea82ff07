"""The wire carries plain data and arrays, and refuses everything else."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy

from lxmls_grading.kernel import decoding, wire


def test_wire_carries_plain_data_and_arrays():
    value = {
        "a": [1, 2.5, None, True, "text", {"array": "0"}],
        "array": np.arange(6.0).reshape(2, 3).T,
        "complex": np.array([1 + 2j, complex(1, np.nan), complex(2, np.inf)]),
        "small": np.float32(0.5),
        "flags": np.array([True, False]),
        "long": np.array([1.5], dtype=np.longdouble),
        "swapped": np.array([1, 2], dtype=">i4"),
    }
    back = wire.decode(wire.encode(value))
    assert back["a"] == value["a"]
    for name in ("array", "complex", "flags", "long", "swapped"):
        np.testing.assert_array_equal(back[name], value[name])
    assert back["small"].dtype == np.float32
    assert back["small"].shape == ()


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"{}"],
        [b"null", b"null"],
        [b"{", b""],
        [b"[" * 10**5, b""],
        [b'{"array": "1"}', b""],
        [b'{"other": 1}', b""],
        [b'{"dict": [], "array": []}', b""],
        [b"1" * 5000, b""],
        [b'{"array": "0"}', safetensors.numpy.save({"0": np.ones(3)})[:-1]],
        [b'{"array": "0"}', b"\xff" * 100],
        [b" " * 2**21, b""],
        [b'"' + b"x" * 5000 + b'"', b""],
        ["\ud800".encode("utf-8", "surrogatepass"), b""],
    ],
)
def test_wire_refuses_what_is_malformed(parts):
    with pytest.raises(wire.ReplyError):
        wire.decode(parts)


def test_wire_refuses_objects():
    with pytest.raises(wire.ReplyError):
        wire.encode({"a": object()})
    with pytest.raises(wire.ReplyError):
        wire.encode(np.array([object()]))


def named(times, array):
    """Return a message that names one array many times, as the wire and as values have it."""
    part = safetensors.numpy.save({"0": array})
    of_check = [{"array": "0"}] * times
    of_value = {"list": [{"array": {"dtype": array.dtype.name, "parts": [0]}}] * times}
    yield wire.decode, [json.dumps(of_check).encode(), part]
    yield lambda parts: decoding.decode(parts, {}.get), [json.dumps(of_value).encode(), part]


@pytest.mark.parametrize(
    ("times", "array"),
    [
        (1, np.ones(2**20)),
        (8, np.ones(2**19, dtype=np.float16)),
        (10_000, np.ones((), dtype=np.int8)),
    ],
    ids=["a large array", "an array in some places", "many numbers"],
)
def test_what_answers_return_is_let_through(times, array):
    for decode, parts in named(times, array):
        found = decode(parts)
        assert len(found) == times
        np.testing.assert_array_equal(found[-1], array)


@pytest.mark.parametrize(
    ("times", "array"),
    [
        (9, np.ones(2**20)),
        (16_000, np.ones(1000, dtype=np.int8)),
        (3, np.ones(2**22, dtype=bool)),
    ],
    ids=["too many bytes", "too many elements", "too many elements in few bytes"],
)
def test_an_array_counts_as_often_as_it_is_named(times, array):
    for decode, parts in named(times, array):
        with pytest.raises(wire.ReplyError, match="named too often"):
            decode(parts)


def alike(count: int, groups: int = 1) -> dict:
    """Return the message of a dictionary of numbers, of which `count` each hash alike."""
    keys = [{"int": hex(g + n * (2**61 - 1))} for g in range(1, groups + 1) for n in range(count)]
    return {"dict": [[key, None] for key in keys]}


@pytest.mark.parametrize(("count", "groups"), [(400, 1), (50, 40)])
def test_keys_of_a_poor_hash_are_let_through(count, groups):
    message = [json.dumps(alike(count, groups)).encode(), b""]
    assert len(decoding.decode(message, {}.get)) == count * groups


def test_keys_that_take_long_to_compare_are_refused():
    message = [json.dumps({"list": [alike(400), alike(400)]}).encode(), b""]
    with pytest.raises(wire.ReplyError, match="hash alike"):
        decoding.decode(message, {}.get)
