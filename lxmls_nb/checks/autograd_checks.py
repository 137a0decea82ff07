"""The checks of "Build it yourself": an autograd of one's own, step by step, against PyTorch's.

They carry no points, and nothing here raises: a card tells what is right, what the likely mistake
is, or what is to be written. The truth is PyTorch's, and central differences of the forward pass
confirm it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lxmls_nb.checks import autograd_graphs as graphs
from lxmls_nb.checks.autograd_operations import OPERATIONS, Case, judge_back, judge_value
from lxmls_nb.checks.numerical import numerical_gradients
from lxmls_nb.checks.probes.errors import describe_error, student_frame
from lxmls_nb.checks.problems import Problem, make_problem
from lxmls_nb.checks.without_points import tell
from lxmls_nb.differences import central_difference
from lxmls_nb.errors import UNWRITTEN, CheckFailed, NotAttempted, stopped, unwritten
from lxmls_nb.notebook.cards import Kind
from lxmls_nb.notebook.watching import report

#: How far numbers may be off, relative to the largest of them. Nodes compute with 64 bits.
TOLERANCE = 1e-6
STEP = 1e-3


@contextlib.contextmanager
def answers_needed() -> Iterator[None]:
    """Run a block that needs answers of the chapter; where one is not written, tell which.

    Examples
    --------
    >>> with answers_needed():
    ...     raise NotImplementedError("not attempted yet")
    Your turn: this needs an answer from a cell above, first.
    """
    try:
        yield
    except NotImplementedError as error:
        if not _is_unwritten(error):
            raise
        # Where the course tells it, as `train` does, the error before is that of the answer.
        name = student_frame(error.__context__ or error).name
        text = "this needs an answer from a cell above, first."
        if not name.startswith("<"):
            text = f"this needs `{name}` from a cell above, first."
        tell(NotAttempted(text))


def autograd_operation(operation: Callable[..., Any], node: type[Any], computes: str) -> None:
    """Check an operation on nodes: its value, its parents, and how an error gets back.

    Parameters
    ----------
    operation : callable
        Takes nodes and returns a node. ``undo_broadcasting(error, shape)`` takes and returns an
        array.
    node : type
        The chapter's ``Node(value, parents, back, name)``.
    computes : str
        ``"multiply"``, ``"undo_broadcasting"``, ``"add"``, ``"matmul"``, ``"sigmoid"`` or
        ``"log_softmax"``.

    Raises
    ------
    ValueError
        If `computes` is none of these.
    """
    if computes not in OPERATIONS:
        raise ValueError(f"computes is {computes!r}; known are {', '.join(OPERATIONS)}")
    of = OPERATIONS[computes]

    def judge() -> str:
        for case in of.cases:
            if computes == "undo_broadcasting":
                judge_back(case, [operation(case.error.copy(), case.inputs[0].shape)], [])
            else:
                _judge_operation(operation, node, case)
        return (
            f"{of.compared} as PyTorch's, for {len(of.cases)} choices of shapes and numbers. "
            f"{of.why}"
        )

    _report(computes, judge)


def _judge_operation(operation: Callable[..., Any], node: type[Any], case: Case) -> None:
    """Compare a node that an operation makes with PyTorch's.

    Raises
    ------
    CheckFailed
        If something of it is wrong.
    """
    leaves = [node(array.copy(), name=name) for array, name in zip(case.inputs, "ab", strict=False)]
    result = operation(*leaves)
    graphs.judge_node(result, leaves, node)
    judge_value(case, result.value)
    error = case.error.copy()
    errors = graphs.errors_of(result, error)
    if not np.array_equal(error, case.error):
        raise CheckFailed(
            "`back` changes the error that it is given: make a new array, with `error * …` in the "
            "place of `error *= …`."
        )
    if not all(np.array_equal(leaf.value, x) for leaf, x in zip(leaves, case.inputs, strict=True)):
        raise CheckFailed("the values of the parents are changed: they are to stay as they were.")
    judge_back(case, errors, _by_nudging(operation, node, case))


def _by_nudging(operation: Callable[..., Any], node: type[Any], case: Case) -> list[np.ndarray]:
    """Return what gets back to each parent by central differences of the operation's values."""

    def total(values: list[np.ndarray]) -> np.ndarray:
        return np.asarray(np.sum(case.error * operation(*map(node, values)).value))

    return [_differences(total, case.inputs, number) for number in range(len(case.inputs))]


