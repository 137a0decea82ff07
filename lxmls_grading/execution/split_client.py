"""Executes a notebook in two processes: the student's cells in a sandbox, test cells here.

An *executor* is a fork of the warm process, one per submission. It communicates with student
kernels, one per notebook, as any Jupyter client does, and trusts nothing that they send.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import replace
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import grade_id, is_test
from lxmls_grading.execution.judge import FaultyTest, Judge
from lxmls_grading.kernel import wire
from lxmls_grading.kernel.client import BoundedClient, shared_context
from lxmls_grading.kernel.provisioner import KERNEL_SPEC, SandboxProvisioner
from lxmls_grading.kernel.student_kernel import PROBE_REPLY, PROBE_REQUEST
from lxmls_grading.reasons import Reason, add_reason, describe_exit, format_bytes, not_run, reason
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.settings import GRACE, KERNEL_START_TIMEOUT, Settings


class SplitClient(NotebookClient):
    """Executes a notebook: test cells by a judge, all others in the student kernel.

    Parameters
    ----------
    notebook : NotebookNode
        Its test cells must be the instructor's. It is changed in place.
    manager : AsyncKernelManager
    settings : Settings
    """

    def __init__(self, notebook: NotebookNode, manager: AsyncKernelManager, settings: Settings):
        super().__init__(
            notebook,
            km=manager,
            allow_errors=True,
            store_widget_state=False,
            skip_cells_with_tag="-",  # a tag that no cell has
            record_timing=False,
            startup_timeout=KERNEL_START_TIMEOUT,
            timeout_func=self._seconds_left,
            on_cell_executed=_keep_count,
        )
        self.manager = manager  # nbclient drops its own when a kernel does not start
        self.settings = settings
        self.judge = Judge(self._send)
        self.stop_reason: Reason | None = None
        self.timed_out: str | None = None
        self.unrun: list[str] = []
        self.kept = [0, 0]  # bytes of output so far: of this cell, of the notebook
        self.deadline = time.monotonic() + settings.notebook_timeout

    @property
    def provisioner(self) -> SandboxProvisioner:
        """The object that starts and ends the kernel."""
        assert isinstance(self.manager.provisioner, SandboxProvisioner)
        return self.manager.provisioner

    def _seconds_left(self, cell: NotebookNode | None = None) -> float:
        return max(0.1, min(self.settings.timeout, self.deadline - time.monotonic()))

    async def run(self) -> None:
        """Execute the notebook. Whatever a student's code does becomes a reason.

        Raises
        ------
        SandboxError, ConnectionError
            If no kernel can be started, which is not the student's fault.
        """
        try:
            await self.async_execute()
        except (SandboxError, ConnectionError):
            raise
        except Exception as error:  # between cells, from messages of the kernel
            self._stop(error)
            for cell in self.nb.cells:
                if is_test(cell) and not cell.get("outputs"):
                    self._not_run(cell)
        finally:
            if self.kc is not None:
                self.kc.stop_channels()
            await self.provisioner.kill()
        if self.stop_reason is not None:
            add_reason(self.nb, replace(self.stop_reason, cells=tuple(self.unrun)))

    async def async_execute_cell(
        self,
        cell: NotebookNode,
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> NotebookNode:
        """Execute a cell: a test cell in the judge, any other code cell in the student kernel."""
        if cell.cell_type != "code":
            return cell
        cell.outputs, cell.execution_count, self.kept[0] = [], None, 0
        if self.stop_reason is None:
            try:
                if is_test(cell):
                    cell.outputs = self.judge.run(cell)  # it may block: nothing else runs
                else:
                    await super().async_execute_cell(cell, cell_index, None, store_history)
                    _join_streams(cell)
                    self._note_limits(cell)
            except FaultyTest as error:
                add_reason(self.nb, reason("test", [str(grade_id(cell))], what=str(error)))
                cell.outputs = [not_run(str(error))]
            except SandboxError:
                raise
            except Exception as error:
                self._stop(error)
        if self.stop_reason is not None and is_test(cell):
            self._not_run(cell)
        if type(cell.execution_count) is not int or cell.execution_count < 1:
            cell.execution_count = None  # the kernel may send anything
        return cell

    def _not_run(self, cell: NotebookNode) -> None:
        assert self.stop_reason is not None
        self.unrun.append(str(grade_id(cell)))
        cell.outputs = [not_run(self.stop_reason.text)]

    def _note_limits(self, cell: NotebookNode) -> None:
        """Note a limit that a cell has reached without being stopped."""
        settings = self.settings
        for output in cell.outputs:
            error = f"{output.get('ename')}: {output.get('evalue')}"
            if output.output_type == "error":
                for words, kind, limit in (
                    ("MemoryError", "memory", format_bytes(settings.memory)),
                    ("can't allocate memory", "memory", format_bytes(settings.memory)),
                    ("[Errno 28]", "disk", format_bytes(settings.disk)),  # no space left on device
                    ("[Errno 27]", "disk", format_bytes(settings.disk)),  # file too large
                    ("[Errno 11]", "processes", str(settings.processes)),  # from a fork
                    ("can't start new thread", "processes", str(settings.processes)),
                ):
                    if words in error:
                        add_reason(self.nb, reason(kind, limit=limit))
                        return

    def _stop(self, error: Exception) -> None:
        """Note why nothing more can run."""
        status = self.provisioner.status()
        settings = self.settings
        if status["stopped"]:
            used = {"memory": format_bytes(settings.memory), "processes": str(settings.processes)}
            limit = used.get(
                status["stopped"], f"{format_bytes(settings.disk)} or {settings.files} files"
            )
            self.stop_reason = reason(status["stopped"], limit=limit)
        elif self.timed_out:
            limit = f"{self.settings.timeout:g} s"
            self.stop_reason = reason("timeout", what=self.timed_out, limit=limit)
        elif status["code"] is not None:
            self.stop_reason = reason("kernel", what=describe_exit(status["code"]))
        else:
            self.log.warning("The connection to a kernel is broken: %r", error)
            self.stop_reason = reason("messages", what=f"{type(error).__name__}")

    # --- messages of the kernel ----------------------------------------------------------------

    async def _async_handle_timeout(
        self, timeout: float, cell: NotebookNode | None = None
    ) -> dict[str, Any]:
        """Interrupt the kernel; end it if that does not help."""
        assert self.kc is not None
        name = grade_id(cell) if cell is not None else None
        self.timed_out = f"the cell `{name}`" if name else "a cell of yours"
        await self.manager.interrupt_kernel()
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            try:
                message: dict[str, Any] = await self.kc.shell_channel.get_msg(timeout=0.5)
            except Empty:
                continue
            if message["msg_type"] == "execute_reply":
                limit = f"{timeout:g} s"
                add_reason(self.nb, reason("timeout", what=self.timed_out, limit=limit))
                self.timed_out = None
                return message
        await self.provisioner.kill()
        raise DeadKernelError("Kernel died")

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Keep the output of a cell, up to a limit."""
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            size, limit = len(json.dumps(msg["content"], default=str)), self.settings.max_output
            room = min(limit - self.kept[0], 5 * limit - self.kept[1])
            self.kept = [kept + size for kept in self.kept]
            if size > room:
                if room > 0:
                    start = str(msg["content"].get("text", ""))[:room]
                    text = f"{start}\n... more than {format_bytes(limit)}: the rest is left out\n"
                    cell.outputs.append(new_output("stream", text=text))
                return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as error:  # a field is missing or wrong
            self.log.debug("Skipped a malformed message: %r", error)
            return None

    def output(
        self,
        outs: list[NotebookNode],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> NotebookNode | None:
        """Keep an output if it is valid."""
        content = msg["content"]
        if msg["msg_type"] == "stream" and not self.clear_before_next_output:
            # Most outputs are pieces of text. To validate each would take longer than the cell.
            name, text = content.get("name"), content.get("text")
            if name in ("stdout", "stderr") and isinstance(text, str):
                outs.append(NotebookNode(output_type="stream", name=name, text=text))
                return outs[-1]
        count = len(outs)
        out = super().output(outs, msg, display_id, cell_index)
        try:
            if out is not None:
                nbformat.validate(out, ref="output", version=4)
        except Exception:
            del outs[count:]
            return None
        return out

    def handle_comm_msg(
        self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int
    ) -> None:
        """Ignore messages of widgets."""

    # --- probes of the judge -------------------------------------------------------------------

    def _send(self, probe: str, names: list[str], arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a probe in the student kernel, for the judge."""
        assert self.kc is not None
        request = {"probe": probe, "names": names, "arguments": arguments}
        sent = self.kc.session.msg(PROBE_REQUEST, {})
        identity = sent["header"]["msg_id"]
        self.kc.session.send(self.kc.shell_channel.socket, sent, buffers=wire.encode(request))
        seconds = self._seconds_left()
        reply = self._reply(identity, seconds)
        if reply is None:
            self.timed_out = f"a call of `{names[0]}`"
            self.provisioner.signal(signal.SIGINT)
            reply = self._reply(identity, GRACE)
            if reply is None:
                self.provisioner.end()
                raise DeadKernelError("Kernel died")
        if reply == {"interrupted": True}:
            what, limit = self.timed_out or "a call", f"{seconds:.0f} s"
            add_reason(self.nb, reason("timeout", what=what, limit=limit))
            message = f"took longer than {limit} and was interrupted"
            reply = {"error": {"type": "TimeoutError", "message": message, "line": ""}}
        self.timed_out = None
        return reply

    def _reply(self, identity: str, seconds: float) -> dict[str, Any] | None:
        """Return the reply to a message, or None if there is none in time."""
        assert self.kc is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self.kc.shell_channel.next_message(timeout=0.5)
            except Empty:
                if self.provisioner.status()["code"] is not None:
                    raise DeadKernelError("Kernel died") from None
                continue
            if (
                message["msg_type"] == PROBE_REPLY
                and message["parent_header"]["msg_id"] == identity
            ):
                try:
                    reply = wire.decode([bytes(part) for part in message["buffers"]])
                except wire.ReplyError as error:
                    reply = {"error": {"type": "ValueError", "message": str(error), "line": ""}}
                return reply if isinstance(reply, dict) else {}
        return None


def _keep_count(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
    """Keep the number that the kernel gives to an executed cell."""
    cell.execution_count = execute_reply["content"].get("execution_count")


def _join_streams(cell: NotebookNode) -> None:
    """Join pieces of one stream, and keep of each line what a terminal would show in the end.

    nbclient's own function for this takes hours for a line of a million characters.
    """
    joined: list[NotebookNode] = []
    for output in cell.outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            lines = [line.rstrip("\r").rpartition("\r")[2] for line in output.text.split("\n")]
            output.text = "\n".join(lines)
    cell.outputs = joined


def execute_notebook(
    notebook: NotebookNode, connection: socket.socket, settings: Settings
) -> NotebookNode:
    """Execute a notebook in place, with a kernel that the warm process forks.

    Parameters
    ----------
    notebook : NotebookNode
        Its test cells must be the instructor's.
    connection : socket.socket
        Connection to the warm process, for one kernel at a time.
    settings : Settings

    Raises
    ------
    SandboxError
        If no sandbox can be made.
    ConnectionError
        If the warm process has ended.
    """
    folder = tempfile.mkdtemp(prefix="nb-")
    manager = AsyncKernelManager(
        connection_file=f"{folder}/connection.json",
        context=shared_context(),  # each manager's own context would leave threads behind
    )
    manager.client_factory = BoundedClient
    manager._kernel_spec = KERNEL_SPEC
    manager.provisioner = SandboxProvisioner(manager, connection, folder, settings)
    try:
        client = SplitClient(notebook, manager, settings)
        asyncio.run(client.run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return notebook
