"""Notebooks in other languages run as a whole in their own kernel, in the sandbox or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lxmls_grading.execution.plan import NotebookPlan, plain_plan
from lxmls_grading.kernel.foreign import PORTS, find_command
from lxmls_grading.reasons import reasons_of
from tests.support.execution import SETTINGS
from tests.support.other_language import (
    LANGUAGE,
    NAME,
    answer,
    graded,
    install_kernel,
    notebook,
)
from tests.support.submissions import points_of


@pytest.fixture
def kernel(tmp_path, monkeypatch) -> None:
    """Install the kernel of the language."""
    for name, value in install_kernel(tmp_path).items():
        monkeypatch.setenv(name, value)


def plan_for(source) -> NotebookPlan:
    plan = plain_plan(source)
    assert plan is not None
    return plan


def run(warm, *cells, settings=SETTINGS, kernel=NAME):
    source = notebook(*cells, kernel=kernel)
    return warm.execute(source, settings, None, plan_for(source))


def test_plan_tells_language_and_kernel(kernel):
    plan = plan_for(notebook(answer("x = 3"), graded("check x 3")))
    assert not plan.tests["test"].apart
    assert plan.tests["test"].why == f"is in {LANGUAGE}, in the kernel `{NAME}`"
    assert plan.command[:2] == ("/usr/bin/env", "TALLY=1")
    assert NotebookPlan.from_dict(plan.to_dict()) == plan


@pytest.mark.parametrize(
    ("spec", "language"),
    [
        ({"name": "python3", "language": "python"}, ""),
        ({"name": "my-course", "language": "Python"}, ""),
        ({"name": "python3"}, ""),
        (None, ""),
        ({"name": "ir", "language": "R"}, "R"),
        ({"name": "julia-1.10", "language": "julia"}, "julia"),
    ],
)
def test_language_is_the_kernelspec_s(spec, language):
    source = notebook(answer("x = 3"), graded("x == 3"))
    source.metadata.pop("kernelspec")
    if spec is not None:
        source.metadata["kernelspec"] = spec
    assert (plain_plan(source, default=True) or NotebookPlan()).language == language


def test_kernel_that_is_not_installed_has_no_command():
    assert find_command("no-such-kernel") == ()


@pytest.mark.slow
def test_points_come_from_the_notebook_s_own_kernel(kernel, warm):
    executed = run(
        warm,
        answer("x = 3\nwrite mine.txt\nwhere"),
        graded("check x 3", "right"),
        graded("check x 4", "wrong"),
        graded("points 0.5", "partial"),
        graded("points 7", "too many"),
        graded("read mine.txt", "file"),
        graded("oh no", "unknown"),
    )
    points = {"right": 2, "wrong": 0, "partial": 0.5, "too many": 0, "file": 2, "unknown": 0}
    assert points_of(executed) == points
    assert executed.cells[0].outputs[0].text == "/scratch"
    assert [(why.kind, why.cells) for why in reasons_of(executed)] == [("test", ("too many",))]


@pytest.mark.slow
def test_no_port_of_a_kernel_is_given_to_a_connection(kernel, warm):
    # A relay that was given the port which it tries to reach was connected with itself, and the
    # kernel did not start: with one in two hundred kernels, by chance.
    shown = run(warm, answer("show /proc/sys/net/ipv4/ip_local_port_range"), graded("check x 3"))
    first, last = map(int, shown.cells[0].outputs[0].text.split())
    assert not [port for port in PORTS.values() if first <= port <= last]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["quit", "forever"])
def test_kernel_that_ends_or_hangs_is_started_again(kernel, warm, ending):
    executed = run(
        warm,
        answer("x = 3"),
        graded(ending, "ending"),
        graded("check x 3", "after"),
        settings=replace(SETTINGS, timeout=3),
    )
    assert points_of(executed) == {"ending": 0, "after": 2}
    assert reasons_of(executed)[0].kind == ("kernel" if ending == "quit" else "timeout")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("installed", "sandbox", "what"),
    [
        (NAME, False, "runs in a sandbox only"),
        ("no-such-kernel", True, "is not installed"),
        ("broken", True, "does not start"),
    ],
)
def test_what_cannot_run_waits_for_the_instructor(kernel, warm, tmp_path, installed, sandbox, what):
    broken = tmp_path / "kernels" / "broken"
    broken.mkdir()
    (broken / "kernel.json").write_text(
        '{"argv": ["false", "{connection_file}"], "display_name": "b", "language": "tally"}'
    )
    settings = replace(SETTINGS, sandbox=sandbox)
    executed = run(warm, answer("x = 3"), graded("check x 3"), kernel=installed, settings=settings)
    assert points_of(executed) == {"test": 0}
    (why,) = reasons_of(executed)
    assert (why.kind, why.cells) == ("test", ("test",))
    assert what in why.detail
    assert not executed.cells[0].outputs
