"""Forked commands are processes like others: their folder, streams, exit codes and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.slow


def start(forked, folder, code: str, **environment: str) -> subprocess.Popen:
    (folder / "module_of_its_own.py").write_text(code)
    command = forked.command("module_of_its_own", "argument")
    environment = os.environ | environment
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_fork_has_the_folder_environment_and_arguments_of_its_client(forked, tmp_path):
    code = "import os, sys; print(os.getcwd(), os.environ['GIVEN'], *sys.argv[1:])"
    shown, _ = start(forked, tmp_path, code, GIVEN="this").communicate(timeout=60)
    assert shown.decode().split() == [str(tmp_path), "this", "argument"]


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("", 0), ("import sys; sys.exit(3)", 3), ("1 / 0", 1), ("import os; os.abort()", 6)],
)
def test_a_fork_ends_as_a_command_does(forked, tmp_path, code, wanted):
    process = start(forked, tmp_path, code)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == wanted
    assert (b"ZeroDivisionError" in errors) == ("/" in code)


def test_a_fork_has_torch_but_nothing_of_ours_nor_pyplot(forked, tmp_path):
    code = "import sys; print('torch' in sys.modules, *sys.modules)"
    shown, _ = start(forked, tmp_path, code).communicate(timeout=60)
    torch, *modules = shown.decode().split()
    assert torch == "True"
    assert [each for each in modules if each.startswith("lxmls")] == []
    assert "matplotlib.pyplot" not in modules


def test_a_fork_ends_with_its_client(forked, tmp_path):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    process = start(forked, tmp_path, code)
    fork = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    for _ in range(100):
        try:
            os.kill(fork, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("it is still there")
