"""Jupyter servers that tests start: on a free port of this machine, ended when the test ends."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

TOKEN = "secret"
SECONDS = 60


def answering_at(runtime: Path) -> str | None:
    """Return a server's address: it is written down a moment before the server listens."""
    try:
        url = json.loads(next(runtime.glob("jpserver-*.json")).read_text())["url"]
        urllib.request.urlopen(f"{url}api", timeout=SECONDS).close()
    except (StopIteration, ValueError, OSError):
        return None
    return url


@contextlib.contextmanager
def jupyter_server(
    folder: Path,
    private: Path | None = None,
    app: str = "server",
    python: str | Path = sys.executable,
) -> Iterator[str]:
    """Start Jupyter in a folder, and yield its address.

    Parameters
    ----------
    folder : Path
        Where it starts, and what it serves.
    private : Path, optional
        Where its home, log and runtime files go; `folder` by default, which is then not its home.
    app : str
        ``"server"``, or ``"lab"``.
    python : path
        That of the environment which has Jupyter.
    """
    options = ["--no-browser", "--allow-root", f"--ServerApp.token={TOKEN}", "--port=0"]
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    runtime = (private or folder) / "runtime"
    environment = os.environ | {"PATH": path, "JUPYTER_RUNTIME_DIR": str(runtime)}
    if private:
        environment = {key: value for key, value in environment.items() if key != "PYTHONPATH"}
        environment |= home(private)
    log_file = (private or folder) / "server.log"
    with open(log_file, "w") as log:
        server = subprocess.Popen(
            [str(python), "-m", "jupyter", app, *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        end = time.monotonic() + SECONDS
        while not (url := answering_at(runtime)):
            assert time.monotonic() < end, log_file.read_text()
            assert server.poll() is None, log_file.read_text()
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:  # it waits for ever for a kernel that just starts
            server.kill()
            server.wait()


def home(folder: Path) -> dict[str, str]:
    """Return the environment of somebody whose home, with all that Jupyter keeps, is a folder."""
    return {
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / ".ipython"),
        "MPLCONFIGDIR": str(folder / ".matplotlib"),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"),
        "JUPYTER_DATA_DIR": str(folder / ".jupyter-data"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".jupyter" / "lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".jupyter" / "lab" / "workspaces"),
        "XDG_CACHE_HOME": str(folder / ".cache"),
    }
