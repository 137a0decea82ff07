"""Makes a process ignore Ctrl-C, when it imports this module: whoever has started it ends it.

The process that workers are forked from imports it first. It starts while Ctrl-C is delayed
(:func:`~lxmls_grading.machine.interrupts.delayed`), so that there is no moment at which it would
be ended with a traceback.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
