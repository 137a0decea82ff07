"""Replies of probes that are forged: in grading they come from the student's process."""

from __future__ import annotations

import contextlib
import copy
import io
from functools import cache

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks.probes import running
from lxmls_nb.checks.problems import make_problem
from tests.support.course import definitions

#: By check: notebook, answers, options, and the keys of the reply's parts that decide.
CASES: dict[str, tuple[str, list[str], dict, set[str]]] = {
    "dictionary": (
        "exercise_2_1",
        ["block_equations"],
        {"keys": ["block a"], "choices": ["initialisation"], "expected": {"block b": "linear"}},
        {"value"},
    ),
    "log_linear_gradients": (
        "exercise_2_1",
        ["log_linear_gradients"],
        {"input_size": 3, "batch_size": 4},
        {"results"},
    ),
    "backpropagation": ("exercise_2_2", ["MyNumpyMLP"], {"geometry": [3, 4, 3]}, {"results"}),
    "backpropagation_at_size": (
        "exercise_2_2",
        ["MyNumpyMLP"],
        {"geometry": [3, 4, 3]},
        {"result"},
    ),
    "log_linear_module": (
        "exercise_2_3",
        ["LogLinear"],
        {"input_size": 4, "batch_size": 4},
        {"values", "gradients"},
    ),
    "training_step": (
        "exercise_2_3",
        ["training_step", "LogLinear"],
        {"input_size": 4, "batch_size": 4, "steps": 2},
        {"values", "parameters", "losses"},
    ),
    "log_forward": ("exercise_2_4", ["MyPytorchMLP"], {"geometry": [3, 4, 3]}, {"values"}),
    "gradient_flow": (
        "exercise_2_4",
        ["MyPytorchMLP"],
        {"geometry": [3, 4, 3]},
        {"values", "gradients"},
    ),
}
NAN, INF = float("nan"), float("inf")


@cache
def all_honest(name: str) -> list[dict]:
    """Return the replies to a check of the reference answer (not to be changed)."""
    notebook, names, options, _ = CASES[name]
    replies = []

    def send(probe, names, arguments):
        namespace = definitions(notebook)
        replies.append(running.execute(probe, [namespace[n] for n in names], arguments))
        return replies[-1]

    getattr(checks, name)(*[running.Reference(n, send) for n in names], **options)
    return replies


def honest(name: str) -> dict:
    """Return the first reply to a check of the reference answer (not to be changed)."""
    return all_honest(name)[0]


def judge(name: str, reply, **options) -> str:
    """Run a check on a forged reply, and return what it prints.

    The reply to what is asked besides is honest: after several steps another one alone, and small
    sigmoids after gradients that flow.
    """
    options = CASES[name][2] | options

    def send(probe, names, arguments):
        is_other = options.get("steps", 1) > 1 and len(arguments.get("batches", ())) == 1
        is_other = is_other or (name == "gradient_flow" and len(arguments["calls"]) == 1)
        return all_honest(name)[1] if is_other else reply

    answers = [running.Reference(n, send) for n in CASES[name][1]]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        getattr(checks, name)(*answers, **options)
    return printed.getvalue()


def passes(name: str, reply) -> bool:
    """Whether a reply passes; all that it can do otherwise is fail as answers do."""
    message = ""
    try:
        judge(name, reply)
    except checks.CheckFailed as failure:
        message = str(failure)
    assert len(message) < 1500
    assert message.isprintable()
    return not message


