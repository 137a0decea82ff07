"""Submissions are taken from what Canvas and Moodle give: whose, which attempt, and when."""

from __future__ import annotations

import io
import json
import os
import zipfile

import pytest

from lxmls_grading.collect.taking import CONFLICT, NEW, OLDER, REPLACED, SAME
from tests.lxmls_grading.collect.conftest import NOTEBOOKS

STAMP = "2026-11-26T18:00:00+00:00"


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("lovelaceada_123_4567_exercise_2_2.ipynb", "ada"),  # family name first, as Canvas does
        ("adalovelace_123_4567_exercise_2_2-1.ipynb", "ada"),
        ("adalovelace_LATE_123_4567_exercise_2_2.ipynb", "ada"),
        ("unknown_123_4567_exercise_2_2.ipynb", "ada"),  # by the number
        ("moogrobert_99_4567_exercise_2_2 (1).ipynb", "bob"),
        ("dasilvasantoszoé_99_4567_exercise_2_2.ipynb", "zoé"),
        ("Ada Lovelace_1234567_assignsubmission_file_/exercise_2_2.ipynb", "ada"),
        ("Ada Lovelace_1234567_assignsubmission_file/exercise_2_2.ipynb", "ada"),
        ("LOVELACE Ada_1234567_assignsubmission_file_exercise_2_2.ipynb", "ada"),
        ("Zoe\u0301 da Silva Santos_5_assignsubmission_file_/exercise_2_2.ipynb", "zoé"),
        ("Zoe Da Silva Santos_5_assignsubmission_file_/exercise_2_2.ipynb", "zoé"),
        ("day2/Robert Moog_5_assignsubmission_file_/sub/exercise_2_2.ipynb", "bob"),
        ("submissions/bob/exercise_2_2.ipynb", "bob"),
        ("bob_exercise_2_2.ipynb", "bob"),
        ("alk@example.org/exercise_2_2.ipynb", "al.k"),
        ("al.k/exercise_2_2(2).ipynb", "al.k"),
        ("Ada Lovelace\\exercise_2_2.ipynb", "ada"),  # made on Windows
    ],
)
def test_names_of_canvas_and_moodle_and_folders(collecting, name, student):
    everybody, problems = collecting.collect(collecting.archive({name: "{}"}))
    assert problems == []
    assert collecting.submitted() == {
        f"{student}/day2/exercise_2_2.ipynb": "{}",
        f"{student}/day2/timestamp.txt": STAMP,
    }
    assert everybody[student].files == {"exercise_2_2.ipynb": NEW}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("lovelaceadam_500_4567_exercise_2_2.ipynb", "no student in the gradebook has this name"),
        ("moogrobert_123_4567_exercise_2_2.ipynb", "it may be ada or bob"),
        ("lovelaceada_124_4567_exercise_2_2.ipynb", "ada has the number 123, not 124"),
        ("anon_AbC12_4567_exercise_2_2.ipynb", "is anonymous"),
        ("lovelaceada_123_text.html", "is a text"),
        ("Ada Lovelace_12_assignsubmission_onlinetext_/onlinetext.html", "is a text"),
        ("Participant_12_assignsubmission_file_/exercise_2_2.ipynb", "is anonymous"),
        # Moodle's number is that of a submission: it is nobody's id.
        ("Someone Else_123_assignsubmission_file_/exercise_2_2.ipynb", "no student"),
        ("Lovelace_1_assignsubmission_file_/exercise_2_2.ipynb", "no student"),
        ("exercise_2_2.ipynb", "no student is named in its path"),
        ("syllabus.pdf", "no student is named in its path"),
    ],
)
def test_what_fits_nobody_beyond_doubt_is_named_and_left_out(collecting, name, why):
    everybody, problems = collecting.collect(collecting.archive({name: "{}"}))
    assert everybody == {}
    assert len(problems) == 1
    assert why in problems[0]
    assert name.split("/")[0] in problems[0]
    assert not (collecting.root / "submitted").exists()


