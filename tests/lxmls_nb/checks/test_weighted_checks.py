"""Weights of examples: each mistake is named, with the parts that it is in."""

from __future__ import annotations

import linecache

import numpy as np
import pytest
from scipy.special import softmax

from lxmls_nb import checks
from lxmls_nb.checks import weighted_checks as module
from lxmls_nb.checks.problems import make_problem
from lxmls_nb.models import index2onehot, logsumexp


def shares(weights):
    return weights / weights.sum()


def equal(weights):
    return np.ones(len(weights)) / len(weights)


def variant(loss=shares, weight=None, bias=None, sign=1, along=None):
    """Return an answer with other shares of the examples in some of its parts.

    `along` says how many classes and examples are told apart: where they are as many, weights run
    along the classes.
    """
    weight = weight or loss
    bias = bias or weight

    def answer(w, b, input, output, example_weights):
        z = input @ w.T + b
        log_tilde_z = z - logsumexp(z, axis=1, keepdims=True)
        right = log_tilde_z[np.arange(len(output)), output]
        error = sign * (np.exp(log_tilde_z) - index2onehot(output, len(w)))

        def weighed(shares):
            if along and len(w) == len(output):
                return error * shares(example_weights)
            return error * shares(example_weights)[:, None]

        return (
            -np.sum(loss(example_weights) * right),
            weighed(weight).T @ input,
            np.sum(weighed(bias), axis=0, keepdims=True),
        )

    return answer


@pytest.fixture
def told(capsys):
    def tell(answer):
        checks.weighted_gradients(answer)
        return " ".join(capsys.readouterr().out.split())

    return tell


def flat(*arguments):
    loss, weight, bias = variant()(*arguments)
    return loss, weight, bias[0]


def in_a_loop(weight, bias, input, output, example_weights):
    parts = [0.0, np.zeros_like(weight), np.zeros_like(bias)]
    for x, y, share in zip(input, output, shares(example_weights), strict=True):
        one = variant(equal)(weight, bias, x[None], np.array([y]), np.ones(1))
        parts = [part + share * each for part, each in zip(parts, one, strict=True)]
    return parts


@pytest.mark.parametrize("answer", [variant(), in_a_loop])
def test_right(told, answer):
    assert told(answer).startswith("Right: `weighted_gradients`: loss and gradients are as")


def test_a_bias_gradient_of_one_dimension_is_accepted(told):
    text = told(flat)
    assert text.startswith("Right: ")
    assert "shape (K,) is accepted" in text


BOTH = "the weight gradient and the bias gradient are not right yet: "
ALL = "the loss and both gradients are not right yet: "


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (variant(equal), f"{ALL}the weights are ignored"),
        (variant(lambda a: a / len(a)), f"{ALL}it is divided by the number of examples, in"),
        (variant(lambda a: a), f"{ALL}it is not divided by the sum of the weights"),
        (variant(lambda a: a / a.max()), f"{ALL}the weights are divided by the largest"),
        (variant(lambda a: shares(a) / len(a)), "by the sum of the weights and by the number of"),
        (variant(lambda a: shares(a) / a.sum()), "by the sum of the weights twice"),
        (variant(lambda a: 1 / a.sum() + 0 * a), "are ignored, and yet it is divided by their sum"),
        (variant(softmax), "the softmax of the weights"),
        (variant(lambda a: shares(a)[::-1]), "the weights belong to other examples"),
        (variant(lambda a: shares(1 / a)), "it is divided by the weights"),
        (variant(lambda a: shares(a**2)), f"{ALL}the weights are squared"),
        (variant(shares, equal), "on the loss alone"),
        (variant(equal, shares), "on the gradients alone"),
        (variant(shares, shares, equal), "on the weight gradient, but not on the bias gradient"),
        (variant(shares, equal, shares), "on the bias gradient, but not on the weight gradient"),
        (variant(shares, lambda a: a * a / a.sum()), f"{BOTH}the weights count twice"),
        (variant(shares, lambda a: shares(a) ** 2, shares), "do they multiply errors and inputs"),
        (variant(shares, lambda a: a), f"{BOTH}it is not divided by the sum"),
        (variant(sign=-1), f"{BOTH}the sign is opposite. The loss is right."),
        (variant(along=True), f"{BOTH}the weights run along the classes"),
        (variant(equal, lambda a: a), "The weight gradient and the bias gradient are not right"),
        (variant(lambda a: a**1.5), "off by up to"),
    ],
)
def test_each_mistake_is_named(told, answer, words):
    text = told(answer)
    assert text.startswith("Not yet: `weighted_gradients`: ")
    assert words in text


