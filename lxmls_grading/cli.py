"""The command ``lxmls-nb``.

What takes a while to import is imported in a function, once Ctrl-C ends this process without a
traceback.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import NoReturn

from lxmls_grading.machine.interrupts import STATUS, ending_at_once, exit_at_once


def program() -> NoReturn:
    """Run the command as a process of its own, and end it with the command's status.

    Once the command has ended, and Python has not yet, Ctrl-C comes too late.
    """
    signal.signal(signal.SIGINT, exit_at_once)  # what main() puts back at its end
    status = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of this process.
    """
    status = STATUS
    with contextlib.ExitStack() as stack, ending_at_once(clean_up=stack.close):
        from lxmls_grading.commands.dispatch import run

        try:
            status = run(sys.argv[1:] if arguments is None else arguments, stack)
        except KeyboardInterrupt:
            print("lxmls-nb: stopped", file=sys.stderr)
    return status


if __name__ == "__main__":
    program()
