"""Checks what grading needs on this machine, and reports what is wrong and how to repair it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError, find_bubblewrap
from lxmls_grading.settings import Settings

#: The pins of this project, in the folder that it is installed from.
PINS = Path(__file__).resolve().parents[1] / "constraints.txt"

#: The oldest Python that it runs on.
OLDEST = (3, 11)


@dataclass(frozen=True)
class Finding:
    """The result of an inspection.

    Attributes
    ----------
    what : str
        A line on what was found.
    repair : str
        The command that repairs it, or what to do; empty where nothing is wrong.
    """

    what: str
    repair: str = ""


def inspect_python() -> Iterator[Finding]:
    """Compare the version of Python with the oldest that this project runs on."""
    version = ".".join(map(str, sys.version_info[:3]))
    too_old = sys.version_info < OLDEST
    repair = "make setup PYTHON=python3.12, or any other from 3.11 on" if too_old else ""
    yield Finding(f"Python {version}", repair)


def inspect_packages(pins: Path = PINS) -> Iterator[Finding]:
    """Compare the installed versions of packages with the pinned ones.

    Parameters
    ----------
    pins : Path
        A file of lines such as ``numpy==2.1.0``.
    """
    if not pins.is_file():
        yield Finding(f"packages: not compared, there is no {pins.name} beside the package")
        return
    installed = {
        _canonical(package.name): package.version for package in importlib.metadata.distributions()
    }
    wrong = []
    for line in pins.read_text().splitlines():
        name, _, version = line.partition("==")
        found = installed.get(_canonical(name))
        if version and found is not None and found.partition("+")[0] != version.strip():
            wrong.append(f"{name} {found} instead of {version.strip()}")
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    if wrong:
        yield Finding(f"packages: {', '.join(wrong[:5])}{more}", f"pip install -c {pins.name} -e .")
    else:
        yield Finding("packages: the installed versions are the pinned ones")


def _canonical(name: str) -> str:
    """Return the name of a package as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def inspect_device() -> Iterator[Finding]:
    """Report the device that PyTorch computes on. Grading itself always uses the CPU."""
    from lxmls_nb.device import select_device

    yield Finding(f"PyTorch computes on: {select_device()} (grading: on the CPU)")


def inspect_corpora() -> Iterator[Finding]:
    """Report which corpora there are. Grading uses the snippets, which the package contains."""
    from lxmls_nb.data import SentimentCorpus, cache_folder

    yield Finding(f"corpus: {SentimentCorpus('snippets')!r}")
    cached = (cache_folder() / "books.npz").is_file()
    yield Finding(f"corpus: books {'are cached' if cached else 'will be fetched when needed'}")


def inspect_sandbox() -> Iterator[Finding]:
    """Make a sandbox, as grading does."""
    try:
        Sandbox(Settings()).close()
        yield Finding(f"sandbox: made by {find_bubblewrap()}")
    except SandboxError as error:
        yield Finding(f"sandbox: {error.why}", str(error).partition("\n")[2])


def inspect_kernels() -> Iterator[Finding]:
    """Look for the Jupyter kernel that students' notebooks ask for."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Finding("Jupyter: there is no kernel python3", "pip install ipykernel")
        return
    missing = os.path.isabs(program) and not os.access(program, os.X_OK)
    repair = "python -m ipykernel install --sys-prefix" if missing else ""
    yield Finding(f"Jupyter: the kernel python3 runs {program}", repair)


def inspect_course() -> Iterator[Finding]:
    """Look for a course in this folder."""
    there = Path("nbgrader_config.py").is_file()
    repair = "" if there else "cd to the folder of the course, where nbgrader_config.py is"
    yield Finding(f"course: {Path.cwd()}" if there else "course: there is none here", repair)


#: The inspections, in the order in which they run.
INSPECTIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    inspect_python,
    inspect_packages,
    inspect_device,
    inspect_corpora,
    inspect_sandbox,
    inspect_kernels,
    inspect_course,
)


def doctor() -> int:
    """Print all findings; return 0 if nothing is wrong, else 1."""
    wrong = 0
    for inspect in INSPECTIONS:
        try:
            findings = list(inspect())
        except Exception as error:  # for example, a package cannot be imported
            name = inspect.__name__.removeprefix("inspect_")
            findings = [Finding(f"{name}: {type(error).__name__}: {error}", "make setup")]
        for finding in findings:
            print(f"{'!!' if finding.repair else 'ok'}  {finding.what}")
            if finding.repair:
                wrong += 1
                print("    " + finding.repair.replace("\n", "\n    "))
    print("\nEverything is in place." if not wrong else f"\n{wrong} to repair.")
    return 1 if wrong else 0