def without_keepdims(weight, bias, input, output, example_weights):
    z = input @ weight.T + bias
    return z - logsumexp(z, axis=1), weight, bias


def without_column(weight, bias, input, output, example_weights):
    return 0.0, (np.ones((len(output), len(weight))) * example_weights).T @ input, bias


def naive(weight, bias, input, output, example_weights):
    z = np.exp(input @ weight.T + bias)
    loss = -np.sum(shares(example_weights) * np.log(z / z.sum(1, keepdims=True))[:, 0])
    return loss, variant()(weight, bias, input, output, example_weights)[1], bias


def losses(weight, bias, input, output, example_weights):
    return example_weights, weight, bias


def of_examples(weight, bias, input, output, example_weights):
    return 1.0, weight, np.ones((len(output), len(weight)))


def changes(weight, bias, input, output, example_weights):
    example_weights /= example_weights.sum()
    return variant()(weight, bias, input, output, example_weights)


def unwritten(*arguments):
    raise NotImplementedError("not attempted yet")


@pytest.mark.parametrize(
    ("answer", "start", "words"),
    [
        (without_column, "Not yet", "`example_weights[:, None]`"),
        (without_keepdims, "Not yet", "keeps its column with `keepdims=True`"),
        (naive, "Not yet", "not finite"),
        (losses, "Not yet", "these are the losses of the examples"),
        (of_examples, "Not yet", "the bias gradient has shape (7, 3) where (1, 3) is expected"),
        (changes, "Not yet", "changes its arguments"),
        (lambda *arguments: None, "Not yet", "is the `return` missing?"),
        (lambda *arguments: (1, 2), "Not yet", "three things are expected"),
        (lambda *arguments: ("a", None, {}), "Not yet", "not a number"),
        (lambda *arguments: nothing, "Not yet", "NameError"),  # noqa: F821
        (lambda weight: 1, "Not yet", "TypeError"),
        (None, "Not yet", "not callable"),
        (unwritten, "Your turn", "write `weighted_gradients`"),
    ],
)
def test_whatever_is_given_a_card_tells_and_nothing_is_raised(told, answer, start, words):
    text = told(answer)
    assert text.startswith(f"{start}: ")
    assert words in text


COLUMN, KEEP = "`example_weights[:, None]`", "`keepdims=True`"


@pytest.fixture
def cell(monkeypatch):
    """Return a function that makes an answer of some lines, as a notebook's cell does."""

    def define(*lines):
        head = "def weighted_gradients(weight, bias, input, output, example_weights):"
        code = "\n    ".join((head, "z = input @ weight.T + bias", *lines)) + "\n"
        monkeypatch.setitem(linecache.cache, "<cell>", (len(code), None, code.splitlines(True), ""))
        names = {"np": np, "logsumexp": logsumexp}
        exec(compile(code, "<cell>", "exec"), names)
        return names["weighted_gradients"]

    return define


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["z * example_weights"], {COLUMN}),
        (["z * (example_weights / example_weights.sum())"], {COLUMN}),
        (["z * (example_weights / np.sum(example_weights))"], {COLUMN}),
        (["z - logsumexp(z, axis=1)"], {KEEP}),
        (["np.exp(z) / np.exp(z).sum(1)"], {KEEP}),
        (["z - np.max(z, axis=1)"], {KEEP}),
        (["z / np.sum(z * example_weights[:, None], axis=1)"], {KEEP}),
        # By its name alone it could be either.
        (["share = example_weights / example_weights.sum()", "z * share"], {COLUMN, KEEP}),
        (["total = logsumexp(z, axis=1)", "z - total"], {COLUMN, KEEP}),
    ],
)
def test_advice_on_rows_fits_what_has_lost_its_column(told, cell, lines, said):
    text = told(cell(*lines))
    assert text.startswith("Not yet: in `weighted_gradients`")
    advice = text[text.rindex("(7,)") :]
    assert {words for words in (COLUMN, KEEP) if words in advice} == said


def test_extreme_logits_leave_no_room_for_mistakes():
    problem = make_problem([4, 3], 5, 1e6, 1)
    case = module.Weighted(problem, np.ones(5))
    truth = np.array([[1.0, 2.0]])
    assert not module._is_right(truth * 1.02, truth, case)
    assert module._is_right(truth * 1.005, truth, case)
