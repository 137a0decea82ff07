"""From wrong numbers to the likely mistake.

Each hypothesis computes what a known mistake would give, and is named only where the numbers fit
to a thousandth. What is computed here are gradients gone wrong: a small change of one parameter is
followed forwards through the network, with the mistake put in on its way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit, softmax

from lxmls_nb.checks.numerical import output_error
from lxmls_nb.checks.problems import Problem, forward
from lxmls_nb.models.numpy_mlp import HIDDEN

#: How well numbers have to fit a mistake for it to be named, relative to the largest one.
FIT = 1e-3

Cause = tuple[str, dict]


def fits(array: np.ndarray, other: np.ndarray, tolerance: float = FIT) -> bool:
    """Whether two arrays are the same, but for a share `tolerance` of the largest value."""
    if np.shape(array) != np.shape(other) or not np.all(np.isfinite(other)):
        return False
    size = float(np.abs(other).max(initial=0))
    return size > 0 and bool(np.abs(array - other).max(initial=0) <= tolerance * size)


def constant_factor(array: np.ndarray, truth: np.ndarray) -> float | None:
    """Return the number that `truth` is multiplied with, where there is one."""
    norm = float(np.vdot(truth, truth))
    if norm == 0 or array.shape != truth.shape:
        return None
    factor = float(np.vdot(truth, array)) / norm
    return factor if factor != 0 and fits(array, factor * truth) else None


def averaging(factor: float, problem: Problem, is_bias: bool = False) -> Cause | None:
    """Return the cause of a constant factor, None if there is no telling."""
    size = len(problem.output)

    def near(value: float) -> bool:
        return abs(factor - value) <= FIT * abs(value)

    if near(-1):
        return "sign", {}
    if size == 1:  # the errors of one example are in proportion for many reasons
        return None
    if near(size):
        return "sum", {"factor": size}
    if near(1 / size) and size not in problem.geometry:
        return ("bias-averaged" if is_bias else "averaged-twice"), {"factor": size}
    return "factor", {"factor": factor, "batch": size}


# --- what the error at the output might be, given the right one


def wrong_errors(problem: Problem) -> Iterator[tuple[Cause, np.ndarray]]:
    """Yield causes and the errors at the output, (M, K), that they would give."""
    values = forward(problem)
    z, p = values.linear[-1], np.exp(values.log_probabilities)
    size, classes = p.shape
    right = output_error(problem)  # carries the average over the batch
    rows = np.arange(size)
    onehot = np.zeros_like(p)
    onehot[rows, problem.output] = 1
    yield ("no-onehot", {}), p / size
    marks = {
        "flipped": onehot[:, ::-1],
        "one further": np.roll(onehot, 1, axis=1),
        "one back": np.roll(onehot, -1, axis=1),
        "predictions": np.eye(classes)[p.argmax(axis=1)],
        "sorted": onehot[np.argsort(problem.output)],
        "examples reversed": onehot[::-1],
        "minus one and one": 2 * onehot - 1,
        "added": -onehot,
    }
    for other in marks.values():
        yield ("onehot", {}), right + (onehot - other) / size
    yield ("softmax-twice", {}), right * p * (1 - p)
    jacobian = p[:, :, None] * (np.eye(classes) - p[:, None, :])
    yield ("softmax-twice", {}), np.einsum("mk,mkj->mj", right, jacobian)
    yield ("true-class", {}), right * onehot
    yield ("error-sign", {}), np.sign(right) / size
    yield ("error-sign", {}), np.sign(right)
    yield ("absolute", {}), np.abs(right)
    wrong = p.argmax(axis=1) != problem.output
    yield ("misclassified", {}), right * wrong[:, None]
    for cause, other in wrong_probabilities(z, problem):
        yield cause, right + (other - p) / size


def wrong_probabilities(z: np.ndarray, problem: Problem) -> Iterator[tuple[Cause, np.ndarray]]:
    """Yield causes and what they would put in place of the probabilities, (M, K)."""
    p = softmax(z, axis=1)
    weight, bias = problem.parameters[-1]
    entering = forward(problem).layer_inputs[-1]
    yield ("log-probabilities", {}), np.log(p + 1e-300)
    yield ("argmax", {}), np.eye(p.shape[1])[p.argmax(axis=1)]
    yield ("logits", {}), z
    yield ("no-bias", {}), softmax(z - bias, axis=1)
    yield ("bias-subtracted", {}), softmax(z - 2 * bias, axis=1)
    yield ("bias-twice", {}), softmax(z + bias, axis=1)
    yield ("over-batch", {}), softmax(z, axis=0)
    yield ("over-batch", {}), p / p.sum(axis=0)
    yield ("over-all", {}), softmax(z)
    yield ("twice-softmax", {}), softmax(p, axis=1)
    yield ("uniform", {}), np.full_like(p, 1 / p.shape[1])
    yield ("reshaped", {}), softmax(entering @ weight.reshape(weight.T.shape) + bias, axis=1)
    if len(problem.parameters) == 1:
        yield ("binary-input", {}), softmax((entering > 0) @ weight.T + bias, axis=1)
    yield ("not-softmax", {"shape": "a sigmoid of each value"}), expit(z)
    for temperature in (p.shape[1], len(z), 2):
        yield (
            ("not-softmax", {"shape": f"a softmax of z / {temperature}"}),
            softmax(z / temperature, axis=1),
        )
    for bound in (1, 5, 10):
        yield (
            ("not-softmax", {"shape": f"z cut off at ±{bound}"}),
            softmax(np.clip(z, -bound, bound), axis=1),
        )


# --- what the derivative of a hidden layer might be


def wrong_derivatives(a: np.ndarray, z: np.ndarray) -> Iterator[tuple[Cause, np.ndarray]]:
    """Yield causes and the derivatives of the hidden layer that they would give."""
    yield ("no-derivative", {}), np.ones_like(a)
    shapes = {
        "1 - a": 1 - a,
        "a": a,
        "1 - a²": 1 - a**2,
        "that of the sigmoid of a": expit(a) * (1 - expit(a)),
        "1/4": np.full_like(a, 0.25),
        "-a (1 - a)": -a * (1 - a),
        "a² (1 - a)": a**2 * (1 - a),
        "a (1 - a)²": a * (1 - a) ** 2,
        "(a (1 - a))²": (a * (1 - a)) ** 2,
        "a (1 + a)": a * (1 + a),
        "a (a - 1)²": a * (a - 1) ** 2,
        "z (1 - z)": z * (1 - z),
        "1 - z²": 1 - z**2,
        "exp(-z)": np.exp(-z),
        "that of tanh": 1 - np.tanh(z) ** 2,
        "that of a ReLU": (z > 0).astype(float),
        "a - a (1 - a)": a - a * (1 - a),
        "2 a (1 - a)": 2 * a * (1 - a),
    }
    for name, shape in shapes.items():
        yield ("derivative", {"shape": name}), shape


def followed(
    problem: Problem,
    layer: int,
    is_bias: bool,
    error: np.ndarray | None = None,
    derivatives: dict[int, np.ndarray] | None = None,
    weights: dict[int, np.ndarray] | None = None,
    layer_input: np.ndarray | None = None,
) -> np.ndarray:
    """Return the gradient of a layer's weight or bias with a mistake put in.

    Parameters
    ----------
    problem : Problem
    layer : int
    is_bias : bool
    error : ndarray, shape (M, K), optional
        Derivative of the loss at the output instead of the right one.
    derivatives : dict, optional
        By layer, derivatives of the non-linearity instead of the right ones.
    weights : dict, optional
        By layer, the weights that the error goes through instead of the right ones.
    layer_input : ndarray, optional
        What enters the layer instead of the right values.
    """
    values = forward(problem)
    error = output_error(problem) if error is None else error
    last = len(problem.parameters) - 1
    entering = values.layer_inputs[layer] if layer_input is None else layer_input
    shape = problem.parameters[layer][int(is_bias)].shape
    unit = np.eye(shape[1] if is_bias else shape[0])
    # How z of this layer responds to each of its parameters: (parameters, M, out).
    if is_bias:
        change = np.repeat(unit[:, None, :], len(entering), axis=1)
    else:
        change = np.einsum("mi,jk->jimk", entering, unit).reshape(-1, len(entering), shape[0])
    step = 1e-6
    for number in range(layer, last):
        if derivatives and number in derivatives:
            change = change * derivatives[number]
        else:  # how the hidden layer really responds to a small change
            z = values.linear[number]
            response = _hidden(problem, number, z + step * change)
            change = (response - _hidden(problem, number, z - step * change)) / (2 * step)
        weight = (weights or {}).get(number + 1, problem.parameters[number + 1][0])
        change = change @ weight.T
    return np.sum(error * change, axis=(1, 2)).reshape(shape)


def _hidden(problem: Problem, layer: int, z: np.ndarray) -> np.ndarray:
    return HIDDEN[problem.activation_functions[layer]](z)


# --- all together


def name_gradient(
    array: np.ndarray, right: np.ndarray, problem: Problem, layer: int, is_bias: bool
) -> Cause | None:
    """Return the likely cause of a wrong gradient, None if no known one fits.

    Parameters
    ----------
    array, right : ndarray
        The student's and the numerical gradient, of the same shape.
    problem : Problem
    layer : int
        Which layer it belongs to.
    is_bias : bool
        Whether it is the gradient of the bias, not of the weight.
    """
    if not np.any(array):
        return "zero", {}
    factor = constant_factor(array, right)
    # The two values of a bias gradient of two classes add up to zero, right or wrong.
    if factor is not None and abs(factor - 1) > 2e-2 and array.size > 2:
        return averaging(factor, problem, is_bias)
    if is_bias and np.ptp(array) <= 1e-9 * max(1e-9, np.abs(right).max()):
        return "bias-summed", {}
    if not is_bias and array.shape[0] == array.shape[1] and fits(array, right.T):
        return "transposed", {}
    if array.size <= 2:  # too few numbers to tell mistakes apart
        return ("precision", {}) if fits(array, right, tolerance=2e-2) else None
    suspects = [
        (cause, wrong)
        for cause, wrong in _suspects(problem, layer, is_bias)
        if not fits(wrong, right, 2 * FIT)
    ]
    for cause, wrong in suspects:
        if fits(array, wrong):
            return cause
    for cause, wrong in suspects if len(problem.output) > 1 else []:
        in_proportion = constant_factor(array, wrong) is not None
        if "derivative" in cause[0] and in_proportion and constant_factor(wrong, right) is None:
            return cause
    return _shape_of_difference(array, right, problem.parameters[layer][int(is_bias)])


def _suspects(problem: Problem, layer: int, is_bias: bool) -> Iterator[tuple[Cause, np.ndarray]]:
    """Yield causes and the gradients that they would give."""

    def follow(**mistake) -> np.ndarray:
        return followed(problem, layer, is_bias, **mistake)

    values = forward(problem)
    hidden = range(layer, len(problem.parameters) - 1)
    if problem.activation_functions[0] == "sigmoid":
        per_layer = [list(wrong_derivatives(expit(z), z)) for z in values.linear[:-1]]
        for choose in _choices(list(hidden)):
            for number in range(len(per_layer[0]) if choose else 0):
                cause = per_layer[choose[0]][number][0]
                yield cause, follow(derivatives={n: per_layer[n][number][1] for n in choose})
    for cause, error in wrong_errors(problem):
        yield cause, follow(error=error)
    size = len(problem.output)
    if size > 1:
        right = output_error(problem)
        for number in {0, size - 1}:
            single = np.zeros_like(right)
            single[number] = right[number]
            for factor in (1, size):
                yield ("one-example", {}), factor * follow(error=single)
            if size > 2:
                yield ("missing-example", {}), follow(error=right - single)
    for number in hidden:
        weight = problem.parameters[number + 1][0]
        if weight.shape[0] == weight.shape[1]:
            yield ("weights-transposed", {}), follow(weights={number + 1: weight.T})
        for other, (candidate, _) in enumerate(problem.parameters):
            if other != number + 1 and candidate.shape == weight.shape:
                yield ("wrong-weights", {}), follow(weights={number + 1: candidate})
    if hidden:
        squares = {
            n + 1: problem.parameters[n + 1][0].T
            for n in hidden
            if len(set(problem.parameters[n + 1][0].shape)) == 1
        }
        if len(squares) > 1:
            yield ("weights-transposed", {}), follow(weights=squares)
    if not is_bias:
        entering = values.layer_inputs[layer]
        yield ("binary-input", {}), follow(layer_input=(entering > 0).astype(float))
        yield ("binary-input", {}), follow(layer_input=np.sign(entering))
        yield ("clobbered", {}), follow(layer_input=entering * (1 - entering))
        others = [*values.layer_inputs, *values.linear]
        for candidate in others:
            if candidate is not entering and candidate.shape == entering.shape:
                yield ("wrong-input", {}), follow(layer_input=np.asarray(candidate, float))
        mean = np.repeat(entering.mean(axis=0, keepdims=True), size, axis=0)
        yield ("mean-outer", {}), follow(layer_input=mean)


def _choices(layers: list[int]) -> list[list[int]]:
    """Return all hidden layers together, then each alone."""
    return [layers] + ([[layer] for layer in layers] if len(layers) > 1 else [])


def _shape_of_difference(
    array: np.ndarray, right: np.ndarray, parameter: np.ndarray
) -> Cause | None:
    """Name what the difference to the right gradient looks like."""
    largest = float(np.abs(array).max())
    same = np.abs(array - right) <= FIT * np.abs(right).max()
    if (
        np.any(same)
        and not np.all(same)
        and np.allclose(np.abs(array[~same]), largest, rtol=FIT)
        and np.all(np.abs(right[~same]) > largest)
    ):
        return "clipped", {}
    if fits(array, parameter):
        return "parameter", {}
    if constant_factor(array - parameter, right) is not None:
        return "stepped", {}
    size = float(np.abs(right).max())
    if np.abs(array - right).max() < size and constant_factor(array - right, parameter) is not None:
        return "extra-term", {}
    if fits(array, right, tolerance=2e-2):
        return "precision", {}
    return None


def name_later_call(
    result: np.ndarray, truth: np.ndarray, earlier: list[np.ndarray]
) -> Cause | None:
    """Return the likely cause where a later call is wrong and the first one was right.

    Parameters
    ----------
    result, truth : ndarray
        What the call returned, and what is right.
    earlier : list of ndarray
        What was right in the earlier calls.
    """
    if any(fits(result, other) for other in earlier):
        return "stale", {}
    if truth.size <= 2:  # too few numbers to tell one mistake from another
        return None
    if earlier and constant_factor(result - truth, earlier[-1]) is not None:
        return "accumulates", {}
    for start in range(len(earlier)):
        total = truth + sum(earlier[start:])
        if fits(result, total) or fits(result, total / (len(earlier) - start + 1)):
            return "accumulates", {}
    return None


def name_loss(loss: float, problem: Problem, of_forward: bool = True) -> Cause | None:
    """Return the likely cause of a wrong loss, None if no known one fits.

    `of_forward` says whether mistakes of the forward pass come into question, too.
    """
    z = forward(problem).linear[-1]
    p = softmax(z, axis=1)
    rows, output = np.arange(len(z)), problem.output
    size, classes = p.shape
    with np.errstate(all="ignore"):
        losses = -np.log(p[rows, output])
        right = float(losses.mean())

        # One number fits many things by chance: it has to fit well.
        def near(value: float) -> bool:
            return bool(np.isfinite(value) and abs(loss - value) <= 1e-5 * abs(value))

        suspects: list[tuple[Cause, float]] = [
            (("loss-sign", {}), -right),
            (("loss-sum", {"factor": size}), size * right),
            (("loss-base", {}), right / np.log(2)),
            (("loss-base", {}), right / np.log(10)),
            (("loss-accuracy", {}), float(np.mean(p.argmax(axis=1) == output))),
            (("loss-accuracy", {}), 100 * float(np.mean(p.argmax(axis=1) == output))),
            (("loss-accuracy", {}), float(np.mean(p.argmax(axis=1) != output))),
            (("loss-pairs", {}), float(-np.log(p)[:, output].mean())),
            (("loss-no-log", {}), float(p[rows, output].mean())),
            (("loss-no-log", {}), -float(p[rows, output].mean())),
            (("loss-no-log", {}), 1 - float(p[rows, output].mean())),
            (("loss-all-classes", {}), float(-np.log(p).mean())),
            (("loss-all-classes", {}), float(-np.log(p).sum(axis=1).mean())),
            (("loss-squares", {}), float(np.sum((p - np.eye(classes)[output]) ** 2) / size)),
            (("loss-squares", {}), float(np.mean((p - np.eye(classes)[output]) ** 2))),
            (("loss-entropy", {}), float(-np.sum(p * np.log(p)) / size)),
            (("loss-other-class", {}), float(-np.log(p.max(axis=1)).mean())),
            (("loss-other-class", {}), float(-np.log(p[rows, np.sort(output)]).mean())),
            (("loss-other-class", {}), float(-np.log(p[rows, classes - 1 - output]).mean())),
            (("loss-exp", {}), float(np.exp(right))),
            (("loss-median", {}), float(np.median(losses))),
            (("loss-one-example", {}), float(losses[0])),
            (("loss-one-example", {}), float(losses[-1])),
            (("logits", {}), float(-z[rows, output].mean())),
        ]
        for part in (losses[:-1], losses[1:]):
            suspects.append((("missing-example", {}), float(part.sum() / size)))
            suspects.append((("missing-example", {}), float(part.sum() / max(1, size - 1))))
        for cause, other in wrong_probabilities(z, problem):
            known = cause[0] in ("twice-softmax", "over-batch", "over-all", "binary-input")
            if known or (of_forward and cause[0] not in ("log-probabilities", "argmax", "logits")):
                suspects.append((cause, float(-np.log(other[rows, output]).mean())))
        for cause, value in suspects:
            if near(value) and not abs(value - right) <= 1e-5 * abs(right):
                return cause
    for divisor in (size, classes, size * classes, size + 1, 30 / size, 0.5, 2, 10, np.sqrt(size)):
        if divisor != 1 and near(right / divisor):
            return "loss-average", {"factor": loss / right}
    return ("precision", {}) if abs(loss - right) <= 2e-2 * abs(right) else None
