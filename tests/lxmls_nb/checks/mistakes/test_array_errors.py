"""What is told of arrays whose shapes don't fit, whatever they are."""

from __future__ import annotations

import itertools

from lxmls_nb.checks.mistakes.array_errors import Operand, Raised, name_shapes
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
