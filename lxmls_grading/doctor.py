"""Looks at what grading needs on this machine, and says what is wrong and what mends it."""

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
    """What was found about one thing.

    Attributes
    ----------
    what : str
    repair : str
        The command that mends it, or what to do; empty where nothing is wrong.
    """

    what: str
    repair: str = ""


def inspect_python() -> Iterator[Finding]:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    too_old = sys.version_info < OLDEST
    repair = "make setup PYTHON=python3.12, or any other from 3.11 on" if too_old else ""
    yield Finding(f"Python {version}", repair)


def inspect_packages(pins: Path = PINS) -> Iterator[Finding]:
    """Compare the versions of packages that are installed with those that are pinned."""
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
        yield Finding("packages: those that are installed are as pinned")


def _canonical(name: str) -> str:
    """Return the name of a package as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def inspect_device() -> Iterator[Finding]:
    """Look for where PyTorch computes. Grading itself always computes on the CPU."""
    from lxmls_nb.device import select_device

    yield Finding(f"PyTorch computes on: {select_device()} (grading: on the CPU)")


def inspect_corpora() -> Iterator[Finding]:
    """Look for the corpora: snippets are part of the package, and what grading takes."""
    from lxmls_nb.data import SentimentCorpus, cache_folder

    yield Finding(f"corpus: {SentimentCorpus('snippets')!r}")
    cached = (cache_folder() / "books.npz").is_file()
    yield Finding(f"corpus: books {'are cached' if cached else 'will be fetched when asked for'}")


def inspect_sandbox() -> Iterator[Finding]:
    """Make a sandbox, as grading does."""
    try:
        Sandbox(Settings()).close()
        yield Finding(f"sandbox: made by {find_bubblewrap()}")
    except SandboxError as error:
        yield Finding(f"sandbox: {error.why}", str(error).partition("\n")[2])


def inspect_kernels() -> Iterator[Finding]:
    """Look for a Jupyter kernel that students' notebooks ask for."""
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


#: What is looked at, in this order.
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
    """Print what is found; return 0 if nothing is wrong, else 1."""
    wrong = 0
    for look in INSPECTIONS:
        try:
            findings = list(look())
        except Exception as error:  # a package that does not import, and whatever else
            name = look.__name__.removeprefix("inspect_")
            findings = [Finding(f"{name}: {type(error).__name__}: {error}", "make setup")]
        for finding in findings:
            print(f"{'!!' if finding.repair else 'ok'}  {finding.what}")
            if finding.repair:
                wrong += 1
                print("    " + finding.repair.replace("\n", "\n    "))
    print("\nEverything is in place." if not wrong else f"\n{wrong} to mend.")
    return 1 if wrong else 0
