"""Notebooks are found under other names, in folders and in archives, where only one is meant."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
import zipfile

import nbformat
import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import LoggingConfigurable

from lxmls_grading.cells import grade_id
from lxmls_grading.intake import archives
from lxmls_grading.intake.exporter import SubmissionExporter
from lxmls_grading.intake.file_names import name_in
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.reasons import reasons_of
from tests.support.conversion import course_config
from tests.support.odd_course import originals, source_notebook, submission, without_marks
from tests.support.small_course import RIGHT
from tests.support.small_course import source_notebook as small_notebook
from tests.support.submissions import complete, reference_answers

#: The assignment: one notebook unlike the others, and two that only their names tell apart.
NAMES = ("shapes_1", "letters_1", "letters_10")


@pytest.fixture
def course(tmp_path):
    """A course whose assignment is written; nothing is released."""
    (tmp_path / "source" / "day2").mkdir(parents=True)
    for name in NAMES:
        made = source_notebook() if name == "shapes_1" else small_notebook()
        nbformat.write(made, tmp_path / "source" / "day2" / f"{name}.ipynb")
    (tmp_path / "submitted" / "ada" / "day2").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def folder(course):
    return course / "submitted" / "ada" / "day2"


@pytest.fixture
def read(course):
    """Return a function that reads a submitted notebook: its texts, and its reasons."""
    config = course_config()
    config.CourseDirectory.root = str(course)
    parent = LoggingConfigurable(config=config)
    parent.coursedir = CourseDirectory(config=config)
    exporter = SubmissionExporter(parent=parent, config=config)

    def call(name: str) -> tuple[str, dict[str, str]]:
        path = course / "submitted" / "ada" / "day2" / f"{name}.ipynb"
        notebook = exporter.read_submitted(str(path), "day2")
        text = "\n".join(cell.source for cell in notebook.cells)
        reasons: dict[str, str] = {}
        for each in reasons_of(notebook):
            reasons[each.kind] = f"{reasons.get(each.kind, '')} {each.text}".strip()
        return text, reasons

    return call


def shapes(text: str = "# mine", marks: bool = True):
    """Return a submission of the first notebook with a text of the student's own."""
    notebook = submission()
    notebook.cells.append(nbformat.v4.new_code_cell(text))
    return notebook if marks else without_marks(notebook)


def letters(text: str = RIGHT):
    notebook = small_notebook()
    notebook.cells[1].source = text
    return notebook


def blank():
    return originals().released


def put(folder, path: str, notebook) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(nbformat.writes(notebook))


def put_in_zip(path, **members) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, notebook in members.items():
            data = notebook if isinstance(notebook, bytes | str) else nbformat.writes(notebook)
            archive.writestr(name.replace("__", "/") + ".ipynb", data)


@pytest.mark.parametrize(
    "path",
    [
        *("shapes_1 (1).ipynb", "shapes_1-Copy1.ipynb", "Copy of shapes_1.ipynb"),
        *("smithada_LATE_12345_678_shapes_1-2.ipynb", "Shapes_1.IPYNB", "Shapes 1 final.ipynb"),
        *("Ada Smith_4711_assignsubmission_file_shapes_1.ipynb", "shapes_1.ipynb.json"),
        *("shapes_1.ipynb.txt", "day2/shapes_1.ipynb", "a/b/c/shapes_1 - Copy.ipynb"),
        *("Untitled.ipynb", "my work.ipynb", "wrong/letters_1.ipynb"),
    ],
)
@pytest.mark.parametrize("marks", [True, False])
def test_the_only_one_is_taken_with_a_reason(path, marks, folder, read):
    put(folder, path, shapes(marks=marks))
    for _ in range(2):  # a second time in the same process
        text, reasons = read("shapes_1")
        assert "# mine" in text
        assert list(reasons) == ["renamed"]
        assert f"shapes_1.ipynb was not handed in, and {path} was graded" in reasons["renamed"]
    assert list(read("letters_1")[1]) == ["missing"]


