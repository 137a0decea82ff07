"""The log of a run has what an instructor reads, and with `--debug` what developers do."""

from __future__ import annotations

import logging

import pytest

from lxmls_grading.commands.grade import GradeApp, log_to


@pytest.fixture
def loggers():
    """The loggers that a run sends to its file, as they were before, at the end."""
    found = [logging.getLogger("lxmls_grading"), GradeApp().log]
    before = [(each.level, list(each.handlers), each.propagate) for each in found]
    yield found
    for each, (level, handlers, propagate) in zip(found, before, strict=True):
        for handler in set(each.handlers) - set(handlers):
            handler.close()
        each.level, each.handlers, each.propagate = level, handlers, propagate


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], ["of a run", "of grading"]),
        (["--quiet"], ["of a run", "of grading"]),
        (["--debug"], ["of a run", "for developers", "of grading"]),
    ],
)
def test_it_has_information_and_more_if_that_is_asked_for(options, told, loggers, tmp_path):
    app = GradeApp()
    app.parse_command_line(options)
    log_to(tmp_path / "grade.log", app)
    app.log.info("of a run")
    app.log.debug("for developers")
    logging.getLogger("lxmls_grading.intake").info("of grading")
    lines = (tmp_path / "grade.log").read_text().splitlines()
    assert [line.split(" ", 3)[3] for line in lines] == told
