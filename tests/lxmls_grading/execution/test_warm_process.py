"""What a notebook or a grader that is killed leaves behind: nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lxmls_grading.machine.huge_pages import use_huge_pages
from tests.support.course import ROOT
from tests.support.execution import attempt, see

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_warm_process")]


def test_nothing_outlives_a_notebook(warm):
    code = """
import os, time, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    time.sleep(1000)
"""
    attempt(warm, code)
    server = psutil.Process(warm._process.pid)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and len(server.children(recursive=True)) > 1:
        time.sleep(0.1)
    assert len(server.children(recursive=True)) == 1  # what forks executors for the next one


def test_most_of_what_kernels_share_lies_in_huge_pages(warm):
    """Else each fork takes 20 ms more, and nothing else tells."""
    attempt(warm, "pass")
    if not use_huge_pages():
        pytest.skip("Linux has no huge pages here, or is older than 6.1")
    rollup = Path(f"/proc/{warm._process.pid}/smaps_rollup").read_text()
    sizes = dict(re.findall(r"^(\w+): +(\d+) kB$", rollup, re.MULTILINE))
    assert int(sizes["AnonHugePages"]) > int(sizes["Anonymous"]) / 2


def test_a_grader_that_is_killed_leaves_nothing_running():
    code = """
from nbformat.v4 import new_code_cell, new_notebook
from lxmls_grading.execution.warm_process import WarmProcess
from tests.support.execution import SETTINGS
warm = WarmProcess()
warm.start()
print(warm._process.pid, flush=True)
warm.execute(new_notebook(cells=[new_code_cell("import time; time.sleep(100)")]), SETTINGS)
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    server = psutil.Process(int(grader.stdout.readline()))
    deadline = time.monotonic() + 60
    while len(server.children(recursive=True)) < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    everything = [server, *server.children(recursive=True)]
    assert len(everything) >= 6  # what forks executors, one of them, bubblewrap, kernel, ...
    grader.kill()
    grader.wait()
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def test_kernel_makes_no_children_for_the_warm_process(warm, settings):
    code = """
import ctypes, os, platform
number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
pid = ctypes.CDLL(None).syscall(number, 0x8000 | 17, 0, 0, 0, 0)  # CLONE_PARENT | SIGCHLD
if pid == 0:
    os._exit(0)
print(pid)
"""
    assert see(warm, code, settings) == "-1"
