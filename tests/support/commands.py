"""Commands as they are typed, run without the seconds that each would take to import nbgrader."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from tests.support.forks import run_script


def run_command(line: str, cwd: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a line of a shell; return its exit status and what it wrote."""
    words = shlex.split(line)
    everything = os.environ | environment
    if words[0] in ("nbgrader", "lxmls-nb"):
        done = run_script(words, cwd, everything, mixed=True)
        return done.returncode, done.stdout
    shell = ["bash", "-euo", "pipefail", "-c", line]
    done = subprocess.run(
        shell,
        cwd=cwd,
        env=everything,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout
