"""Odd but honest notebooks: no repair destroys an answer, and every repair is a reason."""

from __future__ import annotations

import copy
import platform
import sys
import time
from dataclasses import dataclass, field

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lxmls_grading.cells import grade_id, note_python
from lxmls_grading.intake import elsewhere, repairs
from lxmls_grading.intake.answered import may_hold_answer
from lxmls_grading.intake.originals import read_originals
from lxmls_grading.intake.rebuild import rebuild
from lxmls_grading.listing import list_names
from tests.support.conversion import course_config
from tests.support.odd_course import (
    ANSWERS,
    AREA,
    ESSAY,
    SHAPES,
    TESTS,
    cell,
    originals,
    own,
    passed,
    place,
    source_notebook,
    stub,
    submission,
    twin,
    without_marks,
)
from tests.support.rebuilding import assert_sound
from tests.support.small_course import marks
from tests.support.submissions import complete

LONG = "def area(radius):\n    square = radius**2\n    return math.pi * square"
EARLY = "def area(radius):\n    if not radius:\n        return 0\n    return math.pi * radius**2"
DRAFT = "    def __init__(self, side):\n        self.side = 0"
BROKEN = "def area(radius):\n    return ((("
#: The same answer as other programs write it, and in ways that are seen only when it runs.
PROMPTS = ">>> def area(radius):\n...     return math.pi * radius**2"
NUMBERS = "In [5]: def area(radius):\n   ...:     return math.pi * radius**2"
INDENTED = AREA.replace("def", "    def").replace("    return", "        return")
UNSEEN = {
    "exec": f"exec({AREA!r})",
    "a global name": "def make():\n    global area\n    area = lambda r: math.pi * r**2\n\nmake()",
    "a walrus": "print(area := lambda radius: math.pi * radius**2)",
    "all names": "globals()['area'] = lambda radius: math.pi * radius**2",
}
ROUND = "It is round, as all circles are."
OTHER = "def area(radius):\n    return 0"


@dataclass(frozen=True)
class Odd:
    """A change of a right submission.

    Attributes
    ----------
    change : callable
        Changes the notebook.
    kinds : set of str
        The kinds of reasons that it has.
    says : str
        A part of the reasons' texts.
    fails : set of str
        The tests that fail.
    aside : set of str
        Cells that wait for a person.
    keeps : tuple of str
        Texts that are still somewhere in the notebook.
    """

    change: object
    kinds: set = field(default_factory=set)
    says: str = ""
    fails: set = field(default_factory=set)
    aside: set = field(default_factory=set)
    keeps: tuple = (ESSAY,)


def take(notebook, name: str):
    """Remove a cell, and return its index."""
    index = place(notebook, name)
    del notebook.cells[index]
    return index


def rewritten(name: str, text: str, offset: int = 0, make=None):
    """Delete an answer, and write it into a new cell."""

    def change(notebook):
        index = take(notebook, name)
        notebook.cells.insert(index + offset, own(text, *([make] if make else [])))

    return change


def at_the_end(name: str, text: str):
    def change(notebook):
        take(notebook, name)
        notebook.cells.append(own(text))

    return change


def merged(name: str, into: str, first: bool = False):
    """Delete an answer, and put its text into another cell."""

    def change(notebook):
        text = cell(notebook, name).source
        take(notebook, name)
        other = cell(notebook, into)
        parts = [text, other.source] if first else [other.source, text]
        other.source = "\n\n".join(parts)

    return change


def merge(into: str, *names: str, joint: str):
    """Merge cells below one another as editors do, which keep the marks of one."""

    def change(notebook):
        text = joint.join(cell(notebook, name).source for name in names)
        kept = cell(notebook, into)
        for name in names:
            if name != into:
                take(notebook, name)
        kept.source = text

    return change


def split_at(word: str, *marked: bool):
    """Split the answer `area` before a line with a word; each half may keep the marks."""

    def change(notebook):
        head, tail = cell(notebook, "area").source.split(f"\n    {word}")
        parts = head, f"    {word}{tail}"
        halves = [
            twin(notebook, "area", text) if is_marked else own(text)
            for text, is_marked in zip(parts, marked, strict=True)
        ]
        index = take(notebook, "area")
        notebook.cells[index:index] = halves

    return change


