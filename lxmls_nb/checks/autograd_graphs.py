"""Graphs on which a walk is tried, what a node has to be, and what is wrong with a walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lxmls_nb.checks.messages import describe, hint_on
from lxmls_nb.errors import CheckFailed

#: Nodes by name, in an order that is right: of each, its parents and the factors of the weighted
#: sum that it is. Those without parents are leaves; the last one is the loss.
Description = dict[str, Sequence[tuple[str, float]]]

GRAPHS: tuple[Description, ...] = (
    {"x": ()},
    {"x": (), "u": (("x", 3.0),), "v": (("u", -2.0),), "loss": (("v", 0.5),)},
    {"x": (), "u": (("x", 3.0), ("x", 5.0)), "loss": (("u", 2.0),)},
    {"x": (), "u": (("x", 3.0),), "v": (("x", -2.0),), "loss": (("u", 2.0), ("v", 7.0))},
    # `w` is reached by a short way and by a long one: its error is whole after both.
    {
        **{"x": (), "w": (("x", 3.0),), "u": (("w", 2.0),), "v": (("u", 5.0),)},
        "loss": (("w", 1.5), ("v", -1.0)),
    },
    {
        **{"x": (), "w": (("x", 3.0),), "u": (("w", 2.0),), "v": (("u", 5.0),)},
        "loss": (("v", -1.0), ("w", 1.5)),
    },
    {
        **{"x": (), "y": (), "u": (("x", 2.0), ("y", -1.0)), "v": (("u", 3.0), ("y", 4.0))},
        "loss": (("v", 1.0), ("u", 0.5)),
    },
)

#: The value of each leaf.
VALUE = np.array([1.0, -2.0])


@dataclass(frozen=True)
class Graph:
    """A graph made of the reader's nodes.

    Attributes
    ----------
    description : dict
    nodes : dict of str to node
    loss : node
    """

    description: Description
    nodes: dict[str, Any]
    loss: Any

    def name_of(self, node: Any) -> str:
        """Return the name of a node, or an empty text for one that is not in the graph.

        Parameters
        ----------
        node : object
        """
        return next((name for name, each in self.nodes.items() if each is node), "")

    def drawn(self) -> str:
        """Return the graph in words."""
        parts = [
            f"{name} = " + " + ".join(f"{factor:g}·{parent}" for parent, factor in parents)
            for name, parents in self.description.items()
            if parents
        ]
        return ", ".join(parts).replace("+ -", "- ") or "a leaf alone"


def build(description: Description, node: type[Any]) -> Graph:
    """Return a graph, its leaves filled with numbers.

    Parameters
    ----------
    description : dict
    node : type
        The reader's ``Node``.
    """
    nodes: dict[str, Any] = {}
    for name, parents in description.items():
        if not parents:
            nodes[name] = node(VALUE.copy(), name=name)
            continue
        factors = [factor for _, factor in parents]
        arguments = tuple(nodes[parent] for parent, _ in parents)
        value = np.sum([f * each.value for f, each in zip(factors, arguments, strict=True)], axis=0)
        nodes[name] = node(
            value, arguments, lambda error, factors=factors: tuple(f * error for f in factors), name
        )
    return Graph(description, nodes, nodes[next(reversed(description))])


# --- a node ---------------------------------------------------------------------------------------


def judge_node(result: Any, leaves: Sequence[Any], node: type[Any]) -> None:
    """Look at a node that an operation has made of leaves.

    Parameters
    ----------
    result : object
        What the operation returned.
    leaves : sequence of node
        What it was called on.
    node : type
        The reader's ``Node``.

    Raises
    ------
    CheckFailed
        If it is none, or has other parents.
    """
    if not isinstance(result, node):
        what = describe(result)
        raise CheckFailed(f"it returns {what}{hint_on(result)}, and a `Node` is asked for.")
    parents = result.parents
    if not isinstance(parents, tuple | list):
        raise CheckFailed("`parents` is no tuple: with one parent it is `(z,)`, with a comma.")
    if not parents:
        raise CheckFailed(
            "its node has no parents: errors end there, and nothing reaches what it was computed "
            "from. They are the second argument of `Node`."
        )
    if any(isinstance(parent, np.ndarray) for parent in parents):
        raise CheckFailed("its parents are arrays: hand over the nodes, not their values.")
    if len(parents) != len(leaves):
        raise CheckFailed(
            f"its node has {_parents(len(parents))}, and it was computed from {len(leaves)}."
        )
    if not all(one is two for one, two in zip(parents, leaves, strict=True)):
        own = all(any(each is leaf for leaf in leaves) for each in parents)
        raise CheckFailed(
            "its parents are in another order than its arguments."
            if own
            else "its parents are other nodes than its arguments: hand over these very nodes."
        )
    if not callable(result.back):
        raise CheckFailed(
            f"`back` is {describe(result.back)}: hand over the function itself, without calling "
            "it, as the third argument of `Node`."
        )


def errors_of(result: Any, error: np.ndarray) -> list[Any]:
    """Return what a node's way back makes of an error, one for each parent.

    Parameters
    ----------
    result : node
    error : ndarray
        What arrives at it.

    Raises
    ------
    CheckFailed
        If there are not as many.
    """
    errors = result.back(error)
    count = len(result.parents)
    if isinstance(errors, np.ndarray | np.generic | float) and count == 1:
        raise CheckFailed(
            "`back` returns an array, and the walk would take its rows apart: with one parent it "
            "returns a tuple of one array, `(…,)`, with a comma."
        )
    if not isinstance(errors, tuple | list):
        what = describe(errors)
        raise CheckFailed(
            f"`back` returns {what}{hint_on(errors)}, and a tuple is asked for: an error for each "
            "parent."
        )
    if not errors:
        raise CheckFailed("its node has no `back`: the third argument of `Node` is missing.")
    if len(errors) != count:
        raise CheckFailed(f"`back` returns {len(errors)} errors for {_parents(count)}.")
    return list(errors)


def numbers_of(
    value: Any,
    subject: str,
    shape: tuple[int, ...] | None = None,
    if_not_finite: str | None = "(nan or inf).",
) -> np.ndarray:
    """Return what the reader's code gave as an array of real numbers.

    Parameters
    ----------
    value : object
    subject : str
        What messages call it.
    shape : tuple of int, optional
        That of the value that it belongs to.
    if_not_finite : str or None
        The end of the message where numbers are not finite. With None they may be.

    Raises
    ------
    CheckFailed
        If it is none, is not finite, or has another shape.
    """
    if value is None:
        raise CheckFailed(f"{subject} is None, and an array of numbers is asked for.")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of different lengths
        raise CheckFailed(
            f"{subject} is {describe(value)}, and an array of numbers is asked for."
        ) from None
    if array.dtype.kind not in "biuf":
        what = describe(value) if array.dtype.kind == "O" else f"made of {array.dtype} values"
        raise CheckFailed(f"{subject} is {what}, and an array of real numbers is asked for.")
    if if_not_finite is not None and not np.all(np.isfinite(array)):
        raise CheckFailed(f"{subject} is not finite {if_not_finite}")
    if shape is not None and array.shape != shape:
        raise CheckFailed(f"{subject} has the shape {array.shape}, and the value has {shape}.")
    return array


def _parents(count: int) -> str:
    return "1 parent" if count == 1 else f"{count} parents"


# --- an order -------------------------------------------------------------------------------------


def judge_order(result: Any, graph: Graph, earlier: Sequence[Any]) -> None:
    """Look at an order of the nodes of a graph.

    Parameters
    ----------
    result : object
    graph : Graph
    earlier : sequence of node
        Those of graphs that have been ordered before.

    Raises
    ------
    CheckFailed
        If nodes are missing, come twice, or come before one of their parents.
    """
    if result is None:
        raise CheckFailed("it returns None: is the `return` missing?")
    try:
        found = list(result)
    except TypeError:
        raise CheckFailed(f"it returns {describe(result)}, and a list is asked for.") from None
    where = f"in the graph {graph.drawn()}"
    if any(any(node is each for each in earlier) for node in found):
        raise CheckFailed("it has nodes of an earlier call in it: start each call with a new list.")
    names = [graph.name_of(node) for node in found]
    if "" in names:
        raise CheckFailed(f"{where}: it has something else than the nodes themselves in it.")
    shown = ", ".join(names) or "nothing"
    if twice := [name for name in graph.nodes if names.count(name) > 1]:
        raise CheckFailed(
            f"{where} it gives {shown}: {twice[0]} comes {names.count(twice[0])} times. Visit a "
            "node only if it has not been visited before, by whatever way."
        )
    missing = [name for name in graph.nodes if name not in names]
    if missing:
        raise CheckFailed(
            f"{where} it gives {shown}: {missing[0]} is missing. {_why(missing, graph)}"
        )
    if _is_right(names, graph.description):
        return
    if _is_right(names[::-1], graph.description):
        raise CheckFailed(
            f"{where} it gives {shown}: that is right from the end to the beginning. The loss "
            "comes last; a node is appended after its parents."
        )
    child, parent = next(
        (name, parent)
        for name, parents in graph.description.items()
        for parent, _ in parents
        if names.index(parent) > names.index(name)
    )
    raise CheckFailed(
        f"{where} it gives {shown}: {child} comes before {parent}, from which it is computed. "
        "Append a node only after all its parents."
    )


def _why(missing: Sequence[str], graph: Graph) -> str:
    """Return why nodes may be missing."""
    if "loss" in missing or len(graph.nodes) == 1:
        return "The node that one begins with belongs to it, too."
    if all(not graph.description[name] for name in missing):
        return "Leaves belong to it, too: nodes without parents."
    return "Visit all parents of each node, and theirs."


def _is_right(names: Sequence[str], description: Description) -> bool:
    places = {name: place for place, name in enumerate(names)}
    return all(
        places[parent] < places[name]
        for name, parents in description.items()
        for parent, _ in parents
    )


# --- gradients ------------------------------------------------------------------------------------


def judge_gradients(graph: Graph) -> None:
    """Compare the gradients of all nodes with PyTorch's.

    Parameters
    ----------
    graph : Graph
        One that the reader's walk has been through.

    Raises
    ------
    CheckFailed
        If one of them is wrong.
    """
    truth = right_gradients(graph.description)
    where = f"in the graph {graph.drawn()}"
    last = next(reversed(graph.nodes))
    got: dict[str, np.ndarray] = {}
    for name, node in reversed(graph.nodes.items()):
        of_it = f"{where} the `grad` of {name}"
        grad = numbers_of(node.grad, of_it).astype(float)
        if name == last and grad.shape == ():  # a one for all
            grad = np.full(VALUE.shape, grad)
        got[name] = numbers_of(grad, of_it, truth[name].shape)
    wrong = [name for name in reversed(graph.nodes) if not np.allclose(got[name], truth[name])]
    if not wrong:
        return
    if np.allclose(got[last], 0):
        raise CheckFailed(
            f"{where} the `grad` of {last}, where the walk begins, is zero: set it first, to the "
            "derivative of the loss with respect to itself, which is one."
        )
    if last in wrong:
        raise CheckFailed(
            f"{where} the `grad` of {last}, where the walk begins, is {got[last][0]:g}. It is the "
            "derivative of the loss with respect to itself: one."
        )
    near = {parent for parent, _ in graph.description[last]}
    if all(np.allclose(got[name], 0) for name in wrong) and not near & set(wrong):
        raise CheckFailed(
            f"{where} no error gets further than the parents of the loss: walk from the loss to "
            "the leaves, against the order of the forward pass."
        )
    name = wrong[0]
    by_way = [
        factor * truth[child][0]
        for child, parents in graph.description.items()
        for parent, factor in parents
        if parent == name
    ]
    value = got[name][0]
    said = f"{where} the `grad` of {name} is {value:g}, and {truth[name][0]:g} is right"
    if len(by_way) > 1 and any(np.isclose(value, each) for each in by_way):
        summed = " + ".join(f"{each:g}" for each in by_way).replace("+ -", "- ")
        raise CheckFailed(
            f"{said}, {summed}: an error comes back for each use of the value, and the last has "
            "overwritten the others. Add them: `+=` in the place of `=`."
        )
    if np.isclose(value, -truth[name][0]):
        raise CheckFailed(f"{said}: the sign is wrong.")
    if value == 0:
        raise CheckFailed(f"{said}: no error has reached it.")
    if len(by_way) == 1:
        raise CheckFailed(
            f"{said}: some node has passed its error on before the errors of all ways had reached "
            "it, or has passed one on twice. Take the nodes in the order that `order` gives, "
            "backwards, each once."
        )
    raise CheckFailed(f"{said}. Each parent gets its own error, `node.back(node.grad)` has them.")


def right_gradients(description: Description) -> dict[str, np.ndarray]:
    """Return PyTorch's derivative of the sum of the loss with respect to each node.

    Parameters
    ----------
    description : dict
    """
    import torch

    tensors: dict[str, Any] = {}
    for name, parents in description.items():
        if parents:
            tensors[name] = sum(factor * tensors[parent] for parent, factor in parents)
        else:
            tensors[name] = torch.tensor(VALUE, requires_grad=True)
    last = next(reversed(description))
    found = torch.autograd.grad(tensors[last].sum(), list(tensors.values()))
    return {name: np.asarray(tensor) for name, tensor in zip(tensors, found, strict=True)}
