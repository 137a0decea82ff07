"""The ladder of errors: each mistake is named where it is made, and painted there."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks import ladder_checks as module
from lxmls_nb.guesses import Outcome, judge
from lxmls_nb.models import index2onehot
from lxmls_nb.plots import graphs


def at_output(log_tilde_z, output):
    return np.exp(log_tilde_z) - index2onehot(output, log_tilde_z.shape[1])


def after_linear(error, weight):
    return error @ weight


def before_sigmoid(error, tilde_z):
    return error * tilde_z * (1 - tilde_z)


RIGHT = (at_output, after_linear, before_sigmoid)


def outcomes(rows):
    """Return what the figure shows of each number."""
    measured = [rung.truth(module._cases()[-1]).ravel() for rung in module.RUNGS]
    return [list(map(judge, row, truth)) for row, truth in zip(rows, measured, strict=True)]


@pytest.fixture
def climb(capsys, monkeypatch):
    """Return a function that returns what the card tells, and what is painted, by kind."""
    painted = {}
    plot = graphs.plot_network

    def plot_network(*arguments, guesses):
        painted.update(guesses)
        return plot(*arguments, guesses=guesses)

    monkeypatch.setattr(graphs, "plot_network", plot_network)

    def run(*functions):
        painted.clear()
        figure = checks.error_ladder(*functions)
        text = " ".join(capsys.readouterr().out.split())
        assert not painted, "it is drawn before anybody looks at it"
        alt = figure.alt
        places = (("e", 2), ("e~", 1), ("e", 1))
        rows = [[painted[kind, layer, unit] for unit in range(3)] for kind, layer in places]
        return text, rows, alt

    return run


def other(number, function):
    """Return the right functions up to a rung, and another one there."""
    return (*RIGHT[:number], function)


def unwritten(*arguments):
    raise NotImplementedError("not attempted yet")


def onehot(output, like):
    return index2onehot(output, like.shape[1])


#: By rung: functions that are right in another way.
ALSO_RIGHT = [
    (0, lambda s, o: -(onehot(o, s) - np.exp(s))),
    (0, lambda s, o: np.array([np.exp(a) - np.eye(len(a))[k] for a, k in zip(s, o, strict=True)])),
    (0, lambda s, o: at_output(s, o).astype(np.float32)),
    (1, lambda e, w: np.einsum("mk,kj->mj", e, w)),
    (1, lambda e, w: (w.T @ e.T).T),
    (1, lambda e, w: np.stack([w.T @ row for row in e])),
    (2, lambda e, t: e * (t - t**2)),
    (2, lambda e, t: np.stack([np.diag(s * (1 - s)) @ r for r, s in zip(e, t, strict=True)])),
]


@pytest.mark.parametrize(("number", "function"), ALSO_RIGHT)
def test_any_way_that_gives_the_right_numbers_is_right(climb, number, function):
    text, _, alt = climb(*other(number, function))
    assert text.startswith("Right: e²")
    assert "right" in alt


def test_rungs_are_green_one_after_the_other(climb):
    for count in (1, 2, 3):
        text, rows, _ = climb(*RIGHT[:count])
        assert text.startswith("Right: ")
        assert [None in row for row in rows] == [n >= count for n in range(3)]


def test_errors_of_the_average_loss_are_right_with_a_remark(climb):
    text, _, _ = climb(lambda s, o: at_output(s, o) / len(o), *RIGHT[1:])
    assert text.startswith("Right: ")
    assert "do not divide again later" in text


#: By rung: what a mistake gives, and what is then told.
WRONG = [
    (0, lambda s, o: -at_output(s, o), "the sign is opposite"),
    (0, lambda s, o: -at_output(s, o) / len(o), "the sign is opposite"),
    (0, lambda s, o: s - onehot(o, s), "is `np.exp` missing?"),
    (0, lambda s, o: (s - onehot(o, s)) / len(o), "is `np.exp` missing?"),
    (0, lambda s, o: onehot(o, s) - s, "is `np.exp` missing? What comes in is log z̃; and the"),
    (0, lambda s, o: np.exp(s), "the probabilities alone"),
    (0, lambda s, o: np.exp(s) + onehot(o, s), "the indicators are added"),
    (0, lambda s, o: np.exp(s) - 1, "one is subtracted at every class"),
    (0, lambda s, o: np.exp(s) - o[:, None], "the number of the class is subtracted"),
    (0, lambda s, o: np.exp(s) - np.roll(onehot(o, s), 1, axis=1), "classes count from zero"),
    (0, lambda s, o: np.exp(s) - onehot(o[::-1], s), "the indicators belong to other examples"),
    (0, lambda s, o: (np.exp(s) - 1) * onehot(o, s), "only the right class has an error"),
    (0, lambda s, o: np.exp(s) * (1 - onehot(o, s)), "the right class has no error"),
    (0, lambda s, o: -onehot(o, s) / np.exp(s), "with respect to the probabilities"),
    (0, lambda s, o: at_output(s, o) * np.exp(s) * (1 - np.exp(s)), "derivative of a sigmoid"),
    (0, lambda s, o: at_output(s, o).T, "rows and columns are swapped"),
    (0, lambda s, o: at_output(s, o).mean(axis=0), "averaged over the examples"),
    (0, lambda s, o: at_output(s, o)[::-1], "belong to other examples"),
    (1, lambda e, w: -e @ w, "the sign is opposite"),
    (1, lambda e, w: e @ w.T, "the weights are transposed"),
    (1, lambda e, w: e @ w / len(e), "divided by the number of examples"),
    (1, lambda e, w: (e @ w).T, "rows and columns are swapped"),
    (1, lambda e, w: e[:, :, None] * w, "the sum over k is missing"),
    (1, lambda e, w: e[:, :1] * w[0], "only one class sends its error back"),
    (1, lambda e, w: e * w, "multiplied number by number"),
    (1, lambda e, w: e @ w / len(w), "the mean over k"),
    (1, lambda e, w: 0 * (e @ w) + w.sum(axis=0), "without the errors"),
    (1, lambda e, w: e, "it goes through the weights"),
    (1, lambda e, w: (e @ w)[::-1], "belong to other examples"),
    (2, lambda e, t: -e * t * (1 - t), "the sign is opposite"),
    (2, lambda e, t: e, "the derivative of the sigmoid is missing"),
    (2, lambda e, t: e * t, "z̃ alone is multiplied in: "),
    (2, lambda e, t: e * (1 - t), "1 − z̃ alone is multiplied in"),
    (2, lambda e, t: e / (1 + np.exp(-t)) / (1 + np.exp(t)), "the sigmoid is applied once more"),
    (2, lambda e, t: t * (1 - t), "the derivative of the sigmoid alone"),
    (2, lambda e, t: e + t * (1 - t), "the derivative of the sigmoid is added"),
    (2, lambda e, t: e * (t * (1 - t)) ** 2, "multiplied in twice"),
    (2, lambda e, t: e / (t * (1 - t)), "divided by the derivative"),
    (2, lambda e, t: e * t * (1 + t), "1 + z̃ stands"),
    (2, lambda e, t: e * (1 - t**2), "the derivative of tanh"),
    (2, lambda e, t: e * t * 1 - t, "parentheses are missing"),
    (2, lambda e, t: (e * t * (1 - t)).T, "rows and columns are swapped"),
    (2, lambda e, t: e * t * (1 - t) / len(e), "divided by the number of examples"),
]


@pytest.mark.parametrize(("number", "function", "words"), WRONG)
def test_each_mistake_is_named(climb, number, function, words):
    text, rows, _ = climb(*other(number, function), *RIGHT[number + 1 :])
    assert text.startswith(f"Not yet: `{module.RUNGS[number].name}`")
    assert words in text
    # Green up to there, red in at least one place there, and hidden after it.
    assert outcomes(rows)[:number] == [[Outcome.RIGHT] * 3] * number
    assert Outcome.WRONG in outcomes(rows)[number]
    assert all(row == [None] * 3 for row in rows[number + 1 :])


#: By rung: functions that are right for the one example of the figure, or nearly.
WRONG_ELSEWHERE = [
    (0, lambda s, o: np.exp(s) - np.eye(s.shape[1])[o[0]]),
    (0, lambda s, o: at_output(s, o) * 1.01),
    (1, lambda e, w: e @ w / len(e)),
    (1, lambda e, w: (e @ w).T),
    (1, lambda e, w: np.sum(e @ w, axis=0)),
    (1, lambda e, w: e @ w if len(e) == 1 else e @ w.T),
    (2, lambda e, t: before_sigmoid(e, t) / len(e)),
]


@pytest.mark.parametrize(("number", "function"), WRONG_ELSEWHERE)
def test_what_is_wrong_elsewhere_is_red_in_the_figure_too(climb, number, function):
    text, rows, _ = climb(*other(number, function))
    assert text.startswith("Not yet: ")
    assert outcomes(rows)[number] == [Outcome.WRONG] * 3


def test_numbers_that_differ_little_are_red(climb):
    # The sigmoid once more: one of the three numbers is 1.5 % off.
    _, rows, _ = climb(*other(2, lambda e, t: e / (1 + np.exp(-t)) / (1 + np.exp(t))))
    assert outcomes(rows)[2] == [Outcome.WRONG] * 3


@pytest.mark.parametrize(
    "function", [lambda e, w: e.nothing, lambda e, w: None, lambda e, w: e[:, :0], lambda e, w: "a"]
)
def test_where_there_are_no_numbers_none_is_painted(climb, function):
    _, rows, alt = climb(*other(1, function))
    assert outcomes(rows)[1] == [Outcome.WRONG] * 3
    assert "nan" not in alt


def test_rows_and_columns_are_told_apart(climb):
    """The network of the figure has one example: it does not tell."""
    for function in (lambda e, w: e.T @ w, lambda e, w: w.T @ e):
        text, _, _ = climb(*other(1, function))
        assert "number of classes" not in text
        assert "same layer" not in text
        assert "don't fit together" in text or "would fit" in text


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda e, w: None, "is the `return` missing?"),
        (lambda e, w: e @ nothing, "NameError"),  # noqa: F821
        (lambda e: e, "TypeError"),
        (lambda e, w: "text", "not a NumPy array"),
        (lambda e, w: (e @ w)[:1], "has shape (1, 4) where (5, 4) is expected"),
        (lambda e, w: e @ w * np.nan, "not finite"),
        (lambda e, w: e @ w * 1.01, "0 of 20 numbers are right"),
        (lambda e, w: e.__imul__(2) @ w, "changes its arguments"),
        (lambda e, w: e @ w if len(e) == 1 else e @ w.T, "shapes don't fit together"),
        (3, "not callable"),
    ],
)
def test_whatever_is_given_a_card_tells_and_nothing_is_raised(climb, function, words):
    text, rows, _ = climb(at_output, function, before_sigmoid)
    assert text.startswith("Not yet: ")
    assert words in text
    assert None not in rows[1]
    assert rows[2] == [None] * 3


def test_what_is_not_written_is_the_students_turn(climb):
    assert climb()[0].startswith("Your turn: ")
    for number in range(3):
        text, rows, _ = climb(*other(number, unwritten), *RIGHT[number + 1 :])
        assert text.startswith(f"Your turn: write `{module.RUNGS[number].name}`")
        assert [row == [None] * 3 for row in rows] == [n >= number for n in range(3)]


def test_the_figure_tells_typical_mistakes_from_what_is_right():
    """Wrong numbers of the figure differ by more than what it takes for rounding."""
    case = module._cases()[-1]
    for rung in module.RUNGS:
        truth = rung.truth(case)
        for suspect in rung.suspects:
            try:
                wrong = suspect.gives(case)
            except ValueError:
                continue
            if wrong.shape == truth.shape and not np.allclose(wrong, truth):
                assert np.any(np.abs(wrong - truth) > 0.03 * np.abs(truth)), suspect.words


def test_functions_get_copies(climb):
    kept = []
    climb(lambda s, o: kept.append((s, o)) or at_output(s, o))
    before = [array.copy() for array in module._cases()[0].log_tilde_z]
    for pair in kept:
        for array in pair:
            array *= 0
    assert np.array_equal(before, module._cases()[0].log_tilde_z)
