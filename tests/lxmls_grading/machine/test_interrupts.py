"""What Ctrl-C says is true: that nothing was changed, only while nothing was."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal
from lxmls_grading.machine.interrupts import ending_at_once, ending_in_order

def press():
    os.kill(os.getpid(), signal.SIGINT)

with ending_at_once():
    with ending_in_order(lambda: {is_running}):
        {inside}
    {after}
print("to the end")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_running", "inside", "after", "ends", "changed"),
    [
        (True, "press()", "pass", False, True),
        (True, "press()", "press()", True, True),
        (True, "press(); press()", "pass", True, True),
        (True, "pass", "press()", True, False),
        (False, "press()", "pass", True, False),
    ],
    ids=["once", "once more when it has ended", "twice", "later", "before it runs"],
)
def test_nothing_was_changed_is_said_only_where_it_is_so(is_running, inside, after, ends, changed):
    program = PROGRAM.format(is_running=is_running, inside=inside, after=after)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == (130 if ends else 0)
    assert ("to the end" in done.stdout) != ends
    assert ("before anything was changed" in done.stderr) == (not changed)
