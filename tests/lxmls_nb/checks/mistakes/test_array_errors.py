"""What is told of arrays whose shapes don't fit, whatever they are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lxmls_nb.checks.mistakes.array_errors import Operand, Raised, name_shapes
from lxmls_nb.checks.mistakes.biases import has_ones_column
from lxmls_nb.checks.mistakes.hidden_layers import name_weight_shape
from lxmls_nb.checks.mistakes.names import name_python_function
from lxmls_nb.checks.problems import make_problem

SHAPES = [(), (1,), (3,), (7,), (0, 3), (1, 3), (3, 1), (3, 5), (7, 3), (3, 7), (7, 5), (7, 3, 5)]
PROBLEMS = [make_problem(sizes, count) for sizes in ([5, 3], [6, 5, 3], [3, 3]) for count in (1, 7)]


def test_something_is_told_of_any_two_shapes():
    for shapes in itertools.product(SHAPES, SHAPES):
        for operator, problem in itertools.product(
            ("MatMult", "Mult", "Sub", ""), (None, *PROBLEMS)
        ):
            operands = tuple(Operand("error.T", shape, "f") for shape in shapes)
            raised = Raised("ValueError", "shapes do not match", operator, operands)
            assert name_shapes(raised, problem).sentence()
    for shape, problem in itertools.product(SHAPES, PROBLEMS):
        name_weight_shape(shape, problem, 0)  # raises nothing


def told(operator: str, left: tuple[int, ...], right: tuple[int, ...], sizes=(6, 5, 3)) -> str:
    """Return what is told of an operation on the arrays `a` and `b`."""
    operands = (Operand("a", left, "f"), Operand("b", right, "f"))
    raised = Raised("ValueError", "shapes do not match", operator, operands)
    return name_shapes(raised, make_problem(list(sizes), 7)).sentence()


def test_vectors_of_an_example_are_for_the_outer_product():
    assert "`np.outer(a, b)`" in told("MatMult", (3,), (5,))
    assert "`np.outer(b, a)`" in told("MatMult", (6,), (5,))
    assert "`np.outer(a, b)`" in told("Mult", (3,), (5,), sizes=(5, 3))
    # Parameters are no error and no input.
    for code in ("weight[0]", "self.parameters[1][0][0]", "bias", "W2"):
        operands = (Operand(code, (3,), "f"), Operand("b", (5,), "f"))
        raised = Raised("ValueError", "shapes do not match", "MatMult", operands)
        assert "outer" not in name_shapes(raised, make_problem([6, 5, 3], 7)).sentence()
    # In a network, the error may not have gone through the weights.
    assert "outer" not in told("Mult", (3,), (5,))
    assert "outer" not in told("MatMult", (3,), (4,))


def test_tensordot_is_not_taken_for_an_operation_element_by_element():
    operands = (Operand("error", (7, 3), "f"), Operand("input", (7, 5), "f"))
    raised = Raised("ValueError", "shape-mismatch for sum", "", operands)
    told = name_shapes(raised, make_problem([6, 5, 3], 7)).sentence()
    assert "`axes`" in told
    assert "element by element" not in told


def test_what_stands_for_a_single_example_or_number_is_told():
    assert "the batch has 7 examples, and `a` (3, 1) has one" in told("MatMult", (3, 1), (7, 5))
    bias = (Operand("bias.T", (3, 1), "f"), Operand("input", (7, 5), "f"))
    raised = Raised("ValueError", "shapes do not match", "MatMult", bias)
    assert "too early" not in name_shapes(raised, make_problem([5, 3], 7)).sentence()
    assert "`a` is a single number" in told("MatMult", (), (7, 5))
    assert "`b` is a single number" in told("MatMult", (7, 5), ())
    assert "`b` (1, 3) has to be a column" in told("Add", (3, 7), (1, 3))


@pytest.mark.parametrize(
    ("sizes", "layer", "shape", "shapes", "key"),
    [
        ([6, 5, 3], 1, (5, 6), [(5, 6), (5, 6)], "other-place"),
        ([6, 5, 3], 1, (5, 6), [(3, 5), (5, 6)], "pair-order"),
        ([6, 5, 3], 1, (21, 35), [], "not-summed"),
        # That of another layer, which has its own, or transposed: nobody knows.
        ([3, 4, 4, 3], 2, (4, 3), [(4, 3), (4, 4), (4, 3)], "shape"),
        ([3, 4, 4, 3], 2, (4, 3), [(3, 4), (4, 4), (4, 3)], None),
    ],
)
def test_the_place_of_another_layer_is_told(sizes, layer, shape, shapes, key):
    found = name_weight_shape(shape, make_problem(sizes, 7), layer, shapes)
    assert (found and found.mistake.key) == key


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("z = z - max(z)", "np.max"),
        ("s = sum(z, axis=1)", "np.sum"),
        ("a = math.exp(z)", "np.exp"),
        ("z = max(0, z)", "np.maximum"),
        ("s = np.sum(z, 1, 2, 3, 4, 5, 6, 7)", None),
        # Another part of the line has failed.
        ("s = np.sum(z, keepdim=True) * max(1, 2)", None),
        ("s = 1 if z > max(1, 2) else 0", None),
        ("s = float(z) / math.sqrt(3)", None),
    ],
)
def test_functions_of_python_are_told(code, instead):
    import math

    with pytest.raises((TypeError, ValueError)) as raised:
        exec(code, {"np": np, "math": math, "z": np.ones((3, 2))})
    found = name_python_function(str(raised.value), code, "np")
    assert (found and found.values["instead"]) == instead


def test_a_column_of_ones_beside_the_input_is_seen_in_arrays_alone():
    error, input = np.arange(1.0, 22).reshape(7, 3), np.arange(1.0, 36).reshape(7, 5)
    weight, bias = error.T @ np.c_[input, np.ones(7)], error.sum(axis=0, keepdims=True)
    assert has_ones_column(weight, bias, 5)
    assert has_ones_column(np.roll(weight, 1, axis=1), bias[0], 5)
    assert not has_ones_column(error.T @ input, bias, 5)
    assert not has_ones_column(np.zeros((3, 6)), np.zeros((1, 3)), 5)  # written nowhere
    assert not has_ones_column(np.tile(bias.T, 6), bias, 5)  # the input is taken for ones
    assert not has_ones_column(weight[:, -2:], bias, 5)
    for odd in (None, 1.0, "x", [1.0, 2.0, 3.0], bias.astype(object), np.ones((1, 4)), np.ones(0)):
        assert not has_ones_column(weight, odd, 5)
        assert not has_ones_column(odd, bias, 5)