@pytest.mark.parametrize("kind", ["folder", "archive", "archive of a folder"])
@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (["doejane_1_2_exercise_2_1.ipynb", "roejim_3_4_exercise_2_1.ipynb"], 2),
        (["doejane_1_2_exercise_2_1.ipynb", "doejane_1_3_exercise_2_2.ipynb"], 2),
        ([f"Jane Doe_1_assignsubmission_file_/{name}.ipynb" for name in NOTEBOOKS], 1),
        ([f"jane/day2/{name}.ipynb" for name in NOTEBOOKS], 1),
        (["jane_exercise_2_1.ipynb", "jim_exercise_2_1.ipynb"], 2),
        (["jane/exercise_2_1.ipynb", "jim/exercise_2_1.ipynb"], 2),
    ],
    ids=[
        *("two by Canvas", "two files by Canvas", "one by Moodle", "one in folders"),
        *("two by name", "two in folders"),
    ],
)
def test_whoever_is_unknown_has_a_line_with_what_names_them(collecting, kind, names, lines):
    top = "downloads/" if kind == "archive of a folder" else ""
    archive = collecting.archive({f"{top}{name}": "{}" for name in names})
    if kind == "folder":
        zipfile.ZipFile(archive).extractall(collecting.root / "downloads")
        archive = collecting.root / "downloads"
    everybody, problems = collecting.collect(archive)
    assert everybody == {}
    assert len(problems) == lines
    named = {name.partition("/")[0] for name in names}
    assert all(any(name in problem for problem in problems) for name in named)


def test_two_people_of_one_name_are_told_apart_by_nobody(collecting):
    files = {
        f"Ada Lovelace_{number}_assignsubmission_file_/exercise_2_2.ipynb": str(number)
        for number in (1, 2)
    }
    everybody, [problem] = collecting.collect(collecting.archive(files))
    assert everybody == {}
    assert "several people in Moodle, who all fit ada" in problem
    with collecting.gradebook() as gradebook:
        gradebook.add_student("ada2", first_name="ada", last_name="LOVELACE")
    everybody, problems = collecting.collect(collecting.archive(files))
    assert everybody == {}
    assert all("it may be ada or ada2" in problem for problem in problems)


# --- which files ----------------------------------------------------------------------------------


def test_the_newest_attempt_counts(collecting):
    files = {
        "lovelaceada_123_4001_exercise_2_1.ipynb": "first",
        "lovelaceada_123_4002_exercise_2_1-1.ipynb": "second",
        "lovelaceada_123_4003_exercise_2_1-2.ipynb": "third",
        "lovelaceada_123_4004_exercise_2_2.ipynb": "old",
        "lovelaceada_123_4005_exercise_2_2 (1).ipynb": "new",
        "lovelaceada_123_4006_notes-1.txt": "hello",
    }
    everybody, problems = collecting.collect(collecting.archive(files))
    assert problems == []
    assert collecting.submitted() == {
        "ada/day2/exercise_2_1.ipynb": "third",
        "ada/day2/exercise_2_2.ipynb": "new",
        "ada/day2/notes-1.txt": "hello",
        "ada/day2/timestamp.txt": STAMP,
    }
    assert sum("earlier attempt is left out" in note for note in everybody["ada"].notes) == 3


def test_of_two_archives_the_later_one_counts(collecting):
    name = "bob/exercise_2_2.ipynb"
    late = collecting.archive({name: "late"}, (2026, 11, 27, 9, 0, 0))
    early = collecting.archive({name: "early"}, (2026, 11, 26, 9, 0, 0))
    collecting.collect(late, early)
    assert collecting.submitted()["bob/day2/exercise_2_2.ipynb"] == "late"


def test_two_files_of_the_same_age_are_left_to_a_person(collecting):
    files = {"bob/a/exercise_2_2.ipynb": "1", "bob/b/exercise_2_2.ipynb": "2"}
    _, problems = collecting.collect(collecting.archive(files))
    assert any("has two files exercise_2_2.ipynb, which is newer?" in each for each in problems)
    assert not (collecting.root / "submitted").exists()


