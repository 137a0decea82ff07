# %% plain log-linear-gradients
# The plain way. Most wrong answers are changes of this one.
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output])
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% R1 log-linear-gradients
# Explicit loops over examples, classes and features, with the math module.
import math


def log_linear_gradients(weight, bias, input, output):
    num_examples, num_features = input.shape
    num_classes = weight.shape[0]
    loss = 0.0
    gradient_weight = np.zeros((num_classes, num_features))
    gradient_bias = np.zeros((1, num_classes))
    for m in range(num_examples):
        z = []
        for k in range(num_classes):
            z.append(bias[0, k] + sum(weight[k, i] * input[m, i] for i in range(num_features)))
        top = max(z)
        total = sum(math.exp(value - top) for value in z)
        for k in range(num_classes):
            log_p = z[k] - top - math.log(total)
            error = math.exp(log_p)
            if k == output[m]:
                error -= 1
                loss -= log_p / num_examples
            gradient_bias[0, k] += error / num_examples
            for i in range(num_features):
                gradient_weight[k, i] += error * input[m, i] / num_examples
    return loss, gradient_weight, gradient_bias


# %% R2 log-linear-gradients
# einsum throughout; the labels by np.subtract.at.
def log_linear_gradients(weight, bias, input, output):
    M = len(output)
    z = np.einsum("ki,mi->mk", weight, input) + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    delta = np.exp(log_p)
    np.subtract.at(delta, (np.arange(M), output), 1.0)
    loss = -np.einsum("mk,mk->", index2onehot(output, len(weight)), log_p) / M
    return loss, np.einsum("mk,mi->ki", delta, input) / M, np.einsum("mk->k", delta)[None, :] / M


# %% R3 log-linear-gradients
# The guide's loop: one outer product an example.
def log_linear_gradients(weight, bias, input, output):
    num_examples, num_classes = len(output), weight.shape[0]
    z = np.dot(input, weight.T) + bias
    log_prob = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_prob)
    I = np.eye(num_classes)
    gradient_weight = np.zeros(weight.shape)
    gradient_bias = np.zeros((1, num_classes))
    loss = 0
    for l in range(num_examples):
        error = -(I[output[l]] - probabilities[l, :])
        gradient_weight += np.outer(error, input[l, :])
        gradient_bias += error
        loss += -log_prob[l, output[l]]
    return loss / num_examples, gradient_weight / num_examples, gradient_bias / num_examples


# %% R4 log-linear-gradients
# Normalises at the end; a list, with the loss as a plain float.
def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1)[:, None]
    error = np.exp(log_p) - index2onehot(output, weight.shape[0])
    loss = float(-sum(row[label] for row, label in zip(log_p, output)) / len(output))
    return [loss, np.dot(error.T, input) / len(output), np.mean(error, axis=0, keepdims=True)]


# %% R5 log-linear-gradients
# SciPy's softmax and log_softmax.
from scipy.special import log_softmax, softmax


def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    p = softmax(z, axis=1)
    p[range(len(output)), output] -= 1
    p /= len(output)
    loss = -log_softmax(z, axis=1)[range(len(output)), output].mean()
    return loss, p.T @ input, p.sum(axis=0, keepdims=True)


# %% R6 log-linear-gradients
# Its own softmax with the maximum subtracted, and helper functions.
def stable_log_softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))


def mean_loss(log_p, output):
    return np.mean([-row[label] for row, label in zip(log_p, output)])


def log_linear_gradients(weight, bias, input, output):
    log_p = stable_log_softmax(np.matmul(input, weight.T) + bias)
    error = (np.exp(log_p) - index2onehot(output, weight.shape[0])) / input.shape[0]
    return mean_loss(log_p, output), np.matmul(error.T, input), error.sum(0).reshape(1, -1)


# %% R7 log-linear-gradients
# Named tuple as the result.
from collections import namedtuple

Result = namedtuple("Result", "loss weight bias")


def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    return Result(
        loss=-np.take_along_axis(log_p, output[:, None], axis=1).mean(),
        weight=error.T @ input,
        bias=error.sum(axis=0, keepdims=True),
    )


