"""The work of a worker: it executes submissions. It needs both packages and nothing else."""

from __future__ import annotations

import hashlib
import time
from functools import cache
from pathlib import Path
from typing import Any

import lxmls_grading
import lxmls_nb
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.warm_process import Executor, GradingError, shared_process
from lxmls_grading.intake.working_files import WorkingFiles
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Settings, weakest_layer


class OtherInstallationError(RuntimeError):
    """A worker has other code than the process that grades."""


@cache
def installed() -> str:
    """Return the version that is installed, and a hash of all files of both packages."""
    digest = hashlib.sha256()
    for package in (lxmls_grading, lxmls_nb):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = f"{package.__name__}/{path.relative_to(folder).as_posix()}"
                digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"{lxmls_nb.__version__} ({digest.hexdigest()[:12]})"


def check_worker(expected: str, settings: Settings) -> None:
    """Make sure that a worker can execute notebooks, and start the process that it forks from.

    Parameters
    ----------
    expected : str
        What :func:`installed` returns where the submissions are.
    settings : Settings

    Raises
    ------
    OtherInstallationError
        If the packages here have other files.
    SandboxError
        If there is no sandbox here.
    """
    _check_installation(expected)
    if settings.sandbox:
        Sandbox(settings).close()
    shared_process().start()


def execute_submission(
    expected: str,
    settings: Settings,
    notebooks: dict[str, str],
    files: WorkingFiles,
    plans: dict[str, NotebookPlan],
) -> dict[str, Any]:
    """Execute the notebooks of a submission, rebuilt with the course's tests.

    Parameters
    ----------
    expected, settings
        See :func:`check_worker`.
    notebooks : dict of str
        By name, each as JSON.
    files : WorkingFiles
        What lies beside them.
    plans : dict of NotebookPlan
        By name, how their tests run.

    Returns
    -------
    result : dict
        ``notebooks``, each as JSON, and ``seconds``, how long each took, both by name; the seconds,
        notebook and name of the ``slowest`` cell; whether it is ``starved``, since time was up
        while the machine was busy with something else; and what kept its ``limits``.

    Raises
    ------
    OtherInstallationError
        If this worker has joined after the others were checked, and has other code.
    SandboxError, GradingError
        If nothing can be executed here.
    """
    _check_installation(expected)
    executed, seconds, slowest = {}, {}, (0.0, "", "")
    starved, layers = False, []
    with Executor(shared_process()) as executor:
        for name, text in notebooks.items():
            start = time.perf_counter()
            try:
                plan = plans.get(name)
                executed[name], measured = executor.execute(text, settings, files, plan)
                slowest = max(slowest, (measured.slowest.seconds, name, measured.slowest.name))
                starved |= measured.starved
                layers.append(measured.limits)
            except (SandboxError, GradingError):
                raise
            except Exception as error:  # it might not survive pickling
                raise GradingError(f"{type(error).__name__}: {error}"[:2000]) from None
            seconds[name] = round(time.perf_counter() - start, 3)
    return {
        "notebooks": executed,
        "seconds": seconds,
        "slowest": slowest,
        "starved": starved,
        "limits": weakest_layer(layers),
    }


def _check_installation(expected: str) -> None:
    if installed() != expected:
        raise OtherInstallationError(
            f"a worker has lxmls-nb {installed()}, and this is {expected}: install the same on both"
        )
