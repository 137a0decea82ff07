"""What tells right answers is not in the student's process, and its cells do without."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.cells import grade_id
from lxmls_grading.execution.plan import NotebookPlan, TestPlan, bare_plan, plain_plan
from lxmls_grading.execution.trial import with_solutions
from lxmls_grading.sandbox.verdicts import SEEN
from lxmls_nb import checks
from tests.support.course import source
from tests.support.execution import SETTINGS, TEST, graded, printed, see
from tests.support.submissions import points_of

CHECKS = Path(checks.__path__[0])

#: The modules that a student's process must not have.
HIDDEN = [
    path for path in sorted(CHECKS.rglob("*.py")) if path.relative_to(CHECKS).parts[0] not in SEEN
]

#: What code changes every letter of a text by, so that it can look for it without holding it.
SHIFT = 7


def words() -> list[str]:
    """Return of each hidden module the longest first line of a text in it.

    Python 3.13 keeps the other lines of docstrings without their indentation.
    """
    found = []
    for path in HIDDEN:
        texts = [
            node.value.partition("\n")[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        found.append(max((text for text in texts if text.isascii()), key=len)[:60])
    return found


#: Looks for texts in all of the memory that can be read, and prints how many there are.
SEARCH = """
import json

TABLE = bytes((n + @SHIFT@) % 256 for n in range(256))
WORDS = [bytes(word) for word in json.loads('''@WORDS@''')]

def places():
    for line in open("/proc/self/maps"):
        area, rights = line.split()[:2]
        first, last = (int(part, 16) for part in area.split("-"))
        if "r" not in rights: continue
        with open("/proc/self/mem", "rb", 0) as memory:
            while first < last:
                try:
                    memory.seek(first)
                    yield memory.read(min(2**22, last - first))
                except (OSError, OverflowError): break
                first += 2**22 - 200

found = set()
for text in places():
    changed = text.translate(TABLE)
    found.update(word for word in WORDS if word in changed)
print(len(found))
"""

#: Prints which modules of checks, functions of theirs and files are in sight.
LOOK = """
import gc, os, sys, types
import lxmls_nb

gc.unfreeze()
functions = {
    str(each.__globals__.get("__name__"))
    for each in gc.get_objects() if type(each) is types.FunctionType
}
files = {
    os.path.relpath(os.path.join(folder, name), lxmls_nb.__path__[0] + "/checks")
    for folder, _, names in os.walk(lxmls_nb.__path__[0] + "/checks") for name in names
}
print(repr([
    sorted(name for name in each if name.startswith("lxmls_nb.checks."))
    for each in (sys.modules, functions)
] + [sorted(files)]))
"""


def search() -> str:
    changed = [[(byte + SHIFT) % 256 for byte in word.encode()] for word in words()]
    return SEARCH.replace("@SHIFT@", str(SHIFT)).replace("@WORDS@", json.dumps(changed))


def test_there_is_something_to_hide():
    names = {path.relative_to(CHECKS).as_posix() for path in HIDDEN}
    assert {"numerical.py", "comparing.py", "replies.py", "mistakes/averaging.py"} <= names
    assert len(names) > 50


def test_modules_functions_and_files_are_not_in_sight(warm, settings):
    modules, functions, files = ast.literal_eval(see(warm, LOOK, settings))
    parts = {name.split(".")[2] for name in [*modules, *functions]}
    assert parts == {"personal_numbers", "predictions", "probes"}
    assert {name.split("/")[0] for name in files} == set(SEEN)


def test_texts_of_verdicts_are_not_in_memory_unless_a_test_runs_there(warm):
    """The search finds them in a kernel that has loaded them: after tests that run together."""
    load = "from lxmls_nb import checks\n[getattr(checks, name) for name in checks.__all__]"
    # Whoever looks at all memory has all of the libraries' files in it, too.
    patient = replace(SETTINGS, ungraded_timeout=100, timeout=100, memory=6 * 2**30)
    found = []
    for apart in (True, False):
        cells = [new_code_cell("answers = {'a': 'b'}"), graded(TEST), new_code_cell(load)]
        notebook = new_notebook(cells=[*cells, new_code_cell(search())])
        plan = NotebookPlan(tests={"test": TestPlan(apart=apart)})
        executed = warm.execute(notebook, patient, plan=plan)
        assert points_of(executed) == {"test": 2.0}
        found.append(int(printed(executed, 3)))
    assert found[0] == 0
    assert found[1] > 0.9 * len(HIDDEN)


def test_own_cells_may_call_every_check(warm):
    code = """