# %% R8 log-linear-gradients
# The loss as an array without dimensions.
def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    error = (np.exp(log_p) - (np.arange(len(weight)) == output[:, None])) / len(output)
    loss = np.array(-log_p[np.arange(len(output)), output].mean())
    return loss, np.tensordot(error, input, axes=(0, 0)), error.sum(axis=0)[np.newaxis]


# %% R9 log-linear-gradients
# Computes everything in float32; the loss is an np.float32.
def log_linear_gradients(weight, bias, input, output):
    weight, bias, input = (np.asarray(a, dtype=np.float32) for a in (weight, bias, input))
    z = input @ weight.T + bias
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    error = np.exp(log_p)
    error[np.arange(len(output)), output] -= 1
    error /= np.float32(len(output))
    loss = -np.mean(log_p[np.arange(len(output)), output])
    return loss, error.T @ input, error.sum(axis=0, keepdims=True)


# %% R10 log-linear-gradients
# Computes in float64, returns float32.
def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    loss = -log_p[np.arange(len(output)), output].mean()
    gradients = error.T @ input, error.sum(axis=0, keepdims=True)
    return loss, *(gradient.astype(np.float32) for gradient in gradients)


# %% R11 log-linear-gradients
# Central differences with h = 1e-5.
def log_linear_gradients(weight, bias, input, output):
    def loss_of(weight, bias):
        z = input @ weight.T + bias
        log_p = z - logsumexp(z, axis=1, keepdims=True)
        return -np.mean(log_p[np.arange(len(output)), output])

    h = 1e-5
    gradient_weight = np.zeros_like(weight)
    for place in np.ndindex(*weight.shape):
        step = np.zeros_like(weight)
        step[place] = h
        above, below = loss_of(weight + step, bias), loss_of(weight - step, bias)
        gradient_weight[place] = (above - below) / (2 * h)
    gradient_bias = np.zeros_like(bias)
    for place in np.ndindex(*bias.shape):
        step = np.zeros_like(bias)
        step[place] = h
        above, below = loss_of(weight, bias + step), loss_of(weight, bias - step)
        gradient_bias[place] = (above - below) / (2 * h)
    return loss_of(weight, bias), gradient_weight, gradient_bias


# %% R12 log-linear-gradients
# Complex steps.
def log_linear_gradients(weight, bias, input, output):
    def loss_of(weight, bias):
        z = input @ weight.T + bias
        z = z - z.real.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -log_p[np.arange(len(output)), output].mean()

    gradients = []
    for number, array in enumerate((weight, bias)):
        gradient = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            moved = [weight.astype(complex), bias.astype(complex)]
            moved[number][place] += 1e-20j
            gradient[place] = loss_of(*moved).imag / 1e-20
        gradients.append(gradient)
    return loss_of(weight, bias), gradients[0], gradients[1]


# %% R13 log-linear-gradients
# PyTorch's autograd; the loss is a tensor's item.
def log_linear_gradients(weight, bias, input, output):
    import torch

    w = torch.tensor(weight, requires_grad=True)
    b = torch.tensor(bias, requires_grad=True)
    z = torch.tensor(input) @ w.T + b
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(output))
    loss.backward()
    return loss.item(), w.grad.numpy(), b.grad.numpy()


# %% R14 log-linear-gradients
# Prints, warns and writes to stderr.
import sys
import warnings


def log_linear_gradients(weight, bias, input, output):
    print("log_linear_gradients of a batch of shape", input.shape)
    print("this goes to stderr", file=sys.stderr)
    warnings.warn("so does this")
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    print("probabilities:", np.exp(log_p), sep="\n")
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    loss = -log_p[np.arange(len(output)), output].mean()
    return loss, error.T @ input, error.sum(axis=0, keepdims=True)


# %% R15 log-linear-gradients
# Type hints and a docstring.
Array = np.ndarray


