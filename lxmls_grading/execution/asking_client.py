"""The part of a client of a student kernel that asks it what the judge wants to know."""

from __future__ import annotations

import signal
import time
from queue import Empty
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode

from lxmls_grading.execution.bounded_outputs import BoundedOutputs
from lxmls_grading.execution.load import LoadWatch
from lxmls_grading.kernel import wire
from lxmls_grading.kernel.objects import INTERRUPTED
from lxmls_grading.kernel.provisioner import SandboxProvisioner
from lxmls_grading.kernel.student_kernel import (
    OBJECT_REPLY,
    OBJECT_REQUEST,
    PROBE_REPLY,
    PROBE_REQUEST,
)
from lxmls_grading.reasons import add_reason, reason
from lxmls_grading.settings import GRACE

#: The message types of replies.
REPLIES = {PROBE_REQUEST: PROBE_REPLY, OBJECT_REQUEST: OBJECT_REPLY}


class AskingClient(BoundedOutputs):
    """Sends requests to the student kernel, and waits for each reply for so long and no longer.

    Attributes
    ----------
    manager : AsyncKernelManager
    timed_out : str or None
        What an interrupt has not stopped yet.
    limit : float
        The seconds that it had.
    load : LoadWatch
        Looks at the load of the machine where a limit of time is reached.
    why_slow : str
        What it has seen there: a clause for the instructor, or nothing.
    """

    manager: AsyncKernelManager
    timed_out: str | None = None
    limit: float = 0.0
    load: LoadWatch
    why_slow: str = ""

    @property
    def provisioner(self) -> SandboxProvisioner:
        """The object that starts and ends the kernel."""
        assert isinstance(self.manager.provisioner, SandboxProvisioner)
        return self.manager.provisioner

    def seconds_for(self, cell: NotebookNode | None = None) -> float:
        """Return how long a cell may run, or without one a call of an answer by a test."""
        raise NotImplementedError

    def probe(
        self, probe: str, answers: list[str | int], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Run a probe in the student kernel, for a check.

        Parameters
        ----------
        probe : str
            Its name.
        answers : list
            Names of what it runs on, or numbers of objects.
        arguments : dict

        Returns
        -------
        reply : dict
            Whatever the kernel has sent: nothing of it is checked yet.
        """
        request = {"probe": probe, "names": answers, "arguments": arguments}
        what = f"a call of `{answers[0]}`" if isinstance(answers[0], str) else "a call"
        parts, seconds = self._ask(PROBE_REQUEST, wire.encode(request), what)
        try:
            reply = wire.decode(parts)
        except wire.ReplyError as error:
            reply = {"error": {"type": "ValueError", "message": str(error), "line": ""}}
        if reply == {"interrupted": True}:
            message = f"took longer than {seconds:.0f} s and was interrupted"
            self._note_interrupt(what, seconds)
            reply = {"error": {"type": "TimeoutError", "message": message, "line": ""}}
        return reply if isinstance(reply, dict) else {}

    def operate(self, parts: list[bytes]) -> list[bytes]:
        """Do an operation on an object of the student, for a test.

        Parameters
        ----------
        parts : list of bytes
            The operation, as :mod:`~lxmls_grading.kernel.wire` encodes it.

        Returns
        -------
        reply : list of bytes
            Whatever the kernel has sent: nothing of it is checked yet.
        """
        reply, seconds = self._ask(OBJECT_REQUEST, parts, "a call")
        if reply == [INTERRUPTED]:
            self._note_interrupt("a call", seconds)
        return reply

    def _note_interrupt(self, what: str, seconds: float) -> None:
        limit = f"{seconds:.0f} s"
        add_reason(self.nb, reason("timeout", detail=self.why_slow, what=what, limit=limit))

    def _ask(self, kind: str, parts: list[bytes], what: str) -> tuple[list[bytes], float]:
        """Return the student kernel's reply to a message, and how long it may take."""
        assert self.kc is not None
        sent = self.kc.session.msg(kind, {})
        identity = sent["header"]["msg_id"]
        self.kc.session.send(self.kc.shell_channel.socket, sent, buffers=parts)
        seconds = self.limit = self.seconds_for()
        reply = self._reply(identity, REPLIES[kind], seconds)
        if reply is None:
            self.timed_out, self.why_slow = what, self.load.look()
            self.provisioner.signal(signal.SIGINT)
            reply = self._reply(identity, REPLIES[kind], GRACE)
            if reply is None:
                self.provisioner.end()
                raise DeadKernelError("Kernel died")
        self.timed_out = None
        return reply, seconds

    def _reply(self, identity: str, kind: str, seconds: float) -> list[bytes] | None:
        """Return the parts of the reply to a message, or None if there is none in time."""
        assert self.kc is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self.kc.shell_channel.next_message(timeout=0.5)
            except Empty:
                if self.provisioner.status()["code"] is not None:
                    raise DeadKernelError("Kernel died") from None
                continue
            if message["msg_type"] == kind and message["parent_header"]["msg_id"] == identity:
                return [bytes(part) for part in message["buffers"]]
        return None
