"""From wrong log-probabilities to the likely mistake in a forward pass."""

from __future__ import annotations

import numpy as np

from lxmls_nb.checks.mistakes.biases import BIAS_SUBTRACTED, BIAS_TWICE, NO_BIAS
from lxmls_nb.checks.mistakes.evidence import Output
from lxmls_nb.checks.mistakes.fit import fits
from lxmls_nb.checks.mistakes.forward_pass import (
    ACTIVATION,
    NO_ACTIVATION,
    NUM_LAYERS,
    OUTPUT_ACTIVATION,
    RESHAPED,
    WEIGHTS_TRANSPOSED,
)
from lxmls_nb.checks.mistakes.losses import LOSS_BASE
from lxmls_nb.checks.mistakes.mistake import Finding, first_seen
from lxmls_nb.checks.mistakes.probabilities import (
    LOGITS,
    NEGATED,
    NORMALISER,
    NOT_LOG_PROBABILITIES,
    NOT_SOFTMAX,
    OVER_ALL,
    OVER_BATCH,
    PROBABILITIES,
    TWICE_SOFTMAX,
)
from lxmls_nb.checks.mistakes.values import CLIPPED, PRECISION
from lxmls_nb.checks.problems import Problem

#: The first whose log-probabilities fit is named.
OF_OUTPUTS = (
    CLIPPED,
    PROBABILITIES,
    LOGITS,
    NEGATED,
    OVER_BATCH,
    OVER_ALL,
    TWICE_SOFTMAX,
    LOSS_BASE,
    NOT_SOFTMAX,
    NORMALISER,
    OUTPUT_ACTIVATION,
    NO_ACTIVATION,
    ACTIVATION,
    NO_BIAS,
    BIAS_TWICE,
    BIAS_SUBTRACTED,
    WEIGHTS_TRANSPOSED,
    RESHAPED,
    NUM_LAYERS,
)


def name_log_probabilities(array: np.ndarray, problem: Problem) -> Finding | None:
    """Return the likely mistake in wrong log-probabilities, None if no known one fits.

    Parameters
    ----------
    array : ndarray, shape (M, K)
        The student's.
    problem : Problem
    """
    output = Output(problem, array)
    examples, classes = output.truth.shape
    if examples * (classes - 1) < 3:  # too few numbers to tell mistakes apart
        return None
    for mistake in OF_OUTPUTS:
        for finding, other in mistake.findings(mistake.log_probabilities, output):
            if fits(array, other) and not fits(other, output.truth):
                return finding
    return first_seen([PRECISION, NEGATED, NOT_LOG_PROBABILITIES], output)
