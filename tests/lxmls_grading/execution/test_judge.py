"""The judge runs test cells, and tells those that it cannot carry out from wrong answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nbformat.v4 import new_output

from lxmls_grading.cells import cause_of
from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.failures import FaultyTest
from lxmls_grading.execution.judge import Judge
from lxmls_grading.execution.last_lines import outcome_together
from lxmls_grading.execution.plan import NotebookPlan
from lxmls_grading.kernel.objects import Objects
from lxmls_nb.checks.probes.running import execute
from tests.support.execution import TEST, graded


def judge(**answers):
    objects = Objects(answers)

    def probe(name, places, arguments):
        return execute(name, [objects.held[place] for place in places], arguments)

    return Judge(Connection(objects.answer, probe))


def test_judge_gives_partial_points():
    assert judge().run(graded("x = 1\nx / 2")).outputs[0]["data"] == {"text/plain": "0.5"}


@pytest.mark.parametrize("last", ["3", "-1", "float('nan')", "True", "'1'"])
def test_judge_refuses_other_values_than_points(last):
    with pytest.raises(FaultyTest, match="last line"):
        judge().run(graded(last))


@pytest.mark.parametrize(
    "last", ["[1]", "assert len('ab') == 2\n'abc'.islower()", "assert [1]\n'Well done!'"]
)
def test_what_a_test_ends_with_to_look_at_is_no_number_of_points(last):
    output = judge().run(graded(last)).outputs[0]
    assert output.data == {"text/plain": "2.0"}


@pytest.mark.parametrize("last", ["0;", "True;  # right", "x = 3\nx > 4;\n\n"])
def test_a_semicolon_hides_the_value_of_the_last_line(last):
    assert judge().run(graded(last)).outputs == []


@pytest.mark.parametrize("last", ["1 == 2", "str(1)"])
def test_judge_refuses_what_may_be_a_verdict(last):
    with pytest.raises(FaultyTest, match="last line"):
        judge().run(graded(f"assert [1]\n{last}"))


def test_judge_gives_no_points_to_wrong_answers():
    output = judge().run(graded("1 / 0")).outputs[0]
    assert (output.output_type, output.ename) == ("error", "ZeroDivisionError")
    outputs = judge(answers={"a": "c"}).run(graded(TEST)).outputs
    assert [output.output_type for output in outputs] == ["error"]
    assert outputs[0].ename == "CheckFailed"
    assert "\n".join(outputs[0].traceback).startswith("Not yet right")


def test_judge_notes_which_mistake_a_test_has_found():
    wrong, right = graded(TEST), graded(TEST)
    judge(answers={"a": "c"}).run(wrong)
    judge(answers={"a": "b"}).run(right)
    assert (cause_of(wrong), cause_of(right)) == ("answer", None)


def without_average(weight, bias, input, output):
    z = input @ weight.T + bias
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(output)), output]).mean()
    error = p - np.eye(p.shape[1])[output]
    return loss, error.T @ input, error.sum(0, keepdims=True)


def test_judge_writes_each_message_whole():
    """Each test of a submission costs points, and tells why: whatever else has been graded here."""
    judging = judge(f=without_average)
    for quantity in ("weight", "bias"):
        cell = graded(f"from lxmls_nb import checks\nchecks.log_linear_gradients(f, {quantity!r})")
        (output,) = judging.run(cell).outputs
        whole = " ".join(output.traceback)
        assert whole == f"Not yet right: {output.evalue}"
        assert whole.endswith("is the average over the batch missing?")
        assert cause_of(cell) == "sum"


def shown_together(text: str, source: str = "a test"):
    cell = graded(source)
    cell.outputs = [new_output("execute_result", {"text/plain": text})]
    return outcome_together(cell)[0].data["text/plain"]


@pytest.mark.parametrize(
    ("text", "points"), [("1", "1.0"), ("np.float64(0.5)", "0.5"), ("0", "0.0")]
)
def test_points_of_a_test_together_are_those_that_nbgrader_reads(text, points):
    assert shown_together(text) == points


@pytest.mark.parametrize(
    "text", ["True", "np.False_", "'right'", "nan", "3", "-1", "np.float64(9)"]
)
def test_last_line_of_a_test_together_is_no_other_value_than_points(text):
    with pytest.raises(FaultyTest, match="last line"):
        shown_together(text)


def test_what_a_test_together_ends_with_to_look_at_stays():
    assert shown_together("<Figure>") == "<Figure>"
    assert shown_together("True", "assert x == 3\nx > 2") == "True"
    assert shown_together("True", "%%time\n!ls\nassert x == 3\nx > 2") == "True"


# --- what only tests define -----------------------------------------------------------------------


def lending(answer: str, lent: dict[str, str]):
    """Return a judge that lends imports of the test to an answer, and the names of the answer."""
    names: dict = {}
    exec(answer, names)
    judging = Judge(Connection(Objects(names).answer, None), NotebookPlan(lent={"test": lent}))
    judging.kernel_code = answer
    return judging, names


LENT = {"math": "import math", "np": "import numpy as np"}


def test_an_answer_gets_imports_of_a_test_that_it_may_need():
    judging, names = lending("def f(x): return math.sqrt(x)", LENT)
    assert judging.run(graded("import math\nassert f(4) == 2")).outputs == []
    assert "np" not in names


def test_what_a_student_calls_so_stays():
    judging, names = lending("math = 3\ndef f(x): return math", LENT)
    assert judging.run(graded("import math\nassert f(4) == 3")).outputs == []
    assert names["math"] == 3


def test_an_import_that_fails_there_is_the_answers_name_error():
    judging, _ = lending("def f(x): return math.sqrt(x)", {"math": "import no_such_module as math"})
    (output,) = judging.run(graded("import math\nassert f(4) == 2")).outputs
    assert output.evalue == "name 'math' is not defined"


def test_tests_below_have_what_stands_below_a_call_that_lacked_a_name():
    judging, _ = lending("def f(x): return half(x)\ndef g(x): return 5", {})
    first = "def half(x): return x / 2\nassert f(4) == 2\nimport math\nSMALL = 1e-9\nrest = g(1)"
    (output,) = judging.run(graded(f"{first}\ndef near(x): return abs(x) < SMALL")).outputs
    assert output.ename == "NameError"
    assert judging.run(graded("assert near(0) and math.pi > g(1) - 2")).outputs == []
    (output,) = judging.run(graded("rest")).outputs
    assert output.evalue == "name 'rest' is not defined"


def test_nothing_is_computed_for_the_tests_below():
    judging, names = lending("calls = []\ndef f(x): return half(x)\ndef g(): calls.append(1)", {})
    first = """