def split_shapes(line: str, is_marked: bool):
    """Put lines of the class `Square` into a cell below the answer `shapes`."""

    def change(notebook):
        first, second = SHAPES.split("\n\n\n")
        head, tail = f"{second}\n\n\n{first}", f"{line}\n        return 2 * self.side"
        index = place(notebook, "shapes")
        below = twin(notebook, "shapes", tail) if is_marked else own(tail)
        notebook.cells[index : index + 1] = [twin(notebook, "shapes", head), below]

    return change


def copies(name: str, *texts: tuple[int, str]):
    """Add copies of an answer with its marks, each so many cells below it (above: negative)."""

    def change(notebook):
        for offset, text in sorted(texts, reverse=True):
            where = place(notebook, name) + offset
            notebook.cells.insert(where, twin(notebook, name, text))

    return change


def both(*changes):
    def change(notebook):
        for each in changes:
            each(notebook)

    return change


def text_of(name: str, text: str):
    def change(notebook):
        cell(notebook, name).source = text

    return change


def insert(after: str, *cells):
    def change(notebook):
        index = place(notebook, after) + 1
        notebook.cells[index:index] = copy.deepcopy(list(cells))

    return change


def delete(*names: str):
    def change(notebook):
        for name in names:
            take(notebook, name)

    return change


def no_marks(notebook):
    without_marks(notebook)


def no_marks_but_ids(notebook):
    without_marks(notebook, ids=True)


def formatted(notebook):
    for each in notebook.cells:
        if each.cell_type == "code":
            each.source = each.source.replace("'", '"').replace(" == ", "  ==  ")


def marks_of_one_lost(notebook):
    cell(notebook, "area").metadata = {}


def split(notebook):
    """As JupyterLab splits a cell: both parts keep the marks."""
    head, tail = SHAPES.split("\n\n\n")
    cell(notebook, "shapes").source = tail
    notebook.cells.insert(place(notebook, "shapes"), twin(notebook, "shapes", head))


def second_part_in_test(notebook):
    head, tail = SHAPES.split("\n\n\n")
    cell(notebook, "shapes").source = head
    cell(notebook, "test-shapes").source = f"{tail}\n\n{TESTS['test-shapes']}"


def two_own_parts(notebook):
    head, tail = SHAPES.split("\n\n\n")
    index = take(notebook, "shapes")
    notebook.cells[index:index] = [own(head), own(tail)]


def made_text(notebook):
    each = cell(notebook, "area")
    each.cell_type = "markdown"
    del each["outputs"], each["execution_count"]


def numbered(notebook):
    """New ids, which are those that other cells had."""
    without_marks(notebook)
    names = [*originals().known]
    for each, name in zip(notebook.cells[2:], names, strict=False):
        each.id = name


def moved_below(name: str, other: str):
    def change(notebook):
        taken = notebook.cells.pop(place(notebook, name))
        notebook.cells.insert(place(notebook, other) + 1, taken)

    return change


def draft_with_the_id(notebook):
    """Of two cells with one id, an editor gives the second another one."""
    cell(notebook, "area").id = "another"
    draft = own(OTHER)
    draft.id = "area"
    notebook.cells.insert(place(notebook, "task"), draft)


def duplicated_imports(notebook):
    """A copy of a given cell above it, to which lines were added: it is an own cell."""
    index = place(notebook, "imports")
    notebook.cells.insert(index, twin(notebook, "imports", "import math\nimport statistics"))


AREA_CELLS = {"area", "test-area"}
MD = new_markdown_cell