def nodes(value, path=()):
    """Yield the paths of all parts of a reply, itself included."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(item, (*path, key))


def at(value, path):
    """Return the part of a reply at a path."""
    for key in path:
        value = value[key]
    return value


def replaced(reply, path, new):
    """Return a reply with one of its parts replaced."""
    if not path:
        return new
    reply = copy.deepcopy(reply)
    at(reply, path[:-1])[path[-1]] = new
    return reply


class Loud:
    """What no transport brings, in case one does."""

    def __eq__(self, other):
        return True

    def __str__(self):
        raise RuntimeError("seen")

    __hash__ = None  # type: ignore[assignment]
    __repr__ = __str__


def junk(value):
    """Yield what may be forged in place of a value, and is wrong there."""
    yield from (None, True, 0, -1, 10**400, 0.1234, NAN, INF, "", "text", Loud())
    yield from ([], [None], [[]], [NAN, NAN], {}, {"unsupported": "x"}, {"unsupported": Loud()})
    yield from (np.array(NAN), np.zeros(0), np.zeros((0, 3)), np.array("text"), np.array(Loud()))
    yield from ("x\x1b[31m\n" * 1000, [0.0] * 1000, {"result": [None] * 4})
    deep = []
    for _ in range(500):
        deep = [deep]
    yield deep
    if isinstance(value, np.ndarray):
        wild = value.astype(float).copy()
        wild.flat[-1] = NAN
        yield wild
        yield np.full(value.shape, NAN)
        yield np.full(value.shape, -INF)
        yield np.full(value.shape, 1e308)
        yield np.zeros(value.shape) if value.any() else np.ones(value.shape)
        yield np.full(value.shape, True)
        yield value * 1j
        yield np.full(value.shape, None)
        yield value.astype(str)
        yield np.stack([value, value])
        yield value[..., :-1] if value.ndim else np.stack([value, value])
        yield value.T if 1 not in value.shape and value.shape != value.shape[::-1] else value - 1
        yield value[:1] if value.ndim and len(value) > 1 else value + 1
        yield value.astype([("field", float)])
    if isinstance(value, list) and value:
        yield value[:-1]
        yield [*value, value[-1]]
        yield [None for _ in value]
        yield dict(enumerate(value))
    if isinstance(value, float):
        yield np.array(value * 1j)
        yield np.array(str(value))
        yield [value]


@pytest.mark.parametrize("name", CASES)
def test_honest_replies_to_right_answers_pass(name):
    assert "Passed" in judge(name, honest(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_nothing_passes_in_place_of_a_value_that_decides(name):
    reply = honest(name)
    options, decisive = CASES[name][2:]
    tried = 0
    for path in nodes(reply):
        inside = bool(decisive & set(path))
        around = any(decisive & set(below) for below in nodes(at(reply, path)))
        if name == "dictionary" and len(path) > 2:
            inside = path[2] in {*options["keys"], *options["expected"]}
        for new in junk(at(reply, path)) if inside or around else ():
            assert not passes(name, replaced(reply, path, new)), (path, type(new))
            tried += 1
    assert tried > 60


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_whatever_else_is_forged_a_wrong_answer_fails(name):
    """One value is wrong, the rest of the reply is anything."""
    reply = honest(name)
    decisive = CASES[name][3]
    values = [path for path in nodes(reply) if decisive & set(path)]
    leaves = [p for p in values if isinstance(at(reply, p), np.ndarray | float | str)]
    if name == "dictionary":
        leaves = [("result", "value", "block b")]
    wrong = at(reply, leaves[0])
    reply = replaced(reply, leaves[0], wrong + (1 if not isinstance(wrong, str) else " x"))
    assert not passes(name, reply)
    for place, path in enumerate(nodes(reply)):
        apart = path[: len(leaves[0])] != leaves[0] and leaves[0][: len(path)] != path
        if apart and not isinstance(at(reply, path), np.ndarray):
            forged = (*junk(at(reply, path)), False, at(reply, leaves[0]))
            # Each time, what is wrong is looked for again: a third at each place, in turn.
            for new in forged[place % 3 :: 3]:
                assert not passes(name, replaced(reply, path, new)), (path, type(new))


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_decide_leads_to_a_pass_or_a_failure_never_to_an_error(name):
    reply = honest(name)
    for path in nodes(reply):
        if not CASES[name][3] & set(path):
            for new in junk(at(reply, path)):
                passes(name, replaced(reply, path, new))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "reply",
    [
        {},
        [],
        None,
        "Passed",
        {"passed": True},
        {"result": None},
        {"error": {}},
        {"error": None},
        {"error": {"type": 1, "message": 2, "line": 3}},
        {"not_attempted": None, "where": np.zeros(3)},
        {"not_attempted": "", "where": ""},
        {"error": {"type": "E" * 10**6, "message": "\x1b[2J\n" * 10**6, "line": "l\n" * 10**6}},
    ],
    ids=[
        *("empty", "list", "None", "text", "passed", "no result", "no error", "error is None"),
        *("error of numbers", "no function", "nothing", "loud error"),
    ],
)
def test_replies_of_another_form_fail(name, reply):
    assert not passes(name, reply)


def test_a_reply_that_cannot_be_understood_gets_a_message():
    reply = replaced(honest("backpropagation"), ("result", "results"), [None] * 3)
    with pytest.raises(checks.CheckFailed, match="cannot be understood: there are 3 values where"):
        judge("backpropagation", reply)


@pytest.mark.parametrize("name", ["log_linear_gradients", "backpropagation"])
def test_results_in_another_order_fail(name):
    reply = honest(name)
    results = reply["result"]["results"]
    assert not passes(name, replaced(reply, ("result", "results"), results[::-1]))
    assert not passes(name, replaced(reply, ("result", "results"), results[:1] * 4))


def sure_parameters(output: int) -> list[np.ndarray]:
    """Return parameters that are sure of one class: no loss, no gradient."""
    return [np.zeros((3, 4)), np.where(np.arange(3) == output, 1e6, 0.0)[None]]


@pytest.mark.parametrize("loss", [0.0, NAN])
def test_a_step_starts_where_the_parameters_were_set(loss):
    """Where there is no gradient, no step is the right one."""
    reply = honest("training_step")
    problem = make_problem([4, 3], 1, seed=0)
    parameters = sure_parameters(int(problem.output[0]))
    reply = {
        "result": reply["result"]
        | {
            "parameters": [parameters, parameters],
            "losses": [loss],
            "types": ["float"],
            "events": [[]],
        }
    }
    with pytest.raises(checks.CheckFailed, match="does not keep the parameters"):
        judge("training_step", reply, batch_size=1, steps=1)


def test_a_step_to_nan_fails_in_a_students_notebook_too():
    import torch

    names = definitions("exercise_2_3")

    def step(model, optimizer, input, output):
        loss = names["training_step"](model, optimizer, input, output)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(NAN)
        return loss

    with pytest.raises(checks.CheckFailed, match="not finite"):
        checks.training_step(step, names["LogLinear"])


def test_values_of_other_kinds_in_two_calls_are_no_error():
    """The look at what differs between calls meets truth values, which don't subtract."""
    flags = iter([np.ones((3, 3), bool), np.zeros((3, 3), bool)])

    def answer(weight, bias, input, output):
        return 1.0, next(flags), bias

    with pytest.raises(checks.CheckFailed, match="not real numbers"):
        checks.log_linear_gradients(answer, quantity="weight", input_size=3)


