"""What only Google Colab can run keeps nothing else of a cell from running."""

from __future__ import annotations

import time

import pytest

from lxmls_grading.cells import grade_id
from lxmls_grading.intake.colab import LEFT_OUT, without_colab
from lxmls_grading.intake.rebuild import rebuild
from tests.support.odd_course import AREA, cell, originals, own, submission

MOUNT = "from google.colab import drive\ndrive.mount('/content/drive', force_remount=True)\n"


def left(source: str) -> list[str]:
    """Return the lines of code that are left of it."""
    lines = zip(without_colab(source).split("\n"), source.split("\n"), strict=True)
    assert all(new in (old, LEFT_OUT + old) for new, old in lines)
    return [line for line in without_colab(source).split("\n") if not line.startswith(LEFT_OUT)]


@pytest.mark.parametrize(
    "lines",
    [
        MOUNT,
        "from google.colab import drive as d\nd.mount('/x')\nd.flush_and_unmount()",
        "import google.colab\ngoogle.colab.drive.mount('/x')",
        "import google.colab as gc\ngc.files.download('x')",
        "from google import colab\ncolab.auth.authenticate_user()",
        "from google.colab.patches import cv2_imshow\ncv2_imshow(\n    1,\n)",
        "from google.colab import files; uploaded = files.upload()",
        "# my drive\n%matplotlib inline\nfrom google.colab import (\n    drive,\n    files,\n)",
    ],
)
def test_its_lines_are_left_out(lines):
    rest = left(f"import numpy as np\n{lines}\nx = 1\n")
    assert rest[0] == "import numpy as np"
    assert rest[-2:] == ["x = 1", ""]
    assert not any("colab" in line or "(" in line for line in rest)


@pytest.mark.parametrize(
    "source",
    [
        *("x = 1", MOUNT, "from google.colab import drive", "# google.colab\nx = 1"),
        "try:\n    from google.colab import drive\nexcept ImportError:\n    drive = None\nx = 1",
        "import sys\nif 'google.colab' in sys.modules:\n    from google.colab import files\nx = 1",
        "def f():\n    from google.colab import files\n    return files",
        "from google.colab import drive; x = 1",
        "import numpy, google.colab\nx = 1",
        "from google.cloud import storage\nstorage.Client()",
        "from google.colab import (\nx = 1",
        "x = 1\nfrom google.colab import (\n  drive); y = 2",
        "from google.colab import files\nfor name in files.upload():\n    x = 1",
        "from google.colab import files\nup = files.upload()\nx = len(up)",
        "from google.colab import userdata\nkey = userdata.get('K')\nprint(f'{key}')",
        "# works in colab\nprint(f\"{'\U0001f469\u200d\U0001f4bb'}\")",
        "# colab\nx = " + "+".join(["1"] * 400),
        "# colab\nx = a" + ".b()" * 200,
        "# colab\nx = " + "(" * 500,
    ],
)
def test_all_else_is_as_it_was(source):
    assert without_colab(source) == source


@pytest.mark.parametrize(
    "above", ["\n\n%%time\n", "%%time\n", "\n\n", "\f\n", "s = '''a\\n\\nb'''\n"]
)
def test_lines_are_found_below_others(above):
    rest = left(f"{above}import numpy as np\n{MOUNT}x = 1")
    assert "\n".join(rest) == f"{above}import numpy as np\nx = 1"


def test_a_name_that_is_taken_again_is_the_students():
    source = "from google.colab import files\nfiles = []\nfiles.append(1)\n"
    assert left(source) == ["files = []", "files.append(1)", ""]


def test_an_answer_and_what_stands_beside_it_run():
    notebook = submission()
    cell(notebook, "area").source = MOUNT + AREA
    notebook.cells.insert(3, own(MOUNT + "def helper(): return 1"))
    notebook.cells.insert(4, own(MOUNT))
    rebuilt, (only,) = rebuild(notebook, originals())
    assert (only.kind, only.cells) == ("repaired", ("area",))
    assert "were left out of the answer area and cells of your own" in only.text
    for each in rebuilt.cells:
        if each.source == MOUNT:
            continue  # nothing is lost if it fails
        if grade_id(each) == "area" or "helper" in each.source:
            exec(each.source, {})


def test_what_colab_gave_and_another_cell_reads_stays():
    """It fails there, and what needs it waits for a person."""
    notebook = submission()
    upload = "from google.colab import files\nuploaded = files.upload()\nx = 1"
    cell(notebook, "area").source = "print(uploaded)\n" + AREA
    notebook.cells.insert(3, own(upload))
    rebuilt, reasons = rebuild(notebook, originals())
    assert upload in [each.source for each in rebuilt.cells]
    assert reasons == []


def test_lines_that_share_lines_take_no_time():
    source = "from google.colab import files as a\n" + "a(\n);" * 10_000 + "x = 1\n"
    start = time.monotonic()
    assert without_colab(source) == source
    assert time.monotonic() - start < 5


def test_cells_of_the_course_are_as_they_were():
    assert rebuild(submission(), originals())[1] == []
