"""What is found out about an error that an answer raised."""

from __future__ import annotations

import linecache
import textwrap

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.models import NumpyMLP, index2onehot, logsumexp

ARGUMENTS = "(weight, bias, input, output)"


def define(code: str) -> dict:
    """Return the names that code defines, as a cell of a notebook does."""
    source = textwrap.dedent(code)
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    given = {"np": np, "NumpyMLP": NumpyMLP, "index2onehot": index2onehot, "logsumexp": logsumexp}
    names = given | {"__name__": "__main__"}
    exec(compile(source, name, "exec"), names)
    return names


def message_of(line: str) -> tuple[str | None, str]:
    """Return the cause and the message of an answer to Exercise 2.1 with this line."""
    code = f"def log_linear_gradients{ARGUMENTS}:\n    helper = lambda x: x\n    {line}"
    with pytest.raises(checks.CheckFailed) as failure:
        checks.log_linear_gradients(define(code)["log_linear_gradients"])
    return failure.value.cause, str(failure.value)


@pytest.mark.parametrize(
    ("line", "cause", "words"),
    [
        ("input @ weight", "shapes", "`input` (7, 5) and `weight` (3, 5)"),
        ("input @ weight", "shapes", "`weight.T` (5, 3) would fit"),
        ("np.dot(input, weight)", "shapes", "`weight.T` (5, 3) would fit"),
        ("input.dot(weight)", "shapes", "`input` (7, 5) and `weight` (3, 5)"),
        ("np.matmul(weight.T, input.T)", "shapes", "`weight` (3, 5), without the transpose, would"),
        ("(input @ weight.T) * input", "shapes", "is the matrix product `(input @ weight.T).T`"),
        ("(input @ weight.T) - output", "labels-not-indicators", "`output` has a class number"),
        ("z = input @ weight.T; z - logsumexp(z, axis=1)", "keepdims", "(7,) has lost the dim"),
        ("z = input @ weight.T; z -= z.max(axis=1)", "keepdims", "`keepdims=True` keeps it"),
        ("z = input @ weight.T; z / np.exp(z).sum(axis=1)", "keepdims", "(7,) has lost"),
        ("z = input @ weight.T; s = z.max(1); z - np.exp(s)", "keepdims", "`np.exp(s)` (7,)"),
        ("z = input @ weight.T; z - z[:, 0] / z.sum()", "flat-row", "(7,) counts as a row, (1, 7)"),
        ("z = input @ weight.T; z - z[:, 0]", "flat-row", "`z[:, 0]` (7,) counts as a row, (1, 7)"),
        ("weight @ input", "shapes", "`input @ weight.T`, with a row for each example, would fit"),
        ("input * (input.T + 1)", "shapes", "so `(input.T + 1).T` (7, 5) would fit"),
        ("input @ weight.T - np.eye(2)[output % 2]", "class-columns", "2 columns where a column"),
        ("input @ weight.T - np.eye(7)[output]", "class-columns", "7 is the number of examples"),
        ("helper(input) @ helper(weight)", "shapes", "print the shapes of both sides"),
        ("helper(input) - helper(weight)", "shapes", "together with shapes (7,5) (3,5): element"),
        ("inputs @ weight", "error", "Is `input` meant?"),
        ("input.shapes", "error", "Is `shape` meant?"),
        ("raise ValueError('that')", "error", "raised ValueError: that"),
    ],
)
def test_shapes_are_shown_with_what_they_should_be(line, cause, words):
    found, message = message_of(line)
    assert words in message
    assert found == cause
    assert "layer" not in message  # there is only one


def test_expressions_with_effects_are_not_evaluated_again():
    code = f"""
        calls = []

        def effect(array):
            calls.append(1)
            return array

        def log_linear_gradients{ARGUMENTS}:
            return effect(input) @ effect(weight)
    """
    names = define(code)
    with pytest.raises(checks.CheckFailed):
        checks.log_linear_gradients(names["log_linear_gradients"])
    assert len(names["calls"]) == 2


def network_message(code: str, **options) -> str:
    with pytest.raises(checks.CheckFailed) as failure:
        checks.backpropagation(define(code)["MyNumpyMLP"], geometry=[6, 5, 3], **options)
    return str(failure.value)


def test_in_a_network_sizes_are_told_by_their_layers():
    code = """
        class MyNumpyMLP(NumpyMLP):
            def backpropagation(self, input, output):
                log_p, h = self.log_forward(input)
                return log_p @ self.parameters[0][0]
    """
    message = network_message(code)
    assert "`log_p` (7, 3) and `self.parameters[0][0]` (5, 6)" in message
    assert "3 is the size of layer 2, 5 is the size of layer 1: do both belong" in message