def log_linear_gradients(
    weight: Array, bias: Array, input: Array, output: Array
) -> tuple[float, Array, Array]:
    """Return loss and gradients of a log-linear model.

    The loss is the mean cross-entropy of the batch.
    """
    num_examples: int = input.shape[0]
    z: Array = input @ weight.T + bias
    log_p: Array = z - logsumexp(z, axis=1, keepdims=True)
    error: Array = (np.exp(log_p) - index2onehot(output, weight.shape[0])) / num_examples
    loss: float = float(-log_p[np.arange(num_examples), output].mean())
    return loss, error.T @ input, error.sum(axis=0, keepdims=True)


# %% R16 log-linear-gradients
# Homogeneous coordinates: the bias is one more column of the weight.
def log_linear_gradients(weight, bias, input, output):
    W = np.hstack([weight, bias.T])
    X = np.hstack([input, np.ones((len(input), 1))])
    z = X @ W.T
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    G = (np.exp(log_p) - index2onehot(output, len(W))).T @ X / len(X)
    return -log_p[np.arange(len(X)), output].mean(), G[:, :-1], G[:, -1:].T


# %% R17 log-linear-gradients
# Column vectors: examples in columns.
def log_linear_gradients(weight, bias, input, output):
    X = input.T
    Z = weight @ X + bias.T
    log_P = Z - logsumexp(Z, axis=0)
    Y = index2onehot(output, weight.shape[0]).T
    M = X.shape[1]
    D = np.exp(log_P) - Y
    return -(Y * log_P).sum() / M, D @ X.T / M, D.sum(axis=1, keepdims=True).T / M


# %% R18 log-linear-gradients
# The gradient written as expected minus observed counts of features.
def log_linear_gradients(weight, bias, input, output):
    M, K = len(output), len(weight)
    z = input @ weight.T + bias
    p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
    expected = np.stack([(p[:, k : k + 1] * input).sum(axis=0) for k in range(K)])
    observed = np.stack([input[output == k].sum(axis=0) for k in range(K)])
    frequencies = np.bincount(output, minlength=K)
    loss = (logsumexp(z, axis=1) - z[np.arange(M), output]).mean()
    return loss, (expected - observed) / M, (p.sum(axis=0) - frequencies)[None] / M


# %% R19 log-linear-gradients
# The whole chain rule: derivative of the loss times the Jacobian of the log-softmax.
def log_linear_gradients(weight, bias, input, output):
    M, K = len(output), len(weight)
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    by_log_p = -index2onehot(output, K) / M
    jacobian = np.eye(K)[None] - np.exp(log_p)[:, None, :]
    by_z = np.einsum("mk,mkj->mj", by_log_p, jacobian)
    return (by_log_p * log_p).sum(), by_z.T @ input, by_z.sum(axis=0, keepdims=True)


# %% R20 log-linear-gradients
# A lambda and a class that is called.
class LogLinearGradients:
    names = ("loss", "weight", "bias")

    def __call__(self, weight, bias, input, output):
        z = input @ weight.T + bias
        log_p = z - logsumexp(z, axis=1, keepdims=True)
        error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
        loss = -log_p[np.arange(len(output)), output].mean()
        return loss, error.T @ input, error.sum(axis=0, keepdims=True)


log_linear_gradients = lambda *arguments: LogLinearGradients()(*arguments)


# %% R21 log-linear-gradients
# Computes in long double, returns transposed views of arrays in Fortran order.
def log_linear_gradients(weight, bias, input, output):
    x = input.astype(np.longdouble)
    z = x @ weight.T + bias
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    loss = -log_p[np.arange(len(output)), output].mean()
    gradient_weight = (x.T @ error).astype(float).T
    return float(loss), gradient_weight, error.sum(axis=0)[:, None].astype(float).T


