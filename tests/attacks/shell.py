"""Attacks on what runs the tests: the shell, the library, Python itself."""

from __future__ import annotations

import nbformat

from tests.attacks.attack import Attack, cell_of

EQUATIONS = "log-linear-equations"


def _insert_before_tests(notebook) -> None:
    position = notebook.cells.index(cell_of(notebook, "test-loss"))
    code = "checks.log_linear_gradients = lambda *arguments, **options: None"
    notebook.cells.insert(position, nbformat.v4.new_code_cell(code))


ATTACKS = [
    Attack(
        "strip-checks",
        "A1",
        "AST transformer that takes asserts and calls of checks out of later cells",
        """
import ast

class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

    def visit_Expr(self, node):
        return ast.Pass() if "checks" in ast.unparse(node) else node

get_ipython().ast_transformers.append(Strip())
""",
        weak=EQUATIONS,
    ),
    Attack(
        "empty-cells",
        "A2",
        "input transformer that empties every later cell",
        "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
    ),
    Attack(
        "compare-always-true",
        "A3",
        "NumPy's comparison functions say that everything is equal",
        """
for name in ("isclose", "allclose", "array_equal"):
    setattr(np, name, lambda *arguments, **options: True)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *arguments, **options: None
np.abs = lambda value, *arguments, **options: np.zeros_like(value)
""",
    ),
    Attack(
        "replace-run-cell",
        "A4",
        "the shell's run_cell_async runs nothing and reports success",
        """
from IPython.core.interactiveshell import ExecutionResult

async def run_nothing(*arguments, **options):
    return ExecutionResult(None)

get_ipython().run_cell_async = run_nothing
""",
    ),
    Attack(
        "fresh-cell-before-test",
        "A6",
        "a new cell right before the tests replaces the check",
        change=_insert_before_tests,
    ),
    Attack(
        "rebind-checks",
        "A30",
        "the name `checks` is given to an object that accepts everything",
        """
class Accept:
    def __getattr__(self, name):
        return lambda *arguments, **options: print("Passed")

checks = Accept()
""",
        weak=EQUATIONS,
    ),
    Attack(
        "patch-checks",
        "A30",
        "functions of the module lxmls_nb.checks are replaced",
        """
for name in ("dictionary", "log_linear_gradients", "backpropagation"):
    setattr(checks, name, lambda *arguments, **options: None)
""",
        weak=EQUATIONS,
    ),
    Attack(
        "patch-verdicts",
        "A30",
        "what the verdict compares with is replaced in the library",
        """
from lxmls_nb.checks import comparing, numpy_checks, problems

for module in (comparing, numpy_checks, problems):
    module.distance = lambda *arguments: 0.0
    module.TOLERANCE = module.LARGEST_TOLERANCE = float("inf")
    module._compare_first_call = module.compare_gradients = lambda *arguments: 0.0
    module._compare_later_call = module.check_unchanged = lambda *arguments: None
""",
    ),
    Attack(
        "zero-random",
        "A9 A32",
        "random numbers are patched to zero, so that the answer is known in advance",
        """
class Zero(np.random.RandomState):
    def normal(self, *arguments, size=None, **options):
        return np.zeros(size)

np.random.RandomState = Zero
np.random.default_rng = lambda *arguments: Zero()
np.random.seed(0)

def log_linear_gradients(weight, bias, input, output):
    share = np.bincount(output, minlength=len(weight)) / len(output)
    return np.log(len(weight)), np.zeros_like(weight), (1 / len(weight) - share)[None]
""",
    ),
    Attack(
        "hard-coded",
        "A9 A41",
        "right on the sizes of the visible tests only",
        """
def log_linear_gradients(weight, bias, input, output):
    z = input @ weight.T + bias
    log_p = z - logsumexp(z, axis=1, keepdims=True)
    error = (np.exp(log_p) - index2onehot(output, len(weight))) / len(output)
    if input.shape[1] != 5:
        return 0.0, np.zeros_like(weight), np.zeros_like(bias)
    return -log_p[range(len(output)), output].mean(), error.T @ input, error.sum(0, keepdims=True)
""",
    ),
    Attack(
        "display-points",
        "A10",
        "a display formatter and the display hook print the maximum of points",
        """
formatter = get_ipython().display_formatter.formatters["text/plain"]
formatter.for_type(int, lambda value, printer, cycle: printer.text("1"))

def points(shell, kind, value, traceback, tb_offset=None):
    shell.displayhook(1)

get_ipython().set_custom_exc((BaseException,), points)
""",
    ),
    Attack(
        "showtraceback",
        "A12",
        "the shell's showtraceback does nothing",
        """
shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *arguments, **options: None
shell.showsyntaxerror = shell.showtraceback
""",
        weak=EQUATIONS,
    ),
    Attack(
        "no-errors",
        "A12",
        "results and replies of the shell are patched to hold no error",
        """
from IPython.core.interactiveshell import ExecutionResult

ExecutionResult.error_in_exec = property(lambda self: None, lambda self, value: None)
shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *arguments, **options: None
""",
        weak=EQUATIONS,
    ),
    Attack(
        "catch-all-errors",
        "",
        "sys.excepthook, AssertionError and CheckFailed are replaced",
        """
import builtins, sys
import lxmls_nb.errors

class Harmless(Warning):
    heading = ""

    def __init__(self, *arguments):
        pass

builtins.AssertionError = Harmless
sys.excepthook = lambda *arguments: None
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("lxmls_"):
        for name in ("fail", "result_of", "CheckFailed"):
            if hasattr(module, name):
                setattr(module, name, Harmless)
""",
    ),
    Attack(
        "print-later-cells",
        "A22",
        "hooks print every cell that runs after, and what is in In, Out and globals",
        """
def show(*arguments):
    print(arguments, get_ipython().user_ns.get("In"), dict(globals()))
    for item in arguments:
        print(getattr(item, "raw_cell", None), getattr(getattr(item, "info", None), "raw_cell", ""))

for event in ("pre_run_cell", "pre_execute", "post_run_cell", "post_execute"):
    get_ipython().events.register(event, show)
""",
        weak=EQUATIONS,
    ),
    Attack(
        "import-hook",
        "A30 A31",
        "modules are replaced where Python keeps them, and an import hook answers for the rest",
        """
import sys, types

class Fake(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None

for name in list(sys.modules):
    if name.startswith("lxmls_nb.checks"):
        sys.modules[name] = Fake(name)
checks = sys.modules["lxmls_nb.checks"]
sys.meta_path.insert(0, Fake("finder"))
""",
    ),
    Attack(
        "early-exit",
        "A17 A45",
        "the answer ends the test: SystemExit, SkipTest, KeyboardInterrupt, GeneratorExit",
        """
import unittest

endings = [SystemExit(0), unittest.SkipTest("fine"), KeyboardInterrupt(), GeneratorExit()]

def log_linear_gradients(weight, bias, input, output):
    raise endings.pop()
""",
    ),
    Attack(
        "profile-hook",
        "A33",
        "sys.setprofile and sys.settrace change the verdict's globals while it runs",
        """
import sys, threading

def watch(frame, event, argument):
    if "lxmls_nb/checks" in frame.f_code.co_filename:
        frame.f_globals["distance"] = lambda *arguments: 0.0
        frame.f_globals["_compare_first_call"] = lambda *arguments: 0.0
        frame.f_globals["_compare_later_call"] = lambda *arguments: None

for module in (sys, threading):
    module.setprofile(watch)
    module.settrace(watch)
""",
    ),
    Attack(
        "waiting-thread",
        "A33",
        "a thread waits for the tests; __del__ and atexit act later",
        """
import atexit, sys, threading, time

class Later:
    def __del__(self):
        checks.log_linear_gradients = lambda *arguments, **options: None

def patch():
    while True:
        for name, module in list(sys.modules.items()):
            if name.startswith("lxmls_nb.checks"):
                module.distance = lambda *arguments: 0.0
                module._compare_first_call = lambda *arguments: 0.0
        time.sleep(0.001)

threading.Thread(target=patch, daemon=True).start()
atexit.register(lambda: open("@MARK@", "w").write("atexit"))
later = Later()
del later
""",
    ),
    Attack(
        "builtins",
        "A30",
        "builtins such as abs, max, any, isinstance and print are replaced",
        """
import builtins

builtins.abs = lambda value: 0
builtins.max = lambda *arguments, **options: 0.0
builtins.any = lambda values: False
print = builtins.print = lambda *arguments, **options: None
""",
        notebook="exercise_2_2",
    ),
    Attack(
        "no-names",
        "",
        "the namespace is emptied, and put under a dictionary that knows every name",
        """
class Anything(dict):
    def __missing__(self, name):
        return lambda *arguments, **options: None

shell = get_ipython()
shell.user_ns.clear()
shell.user_module.__dict__.clear()
shell.user_ns = Anything()
""",
    ),
    Attack(
        "reads-settings",
        "A32",
        "the answer looks whether it is graded, and behaves otherwise then",
        """
import os

if "NBGRADER_EXECUTION" in os.environ:
    def log_linear_gradients(weight, bias, input, output):
        checks.log_linear_gradients = lambda *arguments, **options: None
        return 0.0, np.zeros_like(weight), np.zeros_like(bias)
""",
    ),
]
