"""Known mistakes: their keys and words, and that their numbers tell them from one another."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from lxmls_nb.checks.mistakes import KEYS, MISTAKES, gradients, losses, outputs, wrong_losses
from lxmls_nb.checks.mistakes.evidence import Gradient, Output
from lxmls_nb.checks.mistakes.fit import FIT, constant_factor, fits
from lxmls_nb.checks.mistakes.mistake import Mistake
from lxmls_nb.checks.mistakes.values import CLIPPED
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.problems import make_problem


def test_causes_are_sentences_without_their_end():
    for key, mistake in MISTAKES.items():
        assert not mistake.words.endswith("."), key
        assert len(mistake.words) < 200, key


def test_no_two_mistakes_have_the_same_key():
    with pytest.raises(ValueError, match="two mistakes with the key 'sum'"):
        Mistake("sum", "other words")
    assert MISTAKES["sum"].words != "other words"


@pytest.mark.slow
def test_the_keys_are_known_without_torch():
    code = (
        "import sys; from lxmls_nb.checks.mistakes import KEYS; print(*sorted(KEYS)); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == KEYS == MISTAKES.keys()
    assert len(KEYS) == 286


def test_a_finding_is_a_sentence_with_its_values():
    finding = MISTAKES["double-step"].finding(factor=2.00001, rate=0.1, effective=0.2)
    assert finding.sentence() == (
        "the step is 2 times as long as the optimizer's learning rate, 0.1, and the mean loss ask "
        "for, as if the rate were 0.2"
    )


#: The tuples of mistakes of which the first that fits is named.
ORDERS = [
    (gradients, "DERIVATIVES"),
    (gradients, "OUTPUT_ERRORS"),
    (gradients, "INSTEAD_OF_PROBABILITIES"),
    (gradients, "EXAMPLES"),
    (gradients, "WEIGHTS"),
    (gradients, "LAYER_INPUTS"),
    (wrong_losses, "OF_LOSSES"),
    (outputs, "OF_OUTPUTS"),
    (outputs, "OF_NETWORKS"),
]


@pytest.fixture(params=["first to last", "last to first"])
def order(request, monkeypatch):
    """Have mistakes tried in both orders: where numbers tell them apart, none decides."""
    if request.param == "last to first":
        for module, name in ORDERS:
            monkeypatch.setattr(module, name, getattr(module, name)[::-1])


def second_problem(problem):
    """Return the other problem on which ``name_loss`` has a loss confirmed."""
    seen = []
    wrong_losses.name_loss(-losses.Loss(problem, 0.0).loss, problem, seen.append)
    return seen[0]


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("geometry", [[5, 3], [5, 4, 3]])
class TestEachMistakeIsToldFromAllOthers:
    """What a mistake would give is named as that mistake, unless it is nearly right."""

    def test_in_gradients(self, geometry):
        problem = make_problem(geometry, 7, seed=1)
        tried = set()
        for layer, pair in enumerate(numerical_gradients(problem)):
            for is_bias, truth in enumerate(pair):
                gradient = Gradient(problem, truth, truth, layer, bool(is_bias))
                for finding, wrong in gradients._suspects(gradient):
                    # What is the truth times a number is named by that number.
                    if fits(wrong, truth, 2 * FIT) or constant_factor(wrong, truth) is not None:
                        continue
                    found = gradients.name_gradient(wrong, truth, problem, layer, bool(is_bias))
                    assert found is not None, finding
                    assert found.mistake is finding.mistake
                    tried.add(finding.mistake)
        assert len(tried) == {2: 43, 3: 51}[len(geometry)]

    def test_in_losses(self, geometry):
        problem = make_problem(geometry, 7, seed=1)
        tried = set()
        right = losses.Loss(problem, 0.0)
        other = losses.Loss(second_problem(problem), 0.0)
        suspects = wrong_losses._suspects(right, of_forward=True)
        on_the_other = wrong_losses._suspects(other, of_forward=True)
        for (finding, wrong), (_, there) in zip(suspects, on_the_other, strict=True):
            if not np.isfinite(wrong) or np.isclose(wrong, right.loss, rtol=1e-5):
                continue
            found = wrong_losses.name_loss(wrong, problem, lambda _, there=there: there)
            assert found is not None, finding
            assert found.mistake is finding.mistake
            tried.add(finding.mistake)
        assert len(tried) > 20

    def test_in_outputs(self, geometry):
        problem = make_problem(geometry, 7, seed=1)
        tried = set()
        output = Output(problem, np.zeros(()))
        for mistake in (*outputs.OF_OUTPUTS, *outputs.OF_NETWORKS):
            if mistake is CLIPPED:  # what it gives depends on what was given
                continue
            for _, wrong in mistake.findings(mistake.log_probabilities, output):
                if not fits(wrong, output.truth):
                    found = outputs.name_log_probabilities(wrong, problem)
                    assert found is not None, mistake
                    assert found.mistake is mistake
                    tried.add(mistake)
        assert len(tried) > 10


class TestOneNumberFitsByChance:
    """So a mistake in a loss is named where it shows on a second problem, too."""

    problem = make_problem([5, 3], 7, seed=1)
    right = losses.Loss(problem, 0.0)

    def test_a_number_that_has_nothing_to_do_with_the_problem_is_not_named(self):
        suspects = wrong_losses._suspects(self.right, of_forward=True)
        by_chance = [wrong for _, wrong in suspects if np.isfinite(wrong)]
        nearly = 1.01 * self.right.loss
        for wrong in [*by_chance, nearly]:
            if not np.isclose(wrong, self.right.loss, rtol=1e-5):
                assert wrong_losses.name_loss(wrong, self.problem, lambda _: 7.1234567) is None

    @pytest.mark.parametrize("there", [None, np.nan, np.inf])
    def test_nor_where_the_second_problem_gives_none(self, there):
        wrong = -self.right.loss
        assert wrong_losses.name_loss(wrong, self.problem, lambda _: there) is None

    def test_a_right_loss_speaks_against_a_mistake_that_would_show(self):
        found = wrong_losses.name_loss(
            -self.right.loss, self.problem, lambda other: losses.Loss(other, 0.0).loss
        )
        assert found is None

    def test_the_accuracy_of_one_example_is_not_any_zero(self):
        """Zero is what many mistakes give where the label of the only example is 0."""
        problem = make_problem([5, 3], 1, seed=1)
        problem = dataclasses.replace(problem, output=np.array([0]))

        def label_times_log_p(problem):
            return float(-(problem.output * losses.Loss(problem, 0.0).log_p).mean())

        assert label_times_log_p(problem) == 0
        found = wrong_losses.name_loss(0.0, problem, label_times_log_p)
        assert found is None or found.mistake.key != "loss-accuracy"

    def test_which_of_its_possibilities_shows_has_to_be_the_same(self):
        problem = make_problem([5, 2], 1, seed=1)
        right = losses.Loss(problem, 0.0)
        share = float(right.predicted[0] == problem.output[0])
        found = wrong_losses.name_loss(share, problem, lambda _: 1 - share)
        assert found is not None
        assert found.mistake.key == "loss-accuracy"
        assert wrong_losses.name_loss(share, problem, lambda _: share) is None

    def test_a_mistake_that_does_not_show_on_the_second_problem_is_named(self):
        """With extreme logits the loss is large, or 0."""
        problem = make_problem([5, 2], 1, seed=1, scale=1000)
        large = losses.Loss(problem, 0.0)
        if large.loss < 1:
            problem = dataclasses.replace(problem, output=1 - problem.output)
        assert losses.Loss(problem, 0.0).loss > 100

        def added(problem):
            return float(-np.log(losses.Loss(problem, 0.0).p_of_class + 1e-12).mean())

        with np.errstate(over="ignore"):
            found = wrong_losses.name_loss(added(problem), problem, added)
        assert found is not None
        assert found.mistake.key == "loss-cut-off"

    def test_the_first_that_shows_on_both_is_named(self):
        """A loss that is rounded may look like a penalty, by chance, on one of the two."""
        suspects = wrong_losses._suspects(self.right, of_forward=True)
        nearly = next(
            wrong
            for finding, wrong in suspects
            if finding.mistake.key == "loss-penalty" and wrong < 1.01 * self.right.loss
        )
        found = wrong_losses.name_loss(
            nearly, self.problem, lambda other: 1.004 * losses.Loss(other, 0.0).loss
        )
        assert found is not None
        assert found.mistake.key == "precision"
