"""Play a course with four students: generate, submit, autograde, give feedback, show a table.

``make demo`` runs it. Everything happens in the folder ``demo/``, which is rebuilt each time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lxmls_grading.cells import read_notebook  # noqa: E402
from lxmls_grading.results.report import write_report  # noqa: E402
from tests.answers.catalogue import read_answers  # noqa: E402
from tests.support.submissions import complete, reference_answers  # noqa: E402

COURSE = ROOT / "demo"
ENVIRONMENT = os.environ | {"LXMLS_NB_CORPUS": "snippets", "LXMLS_NB_DEVICE": "cpu"}
NOTEBOOKS = ("exercise_2_1", "exercise_2_2", "exercise_2_3", "exercise_2_4")

#: A mistake that is often made, by notebook: an entry of the catalogue in tests/answers.
MISTAKES = {
    "exercise_2_1": "U2",  # the average over the batch is missing
    "exercise_2_2": "M8",  # the derivative of the sigmoid is missing
    "exercise_2_3": "T1",  # gradients are never zeroed
    "exercise_2_4": "P5",  # a softmax, then a logarithm: zero probabilities become -inf
}


def nbgrader(*arguments: str) -> None:
    """Run an nbgrader command on the demo course; show its output only if it fails."""
    start = time.perf_counter()
    print(f"  nbgrader {' '.join(arguments)} ...", end="", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments, f"--CourseDirectory.root={COURSE}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )
    print(f" {time.perf_counter() - start:.0f} s")
    if done.returncode:
        sys.exit(f"nbgrader {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")


def grade() -> str:
    """Grade the class as instructors do; return what the command prints."""
    print("  lxmls-nb grade day2 ...", end="", flush=True)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "lxmls_grading.cli", "grade", "day2"],
        cwd=COURSE,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )
    print(f" {time.perf_counter() - start:.0f} s")
    graded = {path.parent.name for path in COURSE.glob("autograded/*/day2")}
    left = sorted({path.parent.name for path in COURSE.glob("submitted/*/day2")} - graded)
    # Status 1: something has a reason, such as a missing notebook; but each student has points.
    if done.returncode not in (0, 1) or left:
        without = f" ({', '.join(left)} without points)" if left else ""
        sys.exit(f"lxmls-nb grade day2 failed{without}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def write_submissions() -> dict[str, str]:
    """Write the class; return what each student did."""
    students = {
        "ada": "everything right",
        "blaise": "nothing done",
        "carl": "half: 2.1 and 2.3",
        "dorothy": "a typical mistake in each exercise",
    }
    for notebook in NOTEBOOKS:
        release = read_notebook(COURSE / "release" / "day2" / f"{notebook}.ipynb")
        reference = reference_answers(read_notebook(COURSE / "source/day2" / f"{notebook}.ipynb"))
        mistake = next(
            answer for answer in read_answers(notebook, "wrong") if answer.id == MISTAKES[notebook]
        )
        work = {
            "ada": reference,
            "blaise": {},
            "carl": reference if notebook in ("exercise_2_1", "exercise_2_3") else {},
            "dorothy": reference | {mistake.grade_id: mistake.code},
        }
        for student, answers in work.items():
            folder = COURSE / "submitted" / student / "day2"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{notebook}.ipynb"
            nbformat.write(complete(release, answers), path)
    return students


def grade_by_hand(gradebook: Gradebook, printed: str) -> int:
    """Give full marks to all comments of 2.1, as an instructor would in the formgrader.

    Where a test could not be run, the demo ends: nothing of what it shows would be true. What
    grading has printed says why.
    """
    count = 0
    for submission in gradebook.assignment_submissions("day2"):
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.needs_manual_grade and grade.auto_score is None:
                    grade.manual_score = grade.max_score
                    grade.needs_manual_grade = False
                    count += grade.max_score > 0  # the cell of the rubric has no points
                elif grade.needs_manual_grade:
                    where = f"{grade.name} of {submission.student.id}"
                    sys.exit(f"{printed}\n{where} could not be run, as grading says above.")
    gradebook.db.commit()
    return count


def print_table(gradebook: Gradebook, students: dict[str, str]) -> None:
    """Print the points of each student per exercise, and the folder of the feedback."""
    titles = [name.removeprefix("exercise_").replace("_", ".") for name in NOTEBOOKS]
    print(f"\n{'student':10}" + "".join(f"{title:>7}" for title in titles) + f"{'total':>8}")
    for student, what in students.items():
        submission = gradebook.find_submission("day2", student)
        scores = {notebook.name: notebook.score for notebook in submission.notebooks}
        row = "".join(f"{scores[name]:7g}" for name in NOTEBOOKS)
        total = f"{submission.score:g}/{submission.max_score:g}"
        print(f"{student:10}{row}{total:>8}   {what}")
    print("\nFeedback (open in a browser), for example on the mistakes:")
    for page in sorted((COURSE / "feedback").glob("dorothy/day2/*.html")):
        print(f"  {os.path.relpath(page, ROOT)}")
    print(f"and so for each student: {os.path.relpath(COURSE, ROOT)}/feedback/<student>/day2/")


def main() -> None:
    """Run the demo."""
    start = time.perf_counter()
    shutil.rmtree(COURSE, ignore_errors=True)
    shutil.copytree(ROOT / "source", COURSE / "source")
    shutil.copy(ROOT / "nbgrader_config.py", COURSE)
    print(f"A course of four students in {COURSE.name}/ (a minute or two):")
    nbgrader("generate_assignment", "day2")
    students = write_submissions()
    printed = grade()
    with Gradebook(f"sqlite:///{COURSE / 'gradebook.db'}") as gradebook:
        count = grade_by_hand(gradebook, printed)
        print(f"  graded by hand: the comments of exercise 2.1, {count} of them")
    nbgrader("generate_feedback", "day2")
    coursedir = CourseDirectory(root=str(COURSE))
    page, table = write_report(coursedir, "day2", quiet=True)
    print("\nReport on the class, what to teach again first (open in a browser):")
    print(f"  {os.path.relpath(page, ROOT)}, and as a table {os.path.relpath(table, ROOT)}")
    with Gradebook(f"sqlite:///{COURSE / 'gradebook.db'}") as gradebook:
        print_table(gradebook, students)
    print(f"\nDone in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
