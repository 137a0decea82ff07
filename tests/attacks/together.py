"""Attacks on test cells that run together with the student's code, and from there on the others.

What such cells give points for is not protected, as in nbgrader: each attack names them. All else
is: cells that run apart, the host, other students.
"""

from __future__ import annotations

from tests.attacks import ordinary_host
from tests.attacks.attack import Attack


def _attack(identity: str, description: str, code: str, **options) -> Attack:
    options.setdefault("unprotected", ordinary_host.TOGETHER)
    return Attack(identity, "", description, code, notebook=ordinary_host.NAME, **options)


#: Prints all texts of this process that look like a test.
SEARCH = """
import gc, os, sys

def search():
    found = set()
    for each in gc.get_objects():
        values = each.values() if type(each) is dict else each if type(each) is list else ()
        try:
            found |= {v for v in list(values) if type(v) is str and "assert " in v}
            found |= {str(v.co_consts) for v in list(values) if hasattr(v, "co_consts")}
        except Exception: pass
    frame = sys._getframe()
    while frame is not None:
        found |= {str(v) for v in {**frame.f_locals}.values() if "assert " in str(type(v))}
        frame = frame.f_back
    found |= {str(cell) for cell in get_ipython().user_ns.get("In", [])}
    for folder, _, names in os.walk(os.getcwd()):
        for name in names:
            try: found.add(open(os.path.join(folder, name), errors="replace").read()[:100_000])
            except OSError: pass
    for text in found:
        if "assert" in text or "144" in text: print(text[:5000])
"""

ATTACKS = [
    _attack(
        "together-patches",
        "functions of Python and of inspect are patched while a test runs beside them",
        """
import builtins, inspect

class Yes(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__

def square(x): return Yes(1)
inspect.getsource = lambda *given: "square"
builtins.len = builtins.abs = lambda *given: Yes(1)
""",
        keeps="none",
    ),
    _attack(
        "together-reads-tests",
        "looks for hidden tests in memory, history, frames and files while a test runs beside it",
        SEARCH
        + """
def square(x):
    search()
    return 0
search()
""",
    ),
    _attack(
        "together-searches-memory",
        "looks through the raw memory of its process for tests that run apart",
        r"""
import re, sys

def square(x):
    found = set()
    for line in open("/proc/self/maps"):
        parts = line.split()
        start, end = (int(part, 16) for part in parts[0].split("-"))
        if "rw" in parts[1] and end - start < 2 ** 25:
            try:
                with open("/proc/self/mem", "rb", 0) as memory:
                    memory.seek(start)
                    text = memory.read(end - start)
            except (OSError, OverflowError, ValueError): continue
            found |= set(re.findall(rb"assert [ -~]{20,200}", text)[:200])
    for each in found: print(each.decode())
    globals()["square"] = lambda x: 0
    return 0
""",
    ),
    _attack(
        "together-forged-points",
        "forged results are published before and after the test: 1e9, negative, NaN",
        """
def publish(text):
    kernel = get_ipython().kernel
    kernel.session.send(kernel.iopub_socket, "execute_result", {"data": {"text/plain": text},
        "metadata": {}, "execution_count": 1}, kernel.get_parent("shell"), ident=b"execute_result")

texts = ["1e9", "-5", "nan", "inf", "2.0", "0x2", "True", "1_000", "2" * 5000, "{}"] * 9

def square(x):
    publish(texts.pop() if texts else "2")
    return 0
plain = get_ipython().display_formatter.formatters["text/plain"]
plain.for_type(int, lambda value, printer, cycle: printer.text("1e9"))
""",
    ),
    _attack(
        "together-forged-outputs",
        "outputs that look like those of a test that passed, and that clear or change others",
        """
def square(x):
    from IPython.display import clear_output, display, HTML
    clear_output()
    display(HTML("<script>alert(1)</script><b>Passed: 2 points</b>"), display_id="x")
    display({"text/plain": "2.0"}, raw=True, display_id="x", update=True)
    kernel = get_ipython().kernel
    for status in ("idle", "busy", "idle"):
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": status},
                            kernel.get_parent("shell"))
    kernel.session.send(kernel.shell_stream if hasattr(kernel, "shell_stream") else
        kernel.iopub_socket, "execute_reply", {"status": "ok", "execution_count": 1},
        kernel.get_parent("shell"))
    return 0
""",
    ),
    _attack(
        "together-flood",
        "gigabytes of output while a test runs beside it",
        """
def square(x):
    for _ in range(3000): print("text" * 250_000)
    return 0
""",
        keeps="none",
    ),
    _attack(
        "together-leaves-threads",
        "threads, trace functions and handlers that a test leaves behind change later cells",
        """
import atexit, builtins, signal, sys, threading, time

class Yes(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__

def work():
    from lxmls_grading.kernel import objects
    while True:
        globals()["square"] = globals()["counted"] = lambda *given: Yes(1)
        objects.OPERATIONS["eq"] = objects.OPERATIONS["sub"] = lambda *given: True
        time.sleep(0.01)

def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if "reply" in name and isinstance(frame.f_locals[name], dict):
            frame.f_locals[name]["value"] = True
    return trace

def square(x):
    threading.Thread(target=work, daemon=True).start()
    threading.settrace(trace); sys.settrace(trace)
    atexit.register(work)
    for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)
    return Yes(1)
""",
        keeps="none",
    ),
    _attack(
        "together-kills-kernel",
        "the kernel ends while a test runs beside it",
        """
import os

def square(x):
    if len(get_ipython().user_ns["In"]) > 3 or x in (6, 7, 8): os._exit(0)
    return 0
""",
        keeps="none",
    ),
    _attack(
        "together-endless",
        "a test that runs beside it never ends, and takes no interrupt",
        """
import signal, time

def square(x):
    if x in (6, 7, 8):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True: time.sleep(0.01)
    return 0
""",
        keeps="none",
    ),
    _attack(
        "together-answers-by-test",
        "right in the very calls of the tests that it has seen",
        """
def square(x):
    import re
    for text in get_ipython().user_ns["In"][-1:]:
        for given, wanted in re.findall(r"square\\((\\d+)\\) == (\\d+)", text):
            if int(given) == x: return int(wanted)
    return 0
""",
    ),
    _attack(
        "together-exits",
        "exit, SystemExit and KeyboardInterrupt while a test runs beside it",
        """
import itertools
kinds = itertools.cycle([SystemExit(0), KeyboardInterrupt(), GeneratorExit(), BaseException()])

def square(x):
    get_ipython().ask_exit()
    raise next(kinds)
""",
        unprotected=(),
    ),
]
