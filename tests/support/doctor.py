"""Runs an inspection of `lxmls-nb doctor`."""

from __future__ import annotations

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config


def findings(inspect, folder, **options):
    """Run an inspection on the course, with some configuration by class and trait."""
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "abc"
    for name, value in options.items():
        section, _, key = name.partition("__")
        config[section][key] = value
    app = NbGrader(config=config)
    app.coursedir = CourseDirectory(parent=app)
    return list(inspect(app))