def test_a_folder_in_an_archive_in_an_archive_is_unpacked(collecting):
    inner = zipped(
        {
            "day2/exercise_2_1.ipynb": "1",
            "day2/exercise_2_2.ipynb": "2",
            "day2/data/mine.csv": "3",
            "day2/timestamp.txt": "1999-01-01 00:00 UTC",
            "__MACOSX/day2/._exercise_2_1.ipynb": "junk",
            "day2/.ipynb_checkpoints/exercise_2_1-checkpoint.ipynb": "junk",
            "day2/.DS_Store": "junk",
        }
    )
    name = "Ada Lovelace_1_assignsubmission_file_/day2.zip"
    _, problems = collecting.collect(collecting.archive({name: inner}))
    assert problems == []
    assert collecting.submitted() == {
        "ada/day2/data/mine.csv": "3",
        "ada/day2/exercise_2_1.ipynb": "1",
        "ada/day2/exercise_2_2.ipynb": "2",
        "ada/day2/timestamp.txt": STAMP,
    }


def test_folders_and_single_files_are_taken_as_archives_are(collecting, tmp_path):
    folder = tmp_path / "unpacked [1]" / "Ada Lovelace_7_assignsubmission_file_"
    folder.mkdir(parents=True)
    (folder / "exercise_2_2.ipynb").write_text("{}")
    single = tmp_path / "moogrobert_9_8_exercise_2_1.ipynb"
    single.write_text("{}")
    for path in (folder / "exercise_2_2.ipynb", single):
        os.utime(path, (1782921600, 1782921600))
    _, problems = collecting.collect(tmp_path / "unpacked [1]", single)
    assert problems == []
    assert collecting.submitted() == {
        "ada/day2/exercise_2_2.ipynb": "{}",
        "ada/day2/timestamp.txt": "2026-07-01T16:00:00+00:00",
        "bob/day2/exercise_2_1.ipynb": "{}",
        "bob/day2/timestamp.txt": "2026-07-01T16:00:00+00:00",
    }
    # The folder of one student alone.
    assert collecting.collect(folder)[0]["ada"].files == {"exercise_2_2.ipynb": SAME}


def test_what_is_no_notebook_of_the_assignment_keeps_its_name(collecting):
    files = {"bob/Untitled.ipynb": "{}", "ada/report.pdf": "x", "ada/all.rar": "y"}
    _, problems = collecting.collect(collecting.archive(files))
    assert set(collecting.submitted()) >= {"bob/day2/Untitled.ipynb", "ada/day2/report.pdf"}
    assert any("all.rar is no zip archive" in each for each in problems)
    assert any("ada has handed in no notebook" in each for each in problems)


@pytest.mark.parametrize("name", ["exercise_2_1.ipynb.txt", "Exercise 2.1.IPYNB", "x.ipynb (1)"])
def test_a_notebook_that_a_browser_has_renamed_is_one(name, collecting):
    _, problems = collecting.collect(collecting.archive({f"ada/{name}": "{}"}))
    assert not any("no notebook" in each for each in problems)


# --- with care ------------------------------------------------------------------------------------


def test_hostile_and_damaged_entries_are_lines(collecting):
    path = collecting.root / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bob/../../escape.ipynb", "x")
        archive.writestr("/etc/exercise_2_2.ipynb", "x")
        archive.writestr("C:\\bob\\exercise_2_2.ipynb", "x")
        archive.writestr("bob/" + "a" * 300, "x")
        archive.writestr("bob/line\nend.ipynb", "x")
        archive.writestr("bob/big.bin", b"\0" * 11_000_000)
        link = zipfile.ZipInfo("bob/link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bob/bomb.zip", zipped({"huge.csv": "0" * 20_000_000}))
        archive.writestr("bob/damaged.zip", b"PK\x05\x06 and no more")
        archive.writestr("bob/exercise_2_2.ipynb", "{}")
        archive.writestr("ada/exercise_2_2.ipynb", "damaged here" * 10)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("ada/exercise_2_2.ipynb").header_offset
    data[place + 30 + len("ada/exercise_2_2.ipynb") + 3] ^= 0xFF
    path.write_bytes(data)
    _, problems = collecting.collect(path)
    text = "\n".join(problems)
    for what in (
        "leads out of the archive",
        "is too long",
        "cannot be shown",
        "big.bin is larger than 10 MB",
        "link.ipynb is a link",
        "huge.csv is larger than 10 MB",
        "damaged.zip",
        "ada/exercise_2_2.ipynb is damaged",
    ):
        assert what in text
    assert [name for name in collecting.submitted() if "timestamp" not in name] == [
        "bob/day2/exercise_2_2.ipynb"
    ]
    assert not list(collecting.root.rglob("escape*"))


