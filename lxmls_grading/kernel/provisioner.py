"""Starts student kernels through Jupyter's own interface: a kernel provisioner.

Kernels come from the warm process, see :mod:`~lxmls_grading.execution.warm_server`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from lxmls_grading.sandbox.bubblewrap import SandboxError
from lxmls_grading.sandbox.processor_time import ProcessorTime
from lxmls_grading.settings import Settings

#: The sockets of a kernel, in the order in which it opens them, and the numbers in their names.
CHANNELS: KernelConnectionInfo = {
    "shell_port": 1,
    "stdin_port": 2,
    "control_port": 3,
    "iopub_port": 4,
}

#: The description of a kernel that Jupyter asks for. Its command is not run: kernels are forked.
KERNEL_SPEC = KernelSpec(argv=["lxmls_nb"], display_name="Student kernel", language="python")


class SandboxProvisioner(KernelProvisionerBase):
    """Starts a kernel in a sandbox, by a fork of the warm process.

    Parameters
    ----------
    manager : KernelManager
        Its ``provisioner`` must be set to this object, so that it looks for no other.
    connection : socket.socket
        Connection to the warm process, for one kernel.
    folder : str
        Private folder for the addresses of the kernel's sockets.
    settings : Settings
    files : bytes
        A tar archive of what lies in the kernel's working folder; empty if there is nothing.
    command : tuple of str
        What starts a kernel of another language; by default, it is a fork.
    verdicts : bool
        Whether it sees the verdicts of this project's own checks, for tests that run in it.

    Attributes
    ----------
    left_out : dict of str
        Why some of the files are not there: a clause without a subject, by their paths.
    """

    _code: int | None = None
    _started = False

    def __init__(
        self,
        manager: KernelManager,
        connection: socket.socket,
        folder: str,
        settings: Settings,
        files: bytes,
        command: tuple[str, ...] = (),
        verdicts: bool = False,
    ):
        super().__init__(parent=manager, kernel_spec=KERNEL_SPEC)
        self.connection, self.folder, self.settings = connection, folder, settings
        self.files, self.command, self.verdicts = files, command, verdicts
        self.left_out: dict[str, str] = {}
        self.limits: list[str] = []  # what kept those of each kernel

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self._started

    def request(self, what: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        """Send a request to the warm process, and return its reply.

        Parameters
        ----------
        what : dict
            What to ``do``, with what that needs.
        descriptors : list of int, optional
            File descriptors to send along.

        Raises
        ------
        SandboxError
            If it cannot confine a kernel.
        ConnectionError
            If it has ended.
        """
        socket.send_fds(self.connection, [json.dumps(what).encode()], descriptors or [])
        data = self.connection.recv(2**16)
        if not data:
            raise ConnectionError("the warm process has ended")
        reply: dict[str, Any] = json.loads(data)
        if "error" in reply:
            raise SandboxError(reply["error"])
        return reply

    def status(self) -> dict[str, Any]:
        """Return the exit ``code``, None while it runs, and why it was ``stopped``, if it was."""
        return self.request({"do": "poll"})

    def processor_time(self) -> ProcessorTime:
        """Return for how long the kernel's processes have computed, and waited for a core."""
        return ProcessorTime(*self.request({"do": "measure"})["time"])

    async def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self._started and self._code is None:
            self._code = self.status()["code"]
        return self._code if self._started else 0

    async def wait(self) -> int | None:
        """Wait until the kernel has ended, and return its exit code."""
        while await self.poll() is None:
            await asyncio.sleep(0.02)
        self._started = False
        return self._code

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal."""
        if signum == signal.SIGKILL:
            self.end()
        else:
            self.signal(signum)

    def signal(self, number: int) -> None:
        """Send the kernel a signal, for a caller outside of the event loop."""
        if self._started:
            self.request({"do": "signal", "number": int(number)})

    def end(self) -> None:
        """End the kernel and its children, for a caller outside of the event loop."""
        if self._started:
            self.request({"do": "close"})

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and everything that it has started."""
        self.end()

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and everything that it has started."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Do nothing: :meth:`kill` has ended the sandbox."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return the arguments of :meth:`launch_kernel`: a forked kernel has no command."""
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel on listening sockets, whose addresses it does not learn."""
        manager = self.parent
        assert manager is not None
        work = f"{self.folder}/work"  # a fresh one for each kernel
        shutil.rmtree(work, ignore_errors=True)
        os.mkdir(work)
        listening = [_listen(f"{self.folder}/kernel-{port}") for port in CHANNELS.values()]
        archive = os.memfd_create("files")
        try:
            with open(archive, "wb", closefd=False) as file:
                file.write(self.files)
            reply = self.request(
                {
                    "do": "start",
                    "key": manager.session.key.decode(),
                    "settings": self.settings.to_dict(),
                    "folder": work,
                    "command": self.command,
                    "verdicts": self.verdicts,
                },
                [*(one.fileno() for one in listening), archive],
            )
        finally:
            os.close(archive)
            for one in listening:
                one.close()
        self._started, self._code, self.left_out = True, None, reply["left_out"]
        self.limits.append(reply["limits"])
        self.connection_info = {
            **manager.get_connection_info(),
            **CHANNELS,
            "hb_port": 5,  # there is no heartbeat: the warm process knows when a kernel ends
            "transport": "ipc",
            "ip": f"{self.folder}/kernel",
        }
        return self.connection_info


def _listen(address: str) -> socket.socket:
    Path(address).unlink(missing_ok=True)  # that of an earlier kernel
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(16)
    return listening