def test_one_in_an_archive_is_taken(folder, read):
    put_in_zip(folder / "work.zip", day2__shapes_1=shapes(), __MACOSX__x=shapes("# no"))
    text, reasons = read("shapes_1")
    assert "# mine" in text
    assert "work.zip/day2/shapes_1.ipynb was graded" in reasons["renamed"]


def test_a_notebook_under_the_name_of_another_is_told_by_its_cells(folder, read):
    put(folder, "shapes_1.ipynb", letters("mine, too"))
    put(folder, "letters_1.ipynb", shapes())
    text, reasons = read("shapes_1")
    assert "# mine" in text
    assert "letters_1.ipynb was graded in its place" in reasons["renamed"]
    # The other one could be letters_1 or letters_10, which have the same cells.
    text, reasons = read("letters_1")
    assert text == ""
    assert "in a file that cannot be graded: shapes_1.ipynb. Your" in reasons["uncertain"]


def test_one_under_the_name_of_another_is_named(folder, read):
    put(folder, "shapes_1.ipynb", letters("mine"))
    put(folder, "letters_1.ipynb", letters("mine"))
    text, reasons = read("shapes_1")
    assert text == ""
    assert "shapes_1.ipynb, which holds letters_1" in reasons["missing"]
    assert "mine" in read("letters_1")[0]


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("name", ["shapes_1", "letters_1", "all of it"])
def test_all_in_one_notebook_are_graded_from_it(name, marks, folder, read):
    notebook = shapes()
    released = read_originals(letters(), course_config()).released
    released.cells[1].source = "answers = {'a': 'the letters'}"
    notebook.cells += released.cells
    if not marks:
        without_marks(notebook)
    put(folder, f"{name}.ipynb", notebook)
    for each in ("shapes_1", "letters_1"):
        text, reasons = read(each)
        assert "# mine" in text
        assert "the letters" in text
        assert [*reasons] == ([] if each == name else ["renamed"])


def test_names_decide_where_cells_do_not(folder, read):
    put(folder, "x_letters_10 (2).ipynb", letters("first"))
    put(folder, "letters_1-Copy1.ipynb", letters("second"))
    assert "first" in read("letters_10")[0]
    assert "second" in read("letters_1")[0]
    put(folder, "notes.ipynb", letters("third"))  # it could be both
    assert "second" in read("letters_1")[0]


def test_of_several_none_is_taken(folder, read):
    put(folder, "shapes_1 (1).ipynb", shapes("# one"))
    put(folder, "shapes_1 (2).ipynb", shapes("# two"))
    text, reasons = read("shapes_1")
    assert text == ""
    assert "several files could be meant: shapes_1 (1).ipynb, shapes_1 (2)" in reasons["several"]


def test_copies_with_the_same_answers_are_one(folder, read):
    put(folder, "shapes_1 (1).ipynb", shapes())
    put(folder, "more/shapes_1 (2).ipynb", shapes())
    put(folder, "shapes_1 (3).ipynb", blank())
    assert list(read("shapes_1")[1]) == ["renamed"]


def test_the_right_name_in_a_folder_counts_before_copies(folder, read):
    put(folder, "day2/shapes_1.ipynb", shapes("# proper"))
    put(folder, "day2/shapes_1-Copy1.ipynb", shapes("# copy"))
    text, reasons = read("shapes_1")
    assert "# proper" in text
    assert "day2/shapes_1-Copy1.ipynb not" in reasons["left out"]


def test_the_right_name_counts_before_copies(folder, read):
    put(folder, "shapes_1.ipynb", shapes("# proper"))
    put(folder, "shapes_1-Copy1.ipynb", shapes("# proper"))
    assert read("shapes_1")[1] == {}
    put(folder, "shapes_1-Copy1.ipynb", shapes("# copy"))
    text, reasons = read("shapes_1")
    assert "# proper" in text
    assert list(reasons) == ["left out"]


