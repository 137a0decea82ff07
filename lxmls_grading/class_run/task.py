"""What a worker does: execute the notebooks of one submission. It needs this package, no more."""

from __future__ import annotations

import time

from lxmls_grading.execution.warm_process import Executor, GradingError, shared_process
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Options
from lxmls_nb import __version__


class OtherVersionError(RuntimeError):
    """A worker has another version of this package than the process that asks."""


def check_worker(version: str, options: dict) -> None:
    """Make sure that a worker can execute notebooks, and start the process that it forks from.

    Parameters
    ----------
    version : str
        Of this package, where the submissions are.
    options : dict
        Of :class:`~lxmls_grading.settings.Options`.

    Raises
    ------
    OtherVersionError
        If the version here is another one.
    SandboxError
        If there is no sandbox here.
    """
    if version != __version__:
        raise OtherVersionError(
            f"a worker has lxmls-nb {__version__}, and this is {version}: install the same on both"
        )
    chosen = Options.from_dict(options)
    if chosen.sandbox:
        Sandbox(chosen.limits, []).close()
    shared_process().start()


def execute_submission(version: str, options: dict, notebooks: dict[str, str]) -> dict:
    """Execute the notebooks of a submission, put together anew with the course's tests.

    Parameters
    ----------
    version, options
        See :func:`check_worker`.
    notebooks : dict of str
        By name, each as JSON.

    Returns
    -------
    result : dict
        ``notebooks``, as they came, and ``seconds``, how long each took.
    """
    if version != __version__:
        check_worker(version, options)
    chosen = Options.from_dict(options)
    executed, seconds = {}, {}
    with Executor(shared_process()) as executor:
        for name, text in notebooks.items():
            start = time.perf_counter()
            try:
                executed[name] = executor.execute(text, chosen)
            except (SandboxError, GradingError):
                raise
            except Exception as error:  # which might not survive the way
                raise GradingError(f"{type(error).__name__}: {error}"[:2000]) from None
            seconds[name] = round(time.perf_counter() - start, 3)
    return {"notebooks": executed, "seconds": seconds}
