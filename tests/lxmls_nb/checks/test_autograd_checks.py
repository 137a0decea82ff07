"""The checks of "Build it yourself": right styles pass, and each known mistake gets its name."""

from __future__ import annotations

import json
import linecache
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from lxmls_nb import checks
from lxmls_nb.checks.autograd_operations import OPERATIONS
from lxmls_nb.errors import answer_needed
from lxmls_nb.models import logsumexp
from tests.support.course import ROOT

CHAPTER = json.loads((ROOT / "notebooks" / "3b_build_it_yourself.ipynb").read_text("utf-8"))
SOURCES = {cell["id"]: "".join(cell["source"]) for cell in CHAPTER["cells"]}
STEPS = {
    "multiply": "write-multiply",
    "order": "write-order",
    "backward": "write-backward",
    "matmul": "write-matmul",
    "undo_broadcasting": "write-undo",
    "add": "write-add",
    "sigmoid": "write-sigmoid",
    "log_softmax": "write-log-softmax",
}


def chapter(**changes: str) -> dict:
    """Return what the chapter defines, with other sources of some steps."""
    space: dict = {"np": np, "logsumexp": logsumexp}
    sources = [SOURCES["node-class"], *(changes.get(n, SOURCES[i]) for n, i in STEPS.items())]
    for n, source in enumerate([*sources, SOURCES["mean-loss"], SOURCES["network-loss"]]):
        code, name = textwrap.dedent(source), f"<cell {n}>"
        linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
        exec(compile(code, name, "exec"), space)
    return space


def told(capsys, step: str, source: str = "") -> str:
    """Return what the check of a step reports, in one line."""
    space = chapter(**({step: source} if source else {}))
    capsys.readouterr()
    if step == "order":
        checks.autograd_order(space["order"], space["Node"])
    elif step == "backward":
        checks.autograd_backward(space["backward"], space["Node"])
    else:
        checks.autograd_operation(space[step], space["Node"], step)
    captured = capsys.readouterr()
    assert captured.err == ""
    return " ".join(captured.out.split())


@pytest.mark.parametrize("step", STEPS)
def test_the_chapters_answers_pass(capsys, step):
    assert told(capsys, step).startswith(f"Right: `{step}`: ")


@pytest.mark.parametrize("step", STEPS)
def test_what_is_not_written_is_told_in_a_line(capsys, step):
    stub = re.sub(
        r"( +)### BEGIN SOLUTION.*### END SOLUTION",
        r'\1raise NotImplementedError("not attempted yet")  # delete this line',
        SOURCES[STEPS[step]],
        flags=re.DOTALL,
    )
    text = told(capsys, step, stub)
    assert text == (f"Your turn: write `{step}` in its cell above, run that cell, then this one.")


def operation(name: str, value: str, back: str, parents: str = "") -> str:
    """Return the source of an operation."""
    arguments = {"multiply": "a, b", "matmul": "a, b", "add": "a, b"}.get(name, "z")
    parents = parents or f"({arguments},)"
    return f"""
        def {name}({arguments}):
            value = {value}
            return Node(value, {parents}, {back})
    """


