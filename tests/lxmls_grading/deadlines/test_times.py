"""Times are read where they can mean one thing, and refused where they can mean several."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from traitlets import TraitError
from traitlets.config import Config

from lxmls_grading.deadlines.times import (
    CourseTime,
    TimeError,
    decode_stamp,
    local,
    read_time,
    stamp,
)

LISBON, BERLIN = ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Berlin")

#: All of these are 16:00 in UTC on a day in winter.
FOUR_IN_WINTER = [
    "2026-11-26T16:00:00Z",
    "2026-11-26t16:00:00z",
    "20261126T160000Z",
    "2026-W48-4T16:00Z",
    "2026-11-26 16:00:00.000000 UTC",
    "2026-11-26 16:00 GMT",
    "2026-11-26 18:00 +02:00",
    "2026-11-26 18:00:00+0200",
    "2026-11-26T11:00-05",
    "2026-11-26 18:00 UTC+2",
    "2026-11-26 21:30 GMT+05:30",
    "2026-11-26 16:00 Europe/Lisbon",
    "2026-11-26 17:00 Europe/Berlin",
    "2026-11-26 11:00 America/New_York",
    "2026-11-26 17:00 CET",  # in winter, the zone of this name is what it says
]


@pytest.mark.parametrize("text", FOUR_IN_WINTER)
def test_what_means_one_time_is_read_whatever_the_course_s_zone(text):
    for zone in (LISBON, BERLIN, ZoneInfo("Asia/Tokyo")):
        assert read_time(text, zone) == datetime(2026, 11, 26, 16)


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01 18:00 CEST",
        "2026-07-01 18:00 WEST",
        "2026-07-01 18:00 EDT",
        "2026-07-01 18:00 IST",
        "2026-07-01 18:00 CET",  # UTC+1, or the zone of this name, which is UTC+2 in July
        "2026-07-01 18:00 localtime",
        "2026-07-01 18:00 ../../etc/passwd",
        "2026-07-01 18:00 +25:00",
        "03/04/2026 18:00",
        "3.4.2026 18:00",
        "1 July 2026 18:00",
        "2026-07-01",
        "2026-07-01 25:00",
        "2026-02-30 18:00 UTC",
        "1782921600",
        "18:00",
        "soon",
        "",
        "0001-01-01 00:00:00 +14:00",
    ],
)
def test_what_could_mean_another_time_is_refused_and_shown(text):
    with pytest.raises(TimeError) as problem:
        read_time(text, ZoneInfo("Asia/Tokyo"))
    assert ascii(text) in str(problem.value)


def test_an_abbreviation_is_read_where_the_course_s_zone_uses_it():
    assert read_time("2026-07-01 18:00 WEST", LISBON) == datetime(2026, 7, 1, 17)
    assert read_time("2026-07-01 18:00 CEST", BERLIN) == datetime(2026, 7, 1, 16)
    with pytest.raises(TimeError, match="CEST"):
        read_time("2026-07-01 18:00 CEST", LISBON)
    # It tells the two hours apart that happen when clocks are set back.
    assert read_time("2026-10-25 02:30 CEST", BERLIN) == datetime(2026, 10, 25, 0, 30)
    assert read_time("2026-10-25 02:30 CET", BERLIN) == datetime(2026, 10, 25, 1, 30)


def test_a_time_without_a_zone_is_in_the_course_s_zone():
    assert read_time("2026-07-01 18:00", LISBON) == datetime(2026, 7, 1, 17)
    assert read_time("2026-07-01 18:00") == datetime(2026, 7, 1, 18)  # nbgrader's is UTC


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2026-10-25 02:30", (0, 1)), ("2026-03-29 02:30", (0, 1))],
    ids=["twice", "never"],
)
def test_where_clocks_change_the_student_has_the_benefit(text, hours):
    minutes = {read_time(text, BERLIN): 0, read_time(text, BERLIN, latest=True): 1}
    assert [moment.hour for moment in minutes] == list(hours)
    assert {moment.minute for moment in minutes} == {30}


def test_the_zone_is_one_that_exists_and_by_default_that_of_the_exchange():
    assert CourseTime().zone == ZoneInfo("UTC")
    assert CourseTime(timezone="Europe/Lisbon").zone == LISBON
    config = Config({"Exchange": {"timezone": "Europe/Berlin"}})
    assert CourseTime(config=config).zone == BERLIN
    with pytest.raises(TraitError, match="Lisboa"):
        CourseTime(timezone="Europe/Lisboa")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_stamps_are_read_as_editors_save_them(encoding):
    assert decode_stamp("2026-11-26 16:00 UTC\r\n".encode(encoding)) == "2026-11-26 16:00 UTC"


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\x00\xff", "\ufeff".encode()])
def test_a_file_without_text_is_no_time(data):
    with pytest.raises(TimeError):
        decode_stamp(data)


def test_what_is_written_is_read_again():
    time = datetime(2026, 11, 26, 16, 0, 5, 123456)
    assert stamp(time) == "2026-11-26T16:00:05.123456+00:00"
    assert read_time(stamp(time), BERLIN) == time
    assert local(datetime(2026, 7, 1, 16), LISBON) == "2026-07-01 17:00 +0100 (Europe/Lisbon)"
