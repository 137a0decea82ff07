"""How nbgrader releases and grades the course. Its commands read this file from this folder."""

import os
import shutil
import sys
from pathlib import Path

c = get_config()

# nbgrader starts `alembic` by name when it makes a gradebook. It lies beside nbgrader, which is not
# on the PATH where the environment is not activated (.venv/bin/nbgrader ...).
if not shutil.which("alembic"):
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# Grading needs no network, whatever is cached on this machine: the corpus of this package. Kernels
# inherit the environment of the process that grades, which is an nbgrader command, or the Jupyter
# server whose formgrader is used. (No MPLBACKEND here: ipykernel's own draws figures into the
# feedback, where "agg" would warn on stderr, and nbgrader scores 0 for a test cell with stderr.)
os.environ.setdefault("LXMLS_NB_CORPUS", "snippets")

c.CourseDirectory.course_id = "lxmls_nb"

# What takes the place of a solution. The exception is how checks tell "not attempted" from "wrong".
c.ClearSolutions.code_stub = {
    "python": 'raise NotImplementedError("not attempted yet")'
    "  # delete this line and write your answer here"
}
c.ClearSolutions.text_stub = "*Not attempted yet: delete this line and write your answer here.*"

# Seconds a cell: all trainings of a notebook together take less, an endless loop ends here.
c.Execute.timeout = 120

# A test cell that a student deleted waits for a grade by hand. OverwriteCells.add_missing_cells
# would put it back, but in nbgrader 0.9.6 it fails, and the whole submission with it, where the
# cell before is a read-only one.
c.OverwriteCells.add_missing_cells = False

c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.Execute",
    "lxmls_nb.grading.preprocessors.StderrIsNoFailure",  # the rest is nbgrader's own list
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "lxmls_nb.grading.preprocessors.ShortenTracebacks",
    # Not in nbgrader's own list: feedback would show students the hidden tests and the rubric.
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