# %% R22 log-linear-gradients
# Variables in another order and another language, changed in place on copies.
def log_linear_gradients(weight, bias, input, output):
    # Os argumentos ficam como estão: trabalhamos com cópias
    pesos, vies, entrada, classes = (np.copy(a) for a in (weight, bias, input, output))
    pontos = entrada @ pesos.T
    pontos += vies
    pontos -= pontos.max(axis=1, keepdims=True)
    normalizador = np.log(np.exp(pontos).sum(axis=1))
    perda = np.average(normalizador - pontos[np.arange(classes.size), classes])
    erro = np.exp(pontos - normalizador[:, None])
    erro[np.arange(classes.size), classes] -= 1
    erro *= 1.0 / classes.size
    pesos[:] = erro.T @ entrada
    vies[:] = erro.sum(axis=0)
    return perda, pesos, vies

# %% plain-equations log-linear-equations
# The plain way. Most wrong answers are changes of this one.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
}


# %% E1 log-linear-equations
# Capitals and blanks around the names.
block_equations = {
    "block a": " Initialisation ",
    "block b": " Linear ",
    "block c": " Softmax ",
    "block d": " Prediction ",
    "block e": " Log-linear ",
    "block f": " Softmax-error ",
    "block g": " Weight-gradient ",
    "block h": " Bias-gradient ",
    "block i": " Sgd ",
}


# %% E2 log-linear-equations
# A note of one's own beside the blocks.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "log-linear",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
    "note": "block e is blocks b and c together",
}


# %% E3 log-linear-equations
# The softmax for block e, which computes it last.
block_equations = {
    "block a": "initialisation",
    "block b": "linear",
    "block c": "softmax",
    "block d": "prediction",
    "block e": "softmax",
    "block f": "softmax-error",
    "block g": "weight-gradient",
    "block h": "bias-gradient",
    "block i": "sgd",
}


# %% R23 log-linear-gradients
# The bias gradient has one dimension, (K,).
def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    loss = -log_p[np.arange(len(output)), output].mean()
    return loss, error.T @ input, error.sum(axis=0)


# %% R24 log-linear-gradients
# np.matrix.
def log_linear_gradients(weight, bias, input, output):

    M = len(output)
    X, Wm = np.asmatrix(input), np.asmatrix(weight)
    z = X * Wm.T + bias
    lp = z - logsumexp(np.asarray(z), axis=1, keepdims=True)
    p = np.asmatrix(np.exp(lp))
    loss = -np.asarray(lp)[range(M), output].sum() / M
    e = (p - index2onehot(output, len(weight))) / M
    return loss, e.T * X, e.sum(axis=0)


# %% R25 log-linear-gradients
# Masked arrays.
def log_linear_gradients(weight, bias, input, output):

    M = len(output)
    z = np.ma.array(input @ weight.T + bias)
    lp = z - logsumexp(z.filled(0), axis=1, keepdims=True)
    loss = -np.ma.mean(lp[np.arange(M), output])
    e = (np.ma.exp(lp) - index2onehot(output, len(weight))) / M
    return loss, np.ma.dot(e.T, input), e.sum(axis=0, keepdims=True)


# %% R26 log-linear-gradients
# Lists and generator expressions.
def log_linear_gradients(weight, bias, input, output):

    K, M = len(weight), len(output)
    lps = [x @ weight.T + bias[0] for x in input]
    lps = [z - logsumexp(z) for z in lps]
    loss = -sum(lp[y] for lp, y in zip(lps, output)) / M
    es = [np.exp(lp) - (np.arange(K) == y) for lp, y in zip(lps, output)]
    gw = sum(np.outer(e, x) for e, x in zip(es, input)) / M
    gb = sum(es)[None, :] / M
    return loss, gw, gb


# %% R27 log-linear-gradients
# A partial of a class method.
from functools import partial
class G:
    @classmethod
    def go(cls, scale, weight, bias, input, output):
        z = input @ weight.T + bias
        lp = z - logsumexp(z, axis=1, keepdims=True)
        M = len(lp)
        e = (np.exp(lp) - np.eye(len(weight))[output]) * scale / M
        return -lp[np.arange(M), output].mean(), e.T @ input, e.sum(0, keepdims=True)
log_linear_gradients = partial(G.go, 1.0)


