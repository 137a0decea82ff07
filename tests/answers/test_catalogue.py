"""Entries are read as they are written, and one that cannot be is named."""

from __future__ import annotations

import pytest

from tests.answers import catalogue
from tests.answers.catalogue import read_answers
from tests.answers.runner import CellScore, Score

NOTEBOOK = "exercise_2_1"
RIGHT = """\
# %% plain first-cell
# The plain way.
import numpy as np


def double(x):
    y = x
    y = y + x
    return y


# %% other second-cell
# To another cell.
y = 1
"""


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """Return a function that reads one wrong answer, given its changes of a right one."""
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    (tmp_path / NOTEBOOK).mkdir()
    (tmp_path / NOTEBOOK / "right.py").write_text(RIGHT)

    def read(changes: str, base: str = "plain", misleading: str = ""):
        header = f"# %% M1 first-cell cause=sum,sign{misleading} of={base}"
        entry = f"{header}\n# What is wrong.\n{changes}\n\n\n"
        (tmp_path / NOTEBOOK / "wrong.diff").write_text(entry)
        (answer,) = read_answers(NOTEBOOK, "wrong")
        return answer

    return read


def test_words_that_would_mislead_are_read(wrong):
    change = "-    return y\n+    return -y"
    assert wrong(change).misleading == ()
    answer = wrong(change, misleading=" not=sign,is_a_transpose_missing")
    assert answer.misleading == ("sign", "is a transpose missing")
    messages = ["In `double`: is A transpose missing?", "fine"]
    cells = [CellScore("test", 0, 1, message=message, cause="sum") for message in messages]
    assert Score(answer, cells).misleading == ["is a transpose missing"]
    assert Score(answer, [CellScore("test", 0, 1, "x", "sign")]).misleading == ["sign"]
    assert Score(answer, [CellScore("test", 0, 1, "x", "zero")]).misleading == []
    assert Score(answer, [CellScore("test", 0, 1, "x", "factor")]).misleading == ["factor"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            "-    y = y + x\n+    y = y * x",
            "import numpy as np\n\n\ndef double(x):\n    y = x\n    y = y * x\n    return y",
        ),
        (
            " def double(x):\n+    x = x + 1\n\n-    return y",
            "import numpy as np\n\n\ndef double(x):\n    x = x + 1\n    y = x\n    y = y + x",
        ),
        (
            "-    return y\n+    return -y\n\n-\n-\n-def double(x):\n+def double(x, y=0):",
            "import numpy as np\ndef double(x, y=0):\n    y = x\n    y = y + x\n    return -y",
        ),
        (
            "+import math\n import numpy as np",
            "import math\n" + RIGHT.split("\n\n\n# %%")[0].split("\n", 2)[2],
        ),
    ],
    ids=["changed", "added-and-taken-out", "in-any-order", "before-the-first"],
)
def test_changes_are_made(wrong, changes, expected):
    answer = wrong(changes)
    assert answer.code == expected
    assert (answer.description, answer.causes) == ("What is wrong.", ("sum", "sign"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("-    y = z\n+    y = 2", "there 0 times, not once:\n    y = z"),
        ("-\n+#", "there 2 times, not once"),
        ("-    y = x + x\n-    return y", "there 0 times"),  # it is no part of a line
        ("+    y = 2", "no old line"),
        ("", "begins with neither"),
        ("    y = x\n+    y = 2", "there 0 times, not once:\n   y = x"),  # a space is missing
        ("-    y = x\n\treturn 1", "begins with neither"),
        ("-    y = x\n-    y = y + x\n\n-    y = y + x\n-    return y", "two changes of the same"),
    ],
)
def test_changes_that_cannot_be_made_are_named(wrong, changes, message):
    with pytest.raises(ValueError, match=r"^2_1-M1, changes of plain: ") as caught:
        wrong(changes)
    assert message in str(caught.value)


@pytest.mark.parametrize("base", ["plane", "other"])
def test_a_base_that_is_no_answer_to_the_cell_is_named(wrong, base):
    with pytest.raises(
        ValueError, match=f"^2_1-M1: there is no right answer '{base}' to first-cell"
    ):
        wrong("-    return y", base)
