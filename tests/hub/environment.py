"""What a hub runs on: one environment that all accounts can use, and the proxy.

docs/jupyterhub.md makes the environment with pip alone. Here most of it is there already, in the
environment that the tests run in: it is linked, and pip adds what the hub needs.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.support.course import ROOT

PAGE = ROOT / "docs" / "jupyterhub.md"
OLDEST = (3, 11)


def shared_python() -> str:
    """Return a Python that all accounts of this machine can start: of this one's version, best."""
    candidates = [sys._base_executable, *map(shutil.which, ("python3", "/usr/bin/python3"))]
    versions = {
        path: version
        for path in candidates
        if path and is_open(Path(path)) and (version := version_of(path)) >= OLDEST
    }
    for path, version in versions.items():
        if version == sys.version_info[:2]:
            return path
    if not versions:
        pytest.fail(
            f"no Python from {'.'.join(map(str, OLDEST))} on is in a folder that all accounts can "
            f"enter: {', '.join(map(str, candidates))}. Install one (apt-get install python3)",
            pytrace=False,
        )
    return next(iter(versions))


def is_open(path: Path) -> bool:
    """Whether everybody can enter all folders that a path, and what it leads to, lies in."""
    folders = {*path.parents, *path.resolve().parents}
    return all(folder.stat().st_mode & 0o001 for folder in folders)


def version_of(python: str | Path) -> tuple[int, ...]:
    code = "import sys, venv; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return tuple(map(int, done.stdout.split()))


def make_environment(prefix: Path, course: Path) -> None:
    """Make the environment with what a course's `pyproject.toml` and its kit's lab ask for."""
    python = shared_python()
    subprocess.run([python, "-m", "venv", "--without-pip", prefix], check=True)
    if version_of(python) == sys.version_info[:2]:
        link_packages(Path(sys.prefix), prefix)
    install = [*("install", "--quiet", "--disable-pip-version-check"), "-c", "constraints.txt"]
    pip = [sys.executable, "-m", "pip", "--python", str(prefix / "bin" / "python")]
    wanted = [f"{course}[hub,instructor]", str(course / "build" / "kit" / "setup" / "lab")]
    done = subprocess.run([*pip, *install, *wanted], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def link_packages(old: Path, new: Path) -> None:
    """Put the packages and programs of one environment into another, of the same Python."""
    for name in ("lib", "share", "etc"):
        shutil.copytree(
            old / name, new / name, copy_function=link, symlinks=True, dirs_exist_ok=True
        )
    first = f"#!{old}/bin/python".encode()
    for script in (old / "bin").iterdir():
        if script.is_file() and not script.is_symlink() and script.stat().st_size < 100_000:
            line, end, rest = script.read_bytes().partition(b"\n")
            if line.startswith(first):
                copy = new / "bin" / script.name
                copy.write_bytes(f"#!{new}/bin/python".encode() + end + rest)
                copy.chmod(0o755)


def not_pinned(prefix: Path) -> list[str]:
    """Return what is installed in an environment with another version than the pinned one, or none.

    The project itself and its kit's lab are left out, and the installer.
    """
    folder = prefix / "lib" / f"python{'.'.join(map(str, version_of(prefix / 'bin' / 'python')))}"
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {canonicalize_name(line.partition("==")[0]): line for line in lines if "==" in line}
    found = importlib.metadata.distributions(path=[str(folder / "site-packages")])
    names = {package.name: package.version.partition("+")[0] for package in found}
    return [
        f"{name} {version}"
        for name, version in names.items()
        if pins.get(canonicalize_name(name), "").partition("==")[2] != version
        and not canonicalize_name(name).startswith(("lxmls-nb", "pip"))
    ]


def link(source: str, target: str) -> None:
    """Give a file a second name, or copy it where it is on another disk."""
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError:
        shutil.copy2(source, target)


def start_to_install_proxy(folder: Path) -> subprocess.Popen:
    """Let npm install the proxy, in the version that the page names, while other things happen."""
    if not (npm := shutil.which("npm")):
        pytest.fail(
            "the hub's proxy comes from npm, which is not installed: apt-get install npm",
            pytrace=False,
        )
    [proxy] = set(re.findall(r"configurable-http-proxy@5[\d.]+\d", PAGE.read_text()))
    options = ["--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
    return subprocess.Popen(
        [npm, "install", *options, proxy],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def installed_proxy(folder: Path, installing: subprocess.Popen) -> Path:
    """Wait for npm; return the program that it has installed."""
    text, _ = installing.communicate(timeout=300)
    assert installing.returncode == 0, f"npm install: {text}"
    return folder / "node_modules" / ".bin" / "configurable-http-proxy"