import inspect
from lxmls_nb import checks
from lxmls_nb.checks import *
from lxmls_nb.checks import comparing
from lxmls_nb.checks.mistakes import averaging
from lxmls_nb.checks.numerical import numerical_gradients
assert comparing.compare_gradients(1, of="anything") is None
for name in checks.__all__:
    value = getattr(checks, name)
    assert callable(value) and globals()[name] is value
    if type(value) is type(comparing.tolerance) and value.__module__ not in REAL:
        assert value(print, answers={}) is None
"""
    real = [
        each.__module__ for each in (checks.probe, checks.prediction, checks.personal, checks.ask)
    ]
    text = see(warm, code.replace("REAL", repr(real)))
    names = set(checks.__all__) - {"CheckFailed", "NotAttempted"}
    names -= {"ask", "personal", "plain", "prediction", "probe"}
    for name in names:
        assert f"`{name}` is not here: where notebooks are graded, checks run elsewhere." in text


def test_checks_that_a_notebook_defines_itself_work_in_own_cells(warm):
    code = """
from lxmls_nb import checks

@checks.probe
def result_of(answer, given):
    return {"found": checks.plain(answer(given))}

def unwritten(x):
    raise NotImplementedError("### Your code here")

for answer in (abs, len, unwritten):
    try:
        print(checks.ask("result_of", answer.__name__, [answer], given=-1))
    except checks.CheckFailed as error:
        print(type(error).__name__, error)
"""
    first, second, third = see(warm, code).splitlines()
    assert first == "{'found': 1}"
    assert second == "CheckFailed `len` raised TypeError: object of type 'int' has no len()"
    assert third.startswith(("NotAttempted", "CheckFailed"))


def test_a_python_of_the_student_s_imports_checks(warm):
    code = """
import subprocess, sys
code = "from lxmls_nb import checks; print(checks.prediction.__name__, hasattr(checks, 'no'))"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
"""
    assert see(warm, code) == "prediction False"


@pytest.mark.parametrize("imports", ["from lxmls_nb.checks import dictionary as d, comparing"])
def test_names_of_checks_that_a_notebook_imports_are_the_judge_s(warm, imports):
    """Also where students can edit the cell; nothing else by that name is believed."""
    test = "d(answers, expected={'a': 'b'})\nassert comparing.tolerance"
    for cell, points in ((imports, 2.0), ("d = print\nimport math as comparing", 0.0)):
        notebook = new_notebook(cells=[new_code_cell(f"{cell}\nanswers = {{'a': 'b'}}")])
        plan = bare_plan(new_notebook(cells=[new_code_cell(imports)]), {})
        notebook.cells.append(graded(test))
        assert points_of(warm.execute(notebook, SETTINGS, plan=plan)) == {"test": points}


def given(code: str):
    cell = graded(code, "given")
    cell.metadata["nbgrader"]["grade"] = False
    return cell


def test_given_checks_without_points_are_passed_outside(warm):
    """The ladder of Exercise 2.2, for example, without its figure, which takes long to draw."""
    notebook = source("exercise_2_2")
    cells = [c for c in with_solutions(notebook).cells if grade_id(c) != "tangent-figure"]
    last = next(n for n, c in enumerate(cells) if grade_id(c) == "check-error-before-sigmoid")
    executed = warm.execute(
        new_notebook(cells=cells[: last + 1]), SETTINGS, plan=plain_plan(notebook)
    )
    outputs = {grade_id(c): c.outputs for c in executed.cells if c.cell_type == "code"}
    for name in ("at-output", "after-linear", "before-sigmoid"):
        (text,) = outputs[f"check-error-{name}"]
        assert text.text.startswith("Right: e²")


IMPORT = "from lxmls_nb import checks"
CHECK = "checks.dictionary(answers, expected={'a': 'b'})"


def run_given_check(warm, answer: str, settings=SETTINGS):
    cells = [given(IMPORT), new_code_cell(answer), given(CHECK), new_code_cell("print('on')")]
    cells[0].metadata["nbgrader"]["grade_id"] = "import"
    notebook = new_notebook(cells=[*cells, graded(f"assert {answer!r}")])
    return warm.execute(notebook, settings, plan=bare_plan(notebook, {}))


def test_a_given_check_fails_as_a_test_does_and_notes_no_mistake(warm):
    executed = run_given_check(warm, "answers = {'a': 'c'}")
    (error,) = executed.cells[2].outputs
    assert error.ename == "CheckFailed"
    assert "lxmls_nb" not in executed.cells[2].metadata
    assert printed(executed, 3) == "on"
    assert points_of(executed)["test"] == 2.0


def test_a_given_check_has_the_time_of_a_cell_without_points(warm):
    answer = """