def test_a_notebook_that_is_too_large_to_be_graded_is_there_and_not_called_missing(collecting):
    """With outputs it may have many megabytes: grading tells the student to clear them."""
    text = " " * 30_000_000
    _, problems = collecting.collect(collecting.archive({"bob/exercise_2_2.ipynb": text}))
    assert problems == []
    assert collecting.submitted()["bob/day2/exercise_2_2.ipynb"] == text


def test_an_encrypted_entry_is_a_line(collecting):
    path = collecting.archive({"bob/exercise_2_2.ipynb": "{}"})
    data = bytearray(path.read_bytes())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(start) + (6 if start[2] == 3 else 8)] |= 1
    path.write_bytes(data)
    _, [problem] = collecting.collect(path)
    assert "is encrypted" in problem


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"", b"Rar!"])
def test_a_file_that_is_no_archive_is_a_line(collecting, content):
    path = collecting.root / "submissions.zip"
    path.write_bytes(content)
    _, [problem] = collecting.collect(path)
    assert "submissions.zip" in problem
    _, [problem] = collecting.collect(collecting.root / "nothing.zip")
    assert "is not there" in problem


def test_links_in_folders_are_not_followed(collecting, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("private")
    folder = tmp_path / "all" / "bob"
    folder.mkdir(parents=True)
    (folder / "exercise_2_2.ipynb").symlink_to(tmp_path / "secret" / "key.txt")
    (folder / "more").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "exercise_2_1.ipynb")
    _, problems = collecting.collect(tmp_path / "all")
    assert len(problems) == 3
    assert not (collecting.root / "submitted").exists()


# --- nothing is overwritten silently --------------------------------------------------------------

NAME = "bob/exercise_2_2.ipynb"


def test_the_same_is_left_and_the_newer_replaces_and_the_old_one_is_kept(collecting):
    first = collecting.archive({NAME: "first", "bob/exercise_2_1.ipynb": "other"})
    collecting.collect(first)
    again = collecting.collect(first)[0]["bob"]
    assert set(again.files.values()) == {SAME}
    newer = collecting.archive({NAME: "second"}, (2026, 11, 27, 9, 0, 0))
    assert collecting.collect(newer)[0]["bob"].files == {"exercise_2_2.ipynb": REPLACED}
    assert collecting.submitted() == {
        "bob/day2/exercise_2_1.ipynb": "other",
        "bob/day2/exercise_2_2.ipynb": "second",
        "bob/day2/timestamp.txt": "2026-11-27T09:00:00+00:00",
    }
    kept = collecting.root / ".lxmls_nb" / "collected" / "day2" / "bob"
    assert sorted(path.read_text() for path in kept.rglob("*") if path.is_file()) == [
        STAMP,
        "first",
    ]
    older = collecting.collect(first)[0]["bob"]
    assert older.files == {"exercise_2_1.ipynb": SAME, "exercise_2_2.ipynb": OLDER}
    assert older.problems == []
    assert "stays" in older.notes[0]
    assert collecting.submitted()["bob/day2/exercise_2_2.ipynb"] == "second"


def test_a_later_attempt_is_newer_whatever_the_time(collecting):
    collecting.collect(collecting.archive({"moogrobert_9_1_exercise_2_2-1.ipynb": "one"}))
    taken = collecting.collect(collecting.archive({"moogrobert_9_2_exercise_2_2-2.ipynb": "two"}))
    assert taken[0]["bob"].files == {"exercise_2_2.ipynb": REPLACED}


