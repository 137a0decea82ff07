"""What a training step makes smaller in the place of the mean cross-entropy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import entr, expit, log_expit, log_softmax, logsumexp, softmax

from lxmls_nb.checks.mistakes.fit import constant_factor, fits
from lxmls_nb.checks.mistakes.mistake import Finding, Mistake
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.differences import central_difference

#: How well a step has to fit a mistake. Parameters are float32: their rounding shows in the
#: difference of two of them.
FIT_OF_A_STEP = 2e-3

#: From z, (..., M, K), and the indicators of the right classes, (M, K), to the loss, (...).
Objective = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _mean(of_elements: Objective, of_z: Callable[[np.ndarray], np.ndarray]) -> Objective:
    """Return the mean over all elements; a sum over the classes is the same times a number."""

    def objective(z: np.ndarray, onehot: np.ndarray) -> np.ndarray:
        mean: np.ndarray = of_elements(of_z(z), onehot).mean(axis=(-2, -1))
        return mean

    return objective


def _log_softmax(z: np.ndarray) -> np.ndarray:
    array: np.ndarray = log_softmax(z, axis=-1)
    return array


def _softmax(z: np.ndarray) -> np.ndarray:
    array: np.ndarray = softmax(z, axis=-1)
    return array


def _squares(values: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    squares: np.ndarray = (values - onehot) ** 2
    return squares


def _binary(p: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    losses: np.ndarray = -np.log(np.where(onehot > 0, p, 1 - p))
    return losses


def _binary_of_logits(values: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    losses: np.ndarray = -log_expit(np.where(onehot > 0, values, -values))
    return losses


def _log_of_mean(z: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    """Return minus the logarithm of the mean probability of the right classes."""
    loss: np.ndarray = -np.log((_softmax(z) * onehot).sum(axis=-1).mean(axis=-1))
    return loss


def _of_class(values: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    """Return minus the mean of the values of the right classes."""
    picked: np.ndarray = -(values * onehot).sum(axis=-1).mean(axis=-1)
    return picked


def _negative_classes(z: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    mean: np.ndarray = -np.log(np.where(onehot > 0, 1, 1 - _softmax(z))).mean(axis=(-2, -1))
    return mean


def _entropy(z: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.asarray(entr(_softmax(z)).sum(axis=-1).mean(axis=-1))


def _of_all_classes(z: np.ndarray, _: np.ndarray) -> np.ndarray:
    mean: np.ndarray = -_log_softmax(z).mean(axis=(-2, -1))
    return mean


def _focal(z: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    log_p = (_log_softmax(z) * onehot).sum(axis=-1)
    mean: np.ndarray = -((1 - np.exp(log_p)) ** 2 * log_p).mean(axis=-1)
    return mean


def _of_counted_classes(z: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    """Return the loss with each class weighted by one over its count."""
    weights = (onehot / np.maximum(onehot.sum(axis=0), 1)).sum(axis=-1)
    losses = -(_log_softmax(z) * onehot).sum(axis=-1)
    mean: np.ndarray = (weights * losses).sum(axis=-1) / weights.sum()
    return mean


def _hinge(values: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    own = (values * onehot).sum(axis=-1, keepdims=True)
    mean: np.ndarray = (np.maximum(0, 1 - own + values) * (1 - onehot)).mean(axis=(-2, -1))
    return mean


#: What differs from minus the mean probability in the length of its gradient alone.
LOG_OF_MEAN = (
    "minus the logarithm of the mean probability, where the logarithm of each probability comes "
    "first and the mean last"
)

#: What is made smaller, by what it looks like. A factor plays no part.
OBJECTIVES: dict[str, Objective] = {
    "the squared error of probabilities": _mean(_squares, _softmax),
    "the squared error of log-probabilities": _mean(_squares, _log_softmax),
    "the squared error of the values before the softmax": _mean(_squares, lambda z: z),
    "a binary cross-entropy, a yes or no for each class": _mean(_binary, _softmax),
    "a binary cross-entropy of a sigmoid of log-probabilities": _mean(
        _binary_of_logits, _log_softmax
    ),
    "a binary cross-entropy of a sigmoid of each z": _mean(_binary_of_logits, lambda z: z),
    "the logarithm of one minus the other classes' probabilities": _negative_classes,
    "minus the probability of the right class, without its logarithm, as `NLLLoss` of "
    "probabilities or their absolute error give it": lambda z, onehot: _of_class(
        _softmax(z), onehot
    ),
    "minus the value of the right class before the softmax": _of_class,
    "the cross-entropy of a softmax of probabilities, that is, the softmax is taken twice": (
        lambda z, onehot: _of_class(_log_softmax(_softmax(z)), onehot)
    ),
    "the cross-entropy of a softmax of minus the log-probabilities": (
        lambda z, onehot: _of_class(_log_softmax(-_log_softmax(z)), onehot)
    ),
    "the sum over all classes, right or wrong": _of_all_classes,
    "the entropy of the predictions, without the labels": _entropy,
    "a focal loss": _focal,
    "a loss with each class weighted by its count": _of_counted_classes,
    "a hinge loss of log-probabilities": lambda z, onehot: _hinge(_log_softmax(z), onehot),
    "a softmax over the batch, not over the classes": (
        lambda z, onehot: _of_class(log_softmax(z, axis=-2), onehot)
    ),
    "a softmax over everything": (
        lambda z, onehot: _of_class(z - logsumexp(z, axis=(-2, -1), keepdims=True), onehot)
    ),
    "the logarithm of a sigmoid of the right class": (
        lambda z, onehot: _of_class(log_expit(z), onehot)
    ),
    "the log-probability of a sigmoid of z": lambda z, onehot: _of_class(
        _log_softmax(expit(z)), onehot
    ),
}

OTHER_LOSS = Mistake(
    "other-loss",
    "it goes along the gradient of {look}; the mean cross-entropy of the right classes is expected",
    name="another loss than the mean cross-entropy is used",
)
SMOOTHED = Mistake(
    "label-smoothing",
    "the labels seem to be smoothed, a share of {share:.3g} spread over all classes: the right "
    "class alone counts",
    name="the labels are smoothed",
)
PENALTY = Mistake(
    "penalty",
    "a multiple of the parameters ({factor:.3g}) is added to the gradient, as by weight decay or a "
    "penalty in the loss: the mean cross-entropy alone is expected",
    name="a penalty on the parameters is added",
)
ABSOLUTE_PENALTY = Mistake(
    "absolute-penalty",
    "a multiple of the parameters' signs ({factor:.3g}) is added to the gradient, as by a penalty "
    "on their absolute values: the mean cross-entropy alone is expected",
    name="a penalty on the parameters' absolute values is added",
)


def name_objective(
    taken: list[np.ndarray], gradient: list[np.ndarray], case: Problem
) -> Finding | None:
    """Return what is made smaller instead of the mean cross-entropy, None if nothing known fits.

    Parameters
    ----------
    taken, gradient : list of ndarray
        What was taken for the gradient of the weight and of the bias, and the right one.
    case : Problem
        A log-linear model, with the parameters before the step.
    """
    found = _name_penalty(taken, gradient, case)
    if found is not None:
        return found
    z = forward(case).linear[-1]
    onehot = np.eye(z.shape[1])[case.output]
    flat = np.concatenate([array.ravel() for array in taken])
    if fits(flat, _flat_gradient(_log_of_mean, z, onehot, case.input), FIT_OF_A_STEP):
        return OTHER_LOSS.finding(look=LOG_OF_MEAN)
    for look, objective in OBJECTIVES.items():
        other = _flat_gradient(objective, z, onehot, case.input)
        if constant_factor(other, _flat(gradient)) is not None:
            continue
        if (constant_factor(flat, other) or 0) > 0:
            return OTHER_LOSS.finding(look=look)
    uniform = _flat_gradient(
        OBJECTIVES["the sum over all classes, right or wrong"], z, onehot, case.input
    )
    right = _flat(gradient)
    # The loss of smoothed labels lies between the right one and that of labels of all classes.
    direction = uniform - right
    share = float(np.vdot(direction, flat - right) / np.vdot(direction, direction))
    if 1e-3 < share <= 1 and fits(flat, right + share * direction, FIT_OF_A_STEP):
        return SMOOTHED.finding(share=share)
    return None


def _flat(pair: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in pair])


def _flat_gradient(
    objective: Objective, z: np.ndarray, onehot: np.ndarray, input: np.ndarray
) -> np.ndarray:
    """Return the gradient of an objective of z, a value for each weight and then each bias."""
    # How z responds to each parameter of a log-linear model: (parameters, M, K).
    unit = np.eye(z.shape[1])
    of_weights = np.einsum("mi,jk->jimk", input, unit).reshape(-1, *z.shape)
    of_biases = np.repeat(unit[:, None, :], len(z), axis=1)
    directions = np.concatenate([of_weights, of_biases])
    gradient: np.ndarray = central_difference(
        lambda stack: objective(stack, onehot), z, directions, 1e-3
    )
    return gradient


def _name_penalty(
    taken: list[np.ndarray], gradient: list[np.ndarray], case: Problem
) -> Finding | None:
    """Look for a multiple of the parameters in the gradient of the weight, and in that of the bias
    the same multiple or none.
    """
    added = [one - two for one, two in zip(taken, gradient, strict=True)]
    for mistake, parameters in (
        (PENALTY, case.parameters[0]),
        (ABSOLUTE_PENALTY, [np.sign(array) for array in case.parameters[0]]),
    ):
        weight, bias = parameters
        norm = float(np.vdot(weight, weight))
        factor = float(np.vdot(weight, added[0])) / norm if norm else 0.0
        scale = [FIT_OF_A_STEP * float(np.abs(array).max()) for array in taken]
        if abs(factor) * float(np.abs(weight).max()) <= 5 * scale[0]:
            continue
        if np.abs(added[0] - factor * weight).max() > scale[0]:
            continue
        if min(np.abs(added[1]).max(), np.abs(added[1] - factor * bias).max()) <= scale[1]:
            return mistake.finding(factor=factor)
    return None