import time
class Slow(dict):
    def __iter__(self): time.sleep(100)
    items = keys = values = __len__ = __iter__
answers = Slow()
"""
    quick = replace(SETTINGS, ungraded_timeout=1)
    executed = run_given_check(warm, answer, quick)
    assert executed.cells[2].outputs[0].output_type in ("error", "stream")
    assert points_of(executed)["test"] == 2.0


OWN_CHECKS = """
class checks:
    def dictionary(*arguments, **options):
        print("by the student")

answers = {"a": "b"}
"""


@pytest.mark.parametrize(
    ("cell", "imports", "outside"),
    [
        (given(CHECK), IMPORT, True),
        (new_code_cell(CHECK), IMPORT, False),
        (graded(CHECK), IMPORT, True),
        (given(f"import sys\n{CHECK}"), IMPORT, False),
        (given(f"checks.dictionary(print({{}}))\n{CHECK}"), IMPORT, False),
        (given(CHECK), "import math", False),
        (given(CHECK), "import helpers as checks", False),
    ],
)
def test_only_given_calls_of_the_course_s_own_checks_are_passed_outside(
    warm, cell, imports, outside
):
    notebook = new_notebook(cells=[given(imports), new_code_cell(OWN_CHECKS), cell])
    plan = bare_plan(new_notebook(cells=[given(imports)]), {})
    executed = warm.execute(notebook, SETTINGS, plan=plan)
    expected = "Passed: 1 entry right." if outside else "by the student"
    assert printed(executed, 2).splitlines()[-1] == expected


def test_all_names_of_checks_are_where_the_package_says():
    eager = {"CheckFailed", "NotAttempted", "personal", "plain", "prediction", "probe"}
    assert set(checks.__all__) == eager | set(checks._VERDICTS)
    for name, module in checks._VERDICTS.items():
        assert getattr(checks, name).__module__ == f"lxmls_nb.checks.{module}"
        assert name in dir(checks)
    tree = ast.parse(Path(checks.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: str(node.module).rpartition(".")[2]
        for node in block.body
        for alias in node.names
    }
    assert told == checks._VERDICTS


@pytest.mark.parametrize(
    ("start", "check"),
    [
        ("%matplotlib inline\nfrom lxmls_nb import checks", CHECK),
        ("%matplotlib inline\nimport lxmls_nb.checks as c", CHECK.replace("checks", "c", 1)),
        ("%time from lxmls_nb.checks import *", CHECK.removeprefix("checks.")),
        ("%pylab inline\nfrom lxmls_nb.checks import dictionary as d", f"d{CHECK[17:]}"),
    ],
)
@pytest.mark.parametrize("is_planned", [True, False])
def test_a_test_never_calls_what_stands_in_the_place_of_a_check(warm, start, check, is_planned):
    """It would pass every answer. Where the name comes from is not known of such cells."""
    cells = [given(start), new_code_cell("answers = {'a': 'c'}"), graded(check)]
    notebook = new_notebook(cells=cells)
    plan = bare_plan(notebook, {}) if is_planned else None
    executed = warm.execute(notebook, SETTINGS, plan=plan)
    assert executed.cells[2].outputs[-1].ename == "CheckFailed"


def test_a_lie_about_a_check_gives_nothing(warm):
    """What says that it is one is the judge's own, or none."""
    lies = """
import types
class Like:
    def __call__(self, *a, **k): return None
    def dictionary(self, *a, **k): return None
like = Like()
like.__module__, like.__name__ = 'lxmls_nb.checks.dictionaries', 'dictionary'
import sys
sys.modules['lxmls_nb.checks.dictionaries'] = types.SimpleNamespace(dictionary=like)
d = types.ModuleType('lxmls_nb.checks')
d.dictionary = like
sys.modules['lxmls_nb.checks'] = d
answers = {'a': 'c'}
"""
    test = "d.dictionary(answers, expected={'a': 'b'})"
    executed = warm.execute(new_notebook(cells=[new_code_cell(lies), graded(test)]), SETTINGS)
    assert executed.cells[1].outputs[-1].ename == "CheckFailed"
