"""What is known of an error that an answer raised: where, and the shapes that did not fit."""

from __future__ import annotations

import ast
import contextlib
import difflib
import linecache
import traceback
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from lxmls_nb.errors import syntax_of

#: Parts of the names of files that are not a student's.
LIBRARY = ("lxmls_nb", "site-packages", "lib/python")

#: The attribute of an error that tells which of a probe's calls it was.
CALL = "_lxmls_nb_call"

#: The attribute of an error that tells what is wrong with the class that was tried.
FAULT = "_lxmls_nb_fault"

#: Methods that an expression may call when it is evaluated once more to see its shape.
HARMLESS = frozenset({"copy", "dot", "max", "mean", "min", "reshape", "sum", "transpose"})

#: Functions and methods that take a dimension away, unless they are told to keep it.
SUMS = frozenset(
    {
        *("amax", "amin", "average", "einsum", "logsumexp", "max", "mean", "min", "nansum"),
        *("norm", "prod", "reduce", "std", "sum", "var"),
    }
)

#: Functions and methods that give a dimension back.
RESHAPING = frozenset({"atleast_2d", "expand_dims", "reshape"})

#: What an expression may consist of to be evaluated once more.
PURE = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Slice),
    *(ast.Tuple, ast.List, ast.operator, ast.unaryop, ast.expr_context, ast.Call, ast.keyword),
)


@contextlib.contextmanager
def numbered(call: int) -> Iterator[None]:
    """Note on an error that leaves this block which of the probe's calls it was."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(Exception):
            setattr(error, CALL, call)
        raise


def student_frame(error: BaseException) -> traceback.FrameSummary:
    """Return the place in the student's code that an error comes from, else in ours."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not any(part in frame.filename for part in LIBRARY)]
    return (own or frames)[-1]


def line_of(error: BaseException) -> str:
    """Return the student's line that an error comes from, as ``line 3: code``."""
    frame = student_frame(error)
    if any(part in frame.filename for part in LIBRARY):
        return ""
    code = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
    return f"line {frame.lineno}: {code.strip()[:120].rstrip(':')}"


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return what there is to know of an error, as plain data.

    Returns
    -------
    dict
        ``type``, ``message`` and ``line``; ``call``: which of the probe's calls it was, from 0;
        ``fault``: what is wrong with the class that it comes from, or "";
        ``operator``: of the operation that failed, "" if that is not known; ``operands``: its
        operands that are arrays, each as ``[code, shape, kind]``; ``summed``: whether one of its
        operands comes from a sum, or the like, that does not keep its dimension; ``both``: the
        variable that holds both of the things which ``log_forward`` returns, or ""; ``similar``: a
        name that may have been meant instead of one that does not exist, or "".
    """
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = "an error that cannot be shown"
    known: dict[str, Any] = {"operator": "", "operands": [], "both": "", "similar": ""}
    known["summed"] = False
    known["call"], known["fault"] = getattr(error, CALL, 0), getattr(error, FAULT, "")
    try:
        frame = _frame(error)
        if frame is not None:
            known["operator"], parts = _operation(error, frame)
            known["operands"] = _arrays(parts, frame)
            known["summed"] = any(_is_summed(part, frame.f_code, frame) for part in parts)
            known["both"] = _both(frame)
            known["similar"] = _similar(error, frame)
    except Exception:  # objects of a student can do anything
        pass
    return known | {
        "type": type(error).__name__,
        "message": message if len(message) <= 200 else f"{message[:200]}…",
        "line": line_of(error),
    }


def _frames(error: BaseException) -> Iterator[types.TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _trace(error: BaseException) -> types.TracebackType | None:
    """Return the last part of the way to an error that is in the student's code."""
    own = [
        trace
        for trace in _frames(error)
        if not any(part in trace.tb_frame.f_code.co_filename for part in LIBRARY)
    ]
    return own[-1] if own else None


def _frame(error: BaseException) -> types.FrameType | None:
    trace = _trace(error)
    return trace.tb_frame if trace is not None else None


def _operation(error: BaseException, frame: types.FrameType) -> tuple[str, list[ast.expr]]:
    """Return the operation that failed, and its operands."""
    node = _node(error)
    if isinstance(node, ast.BinOp):
        return type(node.op).__name__, [node.left, node.right]
    if isinstance(node, ast.AugAssign):
        return type(node.op).__name__, [node.target, node.value]
    if isinstance(node, ast.Call):
        function = node.func
        operator = function.attr if isinstance(function, ast.Attribute) else ""
        parts = [*node.args]
        if operator in ("dot", "matmul") and isinstance(function, ast.Attribute):
            if not _is_module(function.value, frame):  # a method of its left side
                parts = [function.value, *parts]
            operator = "MatMult"
        return operator, parts
    return "", []


def _arrays(parts: list[ast.expr], frame: types.FrameType) -> list[list[Any]]:
    """Return those of some operands that are arrays, each as ``[code, shape, kind]``."""
    operands = []
    for part in parts:
        found, value = _value(part, frame)
        if found and isinstance(value, np.ndarray | np.generic):
            operands.append([ast.unparse(part)[:60], list(np.shape(value)), value.dtype.kind])
    return operands