# %% R30 log-linear-gradients
# Changes its arguments in place and puts them back, but for rounding.
def log_linear_gradients(weight, bias, input, output):

    m = input.mean()
    input -= m
    input += m
    input *= 3; input /= 3
    z = input @ weight.T + bias
    lp = z - logsumexp(z, axis=1, keepdims=True)
    e = (np.exp(lp) - index2onehot(output, len(weight))) / len(z)
    bias *= 3; bias /= 3
    weight += 1; weight -= 1
    return -lp[np.arange(len(z)), output].mean(), e.T @ input, e.sum(0, keepdims=True)


# %% R31 log-linear-gradients
# Takes a step of the class above, and reads the gradients off it.
def log_linear_gradients(weight, bias, input, output):

    model = NumpyLogLinear(input_size=weight.shape[1], num_classes=weight.shape[0], learning_rate=1.0)
    model.weight, model.bias = weight.copy(), bias.copy()
    lp = model.log_forward(input)
    loss = -lp[np.arange(len(lp)), output].mean()
    model.update(input, output)
    return loss, weight - model.weight, bias - model.bias


# %% R35 log-linear-gradients
# The loss as an array of shape (1, 1).
def log_linear_gradients(weight, bias, input, output):
    num_examples = input.shape[0]
    z = input @ weight.T + bias
    log_probabilities = z - logsumexp(z, axis=1, keepdims=True)
    probabilities = np.exp(log_probabilities)
    loss = -np.mean(log_probabilities[np.arange(num_examples), output], keepdims=True).reshape(1, 1)
    error = (probabilities - index2onehot(output, weight.shape[0])) / num_examples
    gradient_weight = error.T @ input
    gradient_bias = np.sum(error, axis=0, keepdims=True)
    return loss, gradient_weight, gradient_bias


# %% R36 log-linear-gradients
# A sparse matrix of indicators.
import scipy.sparse as sp
def log_linear_gradients(weight, bias, input, output):

    M, K = len(output), len(weight)
    Y = sp.csr_matrix((np.ones(M), (np.arange(M), output)), shape=(M, K))
    z = input @ weight.T + bias
    lp = z - logsumexp(z, axis=1, keepdims=True)
    loss = -Y.multiply(lp).sum() / M
    e = (np.exp(lp) - Y) / M
    return loss, np.asarray(e.T @ input), np.asarray(e.sum(axis=0)).reshape(1, -1)


# %% R38 log-linear-gradients
# Asserts, and errors of floating point that are raised.
def log_linear_gradients(weight, bias, input, output):

    assert input.ndim == 2 and weight.ndim == 2 and bias.shape == (1, weight.shape[0])
    with np.errstate(all='raise', under='ignore'):
        z = input @ weight.T + bias
        m = z.max(axis=1, keepdims=True)
        lp = z - m - np.log(np.exp(z - m).sum(axis=1, keepdims=True))
        e = (np.exp(lp) - index2onehot(output, len(weight))) / len(z)
    return -lp[np.arange(len(z)), output].mean(), e.T @ input, e.sum(0, keepdims=True)


# %% R39 log-linear-gradients
# logsumexp minus the own z, counts by np.add.at and np.bincount.
def log_linear_gradients(weight, bias, input, output):

    z = input.dot(weight.T) + bias
    lse = logsumexp(z, axis=1)
    loss = (lse - z[np.arange(len(z)), output]).mean()
    p = np.exp(z - lse.reshape(-1, 1))
    counts = np.zeros_like(weight); np.add.at(counts, output, input)
    gw = (p.T @ input - counts) / len(z)
    gb = (p.sum(0) - np.bincount(output, minlength=len(weight))) / len(z)
    return loss, gw, gb


# %% E4 log-linear-equations
# American spelling, blanks or nothing for hyphens, quotes and a full stop.
block_equations = {
    "block a": "Initialization",
    "block b": "`linear`",
    "block c": "softmax.",
    "block d": "prediction",
    "block e": "loglinear",
    "block f": "softmax_error",
    "block g": "weight gradient",
    "block h": "bias \u2013 gradient",
    "block i": "'SGD'",
}