def test_a_copy_counts_where_the_right_name_is_blank_or_damaged(folder, read):
    put(folder, "shapes_1-Copy1.ipynb", shapes("# copy"))
    put(folder, "shapes_1.ipynb", blank())
    text, reasons = read("shapes_1")
    assert "# copy" in text
    assert "shapes_1.ipynb holds no answer" in reasons["renamed"]
    (folder / "shapes_1.ipynb").write_text("{")
    text, reasons = read("shapes_1")
    assert "# copy" in text
    assert "shapes_1.ipynb could not be read" in reasons["renamed"]


def test_a_damaged_one_without_copies_stays_damaged(folder, read):
    (folder / "shapes_1.ipynb").write_text("{")
    (folder / "shapes_1-Copy1.ipynb").write_text("{")
    assert list(read("shapes_1")[1]) == ["unreadable"]


def test_a_missing_one_is_called_missing(folder, read):
    text, reasons = read("shapes_1")
    assert text == ""
    assert reasons == {"missing": "shapes_1.ipynb was not handed in, and gets no points."}
    put(folder, "other.ipynb", nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))
    (folder / "notes.txt").write_text("x")
    assert "(other files there: other.ipynb)" in read("shapes_1")[1]["missing"]


def test_a_blank_one_is_taken_as_blank(folder, read):
    put(folder, "shapes_1 (1).ipynb", blank())
    put(folder, "shapes_1 (2).ipynb", blank())
    assert list(read("shapes_1")[1]) == ["renamed"]


def test_links_are_not_looked_at(course, folder, read):
    put(course, "elsewhere/shapes_1.ipynb", shapes())
    (folder / "shapes_1 (1).ipynb").symlink_to(course / "elsewhere" / "shapes_1.ipynb")
    (folder / "all").symlink_to(course / "elsewhere")
    os.mkfifo(folder / "shapes_1 (2).ipynb")
    assert list(read("shapes_1")[1]) == ["missing"]


def test_hostile_archives_give_nothing(folder, read, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 100_000)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("shapes_1.ipynb", nbformat.writes(shapes()))
    put_in_zip(folder / "bomb.zip", shapes_1=b" " * 50_000_000)
    put_in_zip(folder / "up.zip", **{"..__..__shapes_1": shapes()})
    with zipfile.ZipFile(folder / "nested.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    (folder / "cut.zip").write_bytes((folder / "up.zip").read_bytes()[:-30])
    (folder / "text.zip").write_text("PK\x03\x04")
    text, reasons = read("shapes_1")
    assert text == ""
    assert list(reasons) == ["uncertain"]
    # One that lies about its size.
    data = bytearray((folder / "bomb.zip").read_bytes())
    size = (50_000_000).to_bytes(4, "little")
    (folder / "bomb.zip").write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    assert list(read("shapes_1")[1]) == ["uncertain"]
    for path in folder.glob("*.zip"):
        path.unlink()
    put_in_zip(folder / "many.zip", **{f"n{number}": "{}" for number in range(5000)})
    assert list(read("shapes_1")[1]) == ["uncertain"]


def test_a_name_cannot_be_misused(folder, read):
    put(folder, "shapes_1 <script>\n" + "x" * 150 + ".ipynb", shapes())
    text = read("shapes_1")[1]["renamed"]
    assert "\n" not in text
    assert len(text) < 200


def test_a_folder_that_is_a_link_is_not_searched(course, folder, read):
    put(course, "elsewhere/shapes_1 (1).ipynb", shapes())
    shutil.rmtree(folder)
    folder.symlink_to(course / "elsewhere")
    assert list(read("shapes_1")[1]) == ["unreadable"]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        *(("lab_1 (2)", "lab_1"), ("lab_10", "lab_10"), ("lab_10-Copy1", "lab_10")),
        *(("LAB_1", "lab_1"), ("lab 1", None), ("lab 10", None), ("smith_1_2_lab_1-3", "lab_1")),
        *(("lab (1)", "lab"), ("lab_100", "lab"), ("collab_1", None), ("label", None), ("", None)),
    ],
)
def test_the_longest_name_that_fits_counts(stem, name):
    assert name_in(stem, ["lab", "lab_1", "lab_10"]) == name


def test_what_is_no_json_is_not_taken(folder, read):
    (folder / "shapes_1 (1).ipynb").write_text(json.dumps([1]))
    assert list(read("shapes_1")[1]) == ["uncertain"]


