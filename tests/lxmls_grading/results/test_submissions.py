"""What has become of a submission, damaged records or not."""

from __future__ import annotations

import json

import pytest

from lxmls_grading.records import read_records
from lxmls_grading.results.submissions import Submission
from lxmls_nb import __version__
from tests.support.reporting import write


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"student": "bob"}',
        *(
            json.dumps(
                {
                    "student": "bob",
                    "assignment": "day2",
                    "graded": True,
                    "digest": "",
                    "time": 0,
                    "sandbox": True,
                    "reasons": [],
                    "seconds": {},
                }
                | values
            )
            for values in (
                {"student": 1},
                {"sandbox": "yes", "version": [], "graded": "?"},
                {"seconds": {"exercise_2_1": float("nan"), "exercise_2_2": -1, "x": 1.5}},
                {"seconds": {"exercise_2_1": "x"}},
                {"seconds": 3},
                {"reasons": [1]},
                {"reasons": [{"notebook": 3, "kind": [], "text": {}}]},
                {"format": 2},
            )
        ),
    ],
)
def test_damaged_record_stops_nothing(tmp_path, content):
    path = tmp_path / ".lxmls_nb" / "day2" / "bob.json"
    write(path, {})
    path.write_text(content)
    for record in read_records(tmp_path, "day2").values():  # nothing, or what makes sense
        known = Submission("bob", str(tmp_path))
        known.add_record(record)
        assert known.sandbox in (True, None)
        assert known.version in (__version__, None)
        assert not known.given_up
        assert set(known.seconds.values()) <= {1.5}
        assert all(isinstance(each.text, str) for each in known.reasons)


def test_report_with_a_damaged_record(small_class):
    (small_class.root / ".lxmls_nb" / "day2" / "ada.json").write_text("{")
    page, rows = small_class.report()
    assert rows[0]["total"] == "8"
    assert "On for all 4" in page  # the notebooks say so