# fmt: off
ODD = {
    "as it should be": Odd(lambda notebook: None),
    "own cells": Odd(insert("area", own("x = area(2)"), own("A note", MD))),
    # --- an answer deleted and written anew
    "deleted, anew in its place": Odd(rewritten("area", AREA), {"repaired"}, "a cell of your own"),
    "deleted, anew below prose": Odd(rewritten("area", AREA, -1), {"repaired"}, "own"),
    **{
        f"deleted, anew with {what}": Odd(rewritten("area", text, offset), {"repaired"}, "found in")
        for what, text in {"prompts": PROMPTS, "numbers": NUMBERS, "spaces": INDENTED}.items()
        for offset in (0,)
    },
    "deleted, anew, prompts below prose": Odd(rewritten("area", PROMPTS, -1), {"repaired"}, "own"),
    **{
        f"deleted, anew by {what}, {offset}": Odd(
            rewritten("area", text, offset), {"repaired"}, "answer may come from another cell"
        )
        for what, text in UNSEEN.items()
        for offset in (0, -1)
    },
    "the second part in a copy below": Odd(
        both(
            text_of("shapes", SHAPES.replace("return Square(2 * square.side)", "raise ValueError")),
            copies("shapes", (1, "def double(square):\n    return Square(2 * square.side)")),
        )
    ),
    "the second part in a copy above": Odd(
        both(
            text_of("shapes", SHAPES.replace("return Square(2 * square.side)", "raise ValueError")),
            copies("shapes", (0, "def double(square):\n    return Square(2 * square.side)")),
        ),
        {"repaired"},
        "number 2 from the top",
        fails={"test-shapes"},
    ),
    "a copy with spaces": Odd(
        both(text_of("area", OTHER), copies("area", (1, INDENTED))), {"repaired"}, "number 2"
    ),
    "class and function anew": Odd(rewritten("shapes", SHAPES), {"repaired"}, "answer shapes"),
    "dictionary anew": Odd(rewritten("answers", ANSWERS), {"repaired"}, "answer answers"),
    "anew with a magic": Odd(
        rewritten("area", f"%%time\n{AREA}"), {"repaired"}, "area", fails={"test-area"}
    ),  # plain Python knows no magics
    "anew below its test": Odd(
        rewritten("area", AREA, 1), {"set aside"}, "below its tests", aside=AREA_CELLS
    ),
    "anew at the end": Odd(
        at_the_end("answers", ANSWERS),
        {"set aside"},
        "was found in a cell of your own",
        aside={"answers", "test-answers"},
    ),
    "anew before the imports": Odd(
        both(delete("area"), insert("introduction", own(f"import math\n{AREA}"))), {"repaired"}
    ),
    "anew in two cells": Odd(two_own_parts, {"repaired"}, "answer shapes"),
    "anew, twice": Odd(
        both(rewritten("area", AREA), insert("task", own(OTHER))),
        {"set aside"},
        "2 cells of your own look like it",
        aside=AREA_CELLS,
    ),
    "anew, the same twice": Odd(
        both(rewritten("area", AREA), insert("task", own(AREA))), {"repaired"}
    ),
    "half of it anew": Odd(
        rewritten("shapes", SHAPES.split("\n\n\n")[0]),
        {"set aside"},
        "a part of the answer shapes",
        fails={"test-shapes"},
        aside={"shapes", "test-shapes"},
    ),
    "assigned from a helper": Odd(
        rewritten("area", "import math\n_area = lambda r: math.pi * r**2\narea = _area"),
        {"repaired"},
    ),
    # --- its cell left blank, and the answer elsewhere
    "blank, answer above": Odd(
        both(text_of("area", stub("area")), insert("task", own(AREA))), {"repaired"}, "your own"
    ),
    "blank, answer far above": Odd(
        both(text_of("shapes", stub("shapes")), insert("imports", own(SHAPES))), {"repaired"}
    ),
    "blank, answer below": Odd(
        both(text_of("area", stub("area")), insert("area", own(AREA))), {"repaired"}
    ),
    "blank, answer below its test": Odd(
        both(text_of("area", stub("area")), insert("test-area", own(AREA))),
        {"set aside"},
        aside=AREA_CELLS,
    ),
    "a line in the stub, answer above": Odd(
        both(text_of("area", f"import os\n{stub('area')}"), insert("task", own(AREA))),
        {"set aside"},
        "the answer area may be above its cell, which defines it as it was given",
        fails={"test-area"},
        aside=AREA_CELLS,
    ),
    "a line in the stub, answer below its test": Odd(
        both(text_of("area", f"# See below.\n{stub('area')}"), insert("test-area", own(AREA))),
        {"set aside"},
        "found in a cell of your own, below its tests",
        fails={"test-area"},
        aside=AREA_CELLS,
    ),
    "a line in the stub, nothing elsewhere": Odd(
        text_of("area", f"import os\n{stub('area')}"), fails={"test-area"}
    ),
    "all of it comes from code in the first answer": Odd(
        both(
            text_of("area", f"exec({f'{AREA}; {ANSWERS}'.replace('; ', chr(10))!r})\n{SHAPES}"),
            delete("shapes", "answers"),
        ),
        {"repaired"},
        "its answer may come from another cell of yours",
    ),
    "emptied, answer above": Odd(
        both(text_of("area", ""), insert("task", own(AREA))), {"repaired"}
    ),
    "blank, nothing elsewhere": Odd(text_of("area", stub("area")), fails={"test-area"}),
    "missing, nothing elsewhere": Odd(
        delete("area"), {"repaired"}, "put back without an answer", fails={"test-area"}
    ),
    # --- merged into a neighbour
    "merged into the answer below": Odd(
        merged("area", "shapes"),
        {"set aside"},
        "the cell shapes, below its tests",
        fails={"test-area"},
        aside=AREA_CELLS,
    ),
    "merged into the answer above": Odd(
        merged("shapes", "area"), {"repaired"}, "answer shapes was found in the cell area"
    ),
    "all merged into the first": Odd(
        both(merged("shapes", "area"), merged("answers", "area")), {"repaired"}
    ),
    "merged into an own cell with others": Odd(
        both(delete("area", "shapes"), insert("task", own(f"{AREA}\n\n{SHAPES}"))), {"repaired"}
    ),
    "merged into a given cell that was changed": Odd(
        both(text_of("imports", "import math  # mine"), merged("area", "imports")),
        {"tampered", "set aside"},
        "was not run",
        fails={"test-area"},
        aside=AREA_CELLS,
        keeps=("return math.pi * radius**2", ESSAY),
    ),
    "merged into its test that was changed": Odd(
        both(text_of("test-area", "assert area(1) > 3"), merged("area", "test-area", first=True)),
        {"tampered", "set aside"},
        "stands in the cell",
        fails={"test-area"},
        aside=AREA_CELLS,
        keeps=("return math.pi * radius**2", ESSAY),
    ),
    **{
        f"{' and '.join(names)} merged into {into}, {len(joint)}": Odd(
            merge(into, *names, joint=joint), {"repaired"}, f"taken apart ({list_names(names)})"
        )
        for joint in ("\n", "\n\n")
        for names in (
            ("imports", "area"),
            ("area", "test-area"),
            ("imports", "area", "test-area"),
            ("test-shapes", "answers"),
            ("essay-task", "essay"),
            ("area", "test-area", "shapes"),
        )
        for into in names
    },
    "a part of an answer merged into its test": Odd(
        second_part_in_test,
        {"repaired"},
        "what was merged with the cell test-shapes was put into a cell of your own",
    ),
    "a test merged into an own cell that spoils it": Odd(
        both(delete("test-area"), insert("area", own(f"{TESTS['test-area']}\n\narea = None"))),
        {"repaired"},
        "what was merged with the cell test-area was put into a cell of your own",
    ),
    "a helper between merged cells": Odd(
        both(
            text_of("area", "def pi():\n    return math.pi\n\n" + AREA.replace("math.pi", "pi()")),
            merge("imports", "imports", "area", joint="\n"),
        ),
        {"repaired"},
        "taken apart",
    ),
    "a broken answer merged into its test": Odd(
        both(text_of("area", BROKEN), merge("test-area", "area", "test-area", joint="\n\n")),
        {"tampered", "set aside"},
        "stands in the cell",
        fails={"test-area"},
        aside=AREA_CELLS,
        keeps=("return (((", ESSAY),
    ),
    "a stub merged into its test": Odd(
        both(text_of("area", stub("area")), merge("test-area", "area", "test-area", joint="\n\n")),
        {"repaired"},
        "taken apart",
        fails={"test-area"},
    ),
    # --- split in the middle
    **{
        f"split in the middle, {what}": Odd(
            split_at("return", *parts), {"repaired"}, "area, which had been split, was put together"
        )
        for what, parts in {
            "both with the marks": (True, True),
            "the first with the marks": (True, False),
            "the second with the marks": (False, True),
        }.items()
    },
    **{
        f"split below a line of its body, {what}": Odd(
            both(text_of("area", LONG), split_at("return", *parts)),
            {"repaired"},
            "area, which had been split, was put together",
        )
        for what, parts in {
            "both with the marks": (True, True),
            "the first with the marks": (True, False),
            "the second with the marks": (False, True),
        }.items()
    },
    "split below a return": Odd(
        both(text_of("area", EARLY), split_at("return", True, True)),
        {"repaired"},
        "area, which had been split, was put together",
    ),
    **{
        f"split between methods, {what}": Odd(
            split_shapes("    def twice(self):", is_marked),
            {"repaired"},
            "shapes, which had been split",
        )
        for what, is_marked in {"with the marks": True, "without": False}.items()
    },
    "a draft of a method below": Odd(split_shapes(DRAFT, False)),
    "a draft of a method below, with the marks": Odd(split_shapes(DRAFT, True)),
    "a draft of a body below": Odd(insert("area", own("    square = 2\n    return square"))),
    # --- nbgrader's marks are lost
    "no marks": Odd(no_marks, {"repaired"}, "marks of nbgrader were lost"),
    "no marks, ids kept": Odd(no_marks_but_ids, {"repaired"}, "marks of nbgrader were lost"),
    "marks of one lost": Odd(marks_of_one_lost, {"repaired"}, "lost on 1 cell"),
    "no marks, formatted": Odd(both(formatted, no_marks), {"repaired"}),
    "no marks, own cells": Odd(
        both(insert("area", own("area(3)"), own("A note", MD)), no_marks), {"repaired"}
    ),
    "no marks, own class used": Odd(
        both(insert("shapes", own("square = Square(3)")), no_marks), {"repaired"}
    ),
    "no marks, a blank answer": Odd(
        both(text_of("area", stub("area")), no_marks), {"repaired"}, fails={"test-area"}
    ),
    "no marks, a broken answer": Odd(
        both(text_of("area", BROKEN), no_marks), {"repaired"}, fails={"test-area"}, keeps=(BROKEN,)
    ),
    "no marks, another name": Odd(
        both(text_of("area", AREA.replace("area", "surface")), no_marks),
        {"repaired"},
        fails={"test-area"},
        keeps=("def surface",),
    ),
    "no marks, prose missing": Odd(both(delete("end", "introduction"), no_marks), {"repaired"}),
    "no marks, ids of other cells": Odd(numbered, {"repaired"}),
    "a helper of an answer below another one that was moved up": Odd(
        both(
            text_of("area", AREA.replace("math.pi", "pi()")),
            insert("area", own("def pi():\n    return math.pi")),
            moved_below("answers", "area"),
        ),
    ),
    "no marks, a draft above has the id": Odd(
        both(draft_with_the_id, no_marks_but_ids), {"repaired"}, "marks of nbgrader were lost"
    ),
    "no marks, an answer turned into text": Odd(
        both(made_text, no_marks), {"repaired"}, "put back to code"
    ),
    "no marks, ids kept, an answer turned into text": Odd(
        both(made_text, no_marks_but_ids), {"repaired"}, "put back to code"
    ),
    # --- several copies
    "a copy of the stub without marks": Odd(
        insert("area", own(stub("area"))), {"repaired"}, "2 copies of the answer area"
    ),
    "no marks, a copy of the stub": Odd(
        both(insert("area", own(stub("area"))), no_marks), {"repaired"}
    ),
    "a blank copy below the tests": Odd(
        copies("area", (2, stub("area"))), {"repaired"}, "number 1 from the top"
    ),
    "a broken copy below the tests": Odd(
        copies("area", (2, BROKEN)), {"repaired"}, "number 1 from the top", keeps=(BROKEN,)
    ),
    "another copy below the tests": Odd(
        copies("area", (2, OTHER)), {"repaired"}, "number 1 from the top", keeps=(OTHER,)
    ),
    "a blank copy before the test": Odd(copies("area", (1, stub("area"))), {"repaired"}),
    "a broken copy before the test": Odd(
        copies("area", (1, BROKEN)), {"repaired"}, "number 1 from the top"
    ),
    "a wrong copy above": Odd(
        copies("area", (0, OTHER)), {"repaired"}, "number 2 from the top", keeps=(OTHER,)
    ),
    "a right copy below a wrong one": Odd(
        both(text_of("area", OTHER), copies("area", (1, AREA))), {"repaired"}, "number 2"
    ),
    "a right copy below, the first blank": Odd(
        both(text_of("area", stub("area")), copies("area", (3, AREA))), {"repaired"}, "number 2"
    ),
    "a cell split in two": Odd(split, {"repaired"}, "2 copies of the answer shapes"),
    # --- words
    "words deleted, anew": Odd(rewritten("essay", "My words.", 0, MD), {"repaired"}, "essay"),
    "words deleted, two cells": Odd(
        both(rewritten("essay", "One.", 0, MD), insert("essay-task", own("Two.", MD))),
        {"set aside"},
        '"Two."',
        aside={"essay"},
        keeps=("One.", "Two."),
    ),
    "words deleted, anew at the end": Odd(
        both(delete("essay"), insert("end", own("My words.", MD))),
        {"set aside"},
        '"My words."',
        aside={"essay"},
        keeps=("My words.",),
    ),
    "words beside a blank cell": Odd(
        both(text_of("essay", stub("essay")), insert("essay", own("My words.", MD))),
        {"set aside"},
        "essay is empty",
        aside={"essay"},
        keeps=("My words.",),
    ),
    "words in the question": Odd(
        both(text_of("essay", stub("essay")), text_of("essay-task", "## Why?\nMy words.")),
        {"tampered", "set aside"},
        "the cell essay-task",
        aside={"essay"},
        keeps=(),
    ),
    "two written copies of words": Odd(
        copies("essay", (1, "More words.")), {"repaired"}, "number 2 from the top",
        keeps=(ESSAY, "More words."),
    ),
    **{
        f"words {where}": Odd(
            both(text_of("essay", stub("essay")), insert(name, own(ROUND, MD))),
            {"set aside"},
            "essay is empty, and its answer may be in a cell of your own",
            aside={"essay"},
            keeps=("It is round",),
        )
        for where, name in (("at the top", "imports"), ("at the end", "end"), ("far", "shapes"))
    },
    "no words but a line": Odd(
        both(text_of("essay", stub("essay")), insert("essay", own("---", MD))), keeps=()
    ),
    "no words but a name": Odd(
        both(text_of("essay", stub("essay")), insert("imports", own("**Name**: A.", MD))), keeps=()
    ),
    "words deleted": Odd(delete("essay"), {"repaired"}, "put back without", keeps=()),
    # --- cells of the course
    "prose missing": Odd(delete("end", "introduction")),
    "formatted": Odd(formatted),
    "an answer turned into text": Odd(made_text, {"repaired"}, "put back to code"),
    "an answer turned into text, between fences": Odd(
        both(text_of("area", f"My answer:\n\n```python\n{AREA}\n```"), made_text),
        {"repaired", "set aside"},
        "the answer area may stand between words or fences",
        fails={"test-area"},
        aside=AREA_CELLS,
        keeps=("return math.pi", ESSAY),
    ),
    "an answer turned into text, words alone": Odd(
        both(text_of("area", "I would multiply pi by the square."), made_text),
        {"repaired"},
        "put back to code",
        fails={"test-area"},
    ),
    "a cell without points missing": Odd(
        delete("imports"), {"repaired"}, "without points were missing, and were put in (imports)"
    ),
    "a given cell copied and extended": Odd(duplicated_imports, {"tampered"}, "imports (copied)"),
    "an import in a given cell": Odd(
        both(
            text_of("imports", "import math\nfrom math import pi\nimport statistics as s"),
            text_of("area", AREA.replace("math.pi", "pi + 0 * s.mean([1])")),
        ),
        {"tampered", "repaired"},
        "were added to cells of the course (imports) were put below",
    ),
    "all names of a module in a given cell": Odd(
        both(
            text_of("imports", "from math import *"),
            text_of("area", AREA.replace("math.pi", "pi")),
        ),
        {"tampered", "repaired"},
        "(imports) were put below",
    ),
    "a function in a given cell": Odd(
        both(
            text_of("imports", "import math\ndef pi():\n    return math.pi"),
            text_of("area", AREA.replace("math.pi", "pi()")),
        ),
        {"tampered"},
        "imports (edited)",
        fails={"test-area"},
    ),
    "an import in a test": Odd(
        text_of("test-area", "import os\n" + TESTS["test-area"]), {"tampered"}, "test-area (edited)"
    ),
    "a test deleted": Odd(delete("test-area"), {"tampered"}, "test-area (missing)"),
}
# fmt: on