def pack(path, content: bytes = b"") -> None:
    """Write an archive, of notebooks that nobody can see."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + content)


@pytest.mark.parametrize(
    "name",
    [
        *("work.7z", "Day2.RAR", "a/b/day2.tar.gz", "shapes_1.ipynb.gz", "work (1).zip"),
        *("work.zipx", "Untitled.url", "shapes_1.webloc"),
        *("shapes_1.html", "shapes_1.py", "Shapes 1.pdf", "shapes_1.docx", "shapes_1 (1).ipynb"),
        *("Untitled.ipynb", "shapes_1.ipynb.txt"),
    ],
)
@pytest.mark.parametrize("with_blank", [False, True])
def test_what_cannot_be_read_waits_for_a_person(name, with_blank, folder, read):
    pack(folder / name)
    if with_blank:
        put(folder, "shapes_1.ipynb", blank())
    text, reasons = read("shapes_1")
    assert text == ""
    assert list(reasons) == ["uncertain"]
    assert f"in a file that cannot be graded: {name}. Your" in reasons["uncertain"]
    state = "holds no answer" if with_blank else "was not handed in"
    assert reasons["uncertain"].startswith(f"shapes_1.ipynb {state}.")


@pytest.mark.parametrize(
    "name",
    [
        *("letters_10.html", "picture.png", "notes.txt", "x.csv.gz"),
        *("shapes_1_plot.png", "shapes_1/notes.txt", "shapes_1.csv"),
        *("data.zip", "shapes_1_tools.py", "day2/data.zip"),  # the assignment's own
        *("venv/lib/python3.11/site-packages/zones.tar.gz", ".git/objects/x.zip"),
    ],
)
def test_nobody_waits_for_what_is_something_else(course, name, folder, read):
    pack(folder / name)
    if "data.zip" in name or "tools" in name:
        pack(course / "source" / "day2" / name.removeprefix("day2/"))
    assert list(read("shapes_1")[1]) == ["missing"]


def test_an_archive_with_the_name_of_one_notebook_may_hold_all_where_there_is_no_other(
    folder, read
):
    pack(folder / "letters_1.7z")
    assert "letters_1.7z" in read("shapes_1")[1]["uncertain"]
    put(folder, "letters_10.ipynb", letters("mine"))
    assert list(read("shapes_1")[1]) == ["missing"]
    assert "letters_1.7z" in read("letters_1")[1]["uncertain"]


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("My notebook: https://colab.research.google.com/drive/1abc?usp=sharing", True),
        ("https://github.com/ada/day2/blob/main/shapes_1.ipynb", True),
        ("I have read https://docs.python.org/3/", False),
    ],
)
def test_a_link_to_a_notebook_waits(text, waits, folder, read):
    (folder / "link.txt").write_text(text)
    assert list(read("shapes_1")[1]) == ["uncertain" if waits else "missing"]


def test_a_notebook_of_marimo_waits_though_its_cells_are_functions(folder, read):
    cell = (
        "@app.cell\ndef _(math):\n    def area(radius):\n        return math.pi\n    return (area,)"
    )
    (folder / "day2.py").write_text(f"import marimo\napp = marimo.App()\n\n{cell}\n")
    assert list(read("shapes_1")[1]) == ["uncertain"]
    (folder / "day2.py").write_text(cell.replace("@app.cell", "@cache"))
    assert list(read("shapes_1")[1]) == ["missing"]


def test_backslashes_in_an_archive_part_folders(folder, read):
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        member = zipfile.ZipInfo("x")
        member.filename = "day2\\shapes_1.ipynb"
        archive.writestr(member, nbformat.writes(shapes()))
    assert "work.zip/day2/shapes_1.ipynb was graded" in read("shapes_1")[1]["renamed"]


def test_all_in_one_notebook_are_graded_from_it_where_they_have_as_many_cells(course, folder, read):
    other = source_notebook()
    for cell in other.cells:
        cell.source = cell.source.replace("area", "rim").replace("Square", "Cube")
        cell.source = cell.source.replace("double", "twice").replace("answers", "replies")
        cell.metadata.nbgrader.grade_id += "-b"
    nbformat.write(other, course / "source" / "day2" / "letters_1.ipynb")
    released = read_originals(other, course_config()).released
    notebook = shapes()
    notebook.cells += complete(released, reference_answers(other)).cells
    put(folder, "all of it.ipynb", notebook)
    assert [*read("shapes_1")[1], *read("letters_1")[1]] == ["renamed", "renamed"]
    put(folder, "all of it.ipynb", shapes())  # cells of both have the same ids
    assert "renamed" not in read("letters_1")[1]


def write_zip(path, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr(name, data)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("day2/shapes_1.html", zipfile.ZIP_DEFLATED), ("../shapes_1.ipynb", zipfile.ZIP_STORED)),
        ("d" * 510 + "/shapes_1.ipynb", zipfile.ZIP_STORED),
        *(("shapes_1.ipynb", zipfile.ZIP_BZIP2), ("shapes_1.ipynb", zipfile.ZIP_LZMA)),
    ],
)
def test_what_an_archive_holds_and_is_not_read_waits(name, how, folder, read):
    write_zip(folder / "work.zip", name, nbformat.writes(shapes()).encode(), how)
    assert "shapes_1." in read("shapes_1")[1]["uncertain"].partition("file that cannot")[2]


def test_long_names_in_an_archive_take_no_time(folder, read):
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        for number in range(20):
            archive.writestr("a/" * 32_000 + f"{number}.ipynb", "{}")
    start = time.monotonic()
    assert "uncertain" in read("shapes_1")[1]
    assert time.monotonic() - start < 5


def test_an_archive_with_too_many_files_waits(folder, read, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 100)
    put_in_zip(folder / "a.zip", **{f"{number}": "{}" for number in range(101)})
    assert "a.zip" in read("shapes_1")[1]["uncertain"]


def test_a_large_notebook_in_an_archive_is_read(folder, read):
    large = shapes()
    large.cells[-1].outputs = [nbformat.v4.new_output("stream", text="x" * 11_000_000)]
    put_in_zip(folder / "work.zip", shapes_1=large)
    assert list(read("shapes_1")[1]) == ["renamed"]


def test_the_nearest_of_many_notebooks_are_looked_at(folder, read):
    for number in range(50):
        put(folder, f"a/b/{number}.ipynb", nbformat.v4.new_notebook())
    put(folder, "work/mine.ipynb", shapes())
    assert list(read("shapes_1")[1]) == ["renamed"]


def with_cell(text: str, kind: str = "markdown"):
    """Return the notebook as it was released, with a cell of the student's own."""
    notebook = blank()
    notebook.cells.insert(1, getattr(nbformat.v4, f"new_{kind}_cell")(text))
    return notebook


