"""Replies of probes, brought into the form that verdicts rely on.

In grading a reply comes from a process that the student controls, and can hold anything. Its form
is checked here, once for all verdicts, by `reply_forms`; whether the values are right, verdicts
decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lxmls_nb.checks.messages import fail
from lxmls_nb.checks.mistakes.array_errors import Operand, Raised
from lxmls_nb.checks.mistakes.classes import name_fault, name_missing, name_stop
from lxmls_nb.checks.mistakes.form import ERROR, STRUCTURE
from lxmls_nb.checks.mistakes.python_errors import (
    EXTRA_ARGUMENT,
    LIST_AS_ARRAY,
    NOT_UNPACKED,
    name_error,
)
from lxmls_nb.checks.probes import running
from lxmls_nb.checks.problems import Problem
from lxmls_nb.checks.reply_forms import (
    ERROR_DEFAULTS,
    ERROR_FORM,
    FORMS,
    MODULE,
    Fields,
    Form,
    Malformed,
    anything,
    data,
    fields,
    items,
    text,
    word,
)
from lxmls_nb.errors import CheckFailed, unwritten


def ask(
    probe: str, name: str, answers: list[Any], problems: Sequence[Problem] = (), **arguments: Any
) -> Fields:
    """Run a probe, and return its result in good form.

    Parameters
    ----------
    probe : str
        Its name.
    name : str
        What messages call the answer.
    answers : list
        What the probe is run on.
    problems : sequence of Problem
        Those of the probe's calls, which messages name.
    **arguments
        Of the probe.

    Returns
    -------
    result : dict
        What honest probes report, see :mod:`lxmls_nb.checks.probes`. Of a probe that a notebook
        has defined itself, plain data is taken, whatever it is: that the values are right, and
        that none is missing, is for the check to see.

    Raises
    ------
    CheckFailed
        If the answer raised, or if the reply is not of the form that this probe's replies have.
    NotAttempted
        If the answer is not written yet.
    """
    return result_of(reply_of(probe, name, answers, **arguments), name, problems)


def reply_of(probe: str, name: str, answers: list[Any], **arguments: Any) -> Fields:
    """Run a probe as :func:`ask` does, and return its reply.

    Returns
    -------
    reply : dict
        As from :func:`lxmls_nb.checks.probes.running.run`, with all that honest probes report.

    Raises
    ------
    CheckFailed
        If the reply is not of the form that this probe's replies have.
    """
    try:
        return _reply(FORMS.get(probe), running.run(probe, answers, **arguments), arguments)
    except Malformed as error:
        raise CheckFailed(
            f"what `{name}` reports to this check cannot be understood: {error}. Does your code "
            "change `lxmls_nb`, or the kernel?",
            STRUCTURE.key,
        ) from None


def result_of(reply: Fields, name: str, problems: Sequence[Problem] = ()) -> Fields:
    """Return the result in a probe's reply.

    Parameters
    ----------
    reply : dict
        From :func:`reply_of`.
    name : str
        What messages call the answer.
    problems : sequence of Problem
        Those of the probe's calls, which messages name.

    Raises
    ------
    CheckFailed
        If the answer raised.
    NotAttempted
        If it is not written yet.
    """
    if "not_attempted" in reply:
        if stop := name_stop(reply["fault"], reply["place"]):
            raise fail(f"`{name}` does not run to its end", stop)
        if reply["where"] in reply["found"]:
            raise lacks_method(reply["where"], reply["found"])
        raise unwritten(name, reply["found"][:3])
    if "error" in reply:
        raise _raised(reply["error"], name, problems)
    result: Fields = reply["result"]
    return result


def lacks_method(method: str, methods: list[str]) -> CheckFailed:
    """Return the failure of a class that lacks a method, and has others in its place."""
    return fail(f"the class has no method `{method}`", name_missing(method, methods))


def _raised(error: Fields, name: str, problems: Sequence[Problem]) -> CheckFailed:
    """Return the failure of an answer that raised an error."""
    problem = problems[min(error["call"], len(problems) - 1)] if problems else None
    place = f" ({error['line']})" if error["line"] else ""
    subject = f"`{name}`" if problem is None else f"`{name}` ({problem})"
    plain = ("type", "message", "operator", "summed", "both", "similar", "line")
    raised = Raised(
        **{key: error[key] for key in plain},
        operands=tuple(Operand(*each) for each in error["operands"]),
    )
    finding = name_fault(error["fault"]) or name_error(raised, name, problem)
    if finding.mistake is ERROR:
        meant = f". Is `{raised.similar}` meant?" if raised.similar else ""
        told = f": {raised.message}" if raised.message else ""  # an `assert` may have none
        text = f"{subject} raised {raised.type}{told}{place}{meant}"
        return CheckFailed(text, ERROR.key)
    if finding.mistake in (EXTRA_ARGUMENT, LIST_AS_ARRAY):  # says all that the error does
        return fail(f"{subject} raised {raised.type}{place}", finding)
    if raised.is_of_shapes and finding.mistake is not NOT_UNPACKED:
        sides = " and ".join(map(str, raised.operands)) if len(raised.operands) == 2 else ""
        subject = f"in {subject}, shapes don't fit together{place}: {sides or raised.message}"
        return fail(subject, finding)
    return fail(f"{subject} raised {raised.type}: {raised.message}{place}", finding)


def ask_network(name: str, answer: object, problems: list[Problem]) -> Fields:
    """Run a probe of a network class on problems of one geometry, and return its result.

    `name` is that of the method, of the probe, and in messages.
    """
    return result_of(network_reply(name, answer, problems), name, problems)


def network_reply(name: str, answer: object, problems: list[Problem]) -> Fields:
    """Run a probe as :func:`ask_network` does, and return its reply."""
    return reply_of(
        name,
        name,
        [answer],
        geometry=problems[0].geometry,
        activation_functions=problems[0].activation_functions,
        calls=[[problem.parameters, problem.input, problem.output] for problem in problems],
    )


def _reply(
    form: Callable[[Fields], dict[str, Form]] | None, reply: object, arguments: Fields
) -> Fields:
    if not isinstance(reply, dict):
        raise Malformed("it is no dictionary")
    if "not_attempted" in reply:
        stop = {"found": [], "fault": "", "place": ""} | reply
        return fields(
            stop, not_attempted=text, where=text, found=items(word), fault=word, place=word
        )
    if "error" in reply:
        if not isinstance(reply["error"], dict):
            raise Malformed("there is no error where one belongs")
        # A kernel reports errors of its own without the rest.
        return {"error": fields(ERROR_DEFAULTS | reply["error"], **ERROR_FORM)}
    result = fields(reply, result=anything)["result"]
    if form is None:  # a probe that a notebook has defined itself
        taken = data(result)
        if not isinstance(taken, dict):
            raise Malformed("its result is no dictionary")
        return {"result": taken}
    if isinstance(result, dict) and "missing" in result:
        # A class that lacks a method is not run.
        return {"result": fields(result, missing=text, methods=items(text))}
    if isinstance(result, dict) and result.get("fitting") is False:
        # A module that has other parameters than it should is not run.
        return {"result": fields(result, **MODULE)}
    return {"result": fields(result, **form(arguments))}
