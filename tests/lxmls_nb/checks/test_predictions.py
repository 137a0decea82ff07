"""Tasks of the chapters: a card tells whether a prediction comes true, and how it is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks import predictions


@pytest.fixture(autouse=True)
def no_guesses_yet(monkeypatch):
    monkeypatch.setattr(predictions, "_wrong", {})


@pytest.fixture
def told(capsys):
    """Return a function that returns what a task tells, in one line."""

    def tell(guess, measured, about="The answer", **options):
        checks.prediction(guess, measured, about, **options)
        return " ".join(capsys.readouterr().out.split())

    return tell


def test_without_a_guess_it_is_the_readers_turn(told):
    text = told(None, 3, because="Secret.", hints=["Also secret."], choices=["up", "down"])
    assert text.startswith("Your turn: The answer: write what you expect")
    assert "`up`, `down`" in text
    assert "ecret" not in text


@pytest.mark.parametrize(
    ("guess", "measured"),
    [
        (0.56, 0.5611),
        (np.float32(0.56), np.float64(0.5611)),
        (np.array([0.56]), 0.5611),
        (3, 3),
        (3.0, 3),
        ([1, 2], np.array([1.0, 2.0])),
        ([[1, 2]], np.array([1.0, 2.0])),
        ((3, 2), (3, 2)),
        ([3, 2], (3, 2)),
        (np.zeros((3, 2)).shape, (3, 2)),
        (3, (3,)),
        (" Negative ", "negative"),
        (False, np.bool_(False)),
        (lambda: 2, 2),
    ],
)
def test_right_in_any_form(told, guess, measured):
    text = told(guess, measured, because="So it is.")
    assert text.startswith("Right: The answer: ")
    assert text.endswith("So it is.")


@pytest.mark.parametrize(
    ("guess", "measured", "problem"),
    [
        (-0.5, 0.5, "the sign is not"),
        ([-1, 2], [1, -2], "the sign is not"),
        (1.0, 0.5, "too large"),
        ([1.0, 2.0], [0.5, 1.0], "yours are 2 times"),
        ([0.125, 0.5], [0.5, 2.0], "yours are 1/4 times"),
        (0.7, 0.5, "too large"),
        (0.1, 0.53, "too small"),
        (np.nan, 0.5, "it is finite"),
        ("0.5", 0.7, "too small"),
        ([1, 5], [1, 2], "1 of 2 numbers are right"),
        (np.ones((2, 3)), np.ones((3, 2)), "its transpose"),
        ([[0, 1], [2, 0]], [[0, 2], [1, 0]], "rows and columns swapped"),
        ([1, 2, 3], [1, 2], "it has the shape (2,), and yours has (3,)"),
        ((2, 3), (3, 2), "their order is not"),
        ((3, 2, 1), (3, 2), "2 dimensions, and yours has 3"),
        ((3, 4), (3, 2), "is not the shape"),
        ("positive", "negative", "`positive` is not what comes out"),
        (True, False, "the other way round"),
    ],
)
def test_it_is_told_how_a_guess_is_wrong(told, guess, measured, problem):
    text = told(guess, measured, hints=["Think again."])
    assert text.startswith("Not yet: The answer: ")
    assert problem in text
    assert text.endswith("Hint: Think again.")


@pytest.mark.parametrize(
    ("guess", "measured", "problem"),
    [
        ("half", 0.5, "the answer is a number, and yours is 'half'"),
        ([1, 2], 0.5, "the answer is a number, and yours has the shape (2,)"),
        (object(), 0.5, "yours is"),
        (0.5, (3, 2), "the answer is a shape"),
        (True, (3, 2), "the answer is a shape"),
        (1, "negative", "a word in quotes"),
        ("no", False, "True or False"),
        (float, 0.5, "yours is <class 'float'>"),
    ],
)
def test_what_is_no_answer_uses_no_hint_up(told, guess, measured, problem):
    for _ in range(3):
        text = told(guess, measured, hints=["Think again."], because="Thus.")
        assert text.startswith("Not yet: The answer: ")
        assert problem in text
        assert not {"Hint:", "Thus."} & set(text.split())
    assert told("?" if isinstance(measured, str) else 7.25, measured, hints=["Think."]) != ""


def test_a_word_that_is_no_choice_is_told_so_and_is_no_try(told):
    options = {"choices": ["positive", "negative"], "hints": ["Look."], "because": "Thus."}
    for guess in ("plus", "minus", "none", "zero"):
        text = told(guess, "positive", **options)
        assert text.endswith("choose from `positive`, `negative`.")
    assert told("negative", "positive", **options).endswith("Hint: Look.")


@pytest.mark.parametrize("guess", ["no slope", "No_Slope", " no-slope "])
def test_parts_of_a_word_may_be_joined_in_any_way(told, guess):
    assert told(guess, "no-slope", choices=["no-slope", "sum"]).startswith("Right")


def test_types_may_be_named_by_themselves(told):
    assert told(float, "float").startswith("Right")
    assert told(np.dtype("float64").type, "float64").startswith("Right")
    torch = pytest.importorskip("torch")
    assert told(torch.float64, "float64").startswith("Right")


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("no words")

    __float__ = __array__ = __repr__


@pytest.mark.parametrize("measured", [0.5, [1.0, 2.0], (2, 3), "word", True])
@pytest.mark.parametrize("guess", [Unspeakable(), [Unspeakable()], 10**400, 1j, b"x", {}, set()])
def test_nothing_that_a_reader_writes_is_an_error(told, guess, measured):
    assert told(guess, measured, hints=["Hm."]).startswith("Not yet")


def test_tensors_of_all_kinds_are_no_error(told):
    torch = pytest.importorskip("torch")
    asking = torch.tensor(0.5, requires_grad=True)
    assert told([asking, asking], [0.5, 0.5]).startswith("Right")
    assert told(torch.tensor(0.5, dtype=torch.bfloat16), 0.5).startswith("Right")
    assert told(torch.tensor([0.0, 1.0]).to_sparse(), [0.0, 1.0]).startswith("Right")
    assert told(torch.ones(2, device="meta"), [1.0, 1.0]).startswith("Not yet")


@pytest.mark.parametrize("guess", [[None, 1.0], (0.5, None), [None, None]])
def test_guesses_of_which_some_are_missing_are_open(told, guess):
    assert told(guess, [0.5, 1.0]).startswith("Your turn")


def test_hints_come_one_after_the_other_then_the_answer(told):
    hints = ["First.", "Second."]
    texts = [told(guess, 5, hints=hints, because="Thus.") for guess in (7, 8, 8, 9, 7)]
    # A guess that is made again uses nothing up, and gets what it got.
    assert ["First." in text for text in texts] == [True, False, False, False, True]
    assert ["Second." in text for text in texts] == [False, True, True, False, False]
    assert texts[3].endswith("The answer is 5. Thus.")
    assert told(5, 5, hints=hints, because="Thus.").startswith("Right")


def test_hints_of_one_task_are_not_used_up_by_another(told):
    told(7, 5, about="One", hints=["First."])
    assert "First." in told(7, 5, about="Two", hints=["First."])


def test_a_line_of_code_is_run_on_arguments(told):
    point = np.array([1.0, 2.0])
    assert told(lambda x: x * x, [1, 4], arguments=[point]).startswith("Right")

    def spoils(x):
        x *= 0
        return x

    assert told(spoils, [1, 4], arguments=[point], hints=["Hm."]).startswith("Not yet")
    assert point.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda x: x.nothing, "stops with AttributeError"),
        (lambda: 1, "stops with TypeError"),
        (lambda x: None, "did you forget `return`?"),
        (lambda x: exit(3), "stops with SystemExit"),
    ],
)
def test_a_line_of_code_that_does_not_work_is_told_so(told, function, problem):
    text = told(function, 1, arguments=[np.ones(2)], hints=["Hm."])
    assert text.startswith("Not yet")
    assert problem in text


def test_tensors_are_numbers(told):
    torch = pytest.importorskip("torch")
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    assert told(weight, [1.0, 2.0]).startswith("Right")
    assert told([1.0, 2.0], weight.sum() * weight / 3).startswith("Right")
    assert told((2,), weight.shape).startswith("Right")


def test_other_errors_of_a_line_of_code_use_hints_up(told):
    functions = [lambda: 1 / 0, lambda: {}["a"], lambda: [][0]]
    texts = [told(function, 5, hints=["First.", "Second."]) for function in functions]
    assert ["First." in texts[0], "Second." in texts[1]] == [True, True]
    assert texts[2].endswith("The answer is 5.")


@pytest.mark.parametrize(
    ("measured", "written"),
    [
        (0.12345, "0.123"),
        (1234, "1234"),
        (True, "True"),
        ((3, 2), "`(3, 2)`"),
        (np.array([[1.0, -0.5]]), "`[[ 1. , -0.5]]`"),
        ("softmax", "softmax"),
    ],
)
def test_answers_are_written_as_people_write_them(told, measured, written):
    wrong = {str: "?!", tuple: (9,), bool: measured is not True, np.ndarray: [[5, 5]]}
    guess = wrong.get(type(measured), -99.0)
    assert f"The answer is {written}." in told(guess, measured)
