"""Hostile submissions gain nothing, harm nobody, and cost right answers beside them nothing."""

from __future__ import annotations

import shutil

import pytest

from lxmls_grading.execution import plan as plans
from lxmls_grading.reasons import TEXTS
from tests.answers.runner import score
from tests.attacks import ordinary_host
from tests.attacks.attack import WRONG, host
from tests.attacks.corpus import ATTACKS, LAST_NUMBER, NOT_HERE, covered
from tests.attacks.harness import Course, grade
from tests.attacks.machine import GRACE, adopting
from tests.attacks.traces import active_parts, hidden_lines
from tests.lxmls_grading.execution.test_remote import points_apart, student

#: What a submission may take up: bytes of its graded notebook or feedback page, bytes of memory
#: of all processes of a batch together, which are those of a class run and of an autograde, and
#: bytes of graded notebooks and feedback of a batch.
MAX_SHOWN, MAX_MEMORY, MAX_DISK = 8 * 2**20, 7 * 2**30, 2**30

by_id = pytest.mark.parametrize("attack", ATTACKS, ids=[attack.id for attack in ATTACKS])


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """All attacks: one in six graded by `nbgrader autograde`, the others by a class run."""
    folder = tmp_path_factory.mktemp("attacks") / "batch"
    result = grade(ATTACKS, folder, class_runs=5)
    yield result
    shutil.rmtree(folder)  # some submissions are large


@pytest.fixture
def outcome(batch, attack):
    return batch.outcomes[attack.id]


def test_corpus_is_large_and_sound():
    assert len(ATTACKS) == 193
    identities = [attack.id for attack in ATTACKS]
    assert len(set(identities)) == len(identities)
    assert {kind for attack in ATTACKS for kind in attack.reasons} <= set(TEXTS)
    assert all(attack.keeps in ("all", "before", "none") for attack in ATTACKS)


def test_corpus_covers_every_known_attack():
    known = {f"A{number}" for number in range(1, LAST_NUMBER + 1)}
    assert covered() | set(NOT_HERE) == known
    assert not covered() & set(NOT_HERE)


def test_plain_wrong_answers_earn_what_is_said():
    """What attacks are measured against, by the tests in one process."""
    answers = {(attack.notebook, attack.plain_answer): attack for attack in ATTACKS}
    assert {attack.weak_cell for attack in ATTACKS} <= set(WRONG)
    for (name, code), attack in answers.items():
        if attack.nothing or name == ordinary_host.NAME:  # see the next test
            continue
        scores = score(name, {attack.weak_cell: code}).cells
        assert {cell.grade_id: cell.points for cell in scores} == attack.points, attack.id


def test_ordinary_tests_pass_right_answers_and_no_wrong_ones():
    """Those that run apart, and what attacks on them are measured against."""
    double = "\ndef double(x): return x + x"
    for name, code in ordinary_host.TESTS.items():
        if name not in ordinary_host.TOGETHER:
            imports = dict(plans.imported(ordinary_host.RIGHT))
            for answer, wanted in ((ordinary_host.RIGHT, 2.0), (ordinary_host.WRONG, 0.0)):
                found = points_apart(code, student(answer + double), imports=imports)
                assert found == (2.0 if name == "apart-beside" else wanted), name


@pytest.mark.slow
def test_harness_sees_processes_that_are_left(tmp_path):
    import subprocess
    import sys

    sleep = "import os, time; os.fork() or os.setsid() or time.sleep(60)"
    with adopting() as left:
        subprocess.run([sys.executable, "-c", sleep])
    assert len(left) == 1, f"a process that sleeps, seen after {GRACE} s"


def test_harness_sees_script_and_hidden_lines():
    assert active_parts('<p onclick=x()>a</p><a href=" java&#9;script:y">b</a><script>z</script>')
    assert not active_parts(
        '<p class="on">onclick=x() javascript:y</p><a href="#javascript:">b</a>'
    )
    for name in ("exercise_2_1", "exercise_2_2", "exercise_2_3", "exercise_2_4"):
        assert len(hidden_lines(name)) >= 4
    assert len(hidden_lines(ordinary_host.NAME)) == 4


def test_submissions_hold_what_they_say(tmp_path):
    course = Course(tmp_path / "course")
    for attack in ATTACKS:
        course.submit(attack)
    course.listeners.close()
    folders = {path.name for path in (course.root / "submitted").iterdir()}
    assert folders == {attack.student for attack in ATTACKS}
    assert all(cell.source for cell in host("exercise_2_1").cells)


@by_id
def test_no_point_is_unearned(attack, outcome):
    assert outcome.unearned == 0, outcome.points


@by_id
def test_right_answers_beside_it_keep_their_points(attack, outcome):
    assert outcome.lost == {}, outcome.points


@by_id
def test_reason_is_recorded(attack, outcome):
    """For the student too: it is in the graded notebook and in the gradebook's comments."""
    assert set(outcome.reasons) <= set(TEXTS)
    if attack.reasons:
        assert set(attack.reasons) & set(outcome.reasons), outcome.reasons
        assert outcome.comments


@by_id
def test_what_no_notebook_needs_is_refused(attack, outcome):
    assert not (attack.ends_kernel and "kernel" in outcome.reasons)


@by_id
def test_no_test_is_blamed_for_what_an_answer_does(attack, outcome):
    """Else a student could wait for the instructor in place of getting no points."""
    assert not (attack.not_faulty and "test" in outcome.reasons)


@by_id
def test_graded_with_feedback(attack, outcome):
    assert outcome.traces.graded
    assert outcome.traces.page
    assert outcome.traces.size <= MAX_SHOWN


@by_id
def test_nothing_gets_in_or_out(attack, outcome):
    assert outcome.escaped == ""
    assert outcome.traces.secrets == []
    assert outcome.traces.hidden == []
    assert outcome.traces.hidden_on_page == []


@by_id
def test_feedback_runs_no_code_of_the_submission(attack, outcome):
    assert outcome.traces.active == []


def test_batch_is_never_stopped(batch):
    """The honest students before and after the attackers have all their points."""
    assert batch.finished, batch.closing


def test_nothing_of_others_is_changed(batch):
    assert batch.changed == []


def test_no_process_outlives_grading(batch):
    assert batch.left == []


def test_no_network(batch):
    assert batch.messages == []


def test_the_machine_is_left_alone(batch):
    assert batch.memory <= MAX_MEMORY
    assert batch.disk <= MAX_DISK