def _differences(
    function: Callable[[list[np.ndarray]], np.ndarray], arrays: Sequence[np.ndarray], number: int
) -> np.ndarray:
    """Return the derivative of a number with respect to each element of one of several arrays."""

    def changed(array: np.ndarray) -> np.ndarray:
        return function([*arrays[:number], array, *arrays[number + 1 :]])

    result = np.zeros(arrays[number].shape)
    for place in np.ndindex(result.shape):
        direction = np.zeros(result.shape)
        direction[place] = 1
        result[place] = central_difference(changed, arrays[number], direction, STEP)
    return result


def autograd_order(order: Callable[[Any], Any], node: type[Any]) -> None:
    """Check ``order(loss)``: all nodes of a graph, each once, and each after its parents.

    Parameters
    ----------
    order : callable
    node : type
        The chapter's ``Node``.
    """

    def judge() -> str:
        earlier: list[Any] = []
        for description in graphs.GRAPHS:
            graph = graphs.build(description, node)
            graphs.judge_order(order(graph.loss), graph, earlier)
            earlier += graph.nodes.values()
        return (
            f"each node once and after its parents, in {len(graphs.GRAPHS)} graphs: a leaf alone, "
            "chains, and some in which a node is used twice. Read backwards, a node comes up only "
            "when all errors that reach it have been added."
        )

    _report("order", judge)


def autograd_backward(backward: Callable[[Any], Any], node: type[Any]) -> None:
    """Check ``backward(loss)``: that the ``grad`` of each node of a graph is right after it.

    Parameters
    ----------
    backward : callable
    node : type
        The chapter's ``Node``.
    """

    def judge() -> str:
        for description in graphs.GRAPHS:
            graph = graphs.build(description, node)
            backward(graph.loss)
            graphs.judge_gradients(graph)
        return (
            f"all gradients as PyTorch's, in {len(graphs.GRAPHS)} graphs. It is "
            "backpropagation for any graph: nothing in it knows what the nodes compute."
        )

    _report("backward", judge)


def autograd_model(
    loss_of: Callable[[list[list[Any]], np.ndarray, np.ndarray], Any],
    backward: Callable[[Any], Any],
    node: type[Any],
    geometries: Sequence[Sequence[int]],
    batch_size: int = 7,
    seed: int = 0,
) -> None:
    """Check loss and gradients of networks that are made of nodes.

    Parameters
    ----------
    loss_of : callable
        ``loss_of(parameters, input, output) -> node``; parameters are pairs of nodes.
    backward : callable
    node : type
    geometries : sequence of sequences of int
        Two sizes make a log-linear model, more of them a network with sigmoids.
    batch_size : int
    seed : int
    """

    def judge() -> str:
        for geometry in geometries:
            problem = make_problem(geometry, batch_size, seed=seed)
            try:
                _judge_model(loss_of, backward, node, problem)
            except CheckFailed as failure:
                raise CheckFailed(f"({problem}) {failure}") from None
        sizes = ", ".join(str(list(geometry)) for geometry in geometries)
        return (
            f"the loss and all gradients are PyTorch's for each geometry, {sizes}, and central "
            "differences agree."
        )

    _report(getattr(loss_of, "__name__", "loss_of"), judge)


