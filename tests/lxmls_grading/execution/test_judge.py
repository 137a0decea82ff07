"""The judge runs test cells, and tells faulty ones from wrong answers."""

from __future__ import annotations

import pytest

from lxmls_grading.cells import cause_of
from lxmls_grading.execution.judge import FaultyTest, Judge
from lxmls_nb.checks.probes.running import execute
from tests.support.execution import TEST, graded


def judge(**answers):
    def send(name, names, arguments):
        return execute(name, [answers[n] for n in names], arguments)

    return Judge(send)


def test_judge_gives_partial_points():
    assert judge().run(graded("x = 1\nx / 2"))[0]["data"] == {"text/plain": "0.5"}


@pytest.mark.parametrize("last", ["3", "-1", "float('nan')", "True", "'1'", "[1]"])
def test_judge_refuses_other_values_than_points(last):
    with pytest.raises(FaultyTest):
        judge().run(graded(last))


def test_judge_tells_a_faulty_test_from_a_wrong_answer():
    with pytest.raises(FaultyTest, match="ZeroDivisionError"):
        judge().run(graded("1 / 0"))
    outputs = judge(answers={"a": "c"}).run(graded(TEST))
    assert [output.output_type for output in outputs] == ["error"]
    assert outputs[0].ename == "CheckFailed"
    assert "\n".join(outputs[0].traceback).startswith("Not yet right")


def test_judge_notes_which_mistake_a_test_has_found():
    wrong, right = graded(TEST), graded(TEST)
    judge(answers={"a": "c"}).run(wrong)
    judge(answers={"a": "b"}).run(right)
    assert (cause_of(wrong), cause_of(right)) == ("answer", None)


def test_judge_hands_out_no_more_than_names():
    """A test cell that reaches for the student's object itself cannot: it is not there."""
    with pytest.raises(FaultyTest):
        judge(answers={"a": "b"}).run(graded("len(answers)"))


def test_judge_tells_a_lost_kernel_from_a_faulty_test():
    def lost(name, names, arguments):
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        Judge(lost).run(graded(TEST))
