"""Executes a notebook in two processes: the student's cells in a sandbox, test cells here.

An *executor* is a fork of the warm process, one per submission. It communicates with student
kernels, one per notebook, as any Jupyter client does, and trusts nothing that they send.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import time
from dataclasses import replace
from functools import cached_property
from queue import Empty
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import carries_points, grade_id, is_locked, is_test, note
from lxmls_grading.execution.asking_client import AskingClient
from lxmls_grading.execution.bounded_outputs import (
    OF_NOTEBOOK,
    cut_outputs,
    join_streams,
    keep_reply,
)
from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.findings import note_limit, note_lost_files
from lxmls_grading.execution.judge import TOO_LONG, Judge, error_of
from lxmls_grading.execution.last_lines import outcome_together
from lxmls_grading.execution.load import LoadWatch
from lxmls_grading.execution.measured import Measured, SlowestCell
from lxmls_grading.execution.needed import dispensable_cells
from lxmls_grading.execution.other_languages import not_carried_out, why_not
from lxmls_grading.execution.plan import NotebookPlan, is_given_check
from lxmls_grading.execution.remote import TooMuch
from lxmls_grading.kernel.client import BoundedClient, shared_context
from lxmls_grading.kernel.provisioner import KERNEL_SPEC, SandboxProvisioner
from lxmls_grading.reasons import (
    ENDED,
    WENT_ON,
    Reason,
    add_reason,
    broken_test,
    describe_exit,
    format_bytes,
    not_run,
    reason,
)
from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.settings import GRACE, KERNEL_START_TIMEOUT, Settings, weakest_layer

#: The output of a cell that was not run to save time.
SKIPPED = (
    "Not run: an earlier cell without points took too long, and no answer or test needs this one.\n"
)


class SplitClient(AskingClient):
    """Executes a notebook: test cells by a judge, all others in the student kernel.

    Where a kernel ends, what it has run so far runs again in a fresh one, without the cell that has
    ended it, and the rest goes on there. A second end is final. After a cell without points that
    takes too long, those are skipped that nothing with points needs.

    Parameters
    ----------
    notebook : NotebookNode
        Its test cells must be the instructor's. It is changed in place.
    manager : AsyncKernelManager
    settings : Settings
    plan : NotebookPlan
        Which test cells run apart.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        manager: AsyncKernelManager,
        settings: Settings,
        plan: NotebookPlan,
    ):
        super().__init__(
            notebook,
            km=manager,
            allow_errors=True,
            store_widget_state=False,
            skip_cells_with_tag="-",  # a tag that no cell has
            record_timing=False,
            startup_timeout=KERNEL_START_TIMEOUT,
            timeout_func=self.seconds_for,
            on_cell_executed=keep_reply,
        )
        self.manager = manager  # nbclient drops its own when a kernel does not start
        self.settings, self.max_output = settings, settings.max_output
        connection = Connection(self.operate, self.probe, settings.timeout)
        self.plan = plan
        self.judge = Judge(connection, plan, timeout=3 * settings.timeout)
        there = (c for c in notebook.cells if not is_locked(c) or not plan.of(grade_id(c)).apart)
        self.judge.kernel_code = "\n".join(cell.source for cell in there)
        self.deadline = time.monotonic() + settings.notebook_timeout
        self.interrupted = False  # whether the present cell was
        self.finished: list[NotebookNode] = []  # what runs again in a fresh kernel
        self.restarted = False
        self.ended: Reason | None = None  # why no more cells run
        self.unrun: list[str] = []
        self.ready = False  # whether a kernel has answered
        self.skip_dispensable = False
        self.slowest = SlowestCell(0.0, "")
        self.load = LoadWatch(self.provisioner, self.deadline)

    @cached_property
    def dispensable(self) -> set[int]:
        """The places of cells that no answer and no test needs."""
        # Of code in another language it is not known what needs what.
        return set() if self.plan.language else dispensable_cells(self.nb.cells)

    def seconds_for(self, cell: NotebookNode | None = None) -> float:
        """Return how long a cell may run, or without one a call of an answer by a test."""
        limit = self.settings.timeout
        if cell is not None and not carries_points(cell):
            limit = min(limit, self.settings.ungraded_timeout)
        left = min(self.deadline - time.monotonic(), self.judge.seconds_left())
        return max(0.1, min(limit, left))

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
            if not self.ready:  # no code of the student has run
                not_carried_out(self.nb, self._why_not_started())
                return
            self.ended = self._why_ended(error)
            for cell in self.nb.cells:
                if is_test(cell) and not cell.get("outputs"):
                    self._not_run(cell, self.ended)
        finally:
            if self.kc is not None:
                self.kc.stop_channels()
            await self.provisioner.kill()
        cut_outputs(self.nb, (OF_NOTEBOOK + 1) * self.max_output)
        if self.ended is not None:
            text = self.ended.text + ENDED
            add_reason(self.nb, replace(self.ended, text=text, cells=tuple(self.unrun)))

    async def async_start_new_kernel_client(self, **options: Any) -> Any:
        """Connect to the kernel, and remember that it has answered."""
        client = await super().async_start_new_kernel_client(**options)
        self.ready = True
        return client

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
        self.start_cell(cell)
        start = time.monotonic()
        if self.ended is not None:
            if is_test(cell):
                self._not_run(cell, self.ended)
        elif self.skip_dispensable and cell_index in self.dispensable:
            if cell.source.strip():
                cell.outputs = [new_output("stream", text=SKIPPED)]
        else:
            self.load.start_cell()
            try:
                await self._execute(cell, cell_index)
            except SandboxError:
                raise
            except Exception as error:
                await self._recover(error, cell)
        seconds = time.monotonic() - start
        name = grade_id(cell) or f"the cell {cell_index + 1}"
        self.slowest = max(self.slowest, SlowestCell(seconds, name))
        if self.plan.trial and is_test(cell):
            note(cell, seconds=seconds)
        if type(cell.execution_count) is not int or cell.execution_count < 1:
            cell.execution_count = None  # the kernel may send anything
        return cell

    async def _execute(self, cell: NotebookNode, place: int) -> None:
        if is_test(cell):
            plan = self.plan.of(grade_id(cell))
            try:
                if plan.fault == TOO_LONG:
                    raise FaultyTest(TOO_LONG)
                if plan.apart:
                    verdict = self.judge.run(cell)  # it may block: nothing else runs
                    cell.outputs = verdict.outputs
                    if self.plan.trial:
                        note(cell, decided=list(verdict.decided), line=verdict.line)
                else:
                    note(cell, together=plan.why)
                    await super().async_execute_cell(cell, place)
                    join_streams(cell)
                    cell.outputs = outcome_together(cell)
                if plan.fault and error_of(cell) == plan.fault:
                    raise FaultyTest(f"fails with the reference solution, too: {plan.fault}")
            except FaultyTest as error:
                late = isinstance(self.judge.connection.failed, TooMuch) and self.load.look()
                detail = f"it {error}; {late}" if late else f"it {error}"
                why = broken_test(str(grade_id(cell)), detail)
                add_reason(self.nb, why)
                cell.outputs = [not_run(why.text)]
                if self.plan.trial:
                    used = self.judge.connection.used if plan.apart else ()
                    note(cell, fault=str(error), decided=sorted(used))
        elif is_given_check(cell, self.plan):
            self._execute_check(cell)
        else:
            self.interrupted = False
            await super().async_execute_cell(cell, place)
            join_streams(cell)
            note_limit(self.nb, cell, self.settings)
            if not self.interrupted:
                self.finished.append(cell)

    def _execute_check(self, cell: NotebookNode) -> None:
        """Run a cell that calls checks for no points: in the judge, which has their verdicts."""
        seconds, start = self.seconds_for(cell), time.monotonic()
        try:
            cell.outputs = self.judge.run(cell, seconds).outputs
        except FaultyTest as error:
            cell.outputs = [
                new_output("stream", text=f"This check was not carried out: it {error}.\n")
            ]
        if time.monotonic() - start > seconds:
            self.skip_dispensable = True

    def _not_run(self, cell: NotebookNode, why: Reason) -> None:
        self.unrun.append(str(grade_id(cell)))
        cell.outputs = [not_run(why.text)]

    # --- kernels that end ----------------------------------------------------------------------

    async def _recover(self, error: Exception, cell: NotebookNode) -> None:
        """Go on in a fresh kernel after a cell that has ended the first one."""
        why = self._why_ended(error)
        if is_test(cell):
            self._not_run(cell, why)
        if self.restarted or time.monotonic() >= self.deadline:
            self.ended = why
            return
        self.restarted = True
        try:
            await self._start_afresh()
        except SandboxError:
            raise
        except Exception as second:
            self.ended = self._why_ended(second)
        else:
            add_reason(self.nb, replace(why, text=why.text + WENT_ON, cells=tuple(self.unrun)))
            self.unrun = []

    async def _start_afresh(self) -> None:
        """Start another kernel, and run again what the first one has run. Outputs stay as were."""
        if self.kc is not None:
            self.kc.stop_channels()
        await self.provisioner.kill()
        self.judge.connection.forget()
        await self.async_start_new_kernel()
        await self.async_start_new_kernel_client()
        self.load.start_kernel()
        # nbclient puts what it executes, and displays that are updated, into its notebook by place.
        kept = self.nb, self._display_id_map
        again = [NotebookNode(cell, outputs=[]) for cell in self.finished]
        self.nb, self._display_id_map = NotebookNode(self.nb, cells=again), {}
        try:
            for place, cell in enumerate(again):
                await super().async_execute_cell(cell, place)
        finally:
            self.nb, self._display_id_map = kept

    def _why_not_started(self) -> str:
        """Return why a kernel does not start: a clause for the instructor."""
        if self.plan.language:
            why = "does not start in the sandbox, where only programs of the system are seen"
            return f"its kernel for {self.plan.language} {why}"
        status = self.provisioner.status()
        why = ""
        if status["stopped"]:
            why = f" (it went past the limit of {status['stopped']})"
        elif status["code"] is not None:
            why = f" (it ended with code {status['code']})"
        return f"no kernel starts for it{why}: `lxmls-nb doctor` may say more"

    def _why_ended(self, error: Exception) -> Reason:
        """Return why a kernel has ended, or cannot be used any more."""
        status = self.provisioner.status()
        settings = self.settings
        if status["stopped"]:
            used = {"memory": format_bytes(settings.memory), "processes": str(settings.processes)}
            disk = f"{format_bytes(settings.disk)} or {settings.files} files"
            return reason(status["stopped"], limit=used.get(status["stopped"], disk))
        if self.timed_out:
            what, self.timed_out = self.timed_out, None
            return reason("timeout", detail=self.why_slow, what=what, limit=f"{self.limit:g} s")
        if status["code"] is not None:
            return reason("kernel", what=describe_exit(status["code"]))
        self.log.warning("The connection to a kernel is broken: %r", error)
        return reason("messages", detail=self.load.look(), what=f"{type(error).__name__}")

    async def _async_handle_timeout(
        self, timeout: float, cell: NotebookNode | None = None
    ) -> dict[str, Any]:
        """Interrupt the kernel; end it if that does not help."""
        assert self.kc is not None
        self.interrupted, self.limit, self.why_slow = True, timeout, self.load.look()
        name = grade_id(cell) if cell is not None else None
        self.timed_out = f"the cell `{name}`" if name else "a cell of yours"
        if cell is not None and not carries_points(cell):
            self.skip_dispensable = True
        await self.manager.interrupt_kernel()
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            try:
                message: dict[str, Any] = await self.kc.shell_channel.get_msg(timeout=0.5)
            except Empty:
                continue
            if message["msg_type"] == "execute_reply":
                limit = f"{timeout:g} s"
                why = reason("timeout", detail=self.why_slow, what=self.timed_out, limit=limit)
                add_reason(self.nb, why)
                self.timed_out = None
                return message
        await self.provisioner.kill()
        raise DeadKernelError("Kernel died")


