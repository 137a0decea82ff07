"""Everything of this package that ``nbgrader_config.py`` names, at one address."""

from lxmls_grading.deadlines.due_date import ShowDueDate
from lxmls_grading.deadlines.times import CourseTime
from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.feedback.comments import SaveReasons, ShowReasons
from lxmls_grading.feedback.harmless import clean
from lxmls_grading.feedback.page import FeedbackExporter
from lxmls_grading.feedback.passive import PassiveNotebook
from lxmls_grading.feedback.paths import HidePaths
from lxmls_grading.feedback.renderer import highlight_code, render_markdown
from lxmls_grading.feedback.tracebacks import ShortenTracebacks
from lxmls_grading.gradebook.points_by_hand import SaveGrades
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.personal_numbers import PersonalNumbers
from lxmls_grading.intake.rebuild import RebuildCells
from lxmls_grading.nbgrader_patches import install_patches
from lxmls_grading.results.lms import CanvasExporter, MoodleExporter

__all__ = [
    "CanvasExporter",
    "CourseTime",
    "ExecuteApart",
    "FeedbackExporter",
    "HidePaths",
    "MoodleExporter",
    "PassiveNotebook",
    "PersonalNumbers",
    "RebuildCells",
    "SaveGrades",
    "SaveReasons",
    "ShortenTracebacks",
    "ShowDueDate",
    "ShowReasons",
    "SubmissionExporter",
    "clean",
    "highlight_code",
    "install_patches",
    "render_markdown",
]