# --- probes that a notebook defines itself


@pytest.fixture
def own_probe(monkeypatch):
    """Return a function that asks a probe of one's own, which reports what it is given."""
    monkeypatch.setattr(running, "PROBES", dict(running.PROBES))

    @checks.probe
    def answer_to(answer, number):
        return answer(number)

    return lambda answer: checks.ask("answer_to", "f", [answer], number=3)


def test_a_probe_of_ones_own_gives_plain_data(own_probe):
    assert own_probe(lambda number: {"result": number, "list": [1.5, "a", None]}) == {
        "result": 3,
        "list": [1.5, "a", None],
    }


@pytest.mark.parametrize("reply", [object(), [1], None, {"result": object()}, {"result": {1, 2}}])
def test_what_is_no_plain_data_is_refused(own_probe, reply):
    with pytest.raises(checks.CheckFailed, match="what `f` reports to this check cannot be"):
        own_probe(lambda number: reply)


def test_an_answer_that_raises_or_is_not_written_is_told(own_probe):
    with pytest.raises(checks.CheckFailed, match="`f` raised ZeroDivisionError"):
        own_probe(lambda number: number / 0)

    def f(number):
        raise NotImplementedError("not attempted yet")

    with pytest.raises(checks.NotAttempted):
        own_probe(f)
