"""Replies of the probes of PyTorch: what is missing, wrong parameters, and errors, in words."""

from __future__ import annotations

from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes.classes import name_fault
from lxmls_nb.checks.mistakes.form import GRADIENTS_OFF
from lxmls_nb.checks.mistakes.modules import Parameters, name_parameters
from lxmls_nb.checks.mistakes.moving import LOSS_CUT
from lxmls_nb.checks.mistakes.torch_errors import DEFAULT_TYPE, MIXED_TYPES, name_error
from lxmls_nb.checks.mistakes.torch_shapes import Raised
from lxmls_nb.checks.problems import Problem
from lxmls_nb.checks.replies import lacks_method, result_of
from lxmls_nb.checks.reply_forms import Fields

#: What an error comes from, by what other cells have changed of PyTorch's global state, and by
#: the mistake that it looks like.
UNUSUAL = {
    "default dtype": {MIXED_TYPES: DEFAULT_TYPE},
    "gradients enabled": {LOSS_CUT: GRADIENTS_OFF},
}


def result_of_torch(reply: Fields, name: str, problem: Problem) -> Fields:
    """Return the result in a probe's reply.

    Parameters
    ----------
    reply : dict
        As from :func:`~lxmls_nb.checks.replies.reply_of`.
    name : str
        What messages call the answer.
    problem : Problem
        What it was run on.

    Raises
    ------
    CheckFailed
        If the answer raised, or lacks a method.
    NotAttempted
        If it is not written yet.
    """
    error = reply.get("error")
    if error is not None:
        raised = Raised(
            error["type"],
            error["message"],
            error["line"],
            geometry=problem.geometry,
            examples=len(problem.output),
            is_network=name == "log_forward",
        )
        # Of an `__init__` that takes other arguments, there is more to tell here.
        fault = "" if error["fault"] == "arguments" else error["fault"]
        found = name_fault(fault) or name_error(raised)
        if found is not None and fault in UNUSUAL and found.mistake in UNUSUAL[fault]:
            found = UNUSUAL[fault][found.mistake].finding()
        if found is not None:
            place = f", {error['line']}" if error["line"] else ""
            raise fail(f"`{name}` ({problem}) raised {error['type']}{place}", found)
    result = result_of(reply, name, [problem])
    if "missing" in result:
        raise lacks_method(result["missing"], result["methods"])
    return result


def result_of_module(reply: Fields, name: str, problem: Problem) -> Fields:
    """Return the result in the reply of a probe that makes a ``LogLinear``.

    Raises
    ------
    CheckFailed, NotAttempted
        As :func:`result_of_torch`; and if the module has other parameters than it should.
    """
    result = result_of_torch(reply, name, problem)
    if not result["fitting"]:
        size, classes = problem.geometry
        shapes = result["shapes"] or []
        shown = ", ".join(str(tuple(shape)) for shape in shapes[:6]) or "no parameters"
        found = name_parameters(Parameters(sizes=(size, classes), shapes=shapes, **result["about"]))
        has = f"has {shown}" if not shapes else f"has parameters of shapes {shown}"
        raise fail(f"`LogLinear({size}, {classes})` {has}", found)
    return result
