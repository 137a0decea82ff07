"""Mistakes between the last layer's z and the probabilities, or their logarithms."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit, log_softmax, logsumexp, softmax

from lxmls_nb.checks.mistakes.evidence import Output, Right
from lxmls_nb.checks.mistakes.fit import constant_factor
from lxmls_nb.checks.mistakes.mistake import Mistake

LOG_PROBABILITIES = Mistake(
    "log-probabilities",
    "log-probabilities seem to be used where probabilities are needed",
    lesson="`log_forward` gives log-probabilities: take the exponential before you subtract the "
    "indicators.",
    probabilities=lambda right: [np.log(right.p + 1e-300)],
)


def _are_probabilities(output: Output) -> bool:
    adds_up = np.allclose(output.array.sum(axis=1), 1, atol=1e-4)
    return adds_up and bool(np.all(output.array >= 0))


PROBABILITIES = Mistake(
    "probabilities",
    "these are probabilities where log-probabilities are expected",
    lesson="`log_forward` returns log-probabilities: the logarithm of the softmax, not the "
    "softmax.",
    log_probabilities=lambda output: [np.exp(output.log_p)],
    seen=_are_probabilities,
)
LOGITS = Mistake(
    "logits",
    "these are the values before the softmax: normalise them",
    lesson="The last step is to normalise: z - logsumexp(z) over the classes.",
    probabilities=lambda right: [right.z, np.exp(right.z)],
    log_probabilities=lambda output: [output.z],
    loss=lambda right: [float(-right.z[right.rows, right.problem.output].mean())],
)
ARGMAX = Mistake(
    "argmax",
    "the predicted class seems to be used where the probabilities are needed",
    probabilities=lambda right: [np.eye(right.p.shape[1])[right.predicted]],
)
EXPONENTIAL_TWICE = Mistake(
    "exponential-twice",
    "the exponential seems to be taken of the probabilities: it is that of the log-probabilities, "
    "and gives the probabilities",
    name="the exponential is taken twice",
    lesson="The exponential of log-probabilities gives probabilities: take it once.",
    probabilities=lambda right: [np.exp(right.p)],
)
UNIFORM = Mistake(
    "uniform",
    "all classes seem to get the same probability, whatever the weights",
    probabilities=lambda right: [np.full_like(right.p, 1 / right.p.shape[1])],
)
WITHOUT_WEIGHTS = Mistake(
    "without-weights",
    "only the bias seems to count, as if all weights were zero: use those that are passed in",
    probabilities=lambda right: [
        np.repeat(softmax(right.problem.parameters[-1][1], axis=1), right.size, axis=0)
    ],
)
OVER_BATCH = Mistake(
    "over-batch",
    "the softmax is taken over the batch, not over the classes: check the axis",
    lesson="The softmax is over the classes of each example: along axis 1 of (M, K), never along "
    "the batch.",
    probabilities=lambda right: [softmax(right.z, axis=0), right.p / right.p.sum(axis=0)],
    log_probabilities=lambda output: [
        log_softmax(output.z, axis=0),
        log_softmax(output.log_p, axis=0),
    ],
)
OVER_ALL = Mistake(
    "over-all",
    "the softmax is taken over everything: it should be over the classes of each example",
    lesson="The softmax is over the classes of each example: along axis 1 of (M, K), never along "
    "the batch.",
    probabilities=lambda right: [softmax(right.z)],
    log_probabilities=lambda output: [log_softmax(output.z)],
)
TWICE_SOFTMAX = Mistake(
    "twice-softmax",
    "the softmax seems to be taken twice",
    probabilities=lambda right: [softmax(right.p, axis=1)],
    log_probabilities=lambda output: [log_softmax(output.p, axis=1)],
)


def _other_normalisers(right: Right) -> dict[str, np.ndarray]:
    """Return what comes in the place of log-probabilities, z - logsumexp(z), by what it is."""
    z = right.z
    normaliser = logsumexp(z, axis=1, keepdims=True)
    largest = z.max(axis=1, keepdims=True)
    return {
        "z + logsumexp(z)": z + normaliser,
        "z - logsumexp(-z)": z - logsumexp(-z, axis=1, keepdims=True),
        "z + logsumexp(-z)": z + logsumexp(-z, axis=1, keepdims=True),
        "the softmax of -z": log_softmax(-z, axis=1),
        "z - sum(exp(z)), without the logarithm of the sum": z - np.exp(normaliser),
        "z / logsumexp(z)": z / normaliser,
        "z - logsumexp(z) - max(z)": z - normaliser - largest,
        "z - logsumexp(z) + max(z)": z - normaliser + largest,
        "z - max(z), without the logarithm of the sum": z - largest,
        "the softmax of z - max(z, axis=0), with the largest z of each class taken out and not of "
        "each example": log_softmax(z - z.max(axis=0), axis=1),
    }


NORMALISER = Mistake(
    "normaliser",
    "the logarithm of the softmax is z - logsumexp(z), with the largest z taken out of the sum and "
    "put back; here it looks like {look}",
    name="the normaliser of the softmax is wrong",
    lesson="The logarithm of the softmax is z - logsumexp(z), over the classes, with the largest "
    "z taken out and put back.",
    probabilities=lambda right: {
        look: np.exp(array) for look, array in _other_normalisers(right).items()
    },
    log_probabilities=_other_normalisers,
)


#: What z is cut off at in softmaxes that are seen.
BOUNDS = (1, 5, 10, 20, 50, 100, 500)


def _other_functions(right: Right) -> dict[str, np.ndarray]:
    z = right.z
    return (
        {
            "a sigmoid of each value": expit(z),
            "z divided by its sum": z / z.sum(axis=1, keepdims=True),
            "exp(z) divided by the sum of z": np.exp(z) / z.sum(axis=1, keepdims=True),
        }
        | {f"a softmax of z / {t}": softmax(z / t, axis=1) for t in _temperatures(z)}
        | {f"z cut off at ±{b}": softmax(np.clip(z, -b, b), axis=1) for b in BOUNDS}
    )


def _logarithms_of_other_functions(output: Output) -> dict[str, np.ndarray]:
    z = output.z
    return (
        {"a sigmoid of each value": log_expit(z)}
        | {f"a softmax of z / {t}": log_softmax(z / t, axis=1) for t in _temperatures(z)}
        | {f"z cut off at ±{b}": log_softmax(np.clip(z, -b, b), axis=1) for b in BOUNDS}
    )


def _temperatures(z: np.ndarray) -> tuple[int, int, int]:
    """Return what z is divided by in softmaxes that are seen: classes, examples, two."""
    return z.shape[1], len(z), 2


NOT_SOFTMAX = Mistake(
    "not-softmax",
    "the probabilities look like {look}; a softmax over the classes is expected",
    name="the probabilities are not those of a softmax",
    probabilities=_other_functions,
    log_probabilities=_logarithms_of_other_functions,
)


def _is_negative_multiple(output: Output) -> bool:
    factor = constant_factor(output.array, output.truth)
    return factor is not None and bool(np.vdot(output.array, output.truth) < 0)


NEGATED = Mistake(
    "negated",
    "the sign is opposite: log-probabilities are never positive",
    log_probabilities=lambda output: [-output.log_p],
    seen=_is_negative_multiple,
)


def _does_not_add_up(output: Output) -> bool:
    # Where logits are large, float32 knows their differences less well.
    off = 1e-3 + 1e-6 * float(np.abs(output.array).max())
    return not np.allclose(np.exp(output.array).sum(axis=1), 1, atol=off)


NOT_LOG_PROBABILITIES = Mistake(
    "not-log-probabilities",
    "these are no log-probabilities: the exponentials of a row should add up to one",
    seen=_does_not_add_up,
)