def test_what_cannot_be_compared_stays_and_is_told(collecting):
    folder = collecting.root / "submitted" / "bob" / "day2"
    folder.mkdir(parents=True)
    (folder / "exercise_2_2.ipynb").write_text("by hand")
    archive = collecting.archive({NAME: "new", "bob/exercise_2_1.ipynb": "one more"})
    taken = collecting.collect(archive)[0]["bob"]
    assert taken.files == {"exercise_2_1.ipynb": NEW, "exercise_2_2.ipynb": CONFLICT}
    assert "which one is newer is not known" in taken.problems[0]
    assert (folder / "exercise_2_2.ipynb").read_text() == "by hand"
    # With a time stamp, it can be compared.
    for when, what in (("2026-11-26 17:00 UTC", REPLACED), ("2026-11-26 19:00 UTC", OLDER)):
        (folder / "exercise_2_2.ipynb").write_text("by hand")
        (folder / "timestamp.txt").write_text(when)
        for notes in collecting.root.glob(".lxmls_nb/collected/day2/*.json"):
            notes.unlink()
        assert collecting.collect(archive)[0]["bob"].files["exercise_2_2.ipynb"] == what


def test_equal_times_are_not_enough_to_replace(collecting):
    collecting.collect(collecting.archive({NAME: "one"}))
    assert collecting.collect(collecting.archive({NAME: "two"}))[0]["bob"].files == {
        "exercise_2_2.ipynb": CONFLICT
    }


FOUND = (
    "moogrobert_9_1_exercise_2_2.ipynb",
    "Robert Moog_1_assignsubmission_file_/exercise_2_2.ipynb",
)


@pytest.mark.parametrize("name", FOUND)
def test_a_download_s_time_does_not_tell_that_a_file_is_newer_than_one_from_elsewhere(
    collecting, name
):
    early = collecting.archive({name: "early"})
    collecting.collect(early)
    folder = collecting.root / "submitted" / "bob" / "day2"
    # nbgrader collects a later one, and the archive is downloaded once more, later still.
    (folder / "exercise_2_2.ipynb").write_text("later, by the exchange")
    (folder / "timestamp.txt").write_text("2026-11-27 10:00 UTC")
    again = collecting.archive({name: "early"}, (2026, 11, 28, 9, 0, 0))
    taken = collecting.collect(again)[0]["bob"]
    assert taken.files == {"exercise_2_2.ipynb": CONFLICT}
    assert "which one is newer is not known" in taken.problems[0]
    assert (folder / "exercise_2_2.ipynb").read_text() == "later, by the exchange"
    # At the time of the first download, it was the older one in any case.
    assert collecting.collect(early)[0]["bob"].files == {"exercise_2_2.ipynb": OLDER}
    collecting.trust_times = True
    assert collecting.collect(again)[0]["bob"].files == {"exercise_2_2.ipynb": REPLACED}


@pytest.mark.parametrize("name", [*FOUND, NAME])
def test_what_was_noted_of_another_file_does_not_count(collecting, name):
    collecting.collect(collecting.archive({name: "first"}))
    folder = collecting.root / "submitted" / "bob" / "day2"
    (folder / "exercise_2_2.ipynb").write_text("the newest")
    (folder / "timestamp.txt").write_text("2026-11-28 10:00 UTC")
    second = collecting.archive(
        {name.replace("2_2.", "2_2-1.") if "_9_" in name else name: "second"},
        (2026, 11, 27, 9, 0, 0),
    )
    assert collecting.collect(second)[0]["bob"].files == {"exercise_2_2.ipynb": OLDER}
    assert (folder / "exercise_2_2.ipynb").read_text() == "the newest"


@pytest.mark.parametrize("name", FOUND)
def test_of_two_downloads_the_later_one_has_the_newer_file(collecting, name):
    collecting.collect(collecting.archive({name: "one"}))
    later = collecting.archive({name: "two"}, (2026, 11, 27, 9, 0, 0))
    assert collecting.collect(later)[0]["bob"].files == {"exercise_2_2.ipynb": REPLACED}


def test_one_archive_per_exercise_makes_one_submission(collecting):
    collecting.collect(collecting.archive({"bob/exercise_2_1.ipynb": "1"}, (2026, 11, 27, 8, 0, 0)))
    collecting.collect(collecting.archive({"bob/exercise_2_2.ipynb": "2"}))
    assert collecting.submitted() == {
        "bob/day2/exercise_2_1.ipynb": "1",
        "bob/day2/exercise_2_2.ipynb": "2",
        "bob/day2/timestamp.txt": "2026-11-27T08:00:00+00:00",
    }