def _is_summed(node: ast.AST, code: types.CodeType, frame: types.FrameType, depth: int = 4) -> bool:
    """Whether a value comes from a sum, or the like, that does not keep its dimension.

    Parameters
    ----------
    node : ast.AST
        The expression that gives it.
    code : CodeType
        The function in which it stands: where names have their values from.
    frame : FrameType
        Where the functions that it calls are known.
    depth : int
        How many names and calls are followed.
    """
    if depth == 0 or isinstance(node, ast.Subscript):  # an index takes and gives dimensions itself
        return False
    if isinstance(node, ast.Name):
        return any(_is_summed(each, code, frame, depth - 1) for each in _given_to(node.id, code))
    if isinstance(node, ast.Call):
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name in RESHAPING:
            return False
        if name in SUMS:
            return _takes_axis(node, frame)
        called = _value(function, frame)[1]
        if isinstance(called, types.FunctionType):
            returned = _given_to("", called.__code__)
            return any(_is_summed(each, called.__code__, frame, depth - 1) for each in returned)
    return any(_is_summed(each, code, frame, depth) for each in ast.iter_child_nodes(node))


def _takes_axis(call: ast.Call, frame: types.FrameType) -> bool:
    """Whether a sum is over one dimension, which it does not keep; over all, it is a number."""
    options = {each.arg for each in call.keywords}
    function = call.func
    is_method = isinstance(function, ast.Attribute) and not _is_module(function.value, frame)
    has_axis = "axis" in options or len(call.args) > (0 if is_method else 1)
    return has_axis and "keepdims" not in options


def _given_to(name: str, code: types.CodeType) -> list[ast.expr]:
    """Return what a function assigns to a name; without a name, what it returns."""
    function = syntax_of(code)
    found = []
    for node in ast.walk(function) if function else []:
        if isinstance(node, ast.Assign) and name:
            if any(isinstance(each, ast.Name) and each.id == name for each in node.targets):
                found.append(node.value)
        elif isinstance(node, ast.Return) and not name and node.value is not None:
            found.append(node.value)
    return found


def _is_module(node: ast.expr, frame: types.FrameType) -> bool:
    return isinstance(_value(node, frame)[1], types.ModuleType)


def _node(error: BaseException) -> ast.AST | None:
    """Return the expression, or the statement, in which an error was raised."""
    trace = _trace(error)
    assert trace is not None
    code = trace.tb_frame.f_code
    positions = list(code.co_positions())[trace.tb_lasti // 2]
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return None
    lines = [linecache.getline(code.co_filename, n).encode() for n in range(first, last + 1)]
    lines[-1] = lines[-1][:end]  # columns count bytes
    lines[0] = lines[0][start:]
    text = b"".join(lines).decode()
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return ast.parse(text).body[0]


def _value(node: ast.expr, frame: types.FrameType) -> tuple[bool, Any]:
    """Return whether an expression could be evaluated without harm, and its value."""
    for part in ast.walk(node):
        if not isinstance(part, PURE):
            return False, None
        if isinstance(part, ast.Call) and not _is_harmless(part.func, frame):
            return False, None
    for part in ast.walk(node):
        if isinstance(getattr(part, "ctx", None), ast.Store):
            part.ctx = ast.Load()  # type: ignore[attr-defined]
    try:
        expression = compile(ast.Expression(node), "<expression>", "eval")
        return True, eval(expression, frame.f_globals, frame.f_locals)
    except Exception:
        return False, None


def _is_harmless(function: ast.expr, frame: types.FrameType) -> bool:
    """Whether a function may be called once more: one of NumPy or SciPy that changes nothing."""
    if isinstance(function, ast.Attribute) and not _is_module(function.value, frame):
        return function.attr in HARMLESS
    if not isinstance(function, ast.Attribute | ast.Name):
        return False
    found, value = _value(function, frame)
    module = str(getattr(value, "__module__", None) or "")
    known = module.partition(".")[0] in ("numpy", "scipy") and not module.startswith("numpy.random")
    return found and (known or isinstance(value, np.ufunc))


def _both(frame: types.FrameType) -> str:
    """Return the variable that holds a pair of log-probabilities and a list of layer inputs."""
    for name, value in frame.f_locals.items():
        if isinstance(value, tuple) and len(value) == 2:
            array, arrays = value
            listed = isinstance(arrays, list) and all(isinstance(a, np.ndarray) for a in arrays)
            if isinstance(array, np.ndarray) and listed and arrays:
                return name
    return ""


def _similar(error: BaseException, frame: types.FrameType) -> str:
    """Return the name that may have been meant where there is none of the name that was used."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return ""
    if isinstance(error, AttributeError):
        owner = getattr(error, "obj", None)
        names = [each for each in dir(owner) if not each.startswith("_")]
    elif isinstance(error, NameError):
        this = frame.f_locals.get("self")
        if name in dir(this):
            return f"self.{name}"
        names = [*frame.f_locals, *frame.f_globals]
    else:
        return ""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return near[0] if near else ""
