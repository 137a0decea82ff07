"""Probe and verdict in two processes, with what grading sends between them."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from lxmls_grading.kernel import wire
from lxmls_nb import checks
from lxmls_nb.checks.probes import running
from tests.support.course import definitions

pytestmark = pytest.mark.slow


def send(connection, value) -> None:
    """Send a message of the wire over a pipe."""
    for part in wire.encode(value):
        connection.send_bytes(part)


def receive(connection):
    """Return the next message."""
    return wire.decode([connection.recv_bytes() for _ in range(2)])


def run_probes(connection, notebook: str) -> None:
    """Run probes on the answers in a notebook, as a student kernel does, until the pipe closes."""
    namespace = definitions(notebook)
    send(connection, os.getpid())
    while True:
        try:
            request = receive(connection)
        except EOFError:
            return
        answers = [namespace[name] for name in request["names"]]
        send(connection, running.execute(request["probe"], answers, request["arguments"]))


@pytest.fixture(scope="module")
def elsewhere():
    """Return a function that returns references to answers in another process, one per notebook."""
    started = {}

    def start(notebook: str):
        context = multiprocessing.get_context("spawn")
        connection, theirs = context.Pipe()
        process = context.Process(target=run_probes, args=(theirs, notebook))
        process.start()
        theirs.close()
        assert receive(connection) == process.pid != os.getpid()
        return process, connection

    def references(notebook: str, *names: str) -> list[running.Reference]:
        if notebook not in started:
            started[notebook] = start(notebook)
        connection = started[notebook][1]

        def ask(probe, names, arguments):
            send(connection, {"probe": probe, "names": names, "arguments": arguments})
            return receive(connection)

        return [running.Reference(name, ask) for name in names]

    yield references
    for process, connection in started.values():
        connection.close()
        process.join(timeout=30)
        assert process.exitcode == 0


@pytest.mark.parametrize(
    ("check", "notebook", "names", "options"),
    [
        ("log_linear_gradients", "exercise_2_1", ["log_linear_gradients"], {}),
        ("backpropagation", "exercise_2_2", ["MyNumpyMLP"], {"geometry": [4, 3, 2]}),
        ("log_linear_module", "exercise_2_3", ["LogLinear"], {}),
        ("training_step", "exercise_2_3", ["training_step", "LogLinear"], {"steps": 2}),
        ("log_forward", "exercise_2_4", ["MyPytorchMLP"], {"geometry": [4, 3, 2]}),
        ("gradient_flow", "exercise_2_4", ["MyPytorchMLP"], {"geometry": [4, 3, 2]}),
        (
            "dictionary",
            "exercise_2_1",
            ["block_equations"],
            {"expected": {"block a": "initialisation"}},
        ),
    ],
)
def test_probe_and_verdict_can_run_in_two_processes(
    elsewhere, check, notebook, names, options, capsys
):
    """The verdict gets names only; arrays, numbers and strings cross."""
    getattr(checks, check)(*elsewhere(notebook, *names), **options)
    printed = capsys.readouterr().out
    assert "Passed" in printed or "is fine" in printed


def test_a_verdict_elsewhere_sees_what_is_not_written(elsewhere):
    (scaffold,) = elsewhere("exercise_2_2", "NumpyMLP")
    with pytest.raises(checks.NotAttempted):
        checks.backpropagation(scaffold, geometry=[4, 3, 2])