def edited(name: str, change):
    """Return the notebook as it was released, with the text of a cell changed."""
    notebook = blank()
    (cell,) = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name
    ]
    cell.source = change(cell.source)
    return notebook


#: Notebooks without an answer, in which a student has left a trace.
TRACES = {
    "a name": with_cell("**Name:** Ada Lovelace"),
    "a trial": with_cell("x = 1", "code"),
    "only pass": edited("area", lambda text: text.replace("raise NotImplementedError()", "pass")),
    "an import": edited("imports", lambda text: f"import math\n{text}"),
}


@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("path", ["shapes_1-Copy1.ipynb", "final/shapes_1.ipynb"])
def test_a_copy_counts_where_the_right_name_has_traces_alone(trace, path, folder, read):
    put(folder, "shapes_1.ipynb", TRACES[trace])
    put(folder, path, shapes())
    text, reasons = read("shapes_1")
    assert "# mine" in text
    assert reasons["renamed"].startswith("shapes_1.ipynb holds no answer, and ")


@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("name", ["work.7z", "shapes_1.html", "Untitled.ipynb"])
def test_it_waits_where_only_traces_lie_beside_what_cannot_be_read(trace, name, folder, read):
    put(folder, "shapes_1.ipynb", TRACES[trace])
    pack(folder / name)
    assert name in read("shapes_1")[1]["uncertain"]