@pytest.mark.parametrize("name", ODD)
def test_no_repair_destroys_an_answer_and_every_repair_is_a_reason(name):
    odd = ODD[name]
    notebook = submission()
    odd.change(notebook)
    course = originals()
    rebuilt, reasons = rebuild(notebook, course)
    assert_sound(rebuilt, course)
    texts = [each.text for each in reasons]
    assert {each.kind for each in reasons} == odd.kinds, texts
    assert odd.says in " ".join(texts)
    assert passed(rebuilt) == TESTS.keys() - odd.fails
    aside = {cell for each in reasons if each.kind == "set aside" for cell in each.cells}
    assert aside == odd.aside
    written = "\n".join(each.source for each in rebuilt.cells)
    if odd.keeps == (ESSAY,) and "words" in name:
        return
    for text in odd.keeps:
        assert text in written


def test_of_a_copy_of_the_stub_nothing_is_left():
    """A given cell below the tests would use it."""
    notebook = submission()
    copies("area", (1, stub("area")), (4, stub("area")))(notebook)
    rebuilt, (why,) = rebuild(notebook, originals())
    assert [c.source for c in rebuilt.cells].count(stub("area")) == 0
    assert "3 copies" in why.text


def test_there_are_many():
    assert len(ODD) >= 50


@pytest.mark.parametrize("ids", [False, True])
def test_without_marks_the_notebook_is_the_same(ids):
    intact = submission()
    intact.cells.insert(4, own("x = area(2)"))
    lost = without_marks(copy.deepcopy(intact), ids)
    course = originals()
    expected, found = rebuild(intact, course)[0].cells, rebuild(lost, course)[0].cells
    assert [(grade_id(c), c.source) for c in found] == [(grade_id(c), c.source) for c in expected]