def execute_notebook(
    notebook: NotebookNode,
    connection: socket.socket,
    settings: Settings,
    files: bytes,
    plan: NotebookPlan,
) -> Measured:
    """Execute a notebook in place, with a kernel that the warm process forks.

    Parameters
    ----------
    notebook : NotebookNode
        Its test cells must be the instructor's.
    connection : socket.socket
        Connection to the warm process, for one kernel at a time.
    settings : Settings
    files : bytes
        A tar archive of what lies beside the notebook; empty if there is nothing.
    plan : NotebookPlan

    Returns
    -------
    measured : Measured

    Raises
    ------
    SandboxError
        If no sandbox can be made.
    ConnectionError
        If the warm process has ended.
    """
    problem = why_not(plan, settings)
    if problem:
        not_carried_out(notebook, problem)
        return Measured()
    folder = tempfile.mkdtemp(prefix="nb-")
    manager = AsyncKernelManager(
        connection_file=f"{folder}/connection.json",
        context=shared_context(),  # each manager's own context would leave threads behind
    )
    manager.client_factory = BoundedClient
    manager._kernel_spec = KERNEL_SPEC
    # What runs together may call this project's checks, with all that they know.
    together = any(is_test(cell) and not plan.of(grade_id(cell)).apart for cell in notebook.cells)
    manager.provisioner = SandboxProvisioner(
        manager, connection, folder, settings, files, plan.command, verdicts=together
    )
    try:
        client = SplitClient(notebook, manager, settings, plan)
        asyncio.run(client.run())
        note_lost_files(notebook, manager.provisioner.left_out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    limits = weakest_layer(client.provisioner.limits)
    return Measured(client.slowest, client.load.starved, limits)
