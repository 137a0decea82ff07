"""From wrong log-probabilities to the likely mistake in a forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from lxmls_nb.checks.mistakes.biases import BIAS_SUBTRACTED, BIAS_TWICE, NO_BIAS
from lxmls_nb.checks.mistakes.evidence import Output
from lxmls_nb.checks.mistakes.fit import fits
from lxmls_nb.checks.mistakes.forward_pass import (
    ACTIVATION,
    CHANGED_INPUT,
    NO_ACTIVATION,
    NUM_LAYERS,
    OTHER_FUNCTIONS,
    OUTPUT_ACTIVATION,
    RESHAPED,
    WEIGHTS_TRANSPOSED,
    Function,
    logits,
    normalised,
)
from lxmls_nb.checks.mistakes.losses import LOSS_BASE
from lxmls_nb.checks.mistakes.mistake import Finding, first_seen
from lxmls_nb.checks.mistakes.networks import OF_NETWORKS
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

#: Those of what becomes of the last z.
AFTER_LOGITS = (
    PROBABILITIES,
    LOGITS,
    NEGATED,
    OVER_BATCH,
    OVER_ALL,
    TWICE_SOFTMAX,
    LOSS_BASE,
    NOT_SOFTMAX,
    OUTPUT_ACTIVATION,
)

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
    CHANGED_INPUT,
)

#: Logits beyond which probabilities are 0 or 1, so that two mistakes together fit by chance.
EXTREME = 80


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
    for mistake in (*OF_OUTPUTS, *OF_NETWORKS):
        for finding, other in mistake.findings(mistake.log_probabilities, output):
            if fits(array, other) and not fits(other, output.truth):
                return finding
    found = first_seen([PRECISION], output)
    if found is None and float(np.abs(output.z).max()) > EXTREME:
        found = first_seen([PROBABILITIES], output)
    found = found or _name_two(output)
    return found or first_seen([PROBABILITIES, NEGATED, NOT_LOG_PROBABILITIES], output)


def _name_two(output: Output) -> Finding | None:
    """Return two mistakes that come together, None if no two of the known ones fit.

    One is on the way to the last z, the other after it.
    """
    for finding, z in _other_logits(output):
        wrong = output.with_logits(z)
        for mistake in AFTER_LOGITS:
            for second, other in mistake.findings(mistake.log_probabilities, wrong):
                if np.all(np.isfinite(other)) and fits(output.array, other):
                    return finding.with_also(second.sentence())
    for finding, z in _other_logits(output, two=True):
        if fits(output.array, normalised(z)):
            return finding
    return None


def _other_logits(output: Output, two: bool = False) -> Iterator[tuple[Finding, np.ndarray]]:
    """Yield findings on the way to the last z, and that z; or two findings at once."""
    problem = output.problem
    layers = list(range(len(problem.parameters)))
    factors = [
        (mistake.finding(), dict.fromkeys(chosen, factor))
        for mistake, factor in ((NO_BIAS, 0.0), (BIAS_TWICE, 2.0), (BIAS_SUBTRACTED, -1.0))
        for chosen in (layers, layers[-1:], layers[:-1])
        if chosen
    ]
    functions: list[tuple[Finding, Function]] = []
    if len(layers) > 1:
        functions = [(NO_ACTIVATION.finding(), lambda z: z)]
        functions += [(ACTIVATION.finding(look=look), f) for look, f in OTHER_FUNCTIONS.items()]
    if two:
        for (first, function), (second, chosen) in product(functions, factors):
            z = logits(problem, hidden=function, bias_factors=chosen)
            yield first.with_also(second.sentence()), z
        return
    for finding, function in functions:
        yield finding, logits(problem, hidden=function)
    for finding, chosen in factors:
        yield finding, logits(problem, bias_factors=chosen)
    turned = logits(problem, turn=lambda weight: weight.reshape(weight.T.shape))
    yield RESHAPED.finding(), turned