PRODUCT, MATRICES, SUM = "a.value * b.value", "a.value @ b.value", "a.value + b.value"
SIGMOID = "1 / (1 + np.exp(-z.value))"
LOG_SOFTMAX = "z.value - logsumexp(z.value, axis=1, keepdims=True)"
MISTAKES = {
    # a node
    "no return": (
        "multiply",
        "def multiply(a, b): Node(a.value * b.value)",
        "it returns None (is the `return` missing?)",
    ),
    "an array": (
        "multiply",
        "def multiply(a, b): return a.value * b.value",
        "a `Node` is asked for",
    ),
    "no parents": (
        "multiply",
        "def multiply(a, b): return Node(a.value * b.value)",
        "its node has no parents: errors end there",
    ),
    "one parent": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * b.value,)", "(a,)"),
        "has 1 parent, and it was computed from 2",
    ),
    "arrays for parents": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e, e)", "(a.value, b.value)"),
        "its parents are arrays",
    ),
    "copies for parents": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e, e)", "(Node(a.value), Node(b.value))"),
        "other nodes than its arguments",
    ),
    "no tuple of parents": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e,)", "(z)"),
        "`parents` is no tuple: with one parent",
    ),
    "parents swapped": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * b.value, e * a.value)", "(b, a)"),
        "in another order than its arguments",
    ),
    "no back": (
        "multiply",
        "def multiply(a, b): return Node(a.value * b.value, (a, b))",
        "its node has no `back`",
    ),
    "back is called": (
        "multiply",
        operation("multiply", PRODUCT, "(lambda e: (e, e))(1.0)"),
        "hand over the function itself",
    ),
    "back returns None": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: None"),
        "`back` returns None (is the `return` missing?)",
    ),
    "back returns an array": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: e * value * (1 - value)"),
        "with one parent it returns a tuple of one array",
    ),
    "back returns one error": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * b.value,)"),
        "`back` returns 1 errors for 2 parents",
    ),
    "the error is changed": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (np.multiply(e, value * (1 - value), out=e),)"),
        "`back` changes the error",
    ),
    # errors of any operation
    "errors swapped": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * a.value, e * b.value)"),
        "it is the error times `a`, its own value",
    ),
    "error left out": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (b.value, a.value)"),
        "the error that arrives is left out",
    ),
    "wrong sign": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (-e * value * (1 - value),)"),
        "what gets back to its parent is not right: its sign is wrong",
    ),
    "an error that is None": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * b.value, None)"),
        "what gets back to `b` is None, and an array of numbers is asked for",
    ),
    "a node for an error": (
        "multiply",
        operation("multiply", PRODUCT, "lambda e: (e * b.value, b)"),
        "what gets back to `b` is a value of type Node, and an array of real numbers is asked for",
    ),
    "rows of different lengths": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: ([[1.0], [1.0, 2.0]],)"),
        "what gets back to its parent is a list of 2, and an array of numbers is asked for",
    ),
    "complex errors": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * value * (1 - value) + 0j,)"),
        "made of complex128 values, and an array of real numbers is asked for",
    ),
    "errors that are not finite": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * np.log(value - 1),)"),
        "what gets back to its parent is not finite (nan or inf): look for a division by zero",
    ),
    "a value that is not finite": (
        "sigmoid",
        operation("sigmoid", "np.sqrt(-1 - z.value**2)", "lambda e: (e,)"),
        "its value is not finite (nan or inf): look for a division by zero",
    ),
    "factor": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * value * (1 - value) / 4,)"),
        "it is 0.25 times what is right",
    ),
    # the matrix product
    "b not transposed": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (e @ b.value, a.value.T @ e)"),
        "gets back to `a` is not right: `b` is not transposed",
    ),
    "a not transposed": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (e @ b.value.T, a.value @ e)"),
        "gets back to `b` is not right: `a` is not transposed",
    ),
    "order of the first": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (b.value.T @ e, a.value.T @ e)"),
        "gets back to `a` is not right: the factors are in the wrong order",
    ),
    "order of the second": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (e @ b.value.T, e @ a.value.T)"),
        "gets back to `b` is not right: the factors are in the wrong order",
    ),
    "transposed result": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (e @ b.value.T, e.T @ a.value)"),
        "gets back to `b` is not right: it is transposed",
    ),
    # broadcasting
    "not summed": ("undo_broadcasting", "return error", "it is not summed over the batch"),
    "mean": (
        "undo_broadcasting",
        "return error.mean(axis=0, keepdims=True) if shape[0] == 1 else error",
        "it has the mean over the batch",
    ),
    "axis gone": (
        "undo_broadcasting",
        "return error.sum(axis=0) if shape[0] == 1 else error",
        "the axis that was summed over is gone: `keepdims=True`",
    ),
    "wrong axis": (
        "undo_broadcasting",
        "return error.sum(axis=1, keepdims=True) if shape[0] == 1 else error",
        "it is summed over the wrong axis",
    ),
    "all summed": ("undo_broadcasting", "return error.sum()", "everything is summed"),
    "always summed": (
        "undo_broadcasting",
        "return error.sum(axis=0, keepdims=True)",
        "it has the shape (1, 3), and the value that it belongs to has (4, 3)",
    ),
    "no return of an error": ("undo_broadcasting", "error.sum()", "it returns None"),
    "a result that is not finite": (
        "undo_broadcasting",
        "return error * np.nan",
        "the result is not finite (nan or inf)",
    ),
    "another result": (
        "undo_broadcasting",
        "return (error * error).sum(axis=0, keepdims=True) if shape[0] == 1 else error",
        "it is not what PyTorch carries back",
    ),
    "bias not summed": (
        "add",
        operation("add", SUM, "lambda e: (e, e)"),
        "gets back to `b` is not right: it is not summed over the batch",
    ),
    "only the second summed": (
        "add",
        operation("add", SUM, "lambda e: (e, undo_broadcasting(e, b.value.shape))"),
        "gets back to `a` is not right: it is not summed over the batch",
    ),
    # the sigmoid
    "z for z tilde": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * z.value * (1 - z.value),)"),
        "z stands in the place of z̃",
    ),
    "half of it": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * value,)"),
        "(1 - z̃) is",
    ),
    "other half": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * (1 - value),)"),
        "the factor z̃ is missing",
    ),
    "tanh": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e * (1 - value**2),)"),
        "derivative of the hyperbolic tangent",
    ),
    "passes": (
        "sigmoid",
        operation("sigmoid", SIGMOID, "lambda e: (e,)"),
        "as if there were no sigm",
    ),
    "minus z": (
        "sigmoid",
        operation("sigmoid", "1 / (1 + np.exp(z.value))", "lambda e: (e * value * (1 - value),)"),
        "its value is not right: it is the sigmoid of minus z",
    ),
    # the softmax
    "diagonal": (
        "log_softmax",
        operation("log_softmax", LOG_SOFTMAX, "lambda e: (e * (1 - np.exp(value)),)"),
        "each error stays in its own column",
    ),
    "no sum": (
        "log_softmax",
        operation("log_softmax", LOG_SOFTMAX, "lambda e: (e - np.exp(value),)"),
        "the errors of the row are not in the second term",
    ),
    "logarithms": (
        "log_softmax",
        operation(
            "log_softmax", LOG_SOFTMAX, "lambda e: (e - value * e.sum(axis=1, keepdims=True),)"
        ),
        "log-probabilities stand where probabilities belong",
    ),
    "sum of a column": (
        "log_softmax",
        operation("log_softmax", LOG_SOFTMAX, "lambda e: (e - np.exp(value) * e.sum(axis=0),)"),
        "the sum runs over a column",
    ),
    "sum of all": (
        "log_softmax",
        operation("log_softmax", LOG_SOFTMAX, "lambda e: (e - np.exp(value) * e.sum(),)"),
        "the sum runs over all rows",
    ),
    "one term": (
        "log_softmax",
        operation("log_softmax", LOG_SOFTMAX, "lambda e: (e,)"),
        "the second term is missing",
    ),
    "probabilities": (
        "log_softmax",
        operation("log_softmax", f"np.exp({LOG_SOFTMAX})", "lambda e: (e,)"),
        "its value is not right: these are probabilities",
    ),
    "overflow": (
        "log_softmax",
        operation(
            "log_softmax",
            "z.value - np.log(np.exp(z.value).sum(axis=1, keepdims=True))",
            "lambda e: (e - np.exp(value) * e.sum(axis=1, keepdims=True),)",
        ),
        "its value is not finite where numbers are large",
    ),
    "overflow on the way back": (
        "log_softmax",
        operation(
            "log_softmax",
            LOG_SOFTMAX,
            "lambda e: (e - np.exp(z.value) / np.exp(z.value).sum(axis=1, keepdims=True)"
            " * e.sum(axis=1, keepdims=True),)",
        ),
        "what gets back to its parent is not finite where numbers are large",
    ),
    # the order
    "parents last": (
        "order",
        """
        found.append(node)
        for parent in node.parents:
            for each in order(parent):
                if each not in found:
                    found.append(each)
        return found
        """,
        "it gives loss, v, u, x: that is right from the end to the beginning",
    ),
    "by depth": (
        "order",
        """
        queue = [node]
        while queue:
            each = queue.pop(0)
            if each not in found:
                found.append(each)
                queue += each.parents
        return found[::-1]
        """,
        "u comes before w, from which it is computed",
    ),
    "twice": (
        "order",
        "return [each for parent in node.parents for each in order(parent)] + [node]",
        "x comes 2 times",
    ),
    "first parents": (
        "order",
        "return (order(node.parents[0]) if node.parents else []) + [node]",
        "v is missing. Visit all parents",
    ),
    "no leaves": (
        "order",
        """
        for parent in node.parents:
            found += [each for each in order(parent) if each not in found and each.parents]
        return [*found, node]
        """,
        "Leaves belong to it, too",
    ),
    "without itself": (
        "order",
        """
        for parent in node.parents:
            found += [e for e in [*order(parent), parent] if e not in found]
        return found
        """,
        "The node that one begins with belongs to it",
    ),
    "no list": ("order", "found.append(node)", "it returns None"),
    "names": ("order", "return ['x']", "something else than the nodes themselves"),
    "a list for all calls": (
        "order",
        """
        for parent in node.parents:
            order(parent)
        if node not in ALL:
            ALL.append(node)
        return ALL
        """,
        "it has nodes of an earlier call in it",
    ),
    "endless": ("order", "return order(node) + [node]", "stops with RecursionError"),
    # the walk
    "overwrites": (
        "backward",
        """
        loss.grad = np.ones_like(loss.value)
        for node in reversed(order(loss)):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad = error
        """,
        "overwritten the others. Add them: `+=` in the place of `=`",
    ),
    "no beginning": (
        "backward",
        """
        for node in reversed(order(loss)):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad += error
        """,
        "where the walk begins, is zero",
    ),
    "other beginning": (
        "backward",
        """
        loss.grad = loss.value
        for node in reversed(order(loss)):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad += error
        """,
        "It is the derivative of the loss with respect to itself: one",
    ),
    "forwards": (
        "backward",
        """
        loss.grad = np.ones_like(loss.value)
        for node in order(loss):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad += error
        """,
        "walk from the loss to the leaves",
    ),
    "no order": (
        "backward",
        """
        def walk(node):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad += error
                walk(parent)
        loss.grad = np.ones_like(loss.value)
        walk(loss)
        """,
        "some node has passed its error on before the errors of all ways had reached it",
    ),
    "sign": (
        "backward",
        """
        loss.grad = np.ones_like(loss.value)
        for node in reversed(order(loss)):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad -= error
        """,
        "the sign is wrong",
    ),
    "first parent only": (
        "backward",
        """
        loss.grad = np.ones_like(loss.value)
        for node in reversed(order(loss)):
            if node.parents:
                node.parents[0].grad += node.back(node.grad)[0]
        """,
        "and 16 is right",
    ),
    "no number": (
        "backward",
        "for node in order(loss): node.grad = np.full_like(node.value, np.nan)",
        "in the graph a leaf alone the `grad` of x is not finite (nan or inf)",
    ),
    "infinite further on": (
        "backward",
        """
        loss.grad = np.ones_like(loss.value)
        for node in reversed(order(loss)):
            for parent, error in zip(node.parents, node.back(node.grad)):
                parent.grad += error / 0.0
        """,
        "the `grad` of v is not finite (nan or inf)",
    ),
    "None": (
        "backward",
        "for node in order(loss): node.grad = None",
        "the `grad` of x is None, and an array of numbers is asked for",
    ),
    "a node for a gradient": (
        "backward",
        "loss.grad = loss",
        "the `grad` of x is a value of type Node, and an array of real numbers is asked for",
    ),
    "another shape": (
        "backward",
        "loss.grad = np.ones(3)",
        "the `grad` of x has the shape (3,), and the value has (2,)",
    ),
    "without names": (
        "backward",
        "loss.grad = np.ones_like(loss.value)\nfor node in orders(loss): pass",
        "Is `order` meant?",
    ),
}

