"""Python commands, and kernels among them, as forks of a process that has imported PyTorch.

A stock kernel takes four seconds of the processor to import what a notebook needs, and pytest with
nbval and nbgrader two more. A fork has all that. It runs `python -m MODULE ARGUMENTS` as a process
of its own, with its own folder, environment and streams. Nothing of ours is imported beforehand,
and pyplot neither, whose import some things depend on.

Whoever wants a command starts :mod:`tests.support.forked_client`, a small process that stands for
the fork: the one ends with the other.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

CLIENT = Path(__file__).with_name("forked_client.py")


class ForkedPython:
    """Runs commands as forks of one process.

    Parameters
    ----------
    address : Path
        Of its socket.
    """

    def __init__(self, address: Path):
        self.address = address

    def command(self, *arguments: str) -> list[str]:
        """Return a command that is as good as ``python -m`` with these arguments."""
        return [sys.executable, "-I", "-S", str(CLIENT), str(self.address), *arguments]

    @property
    def kernels(self) -> str:
        """What JUPYTER_PATH has to be, so that kernels called ``python3`` are forks."""
        return str(self.address.parent)

    def write_kernelspec(self) -> None:
        """Write the description of these kernels."""
        spec = Path(self.kernels) / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = self.command("ipykernel_launcher", "-f", "{connection_file}")
        described = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(described))


@contextlib.contextmanager
def started(folder: Path) -> Iterator[ForkedPython]:
    """Start the process that is forked; it ends with the context."""
    address = folder / "socket"
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(address)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # As in a kernel: Matplotlib looks at this when it is imported.
        env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    )
    try:
        assert process.stdout.readline() == b"ready\n"
        python = ForkedPython(address)
        python.write_kernelspec()
        yield python
    finally:
        process.communicate()  # the end of its standard input ends it


#: What notebooks, kernels and those who execute them import.
MODULES = """
    IPython.core.completerlib IPython.extensions.storemagic ipykernel.debugger
    ipykernel.kernelapp ipywidgets matplotlib.backends.backend_agg matplotlib.figure nbclient
    nbconvert nbgrader.apps nbval.plugin pooch pytest scipy.sparse scipy.special tqdm.auto
"""


def import_everything() -> None:
    """Import what commands need."""
    # The debugger, which nobody uses here, would print a warning when it is imported.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    for module in MODULES.split():
        importlib.import_module(module)
    import torch

    torch.set_num_threads(1)  # a fork of a process with running threads can hang
    # The first step of an optimizer imports modules for half a second. There is no backward() here:
    # its threads would not survive the fork.
    tensor = torch.zeros(1, requires_grad=True)
    tensor.grad = torch.zeros(1)
    torch.optim.SGD([tensor], lr=0.1).step()
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        plugin.load()
    gc.freeze()  # forks need not look through all this when they collect garbage


def serve(address: str) -> None:
    """Fork a process for each connection, until the standard input ends."""
    forks: dict[int, socket.socket] = {}  # by process
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(address)
        listener.listen(64)
        awake, asleep = socket.socketpair()
        awake.setblocking(False)
        signal.set_wakeup_fd(awake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        for each in (listener, asleep, sys.stdin):
            selector.register(each, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    for process in forks:
                        os.kill(process, signal.SIGKILL)
                    return
                if key.fileobj is asleep:
                    asleep.recv(1000)
                    _tell_ends(forks, selector)
                elif key.fileobj is listener:
                    connection, _ = listener.accept()
                    process = _fork(*_read_job(connection))
                    forks[process] = connection
                    selector.register(connection, selectors.EVENT_READ, process)
                elif key.data in forks:  # the client has ended
                    os.kill(key.data, signal.SIGKILL)
                    selector.unregister(key.fileobj)


def _tell_ends(forks: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Let the clients of forks that have ended know their exit codes."""
    while forks:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        connection = forks.pop(process)
        with contextlib.suppress(KeyError):
            selector.unregister(connection)
        with connection, contextlib.suppress(OSError):
            connection.sendall(bytes([abs(os.waitstatus_to_exitcode(status))]))


def _read_job(connection: socket.socket) -> tuple[dict, list[int]]:
    """Return what a client asks for, and its standard streams."""
    text, streams, _, _ = socket.recv_fds(connection, 2**20, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(2**20)
    return json.loads(text), streams


def _fork(job: dict, streams: list[int]) -> int:
    """Return the process that runs what a client asks for."""
    process = os.fork()
    if process:
        for stream in streams:
            os.close(stream)
        return process
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        code = _run(job, streams)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def _run(job: dict, streams: list[int]) -> int:
    """Run a module as its client would; return the exit code."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    module, *arguments = job["arguments"]
    sys.argv = [module, *arguments]
    given = [each for each in job["environment"].get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [job["folder"], *given, *sys.path[1:]]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    import_everything()
    serve(sys.argv[1])
    os._exit(0)  # to tidy up PyTorch would take a second
