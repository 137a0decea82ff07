"""Ordinary test cells give the same points in the judge as beside the answer."""

from __future__ import annotations

import ast
import contextlib
import io
import shutil
import time
import warnings

import pytest
from nbformat.v4 import new_code_cell

from lxmls_grading.execution import connection, guard
from lxmls_grading.execution import plan as plans
from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.judge import Judge
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.execution.remote import CannotJudge
from lxmls_grading.kernel.objects import Objects
from lxmls_nb.checks.probes.running import execute
from tests.ordinary.corpus import ANSWERS, CELLS, TESTS

APART = [t for t in TESTS if not (t.together or t.generated or t.after)]
#: Here the two sides are one process: a patch and a seed have an effect, and a file is there.
ONE_PROCESS = (
    "patches",
    "files",
    "a seed",
    "pyplot",
    "a state of torch",
    "IPython",
    "state of another cell",
)
REFUSED = [test for test in TESTS if test.together and test.together not in ONE_PROCESS]
WORTH = 2.0


@pytest.fixture(autouse=True)
def files_beside(tmp_path, monkeypatch) -> None:
    """Work in a folder with the files of the corpus."""
    shutil.copytree(CELLS / "files", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def cell(code: str):
    cell = new_code_cell(code)
    fields = {"grade_id": "test", "grade": True, "solution": False, "points": WORTH}
    cell.metadata["nbgrader"] = fields
    return cell


def student(code: str) -> dict:
    """Return the names that a student's code defines; it may fail."""
    names = {"__name__": "__main__"}
    with contextlib.suppress(NotImplementedError):
        exec(compile(code, "<answer>", "exec"), names)
    return names


def judge(student_names: dict, **plan) -> Judge:
    objects = Objects(student_names)

    def probe(name, answers, arguments):
        return execute(name, [objects.held[answer] for answer in answers], arguments)

    def answer(parts):
        with guard.suspended():  # it would be another process
            return objects.answer(parts)

    return Judge(Connection(answer, probe), NotebookPlan(**plan), timeout=20)


def points_apart(code: str, student_names: dict, **plan) -> float:
    outputs = judge(student_names, **plan).run(cell(code)).outputs
    for output in outputs:
        if output.output_type == "error":
            return 0.0
        if output.output_type == "execute_result":
            return float(output.data["text/plain"])
    return WORTH


def decided(code: str, reference: str, **plan) -> tuple[str, ...]:
    """Return what objects of the reference solution decide in a test, as a trial finds it."""
    return judge(student(reference), **plan).run(cell(code)).decided


def points_beside(code: str, names: dict) -> float:
    """Return what a test gives that runs with the answer in one process, as in nbgrader."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    value = None
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(tree, "<test>", "exec"), names)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
    except BaseException:  # pytest's own, too
        return 0.0
    return float(value) if isinstance(value, int | float) else WORTH


@pytest.mark.parametrize("which", ["right", "wrong", "blank"])
@pytest.mark.parametrize("test", APART, ids=[f"{t.answer} {t.name}" for t in APART])
def test_points_are_those_of_one_process(test, which):
    answer = ANSWERS[test.answer]
    defined = ("sum",) if test.answer == "builtin" else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imports = dict(plans.imported(answer.right))
        decides = decided(test.code, answer.right, names=defined, imports=imports)
        plan = {"names": defined, "imports": imports}
        plan["tests"] = {"test": plans.TestPlan(decides=decides, passes=True)}
        expected = points_beside(test.code, student(getattr(answer, which)))
        found = points_apart(test.code, student(getattr(answer, which)), **plan)
    assert found == expected
    if which == "right":
        assert expected == WORTH
    else:
        assert expected < WORTH


@pytest.mark.parametrize(
    "test",
    REFUSED,
    ids=[f"{t.answer} {t.name}" for t in REFUSED],
)
def test_what_cannot_run_apart_gives_no_right_answer_full_points_wrongly(test):
    """It is refused, or fails: the trial of the reference solution tells to run it together."""
    names = student(ANSWERS[test.answer].right)
    with contextlib.suppress(FaultyTest):
        assert points_apart(test.code, names) < WORTH


LIES = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return True
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __bool__(self): return True
    def __len__(self): return 1
    def __contains__(self, item): return True
    def __call__(self, *given, **named): return self
    def __getattr__(self, name): return self
    def __float__(self): return 1.0
    def __hash__(self): return 1
    def __array__(self, *given, **named): raise TypeError
    def __isinstance__(self, kind): return True
liar = Liar()
"""


@pytest.mark.parametrize(
    "code",
    [
        "assert square(3) == 9",
        "assert 9 == square(3)",
        "assert square(3) != 7",
        "assert square(3) > 8",
        "assert square(3)",
        "assert not (square(3) != 9)",
        "assert square(3) in [9]",
        "assert [square(3)] == [9]",
        "assert all(square(x) == x * x for x in range(3))",
        "try:\n    assert square(3) == 9\nexcept Exception:\n    raise AssertionError",
        "score = 0\nif square(3) == 9:\n    score += 2\nscore",
        "import unittest\nunittest.TestCase().assertEqual(square(3), 9)",
    ],
)
def test_object_that_lies_decides_nothing(code):
    names = student(f"{LIES}\nsquare = liar")
    plan = {"tests": {"test": plans.TestPlan(decides=(), passes=True)}}
    assert points_apart(code, names, **plan) == 0


def test_objects_decide_where_those_of_the_reference_solution_do():
    names = student(ANSWERS["vector"].right)
    code = "assert Vector(1, 2) == Vector(1, 2)"
    assert points_apart(code, names, tests={"test": plans.TestPlan(decides=(), passes=True)}) == 0
    assert points_apart(code, names, tests={"test": plans.TestPlan()}) == WORTH


NUMBERS = """
class Sly(float):
    told = 0
    def __float__(self):
        Sly.told += 1
        return 1.0 if Sly.told == 1 else 1e9
class Other(float):
    def __eq__(self, other): return True
class Sum:
    def __add__(self, other): raise ValueError
class Level(__import__("enum").IntEnum):
    LOW = 1
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("Sly(1)", 1),
        ("Level.LOW", 1),
        ("1j", WORTH),
        ("Other(1)", 0),
        ("try:\n    Sum() + 1\n    assert False\nexcept ValueError:\n    pass\n'The end.'", WORTH),
    ],
)
def test_points_of_the_last_line_are_asked_for_once(code, expected):
    """An object could tell another number each time."""
    assert points_apart(code, student(NUMBERS)) == expected


def test_a_text_in_the_last_line_hides_no_object_that_would_decide():
    code = "try:\n    Sum() + 1\nexcept Exception:\n    pass\nelse:\n    assert False\n'The end.'"
    plan = {"tests": {"test": plans.TestPlan(decides=(), passes=True)}}
    assert points_apart(code, student(NUMBERS), **plan) == 0


def test_a_number_that_is_too_large_waits():
    with pytest.raises(FaultyTest, match="gives inf in its last line"):
        judge(student("x = 10**400")).run(cell("x"))


@pytest.mark.parametrize("fault", ["", "NameError: name 'Vector' is not defined"])
def test_where_the_reference_solution_fails_an_object_waits(fault):
    """What objects may decide is not known there, and the answer may be right."""
    names = student(ANSWERS["vector"].right)
    plan = {"tests": {"test": plans.TestPlan(decides=(), fault=fault)}}
    with pytest.raises(FaultyTest, match=r"the reference solution.* class Vector"):
        judge(names, **plan).run(cell("assert Vector(1, 2) == Vector(1, 2)"))
    assert points_apart("assert Vector(1, 2) is None", names, **plan) == 0


@pytest.mark.parametrize(
    "code",
    [
        "square.__globals__",
        "try:\n    square.__code__\nexcept BaseException:\n    pass",
        "try:\n    square(lambda: 1)\nexcept:\n    pass",
        "import contextlib\nwith contextlib.suppress(BaseException):\n    square(lambda: 1)",
        "try:\n    get_ipython()\nfinally:\n    pass",
        "x = 3 +",
        "while True: pass",
        "import no_such_module_of_the_test",
    ],
)
def test_what_cannot_be_carried_out_is_never_a_pass(code):
    fast = judge(student(ANSWERS["square"].right))
    fast.timeout = 1
    with pytest.raises(FaultyTest):
        fast.run(cell(code))


def test_steps_of_a_test_are_limited(monkeypatch):
    monkeypatch.setattr(connection, "MAX_OPERATIONS", 100)
    endless = cell("for _ in iter(int, 1): square(1)")
    with pytest.raises(FaultyTest, match="steps"):
        judge(student(ANSWERS["square"].right), trial=True).run(endless)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("def items():\n    while True:\n        yield 1", "list(items())"),
        ("class Odd:\n    def __eq__(self, x): import nothing\nitems = Odd()", "items == 1"),
    ],
)
def test_answer_that_takes_too_much_is_no_fault_of_the_test(answer, code, monkeypatch):
    monkeypatch.setattr(connection, "MAX_OPERATIONS", 100)
    tried = judge(student(answer), tests={"test": plans.TestPlan(passes=True)})
    tried.timeout = 1
    (failed,) = tried.run(cell(code)).outputs
    assert failed.ename in ("TimeoutError", "ModuleNotFoundError")


@pytest.mark.parametrize("passes", [True, False])
def test_slow_answer_is_a_fault_of_a_test_unless_the_reference_passes_it(passes):
    objects = Objects(student("def items(): pass"))

    def slow(parts):
        time.sleep(0.1)
        return objects.answer(parts)

    plan = NotebookPlan(tests={"test": plans.TestPlan(passes=passes)})
    tried = Judge(Connection(slow, slow), plan, timeout=1)
    if passes:
        (failed,) = tried.run(cell("while True: items()")).outputs
        assert failed.evalue == "with your code, this test takes too long"
    else:
        with pytest.raises(FaultyTest, match="takes too long"):
            tried.run(cell("while True: items()"))


def test_refusal_is_no_exception_that_a_test_would_catch():
    assert not issubclass(CannotJudge, Exception)


def test_lost_kernel_is_told_whatever_the_test_catches():
    def lost(parts):
        raise ConnectionError("gone")

    alone = Judge(Connection(lost, lost))
    with pytest.raises(ConnectionError):
        alone.run(cell("try:\n    square(3)\nexcept Exception:\n    pass"))


def test_names_are_the_student_s_unless_the_test_has_them():
    names = student("np = 3\nchecks = 4")
    assert points_apart("assert np == 3 and checks == 4", names) == WORTH
    assert points_apart("import numpy as np\nassert np.zeros(1)[0] == 0", names) == WORTH
    assert points_apart("assert np.zeros(1) is not None", student("")) == 0


def test_functions_of_given_cells_are_the_course_s():
    names = student("def close(a, b): return True\ndef square(x): return 0")
    given = "import math\ndef close(a, b): return math.isclose(a, b)"
    assert points_apart("assert close(square(3), 9)", names, given=given) == 0


def test_given_class_that_needs_the_student_s_is_looked_up_over_there():
    given = "class Deep(Stack):\n    pass\ndef depth(): return len(Deep([1]))"
    names = student(f"{ANSWERS['stack'].right}\nclass Deep(Stack):\n    pass")
    assert points_apart("assert depth() == 1", names, given=given) == WORTH
    alone = Judge(Connection(None, None), NotebookPlan(given=given))
    assert "Deep" not in dict(alone.namespace)
    assert "depth" in dict(alone.namespace)


def test_failure_shows_the_line_but_none_that_is_hidden():
    hidden = "### BEGIN HIDDEN TESTS\nassert square(4) == 16\n### END HIDDEN TESTS"
    shown = f"assert square(3) == 9\n{hidden}"
    wrong = judge(student("def square(x): return 1")).run(cell(shown)).outputs[0]
    assert "assert square(3) == 9" in "\n".join(wrong.traceback)
    later = judge(student("def square(x): return 9")).run(cell(shown)).outputs[0]
    assert "16" not in "\n".join(later.traceback)


def test_error_in_the_answer_names_its_line():
    names = student("def square(x):\n    return 1 / 0")
    output = judge(names).run(cell("assert square(3) == 9")).outputs[0]
    assert output.ename == "ZeroDivisionError"


def test_blank_answer_counts_as_not_attempted():
    output = judge(student(ANSWERS["square"].blank)).run(cell("assert square(3) == 9")).outputs[0]
    assert output.ename == "NotAttempted"


def test_what_an_answer_prints_is_the_test_s_output():
    outputs = judge(student(ANSWERS["greet"].right)).run(cell("greet('Ada')")).outputs
    assert [output.text for output in outputs] == ["Hello, Ada!\n"]