SIGNATURES = {
    "undo_broadcasting": "def undo_broadcasting(error, shape):\n",
    "order": "ALL = []\ndef order(node):\n    found = []\n",
    "backward": "def backward(loss):\n",
}


def source_of(step: str, code: str) -> str:
    """Return a step whose code may be the body of its function alone."""
    return SIGNATURES.get(step, "") + textwrap.indent(
        textwrap.dedent(code).strip("\n"), "    " if step in SIGNATURES else ""
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_a_known_mistake_is_told_by_its_name(capsys, name):
    step, code, expected = MISTAKES[name]
    text = told(capsys, step, source_of(step, code))
    assert text.startswith("Not yet: `")
    assert expected in text
    assert text.count("Not yet") == 1


STYLES = {
    "lambdas": ("multiply", operation("multiply", PRODUCT, "lambda e: [b.value * e, a.value * e]")),
    "a list of parents": (
        "matmul",
        operation("matmul", MATRICES, "lambda e: (e @ b.value.T, a.value.T @ e)", "[a, b]"),
    ),
    "einsum": (
        "matmul",
        operation(
            "matmul",
            "np.einsum('ij,jk->ik', a.value, b.value)",
            "lambda e: (np.einsum('ik,jk->ij', e, b.value), np.einsum('ij,ik->jk', a.value, e))",
        ),
    ),
    "derivative from z": (
        "sigmoid",
        operation(
            "sigmoid", SIGMOID, "lambda e: (e * np.exp(-z.value) / (1 + np.exp(-z.value)) ** 2,)"
        ),
    ),
    "a Jacobian for each row": (
        "log_softmax",
        operation(
            "log_softmax",
            LOG_SOFTMAX,
            "lambda e: (np.stack([(np.eye(len(p)) - np.exp(p)).T @ r for p, r in zip(value, e)]),)",
        ),
    ),
    "axes at once": (
        "undo_broadcasting",
        "axes = tuple(n for n, s in enumerate(shape) if s == 1)\n"
        "return error.sum(axis=axes, keepdims=True)",
    ),
    "with a loop": (
        "undo_broadcasting",
        "result = np.zeros(shape)\nfor row in error if len(shape) and shape[0] == 1 else [error]:\n"
        "    result = result + row\nreturn result",
    ),
    "identities": (
        "order",
        """
        seen = set()
        def visit(each):
            if id(each) in seen:
                return
            seen.add(id(each))
            for parent in reversed(each.parents):
                visit(parent)
            found.append(each)
        visit(node)
        return tuple(found)
        """,
    ),
    "a walk over all ways": (
        "backward",
        """
        def walk(node, error):
            node.grad = node.grad + error
            for parent, share in zip(node.parents, node.back(error)):
                walk(parent, share)
        walk(loss, np.ones_like(loss.value))
        """,
    ),
    "a plain one": (
        "backward",
        """
        nodes = order(loss)
        for node in nodes:
            node.grad = 0.0
        loss.grad = 1.0
        while nodes:
            node = nodes.pop()
            for n, error in enumerate(node.back(node.grad * np.ones_like(node.value))):
                node.parents[n].grad = node.parents[n].grad + error
        """,
    ),
}


@pytest.mark.parametrize("name", STYLES)
def test_other_right_styles_pass(capsys, name):
    step, code = STYLES[name]
    assert told(capsys, step, source_of(step, code)).startswith(f"Right: `{step}`")


class TestErrors:
    def test_shapes_that_do_not_fit_are_told(self, capsys):
        text = told(
            capsys,
            "matmul",
            operation(
                "matmul", MATRICES, "lambda e: (e @ b.value.T, (a.value @ e.T).T[:, :0] @ e)"
            ),
        )
        assert text.startswith("Not yet: `matmul` stops with ValueError: ")
        assert "`e` has the shape (3, 3)" in text
        assert text.endswith("is a transpose missing, or are they in the wrong order?")

    def test_an_error_comes_with_its_line_in_one_sentence(self, capsys):
        text = told(capsys, "multiply", "def multiply(a, b):\n    return Node(a.vale, (a, b))\n")
        assert text.startswith("Not yet: `multiply` stops with AttributeError: ")
        assert text.endswith("Is `value` meant?")

    @pytest.mark.parametrize(
        "error", ["SystemExit", "GeneratorExit", "MemoryError", "CancelledError"]
    )
    def test_whatever_a_step_raises_is_told(self, capsys, error):
        code = f"def multiply(a, b):\n    from asyncio import CancelledError\n    raise {error}\n"
        text = told(capsys, "multiply", code)
        assert text == f"Not yet: `multiply` stops with {error} (line 3: raise {error})."

    def test_a_reader_can_interrupt_it(self, capsys):
        with pytest.raises(KeyboardInterrupt):
            told(capsys, "multiply", "def multiply(a, b): raise KeyboardInterrupt")

    def test_the_courses_own_word_for_an_answer_that_is_missing(self, capsys):
        code = """
            from lxmls_nb.errors import answer_needed
            def missing():
                raise NotImplementedError("not attempted yet")
            def multiply(a, b):
                with answer_needed():
                    missing()
        """
        assert told(capsys, "multiply", code) == (
            "Your turn: this needs your answer, in its cell above, first."
        )

    def test_a_step_that_needs_another_names_that_one(self, capsys):
        stub = 'raise NotImplementedError("not attempted yet")'
        unwritten = f"def undo_broadcasting(error, shape):\n    {stub}"
        space = chapter(undo_broadcasting=unwritten)
        checks.autograd_operation(space["add"], space["Node"], "add")
        assert "Your turn: write `undo_broadcasting`" in capsys.readouterr().out

    def test_a_step_that_is_written_below_the_line_for_it(self, capsys):
        code = """
            def multiply(a, b):
                raise NotImplementedError("not attempted yet")
                return Node(a.value * b.value)
        """
        words = "Not yet: the line `raise NotImplementedError` is still in `multiply`. Is your"
        assert told(capsys, "multiply", code).startswith(words)

    def test_unknown_operation(self):
        with pytest.raises(ValueError, match="known are multiply, undo_broadcasting, add, matmul"):
            checks.autograd_operation(print, object, "divide")


class TestModel:
    def model(self, capsys, **changes):
        space = chapter(**changes)
        checks.autograd_model(
            space["network_loss"], space["backward"], space["Node"], geometries=[[5, 3], [5, 4, 3]]
        )
        return " ".join(capsys.readouterr().out.split())

    def test_the_models_of_the_day(self, capsys):
        text = self.model(capsys)
        assert text.startswith("Right: `network_loss`: the loss and all gradients are PyTorch's")
        assert "[5, 3], [5, 4, 3]" in text

    def test_wrong_values(self, capsys):
        code = operation("sigmoid", "np.tanh(z.value)", "lambda e: (e * (1 - value**2),)")
        assert "the loss is" in self.model(capsys, sigmoid=code)

    def test_wrong_gradients(self, capsys):
        code = operation("sigmoid", SIGMOID, "lambda e: (e * value,)")
        text = self.model(capsys, sigmoid=code)
        assert "(geometry [5, 4, 3], 7 examples) the gradient of the weight of layer 1 is" in text

    @pytest.mark.parametrize(
        ("grad", "expected"),
        [
            ("None", "is None, and an array of numbers is asked for"),
            ("node", "is a value of type Node, and an array of real numbers is asked for"),
            ("node.value * np.nan", "is not finite (nan or inf)"),
            ("np.ones(1)", "has the shape (1,), and the value has (3, 5)"),
        ],
    )
    def test_gradients_that_are_none(self, capsys, grad, expected):
        code = f"def backward(loss):\n    for node in order(loss): node.grad = {grad}\n"
        text = self.model(capsys, backward=code)
        assert text.startswith("Not yet: `network_loss`: (5 features, 3 classes, 7 examples) ")
        assert f"the gradient of the weight of layer 1 {expected}" in text

    def test_a_bias_that_is_not_summed(self, capsys):
        text = self.model(capsys, add=operation("add", SUM, "lambda e: (e, e)"))
        assert "stops with ValueError" in text
        assert "An error has another shape than the value of the node that it gets back to" in text


class TestAnswersNeeded:
    def test_it_names_what_is_missing(self, capsys):
        def order():
            raise NotImplementedError("not attempted yet")

        with checks.answers_needed():
            order()
        assert capsys.readouterr().out.startswith("Your turn: this needs `order` from")

    def test_it_names_what_training_needs(self, capsys):
        def order():
            raise NotImplementedError("not attempted yet")

        def update():
            with answer_needed():
                order()

        with checks.answers_needed():
            update()
        assert "this needs `order`" in capsys.readouterr().out

    def test_what_is_written_runs(self, capsys):
        with checks.answers_needed():
            print("It runs.")
        assert capsys.readouterr().out == "It runs.\n"

    def test_other_errors_are_not_swallowed(self):
        for error in (NotImplementedError("no such shape"), ValueError("not attempted yet")):
            with pytest.raises(type(error)), checks.answers_needed():
                raise error


def test_the_truth_agrees_with_central_differences():
    """The sum of the products of errors and values, nudged, is what PyTorch carries back."""
    for name, known in OPERATIONS.items():
        for case in known.cases:
            right = case.right_errors(case.error)
            for number, array in enumerate(case.inputs):
                place = tuple(0 for _ in array.shape)
                nudged = []
                for step in (1e-5, -1e-5):
                    inputs = [each.copy() for each in case.inputs]
                    inputs[number] = np.array(inputs[number])
                    inputs[number][place] += step
                    value = type(case)(case.of, tuple(inputs), case.error).right_value()
                    nudged.append(np.sum(case.error * value))
                measured = (nudged[0] - nudged[1]) / 2e-5
                assert measured == pytest.approx(right[number][place], abs=1e-4), name


@pytest.mark.slow
def test_checks_import_no_torch():
    code = "import sys, lxmls_nb.checks; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
