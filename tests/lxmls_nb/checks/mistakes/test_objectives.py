"""What a step makes smaller in the place of the cross-entropy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from lxmls_nb.checks.mistakes import objectives
from lxmls_nb.checks.mistakes.fit import constant_factor
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import forward, make_problem


@pytest.fixture
def problem():
    return make_problem([5, 3], 7, seed=1)


def gradient_of(problem, objective):
    z = forward(problem).linear[-1]
    flat = objectives._flat_gradient(objective, z, np.eye(3)[problem.output], problem.input)
    return [flat[:15].reshape(3, 5), flat[15:].reshape(1, 3)]


@pytest.mark.parametrize("look", objectives.OBJECTIVES)
@pytest.mark.parametrize("factor", [1, 7, 0.3])
def test_each_is_named_whatever_its_factor(problem, look, factor):
    right = numerical_gradients(problem)[0]
    taken = [factor * array for array in gradient_of(problem, objectives.OBJECTIVES[look])]
    found = objectives.name_objective(taken, right, problem)
    assert found is not None
    assert look in found.sentence()


@pytest.mark.parametrize(("factor", "is_named"), [(1, True), (1.1, False), (0.3, False)])
def test_a_logarithm_of_the_mean_is_told_by_its_length(problem, factor, is_named):
    right = numerical_gradients(problem)[0]
    taken = [factor * array for array in gradient_of(problem, objectives._log_of_mean)]
    found = objectives.name_objective(taken, right, problem)
    assert found is not None
    assert (objectives.LOG_OF_MEAN in found.sentence()) == is_named
    assert ("without its logarithm" in found.sentence()) != is_named


def test_no_two_have_gradients_in_proportion(problem):
    flat = {
        look: np.concatenate([array.ravel() for array in gradient_of(problem, objective)])
        for look, objective in objectives.OBJECTIVES.items()
    }
    for one, other in combinations(flat, 2):
        assert constant_factor(flat[one], flat[other]) is None, (one, other)


@pytest.mark.parametrize("with_bias", [True, False])
def test_penalties_are_named_with_their_factor(problem, with_bias):
    right = numerical_gradients(problem)[0]
    weight, bias = problem.parameters[0]
    for key, extra in (("penalty", weight), ("absolute-penalty", np.sign(weight))):
        of_bias = np.sign(bias) if key == "absolute-penalty" else bias
        taken = [right[0] + 0.02 * extra, right[1] + 0.02 * with_bias * of_bias]
        found = objectives.name_objective(taken, right, problem)
        assert found is not None
        assert found.mistake.key == key
        assert "(0.02)" in found.sentence()


def test_what_is_right_or_unknown_has_no_name(problem):
    right = numerical_gradients(problem)[0]
    random = np.random.RandomState(0)
    assert objectives.name_objective(right, right, problem) is None
    unknown = [random.normal(size=array.shape) for array in right]
    assert objectives.name_objective(unknown, right, problem) is None