@pytest.mark.parametrize("names", ["bob/{}/exercise_2_2.ipynb", "{}/bob/exercise_2_2.ipynb"])
def test_what_lies_in_a_folder_of_another_assignment_is_not_taken(collecting, names):
    """Its notebooks may have the same names, and be newer."""
    with collecting.gradebook() as gradebook:
        gradebook.add_assignment("day3")
        gradebook.add_notebook("exercise_2_2", "day3")
    own, other = names.format("day2"), names.format("day3")
    times = {own: (2026, 11, 26, 18, 0, 0), other: (2026, 11, 27, 18, 0, 0)}
    archive = collecting.archive({own: "of day 2", other: "of day 3"}, times)
    _, problems = collecting.collect(archive)
    assert collecting.submitted()["bob/day2/exercise_2_2.ipynb"] == "of day 2"
    assert problems == [f"{archive.name}: {other} is left out, with what lies in day3"]


def test_work_that_is_saved_in_the_wrong_folder_alone_is_taken(collecting):
    with collecting.gradebook() as gradebook:
        gradebook.add_assignment("day3")
    files = {"day2/exercise_2_1": "1", "day3/exercise_2_1": "other", "day3/exercise_2_2": "2"}
    archive = collecting.archive({f"bob/{name}.ipynb": text for name, text in files.items()})
    _, problems = collecting.collect(archive)
    submitted = collecting.submitted()
    assert submitted["bob/day2/exercise_2_1.ipynb"] == "1"
    assert "2" in [text for name, text in submitted.items() if name.endswith("2_2.ipynb")]
    (problem,) = problems
    assert "day3/exercise_2_1.ipynb is left out" in problem


def test_a_dry_run_writes_nothing(collecting):
    collecting.dry_run = True
    taken = collecting.collect(collecting.archive({NAME: "one"}))[0]["bob"]
    assert taken.files == {"exercise_2_2.ipynb": NEW}
    assert not (collecting.root / "submitted").exists()
    assert not (collecting.root / ".lxmls_nb").exists()


def test_damaged_notes_are_none(collecting):
    collecting.collect(collecting.archive({NAME: "one"}))
    [notes] = collecting.root.glob(".lxmls_nb/collected/day2/*.json")
    assert json.loads(notes.read_text())["exercise_2_2.ipynb"]["system"] == "a folder"
    notes.write_text('{"exercise_2_2.ipynb": {"time": 3, "attempt": "x"}}')
    newer = collecting.archive({NAME: "two"}, (2026, 11, 27, 9, 0, 0))
    assert collecting.collect(newer)[0]["bob"].files == {"exercise_2_2.ipynb": CONFLICT}
    notes.write_text("{")
    assert collecting.collect(newer)[0]["bob"].files == {"exercise_2_2.ipynb": REPLACED}


def test_a_folder_that_is_a_link_is_left_alone(collecting, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (collecting.root / "submitted" / "bob").mkdir(parents=True)
    (collecting.root / "submitted" / "bob" / "day2").symlink_to(tmp_path / "elsewhere")
    taken = collecting.collect(collecting.archive({NAME: "one"}))[0]["bob"]
    assert "is a link" in taken.problems[0]
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- when it was handed in ------------------------------------------------------------------------


def time_of(collecting, student: str = "bob") -> str | None:
    return collecting.submitted().get(f"{student}/day2/timestamp.txt")


def test_times_in_archives_are_in_the_course_s_zone(collecting):
    path = collecting.archive({NAME: "{}"}, (2026, 7, 1, 18, 0, 0))
    collecting.collect(path, zone="Europe/Lisbon")
    assert time_of(collecting) == "2026-07-01T17:00:00+00:00"


def test_times_in_utc_in_archives_are_read_as_such(collecting):
    path = collecting.root / "utc.zip"
    info = zipfile.ZipInfo(NAME, (2026, 7, 1, 18, 0, 0))
    info.extra = b"UT\x05\x00\x01" + (1782921600).to_bytes(4, "little")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "{}")
    collecting.collect(path, zone="Asia/Tokyo")
    assert time_of(collecting) == "2026-07-01T16:00:00+00:00"