@pytest.mark.parametrize(
    ("student", "told"), [("99.1.0", True), ("99.1.0a1+", True), ("3.9.2", False), (None, False)]
)
def test_syntax_that_is_newer_than_the_grader_is_named_with_both_versions(student, told):
    notebook = submission()
    cell(notebook, "area").source = "def area(radius):\n    return $radius"
    cell(notebook, "shapes").source = f"%time 1\n!ls\n{SHAPES}"  # magics are no syntax errors
    note_python(notebook, student)
    reasons = rebuild(notebook, originals())[1]
    assert [(each.kind, each.cells) for each in reasons] == [("newer Python", ("area",))] * told
    for each in reasons:
        assert f"Python {platform.python_version()}" in each.text
        assert f"Python {student}" in each.text
        assert "line 2" in each.text


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ('return float(f"{pi["value"]}") * radius**2', "3.12"),
        ('print(f"the areas: {", ".join(names)}")', "3.12"),
        ("type Number = float", "3.12"),
        ("def square[T](x: T) -> T: return x * x", "3.12"),
        ("class Shape[T]: pass", "3.12"),
        ('print(t"{radius}")', "3.14"),
        ("except ValueError, TypeError:", "3.14"),
    ],
)
@pytest.mark.parametrize("student", [None, "99.1.0"])
def test_a_person_looks_at_an_answer_that_may_be_in_a_newer_python(
    line, version, student, monkeypatch
):
    """Google Colab, whose Python is newer than many, writes no version into notebooks."""
    monkeypatch.setattr(platform, "python_version", lambda: f"3.{int(version[2:]) - 1}.2")
    notebook = submission()
    broken = f"def area(radius):\n    {line}\n    return $radius"  # an error in every version
    monkeypatch.setattr(repairs, "syntax_error", lambda source: (2, "invalid syntax"))
    cell(notebook, "area").source = broken
    note_python(notebook, student)
    (only,) = rebuild(notebook, originals())[1]
    assert (only.kind, only.cells) == ("set aside", ("area", "test-area"))
    assert f"is no code in Python 3.{int(version[2:]) - 1}.2" in only.text
    assert "line 2" in only.text
    monkeypatch.setattr(platform, "python_version", lambda: f"{version}.0")
    kinds = [each.kind for each in rebuild(notebook, originals())[1]]
    assert kinds == ["newer Python"] * (student is not None)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 has this syntax")