@pytest.mark.parametrize(
    "cell",
    [
        nbformat.v4.new_code_cell("def area(width, height):\n    return width * height"),
        nbformat.v4.new_code_cell("%run my_shapes.py"),
        nbformat.v4.new_code_cell("from my_shapes import *"),
        nbformat.v4.new_code_cell("exec(open('area.txt').read())"),
    ],
)
def test_an_answer_in_a_cell_of_ones_own_is_one(cell, folder, read):
    notebook = with_cell("An essay on circles in a cell of one's own.")
    notebook.cells.append(cell)
    put(folder, "shapes_1.ipynb", notebook)
    put(folder, "shapes_1-Copy1.ipynb", shapes())
    text, reasons = read("shapes_1")
    assert cell.source in text
    if "def area" in cell.source:  # what other code may define is not certain to be lacking
        assert "no answer in the cells shapes, answers, as shapes_1-Copy1.ipynb has" in (
            reasons.pop("set aside")
        )
    assert list(reasons) == ["left out"]


def test_an_answer_that_only_a_copy_has_waits(folder, read):
    first, second = shapes(), shapes()
    for notebook, name in ((first, "area"), (second, "shapes")):
        (cell,) = [c for c in notebook.cells if grade_id(c) == name]
        cell.source = originals().known[name].source
    put(folder, "shapes_1.ipynb", first)
    put(folder, "shapes_1 (1).ipynb", second)
    reasons = read("shapes_1")[1]
    assert [*reasons] == ["left out", "set aside"]
    assert "no answer in the cell area, as shapes_1 (1).ipynb has" in reasons["set aside"]
    (folder / "shapes_1.ipynb").rename(folder / "shapes_1-Copy1.ipynb")
    assert [*read("shapes_1")[1]] == ["several"]


def test_an_essay_in_a_cell_of_ones_own_is_an_answer(folder, read):
    put(folder, "shapes_1.ipynb", with_cell("A circle is round since its radius is one."))
    put(folder, "shapes_1-Copy1.ipynb", shapes())
    (folder / "picture.pdf").write_bytes(b"%PDF")
    text, reasons = read("shapes_1")
    assert "A circle is round" in text
    assert "renamed" not in reasons


@pytest.mark.parametrize("with_blank", [False, True])
def test_a_new_notebook_with_an_answer_waits(with_blank, folder, read):
    new = nbformat.v4.new_notebook()
    new.cells.append(nbformat.v4.new_code_cell("def area(width, height):\n    return 0"))
    put(folder, "my work.ipynb", new)
    if with_blank:
        put(folder, "shapes_1.ipynb", blank())
    assert "my work.ipynb" in read("shapes_1")[1]["uncertain"]
    new.cells[0].source = "def volume():\n    return 0"
    put(folder, "my work.ipynb", new)
    assert "uncertain" not in read("shapes_1")[1]


CODE = b"import math\n\ndef area(width, height):\n    return width * height\n"


