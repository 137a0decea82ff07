"""Reads times as people and programs write them, and refuses those that could be misread.

Penalties depend on them, and nbgrader reads a zone name that it does not know, such as ``CEST``, as
UTC. Here a time is read only if it can mean one thing:

- ISO 8601 and RFC 3339, with a number for the zone: ``2026-11-26T18:00:00+01:00``, ``…Z``;
- nbgrader's own format, ``2015-02-02 15:58:23.948203 UTC``; ``GMT`` and ``UTC+2`` are understood;
- a zone of the IANA database: ``2026-11-26 18:00 Europe/Lisbon``;
- an abbreviation that the course's own zone uses at that time, such as ``WEST`` in Lisbon's summer;
- no zone at all: then it is a time in the course's zone.

When clocks are set back, an hour happens twice, and when they are set forward, one does not happen.
A time in such an hour is read as the earlier of the two that it can mean; a due date as the later.
So it counts in favour of the student.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from traitlets import TraitError, Unicode, default, validate
from traitlets.config import Config, LoggingConfigurable

#: Zones of the IANA database that are also abbreviations: "CET" means UTC+1, and the zone of this
#: name is UTC+2 in summer. And names that mean something else on each machine.
ABBREVIATIONS = {"CET", "EET", "MET", "WET", "EST", "HST", "MST"}
NOT_ZONES = {"Factory", "localtime", "posixrules"}

#: Characters of a stamp that are shown.
SHOWN = 60

EXAMPLE = "2026-11-26T18:00:00+00:00"

_STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d|\d{8}|\d{4}-?W\d\d-?\d)[T ]"
    r"(?P<time>\d\d:?\d\d[\d:.,]*)\s*(?P<zone>\S*)",
    re.ASCII | re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?", re.ASCII | re.IGNORECASE)


class TimeError(ValueError):
    """A time cannot be read, or could mean several. The message is a clause on what is wrong."""


class CourseTime(LoggingConfigurable):
    """The zone that a course lives in; set ``c.CourseTime.timezone`` in ``nbgrader_config.py``.

    Parameters
    ----------
    timezone : str
        The zone of times that have none, such as ``Europe/Lisbon``, and of times that are printed.
        By default that of ``c.Exchange.timezone``, in which nbgrader writes time stamps; else UTC.
    """

    timezone = Unicode(help="Zone of times that name none, such as Europe/Lisbon.").tag(config=True)

    @default("timezone")
    def _timezone_default(self) -> str:
        return str(self.config.get("Exchange", Config()).get("timezone", "UTC"))

    @validate("timezone")
    def _check_timezone(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name not in known_zones():
            setting = "CourseTime" if "timezone" in self.config.CourseTime else "Exchange"
            raise TraitError(
                f"{setting}.timezone is {name!r}, which is no zone of the IANA database: "
                "choose one such as 'Europe/Lisbon'"
            )
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone."""
        return ZoneInfo(self._check_timezone({"value": self.timezone}))


def zone_of(configurable: Any) -> ZoneInfo:
    """Return the zone of the course that an object of nbgrader is configured for."""
    # The application's configuration is the whole one: some objects are made before it is read.
    while configurable.parent is not None:
        configurable = configurable.parent
    return CourseTime(config=configurable.config).zone


#: The course's zone, where nbgrader reads a time and tells no configuration.
_current: ContextVar[tzinfo] = ContextVar("course_zone", default=UTC)


@contextmanager
def course_zone(zone: tzinfo) -> Iterator[None]:
    """Read times without a zone in this one, where :func:`read_time` is not told another."""
    token = _current.set(zone)
    try:
        yield
    finally:
        _current.reset(token)


@cache
def known_zones() -> frozenset[str]:
    """Return the names of the zones that are known on this machine."""
    return frozenset(available_timezones() | {"UTC"}) - NOT_ZONES


def read_time(text: str, zone: tzinfo | None = None, latest: bool = False) -> datetime:
    """Return the time that a text means, in UTC and without a zone, as the gradebook holds times.

    Parameters
    ----------
    text : str
    zone : tzinfo, optional
        The course's zone, for a time that names none.
    latest : bool
        Whether a time that can mean two, when clocks change, is the later one: for due dates.

    Raises
    ------
    TimeError
        If it could mean several times, or none.
    """
    zone = _current.get() if zone is None else zone
    found = _STAMP.fullmatch(text.strip())
    if found is None:
        raise TimeError(f"{shown(text)} is not a time such as {EXAMPLE}")
    moment = _without_zone(text, found["day"], found["time"])
    own = _zone(text, found["zone"], moment, zone)
    try:
        # Where clocks change, the two offsets give the two times that are meant.
        times = [moment.replace(tzinfo=own, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except OverflowError:
        raise TimeError(f"{shown(text)} is too far away") from None
    return (max(times) if latest else min(times)).replace(tzinfo=None)


def _without_zone(text: str, day: str, time: str) -> datetime:
    """Return the local time; a leap second counts as the first second of the next minute."""
    leap = re.search(r"(?<=[:\d]\d\d:)60|(?<=^\d{4})60", time)
    if leap:
        time = f"{time[: leap.start()]}59{time[leap.end() :]}"
    try:
        moment = datetime.fromisoformat(f"{day.upper()}T{time}")
        return moment + timedelta(seconds=1) if leap else moment
    except (ValueError, OverflowError):
        raise TimeError(f"{shown(text)} is not a time such as {EXAMPLE}") from None


def _zone(text: str, name: str, moment: datetime, course: tzinfo) -> tzinfo:
    """Return the zone of a name at a local time."""
    if not name:
        return course
    if name.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        sign = -1 if offset[1] == "-" else 1
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours > 15 or minutes > 59:
            raise TimeError(f"{shown(text)}: no zone is {name} away from UTC")
        return timezone(sign * timedelta(hours=hours, minutes=minutes))
    named = {moment.replace(tzinfo=course, fold=fold).tzname(): fold for fold in (0, 1)}
    if name in named:  # an abbreviation as the course's own zone uses it, such as WEST
        offset_then = moment.replace(tzinfo=course, fold=named[name]).utcoffset()
        return timezone(offset_then or timedelta(0), name)
    if name in known_zones():
        own = ZoneInfo(name)
        if name not in ABBREVIATIONS or moment.replace(tzinfo=own).tzname() == name:
            return own
    raise TimeError(
        f"{shown(text)}: the zone {name!r} is not known, or not in one sense: write a number such "
        "as +01:00, or a zone such as Europe/Lisbon"
    )


def decode_stamp(data: bytes) -> str:
    """Return the text of a file with a time in it, as editors on all systems save it.

    Raises
    ------
    TimeError
        If it is no text, or empty.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig").strip()
    except UnicodeDecodeError:
        raise TimeError("it is no text") from None
    if not text:
        raise TimeError("it is empty: write the time, or remove the file if there is none")
    return text


def shown(text: str) -> str:
    """Return a text in quotes, short and without control characters."""
    text = text.strip()
    return ascii(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def stamp(time: datetime) -> str:
    """Return a time of the gradebook (UTC, without a zone) in RFC 3339, for ``timestamp.txt``."""
    return time.replace(tzinfo=UTC).isoformat()


def local(time: datetime, zone: tzinfo) -> str:
    """Return a time of the gradebook for people: in the course's zone, with its offset."""
    there = time.replace(tzinfo=UTC).astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M %z} ({zone})"