@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("    return f'{d['a']}'\n", 5),
        ("    return (f'{\"\\n\".join(d)}'\n        'def')", 6),
        ('    x = 1\n    return f"{", ".join(d)}"', 6),
    ],
)
def test_an_f_string_of_python_3_12_is_found(lines, number):
    notebook = submission()
    cell(notebook, "area").source = f"\n  \n\ndef area(radius):\n{lines}"
    (only,) = rebuild(notebook, originals())[1]
    assert (only.kind, only.cells) == ("set aside", ("area", "test-area"))
    assert f"line {number}" in only.text


@pytest.mark.parametrize(
    "line", ["return $radius", "retrun radius", "x = (1,", "if x = 1:", "d['t'] +", "a(1, 'f'"]
)
def test_other_syntax_errors_without_a_version_wait_for_nobody(line):
    notebook = submission()
    cell(notebook, "area").source = f"def area(radius):\n    {line}"
    assert rebuild(notebook, originals())[1] == []


def test_an_own_cell_in_newer_syntax_is_named_too():
    notebook = submission()
    notebook.cells.insert(3, own("$x"))
    note_python(notebook, "99.1.0")
    (only,) = rebuild(notebook, originals())[1]
    assert (only.kind, only.cells) == ("newer Python", ())
    assert "A cell of your own" in only.text