@pytest.mark.parametrize(
    ("name", "content", "waits"),
    [
        *(
            ("mywork.py", CODE, True),
            ("Day2 Smith.pdf", b"%PDF", True),
            ("a/Day 2.docx", b"", True),
        ),
        ("day2.html", b"<span>def</span> <span>area</span>(width)", True),
        *(("helpers.py", b"def volume(): pass", False), ("README.md", b"My area.", False)),
        *(("day2.html", b"areas", False), ("letters_1.pdf", b"%PDF", False)),
        ("letters_1.py", CODE, False),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_files_without_its_name_wait_if_they_may_hold_an_answer(
    name, content, waits, packed, folder, read
):
    if packed:
        write_zip(folder / "all.zip", name, content)
    else:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    reasons = read("shapes_1")[1]
    assert list(reasons) == ["uncertain" if waits else "missing"]
    assert (name in reasons.get("uncertain", "")) == waits


def without_words():
    """Return a submission whose answer in words is empty."""
    notebook = submission()
    (empty,) = [cell for cell in blank().cells if cell.get("id") == "essay"]
    (essay,) = [cell for cell in notebook.cells if cell.get("id") == "essay"]
    essay.source = empty.source
    return notebook


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        *(("comments.md", True), ("Day 2 Smith.pdf", True), ("shapes_1.docx", True)),
        *(("README.md", False), ("notes.txt", False), ("letters_1.pdf", False)),
        *(("LICENSE.md", False), ("site/index.html", False)),
        *(("tools.py", False), ("guide.pdf", False)),
    ],
)
def test_an_empty_answer_in_words_may_be_in_a_document(course, name, waits, folder, read):
    (course / "source" / "day2" / "guide.pdf").write_bytes(b"%PDF")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"words")
    put(folder, "shapes_1.ipynb", without_words())
    text, reasons = read("shapes_1")
    assert "math.pi" in text
    assert list(reasons) == ["set aside"] * waits
    assert (f"may be in {name}" in reasons.get("set aside", "")) == waits
    put(folder, "shapes_1.ipynb", submission())
    assert read("shapes_1")[1] == {}


@pytest.mark.parametrize("name", ["work.zip", "shapes_1 (1).ipynb"])
def test_what_is_too_large_waits_too(name, folder, read):
    put(folder, "a.ipynb", shapes())
    (folder / "a.ipynb").rename(folder / name)
    os.truncate(folder / name, 150_000_000)  # it takes up no space
    for number in range(3):
        (folder / f"data-{number}.csv").touch()
        os.truncate(folder / f"data-{number}.csv", 50_000_000)
    assert name in read("shapes_1")[1]["uncertain"]


def test_nobody_waits_where_there_is_an_answer(folder, read):
    pack(folder / "work.7z")
    pack(folder / "shapes_1.html")
    put(folder, "shapes_1.ipynb", shapes())
    assert read("shapes_1")[1] == {}
    (folder / "shapes_1.ipynb").rename(folder / "shapes_1 (1).ipynb")
    assert list(read("shapes_1")[1]) == ["renamed"]


def test_a_notebook_is_found_beside_a_thousand_files(folder, read):
    """Those of a virtual environment, or of data."""
    for number in range(1100):
        path = folder / ".venv" / "lib" / "site-packages" / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        (folder / "pictures").mkdir(exist_ok=True)
        (folder / "pictures" / f"{number}.png").touch()
    put(folder, "work/day2/shapes_1.ipynb", shapes())
    assert list(read("shapes_1")[1]) == ["renamed"]


def test_a_large_notebook_is_read_as_in_its_place(folder, read):
    large = shapes()
    large.cells[-1].outputs = [nbformat.v4.new_output("stream", text="x" * 11_000_000)]
    put(folder, "shapes_1.ipynb", large)
    assert read("shapes_1")[1] == {}
    (folder / "shapes_1.ipynb").rename(folder / "shapes_1 (1).ipynb")
    assert list(read("shapes_1")[1]) == ["renamed"]


@pytest.mark.parametrize("beside", [None, blank], ids=["alone", "beside a blank one"])
def test_a_checkpoint_with_an_answer_waits(beside, folder, read):
    """JupyterLab's copy may be an older one: it is not graded, and nobody is told to have none."""
    copy = ".ipynb_checkpoints/shapes_1-checkpoint.ipynb"
    if beside:
        put(folder, "shapes_1.ipynb", beside())
    put(folder, copy, blank())
    assert list(read("shapes_1")[1]) == ([] if beside else ["missing"])
    put(folder, copy, shapes())
    assert copy in read("shapes_1")[1]["uncertain"]
    put(folder, "shapes_1.ipynb", shapes("# the newer one"))
    assert read("shapes_1")[1] == {}
    shutil.move(folder / ".ipynb_checkpoints", folder.parent / "elsewhere")
    (folder / "shapes_1.ipynb").unlink()
    (folder / ".ipynb_checkpoints").symlink_to(folder.parent / "elsewhere")
    assert list(read("shapes_1")[1]) == ["missing"]