def _judge_model(
    loss_of: Callable[..., Any], backward: Callable[[Any], Any], node: type[Any], problem: Problem
) -> None:
    """Compare the loss and the gradients of a network with PyTorch's, and with differences.

    Raises
    ------
    CheckFailed
        If one of them is wrong.
    """
    parameters = [[node(array.copy()) for array in pair] for pair in problem.parameters]
    loss = loss_of(parameters, problem.input, problem.output)
    right, gradients = _torch_gradients(problem)
    if not np.allclose(loss.value, right, rtol=TOLERANCE):
        raise CheckFailed(
            f"the loss is {float(loss.value):.6g}, and PyTorch's is {right:.6g}: look at the "
            "values of the nodes above."
        )
    backward(loss)
    numerical = numerical_gradients(problem)
    for layer, pair in enumerate(parameters):
        for place, name in enumerate(("weight", "bias")):
            where = f"the gradient of the {name} of layer {layer + 1}"
            grad = graphs.numbers_of(pair[place].grad, where, gradients[layer][place].shape)
            truths = (gradients[layer][place], numerical[layer][place])
            if not all(_is_near(grad, truth) for truth in truths):
                raise CheckFailed(
                    f"{where} is not PyTorch's. Do the checks of all steps above pass?"
                )


def _is_near(array: np.ndarray, truth: np.ndarray) -> bool:
    return bool(np.max(np.abs(array - truth)) <= TOLERANCE * max(1e-9, np.max(np.abs(truth))))


def _torch_gradients(problem: Problem) -> tuple[float, list[list[np.ndarray]]]:
    """Return PyTorch's loss and gradients of a network with sigmoids and a softmax."""
    import torch

    parameters = [
        [torch.tensor(array, requires_grad=True) for array in pair] for pair in problem.parameters
    ]
    values = torch.tensor(problem.input)
    for weight, bias in parameters[:-1]:
        values = torch.sigmoid(torch.nn.functional.linear(values, weight) + bias)
    values = torch.nn.functional.linear(values, parameters[-1][0]) + parameters[-1][1]
    loss = torch.nn.functional.cross_entropy(values, torch.tensor(problem.output))
    gradients = torch.autograd.grad(loss, [tensor for pair in parameters for tensor in pair])
    arrays = [np.asarray(tensor) for tensor in gradients]
    return loss.item(), [[*pair] for pair in zip(arrays[::2], arrays[1::2], strict=True)]


def _report(name: str, judge: Callable[[], str]) -> None:
    """Show what a check finds as a card, whatever the reader's code does."""
    try:
        with np.errstate(all="ignore"):
            text = judge()
    except KeyboardInterrupt:  # by the reader
        raise
    except NotAttempted as failure:
        tell(failure)
    except CheckFailed as failure:
        tell(CheckFailed(f"`{name}`: {failure}"))
    except BaseException as error:  # SystemExit, too: whatever an answer does is an answer
        if isinstance(error, NotImplementedError) and _is_unwritten(error):
            tell(stopped(error.__traceback__) or unwritten(student_frame(error).name))
        else:
            tell(CheckFailed(_stopped(name, error)))
    else:
        report(Kind.RIGHT, "Right", f"`{name}`: {text}")


def _is_unwritten(error: NotImplementedError) -> bool:
    return isinstance(error, NotAttempted) or any(text in str(error) for text in UNWRITTEN)


def _stopped(name: str, error: BaseException) -> str:
    """Return in a line how the reader's code stops."""
    known = describe_error(error)
    where = f" ({known['line']})" if known["line"] else ""
    shapes = " and ".join(
        f"`{code}` has the shape {tuple(shape)}" for code, shape, _ in known["operands"]
    )
    if isinstance(error, RecursionError):
        hint = "Does it call itself on the parents of a node, and stop where there are none?"
    elif known["operator"] == "MatMult":
        hint = f"{shapes}: is a transpose missing, or are they in the wrong order?"
    elif "non-broadcastable output operand" in known["message"]:
        hint = "An error has another shape than the value of the node that it gets back to."
    elif known["similar"]:
        hint = f"Is `{known['similar']}` meant?"
    else:
        hint = f"{shapes}." if shapes else ""
    message = f": {text}" if (text := known["message"].rstrip(".")) else ""
    return f"`{name}` stops with {known['type']}{message}{where}. {hint}".strip()
