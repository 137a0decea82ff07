"""What tests of rebuilding share."""

from __future__ import annotations

import pytest

from lxmls_grading.intake.originals import read_originals
from tests.support.conversion import NAME, course_config
from tests.support.course import reference_answers, release, source
from tests.support.submissions import complete


@pytest.fixture(scope="module")
def originals():
    return read_originals(source(NAME), course_config())


@pytest.fixture
def submitted():
    """A notebook with the reference answers, to be changed."""
    return complete(release(NAME), reference_answers(source(NAME)))