@pytest.mark.parametrize("where", [-1, 1])
def test_prose_of_the_course_without_marks_is_no_answer(where):
    source = source_notebook()
    prose = own("Some prose of the course, which nbgrader does not know of.", MD)
    source.cells.insert(place(source, "essay") + (where == 1), prose)
    course = read_originals(source, course_config())
    notebook = complete(course.released, {"area": AREA, "shapes": SHAPES, "answers": ANSWERS})
    assert rebuild(notebook, course)[1] == []


def test_names_that_two_answers_define_find_neither():
    """A part that is written anew in the next exercise is no answer to that."""
    source = source_notebook()
    cell(source, "shapes").source = cell(source, "area").source
    course = read_originals(source, course_config())
    assert course.answers["area"].names == course.answers["shapes"].names == frozenset()
    assert course.answers["area"].checks == ("test-area",)
    notebook = complete(course.released, {"area": AREA, "essay": ESSAY, "answers": ANSWERS})
    rebuilt, reasons = rebuild(notebook, course)
    assert reasons == []
    assert cell(rebuilt, "shapes").source == course.known["shapes"].source


@pytest.mark.parametrize("name", ["area", "shapes"])
def test_of_names_that_two_answers_define_each_has_the_tests_above_the_next(name):
    source = source_notebook()
    cell(source, "shapes").source = cell(source, "area").source
    cell(source, "test-shapes").source = "assert area(2) > 12"
    course = read_originals(source, course_config())
    assert course.answers[name].checks == (f"test-{name}",)
    notebook = complete(course.released, {"area": AREA, "shapes": AREA, "answers": ANSWERS})
    rewritten(name, AREA)(notebook)
    rebuilt, reasons = rebuild(notebook, course)
    assert passed(rebuilt) == {"test-area", "test-shapes", "test-answers"}
    assert {each.kind for each in reasons} == {"repaired"}
    head, tail = AREA.split("\n")
    cell(rebuilt, name).source = head
    insert(name, own(tail))(rebuilt)
    again, (why,) = rebuild(rebuilt, course)
    assert cell(again, name).source == AREA
    assert "was put together" in why.text


