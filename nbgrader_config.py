"""How nbgrader releases and grades the course. Its commands read this file from this folder."""

import os
import shutil
import sys
from pathlib import Path

from nbgrader.preprocessors import ClearSolutions

from lxmls_grading.nbgrader_steps import install_patches

c = get_config()

# nbgrader starts `alembic` by name when it makes a gradebook. It lies beside nbgrader, which is not
# on the PATH where the environment is not activated (.venv/bin/nbgrader ...).
if not shutil.which("alembic"):
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# What is executed here needs no network, whatever is cached on this machine: the corpus of this
# package. (In the sandbox it is so anyway.)
os.environ.setdefault("LXMLS_NB_CORPUS", "snippets")

c.CourseDirectory.course_id = "lxmls_nb"

# The zone of times that name none, as in timestamp.txt; those that could mean two are refused.
# c.CourseTime.timezone = "Europe/Lisbon"  # by default UTC

# Tests with checks.personal(...) have numbers of each student's own where there is a secret. Keep
# it: with another one all numbers change. docs/authors.md tells how to write such tests.
# c.PersonalNumbers.secret = "..."  # python -c "import secrets; print(secrets.token_hex())"

# What takes the place of a solution. The exception is how checks tell "not attempted" from "wrong".
# Stubs of other languages are nbgrader's own.
c.ClearSolutions.code_stub = ClearSolutions().code_stub | {
    "python": 'raise NotImplementedError("not attempted yet")'
    "  # delete this line once your answer is written"
}
c.ClearSolutions.text_stub = "*Not attempted yet: delete this line and write your answer here.*"

# Where a due date is set, released notebooks tell it in their first cell.
c.GenerateAssignment.preprocessors.append("lxmls_grading.nbgrader_steps.ShowDueDate")

# Submissions are read with care: links, devices and huge files in them are left alone.
install_patches()
c.Autograde.exporter_class = "lxmls_grading.nbgrader_steps.SubmissionExporter"

# They are rebuilt: every cell that is not the student's comes from source/. nbgrader's own
# CheckCellMetadata, which takes a fifth of a second, would then find nothing to object to.
c.Autograde.sanitize_preprocessors = [
    "lxmls_grading.nbgrader_steps.RebuildCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
]

# They are executed apart: the student's cells in a sandbox, the tests outside of it. SECURITY.md
# lists what that promises. Limits, with their defaults:
# c.ExecuteApart.timeout = 120           # seconds per cell
# c.ExecuteApart.ungraded_timeout = 30   # seconds per cell without points
# c.ExecuteApart.notebook_timeout = 900  # seconds per notebook
# c.ExecuteApart.memory = 2048           # MiB
# c.ExecuteApart.processes = 100
# c.ExecuteApart.disk = 256              # MiB
# c.ExecuteApart.student_files = ["*"]   # patterns of files that may lie beside a notebook,
# c.ExecuteApart.max_student_file = 1000     # kB of one,
# c.ExecuteApart.max_student_files = 10_000  # kB of all
# c.ExecuteApart.tests = "auto"          # or "apart", "together": docs/authors.md
# c.ExecuteApart.sandbox = True          # without one, submissions have all your rights
c.Autograde.autograde_preprocessors = [
    "lxmls_grading.nbgrader_steps.ExecuteApart",
    "lxmls_grading.nbgrader_steps.PassiveNotebook",
    "lxmls_grading.nbgrader_steps.HidePaths",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "lxmls_grading.nbgrader_steps.SaveGrades",
    "lxmls_grading.nbgrader_steps.SaveReasons",
    "nbgrader.preprocessors.AssignLatePenalties",
]

c.GenerateFeedback.exporter_class = "lxmls_grading.nbgrader_steps.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "lxmls_grading.nbgrader_steps.ShowReasons",
    "lxmls_grading.nbgrader_steps.ShortenTracebacks",
    # Not in nbgrader's own list: feedback would show students the hidden tests and the rubric.
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Pages made of submissions, for students and in the formgrader, run no scripts of theirs, and none
# of their texts keeps the server busy.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "clean_html": "lxmls_grading.nbgrader_steps.clean",
    "highlight_code": "lxmls_grading.nbgrader_steps.highlight_code",
    "markdown2html": "lxmls_grading.nbgrader_steps.render_markdown",
}
