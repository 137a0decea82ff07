"""Inspects this machine: what is installed, and whether there is a sandbox."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lxmls_grading.doctor.findings import Finding
from lxmls_grading.listing import list_names
from lxmls_grading.machine.temporary_folder import TemporaryFolderError, check_temporary_folder
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError, find_bubblewrap
from lxmls_grading.sandbox.cgroups import Leaf
from lxmls_grading.sandbox.delegation import CgroupError, prepare
from lxmls_grading.sandbox.landlock import FIRST_VERSION, landlock_version
from lxmls_grading.settings import BY_LAYER, CGROUP, LOOKS, Settings

#: The pins of this project, in the folder that it is installed from.
PINS = Path(__file__).resolve().parents[2] / "constraints.txt"

#: How to get a cgroup for each kernel. Root often has no systemd of its own to ask.
HOW_TO_GET_CGROUPS = (
    "with systemd, start grading with: systemd-run {of_user}--scope --property=Delegate=yes "
    "lxmls-nb grade ASSIGNMENT"
)
#: The number of a capability, of <linux/capability.h>.
CAP_SYS_PTRACE = 19

#: The oldest Python that it runs on.
OLDEST = (3, 11)


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
    installed: dict[str, str] = {}
    for package in importlib.metadata.distributions():
        # The first one is what is imported; setuptools has old copies of some of its own.
        installed.setdefault(_canonical(package.name), package.version)
    wrong = []
    for line in pins.read_text().splitlines():
        name, _, version = line.partition("==")
        found = installed.get(_canonical(name))
        if version and found is not None and found.partition("+")[0] != version.strip():
            wrong.append(f"{name} {found} instead of {version.strip()}")
    if wrong:
        yield Finding(f"packages: {list_names(wrong, 5)}", f"pip install -c {pins.name} -e .")
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
        if os.geteuid() == 0 and not _may_trace():
            yield Finding(
                "sandbox: memory is counted several times where processes of a submission share it",
                "give this container the capability SYS_PTRACE (Docker: --cap-add SYS_PTRACE)",
                advice=True,
            )
    except SandboxError as error:
        yield Finding(f"sandbox: {error.clause}", error.repair)


def inspect_limits() -> Iterator[Finding]:
    """Make a cgroup as each student kernel gets one; without it, grading works by looks alone."""
    try:
        leaf = Leaf(prepare(), Settings())
    except OSError as error:
        why = error.args[0] if isinstance(error, CgroupError) else error.strerror
        what = f"limits of memory and processes: {BY_LAYER[LOOKS]}, since {why}"
        of_user = "--user " if os.getuid() else ""
        yield Finding(what, HOW_TO_GET_CGROUPS.format(of_user=of_user), advice=True)
    else:
        leaf.close()
        yield Finding(f"limits of memory and processes: {BY_LAYER[CGROUP]}, and by looks")


def inspect_landlock() -> Iterator[Finding]:
    """Report whether Linux has the sandbox's second wall; nothing is wrong where it has none."""
    version = landlock_version()
    used = "" if version >= FIRST_VERSION else ", and the sandbox does without"
    yield Finding(f"Landlock: {f'version {version}' if version else 'Linux has none'}{used}")


def _may_trace() -> bool:
    """Whether this process may read what other users' processes take: CAP_SYS_PTRACE."""
    with suppress(OSError, ValueError), open("/proc/self/status") as file:
        held = dict(line.split(":", 1) for line in file if line.startswith("CapEff"))
        return bool(int(held["CapEff"], 16) >> CAP_SYS_PTRACE & 1)
    return True


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


def inspect_temporary_folder() -> Iterator[Finding]:
    """Compare the path of the folder for temporary files with what sockets can have."""
    try:
        check_temporary_folder()
        yield Finding(f"temporary files: in {tempfile.gettempdir()}")
    except TemporaryFolderError as error:
        yield Finding(f"temporary files: {error}", "export TMPDIR=/tmp")


def inspect_other_pythons() -> Iterator[Finding]:
    """Look for a Python that is too old, among those that a course could run by mistake."""
    needed = ".".join(map(str, OLDEST))
    for name, program in _other_pythons().items():
        version = _version_of(program)
        if version and version < OLDEST:
            found = ".".join(map(str, version))
            repair = (
                "python -m ipykernel install --sys-prefix"
                if name != "python3"
                else ("activate the environment: source .venv/bin/activate")
            )
            what = f"{name} is {program}, Python {found}, and {needed} is needed"
            yield Finding(what, repair, advice=name == "python3")


def _other_pythons() -> dict[str, str]:
    """Return the Python of the command ``python3`` and that of notebooks, if they are others."""
    from jupyter_client.kernelspec import KernelSpecManager

    programs = {"python3": shutil.which("python3")}
    with suppress(Exception):  # inspect_kernels() reports it
        spec = KernelSpecManager().get_kernel_spec("python3")
        programs["the Jupyter kernel python3"] = shutil.which(spec.argv[0])
    return {name: path for name, path in programs.items() if path and path != sys.executable}


def _version_of(program: str) -> tuple[int, ...] | None:
    """Return the version of a Python, or None if it does not tell."""
    code = "import sys; print(*sys.version_info[:2])"
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, timeout=30)
        return tuple(map(int, done.stdout.split())) or None
    return None
