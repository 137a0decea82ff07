"""Checks what grading needs on this machine and in this course, and how to repair it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from nbgrader.apps import NbGrader
from traitlets import TraitError

from lxmls_grading.doctor import course, hub, machine, solutions, student_kernel
from lxmls_grading.doctor.findings import Finding, wrong_setting

Inspection = Callable[[], Iterator[Finding]]

#: The inspections of this machine, in the order in which they run, and those of a course.
ON_MACHINE: tuple[Inspection, ...] = (
    machine.inspect_python,
    machine.inspect_other_pythons,
    machine.inspect_packages,
    machine.inspect_device,
    machine.inspect_corpora,
    machine.inspect_temporary_folder,
    machine.inspect_sandbox,
    machine.inspect_limits,
    machine.inspect_landlock,
    machine.inspect_kernels,
)
OF_COURSE: tuple[Callable[[NbGrader], Iterator[Finding]], ...] = (
    student_kernel.inspect_student_kernel,
    course.inspect_course,
    course.inspect_settings,
    course.inspect_gradebook,
    solutions.inspect_solutions,
    course.inspect_modes,
    course.inspect_sharing,
    course.inspect_submissions,
    course.inspect_exchange,
    hub.inspect_hub,
)


def doctor(app: NbGrader) -> int:
    """Print all findings.

    Parameters
    ----------
    app : nbgrader.apps.NbGrader
        The application that has read the configuration of the course.

    Returns
    -------
    status : int
        1 if something has to be repaired, else 0.
    """
    wrong = advised = 0
    inspections: list[tuple[str, Inspection]] = []
    inspections += [(each.__name__, each) for each in ON_MACHINE]
    inspections += [(each.__name__, partial(each, app)) for each in OF_COURSE]
    told: set[Finding] = set()  # several inspections may meet the same wrong setting
    for name, inspect in inspections:
        for finding in _findings_of(name, inspect):
            if finding in told:
                continue
            told.add(finding)
            print(f"{finding.mark}  {finding.what}", flush=True)
            if finding.repair:
                wrong, advised = wrong + (not finding.advice), advised + finding.advice
                print("    " + finding.repair.replace("\n", "\n    "))
    print("\nEverything is in place." if not wrong else f"\n{wrong} to repair.")
    if advised:
        print(f"{advised} marked with ? to think about: grading works without.")
    return 1 if wrong else 0


def _findings_of(name: str, inspect: Inspection) -> list[Finding]:
    try:
        return list(inspect())
    except TraitError as error:
        return [wrong_setting(error)]
    except Exception as error:  # for example, a package cannot be imported
        name = name.removeprefix("inspect_").replace("_", " ")
        return [Finding(f"{name}: {type(error).__name__}: {error}", "make setup")]