h = g
text = f"{len([1])}"
def half(x): return x / 2
f(4)
done = h()
made = eval(text)
def late(x=h()): pass
def code(x=eval(text)): pass
limit = 3
"""
    judging.run(graded(first))
    assert names["calls"] == []
    assert judging.run(graded("assert limit == 3 and 'made' not in globals()")).outputs == []
    assert judging.run(graded("assert 'code' not in globals()")).outputs == []


def test_a_wrong_answer_ends_a_test_as_ever():
    judging, _ = lending("def f(x): return missing(x)", {})
    for first in ("assert f(1)\nhalf = 2", "assert 1 > 2\nhalf = 2", "missed\nhalf = missed = 2"):
        judging.run(graded(first))
        (output,) = judging.run(graded("half")).outputs
        assert output.evalue == "name 'half' is not defined"


def test_filters_of_warnings_hold_for_the_tests_of_one_notebook(recwarn):
    def old():
        warnings.warn("old", DeprecationWarning, stacklevel=2)

    first, second = judge(old=old), judge(old=old)
    strict = "import warnings\nwarnings.simplefilter('error')\nlen('')"
    assert first.run(graded(strict)).outputs[0].output_type == "execute_result"
    assert first.run(graded("old()")).outputs[0].ename == "DeprecationWarning"
    assert second.run(graded("old()")).outputs == []
