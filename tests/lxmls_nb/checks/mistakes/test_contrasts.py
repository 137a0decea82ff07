"""What a contrast blames on sizes is wrong whatever the numbers are."""

import numpy as np
import pytest

from lxmls_nb.checks.mistakes.contrasts import name_contrast, name_contrast_of_steps
from lxmls_nb.checks.problems import make_problem

TWO, THREE = make_problem([5, 2], 7, seed=0), make_problem([5, 3], 7, seed=0)


def classes(problem):
    return problem.geometry[-1]


def largest(problem):
    """Return the largest logit: what an answer that cuts them off stumbles over."""
    weight, bias = problem.parameters[0]
    return np.max(np.abs(problem.input @ weight.T + bias))


@pytest.mark.parametrize(
    "name", [lambda *given: name_contrast(*given, False), name_contrast_of_steps]
)
class TestAContrast:
    def test_is_told_where_only_the_number_of_classes_matters(self, name):
        found = name(TWO, lambda problem: classes(problem) == 3)
        assert found.mistake.key == "other-number-of-classes"

    def test_is_not_told_where_the_values_matter(self, name):
        """Some problems of either kind have large values, and some don't."""
        limit = largest(TWO) - 1e-9
        assert name(TWO, lambda problem: largest(problem) < limit) is None

    def test_is_not_told_where_one_draw_of_the_others_is_right_by_chance(self, name):
        right = []

        def by_chance(problem):
            right.append(problem)
            return classes(problem) == 3 and sum(classes(each) == 3 for each in right) == 1

        assert name(TWO, by_chance) is None

    def test_is_not_told_where_nothing_is_right(self, name):
        assert name(THREE, lambda problem: False) is None
