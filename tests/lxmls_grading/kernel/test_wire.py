"""The wire carries plain data and arrays, and refuses everything else."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

from lxmls_grading.kernel import wire


def test_wire_carries_plain_data_and_arrays():
    value = {
        "a": [1, 2.5, None, True, "text", {"array": "0"}],
        "array": np.arange(6.0).reshape(2, 3).T,
        "complex": np.array([1 + 2j]),
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
