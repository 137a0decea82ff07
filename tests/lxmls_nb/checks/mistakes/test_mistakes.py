"""Known mistakes: their keys and words, and that their numbers tell them from one another."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lxmls_nb.checks.mistakes import KEYS, MISTAKES, gradients, losses, outputs
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
    assert len(KEYS) == 234


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
    (losses, "OF_LOSSES"),
    (outputs, "OF_OUTPUTS"),
    (outputs, "OF_NETWORKS"),
]


@pytest.fixture(params=["first to last", "last to first"])
def order(request, monkeypatch):
    """Have mistakes tried in both orders: where numbers tell them apart, none decides."""
    if request.param == "last to first":
        for module, name in ORDERS:
            monkeypatch.setattr(module, name, getattr(module, name)[::-1])


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
        assert len(tried) == {2: 38, 3: 45}[len(geometry)]

    def test_in_losses(self, geometry):
        problem = make_problem(geometry, 7, seed=1)
        tried = set()
        right = losses.Loss(problem, 0.0)
        for finding, wrong in losses._suspects(right, of_forward=True):
            if np.isfinite(wrong) and not np.isclose(wrong, right.loss, rtol=1e-5):
                found = losses.name_loss(wrong, problem)
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