def test_what_is_made_of_an_answer_of_the_same_name_has_its_tests():
    source = source_notebook()
    text = "first = area\n\n\ndef area(radius):\n    ### BEGIN SOLUTION\n    return first(radius)\n"
    cell(source, "shapes").source = f"{text}    ### END SOLUTION"
    cell(source, "test-shapes").source = "assert area(2) > 12"
    course = read_originals(source, course_config())
    assert course.answers["area"].checks == ("test-area", "test-shapes")


def test_strings_of_a_merged_answer_keep_the_spaces_at_ends_of_lines():
    answer = f"text = '''  \n one \n\n'''\n\n\n{AREA}"
    notebook = submission()
    cell(notebook, "imports").source = f"import math  \n\n{answer}\n"
    del notebook.cells[place(notebook, "area")]
    rebuilt, reasons = rebuild(notebook, originals())
    assert [each.kind for each in reasons] == ["repaired"]
    assert cell(rebuilt, "area").source == answer


def test_hostile_texts_are_read_in_linear_time():
    started = time.perf_counter()
    assert not may_hold_answer("a.txt", "http://" * 200_000, originals())
    assert len(elsewhere._codes("x = 1\n" + " \n" * 1_500_000)) == 2
    assert time.perf_counter() - started < 10  # it took minutes


@pytest.mark.parametrize(
    ("text", "waits"), [("```\ntable['b'] = 2\n```", True), ("I would add a column.", False)]
)
def test_code_in_the_text_of_an_answer_that_defines_nothing_waits(text, waits):
    solution = "### BEGIN SOLUTION\ntable['b'] = 2\n### END SOLUTION"
    answer = new_code_cell(solution, id="column", metadata=marks("column", False, True))
    test = new_code_cell("assert table['b'] == 2", id="t", metadata=marks("t", True, False))
    course = read_originals(new_notebook(cells=[answer, test]), course_config())
    submitted = new_markdown_cell(text, metadata=answer.metadata)
    reasons = rebuild(new_notebook(cells=[submitted, test]), course)[1]
    assert [each.cells for each in reasons if each.kind == "set aside"] == [("column", "t")] * waits