@pytest.mark.parametrize("time", [(1980, 1, 1, 0, 0, 0), (2026, 13, 1, 0, 0, 0)])
def test_an_archive_without_times_makes_nobody_late(collecting, time):
    taken = collecting.collect(collecting.archive({NAME: "{}"}, time))[0]["bob"]
    assert time_of(collecting) is None
    assert "no time is known" in taken.notes[0]


def test_the_time_of_a_download_makes_nobody_late(collecting):
    collecting.due("2026-11-26 17:00 UTC")
    moodle = "Robert Moog_1_assignsubmission_file_/exercise_2_2.ipynb"
    late = "lovelaceada_LATE_123_4_exercise_2_2.ipynb"
    canvas = "dasilvasantoszoé_1_2_exercise_2_2.ipynb"
    everybody, _ = collecting.collect(collecting.archive(dict.fromkeys((moodle, canvas, late), "")))
    assert "whether it was late is not known" in everybody["bob"].problems[0]
    assert "not marked as late by Canvas" in everybody["zoé"].notes[0]
    assert everybody["zoé"].problems == []
    times = [time_of(collecting, student) for student in ("bob", "zoé", "ada")]
    assert times == [None, None, STAMP]


def test_a_due_date_that_is_set_later_makes_nobody_late_by_a_download(collecting):
    moodle = "Robert Moog_1_assignsubmission_file_/exercise_2_2.ipynb"
    late = "lovelaceada_LATE_123_4_exercise_2_2.ipynb"
    canvas = "dasilvasantoszoé_1_2_exercise_2_2.ipynb"
    path = collecting.archive(dict.fromkeys((moodle, canvas, late), ""))
    everybody, _ = collecting.collect(path)
    students = ("bob", "zoé", "ada")
    assert [time_of(collecting, student) for student in students] == [STAMP] * 3
    collecting.due("2026-11-26 17:00 UTC")
    collecting.dry_run = True
    collecting.collect(path)
    assert [time_of(collecting, student) for student in students] == [STAMP] * 3
    collecting.dry_run = False
    everybody, _ = collecting.collect(path)
    assert "whether it was late is not known" in everybody["bob"].problems[0]
    assert "not marked as late by Canvas" in everybody["zoé"].notes[0]
    assert [time_of(collecting, student) for student in students] == [None, None, STAMP]
    everybody, _ = collecting.collect(path)
    assert not any(taken.problems for taken in everybody.values())


def test_a_time_that_somebody_has_written_stays(collecting):
    moodle = "Robert Moog_1_assignsubmission_file_/exercise_2_2.ipynb"
    path = collecting.archive({moodle: ""})
    collecting.collect(path)
    written = "2026-11-26 19:30 UTC"
    (collecting.root / "submitted" / "bob" / "day2" / "timestamp.txt").write_text(written)
    collecting.due("2026-11-26 17:00 UTC")
    assert collecting.collect(path)[0]["bob"].problems == []
    assert time_of(collecting) == written


def test_times_that_differ_are_believed_and_all_can_be(collecting):
    collecting.due("2026-11-26 17:00 UTC")
    first = "al.k/exercise_2_2.ipynb"
    collecting.collect(
        collecting.archive(
            {NAME: "", first: ""}, {NAME: (2026, 11, 26, 18, 0, 0), first: (2026, 11, 25, 9, 0, 0)}
        )
    )
    assert time_of(collecting) == STAMP
    collecting.trust_times = True
    collecting.collect(collecting.archive({"ada/exercise_2_2.ipynb": ""}))
    assert time_of(collecting, "ada") == STAMP


def test_an_extension_counts_and_a_mark_that_does_not_fit_is_told(collecting):
    collecting.due("2026-11-26 17:00 UTC")
    with collecting.gradebook() as gradebook:
        gradebook.add_submission("day2", "bob")
        gradebook.grant_extension("day2", "bob", hours=2)
    taken = collecting.collect(collecting.archive({NAME: ""}))[0]["bob"]
    assert (time_of(collecting), taken.problems) == (STAMP, [])
    collecting.due("2026-11-27 17:00 UTC")
    name = "lovelaceada_LATE_123_4_exercise_2_2.ipynb"
    taken = collecting.collect(collecting.archive({name: ""}))[0]["ada"]
    assert "marked as late" in taken.problems[0]
