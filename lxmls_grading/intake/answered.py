"""Tells whether there is anything of a student's in a notebook, and whether it is an answer."""

from __future__ import annotations

import ast
import re

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from lxmls_grading.cells import grade_id
from lxmls_grading.definitions import analyse, bound_names, may_bind_unseen, tree_of
from lxmls_grading.intake.layout import outline
from lxmls_grading.intake.matching import find_cells, is_blank
from lxmls_grading.intake.originals import Originals, plain_text

#: Fewest words of a text that may be an answer wherever it stands: fewer are a name, or a heading.
WORDS = 6

#: Letters of scripts without spaces between words, two of which count as a word.
LETTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{LETTERS}]{{1,2}}|[^\W{LETTERS}]+")

#: As many words one after another, as there are in no code.
SENTENCE = re.compile(
    rf"\b(?:\w++[,;:.!?]?\s++){{{WORDS - 1}}}\w|[{LETTERS}]{{{2 * WORDS}}}"  # in linear time
)

#: Links to where people write notebooks, which they hand in by mistake, and marimo's notebooks.
LINK = re.compile(r"https?://\S++")  # in linear time, as all of these
TO_NOTEBOOK = re.compile(
    r"https?://(colab\.research\.google\.com|drive\.google\.com|www\.kaggle\.com/code|deepnote\.com"
    r"|datalore\.jetbrains\.com)|[^/]\.ipynb\b"
)
MARIMO = re.compile(r"^@app\.(cell|function|class_definition)\b", re.MULTILINE)


def is_answered(notebook: NotebookNode, originals: Originals) -> bool:
    """Whether a notebook has an answer of a student's: in its cell, or in one of their own.

    A name at its top, an import, or ``pass`` in place of what was released, is none. Where a person
    grades some of it, words are one.

    Parameters
    ----------
    notebook : NotebookNode
    originals : Originals
        The exercise.
    """
    if not originals.answers:
        return bool(texts_of_student(notebook, originals))

    def is_answer(cell: NotebookNode, name: str | None) -> bool:
        if name not in originals.answers or is_blank(cell, originals.known[name]):
            return False
        bare = outline(cell.source) if cell.cell_type == "code" else ""
        return not bare or bare != outline(originals.known[name].source)

    if any(is_answer(cell, grade_id(cell)) for cell in notebook.cells):
        return True  # as in almost all: what follows takes longer
    found = find_cells(notebook, originals)
    known = originals.known.values()
    if any(is_task(cell) or (is_grade(cell) and is_solution(cell)) for cell in known):
        own = [found.cells[i] for kind in ("markdown", "raw", "code") for i in found.own(kind)]
        if any(
            is_prose(cell, originals) for cell in own if plain_text(cell) not in originals.texts
        ):
            return True
    codes = [found.cells[index].source for index in found.own("code")]
    return any(map(is_answer, found.cells, found.names)) or any(
        names_of(originals) & analyse(source).bound or may_bind_unseen(source) for source in codes
    )


def written_elsewhere(
    notebook: NotebookNode, other: NotebookNode, originals: Originals
) -> list[str]:
    """Return the answers that are blank in a notebook, and are not in a copy of it.

    Where other code of the notebook may define them, or words stand beside them, they are not
    certain to be blank.

    Parameters
    ----------
    notebook, other : NotebookNode
    originals : Originals
        The exercise.
    """
    here = find_cells(notebook, originals)
    codes = [here.cells[index].source for index in here.own("code")]
    bound = frozenset[str]().union(*(analyse(source).bound for source in codes))
    is_unseen = any(map(may_bind_unseen, codes))
    texts = [here.cells[index] for kind in ("markdown", "raw") for index in here.own(kind)]
    has_prose = any(is_prose(c, originals) for c in texts if plain_text(c) not in originals.texts)

    def is_blank_here(name: str) -> bool:
        names = originals.answers[name].names
        return not ((is_unseen or names & bound) if names else has_prose)

    blank = [
        name
        for name, stub in originals.known.items()
        if name in originals.answers
        and all(is_blank(here.cells[index], stub) for index in here.copies(name))
        and is_blank_here(name)
    ]
    there = find_cells(other, originals) if blank else here
    return [
        name
        for name in blank
        if any(not is_blank(there.cells[i], originals.known[name]) for i in there.copies(name))
    ]


def may_hold_answer(path: str, content: str, originals: Originals) -> bool:
    """Whether a file of text may hold an answer, or lead to one.

    Parameters
    ----------
    path, content : str
        Of the file.
    originals : Originals
        The exercise.
    """
    names = names_of(originals)
    if any(TO_NOTEBOOK.search(link[0]) for link in LINK.finditer(content)):
        return True
    if path.lower().endswith((".html", ".htm")):
        return any(re.search(rf"\b{re.escape(each)}\b", content) for each in names)
    bound = analyse(content).bound
    tree = tree_of(content) if MARIMO.search(content) else None
    if tree is not None:  # its cells are functions
        bound |= bound_names(node for node in ast.walk(tree) if isinstance(node, ast.stmt))[1]
    return bool(names & bound)


def has_words(text: str, least: int = WORDS) -> bool:
    """Whether a text has as many words as an answer in words, wherever it stands.

    Parameters
    ----------
    text : str
    least : int
    """
    return len(WORD.findall(text)) >= least


def is_prose(cell: NotebookNode, originals: Originals, least: int = WORDS) -> bool:
    """Whether a cell may be an answer in words.

    Editors make new cells cells of code, so words may stand in one, too.

    Parameters
    ----------
    cell : NotebookNode
    originals : Originals
        Lines that stand in the exercise are no answer.
    least : int
        The fewest words in a text. Those in code are a sentence, of which nothing is done but to
        print it.
    """
    lines = originals.new_lines(cell.source)
    if cell.cell_type != "code":
        return has_words("\n".join(lines), least)
    tree = tree_of(cell.source)
    if tree is None:
        return any(map(SENTENCE.search, lines))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    strings = [value for value in constants if isinstance(value, str)]
    comments = re.findall("#(.*)", "\n".join(lines))
    is_shown = all(isinstance(each, ast.Expr) for each in tree.body)
    return is_shown and any(map(SENTENCE.search, strings + comments))


def names_of(originals: Originals) -> frozenset[str]:
    """Return the names that the answers of an exercise define.

    Parameters
    ----------
    originals : Originals
    """
    return frozenset().union(*(each.names for each in originals.answers.values()))


def texts_of_student(notebook: NotebookNode, originals: Originals) -> tuple[str, ...]:
    """Return the texts of a notebook that are not the course's, as they were released.

    Parameters
    ----------
    notebook : NotebookNode
    originals : Originals
        The exercise.
    """
    texts = (plain_text(cell) for cell in notebook.cells)
    return tuple(text for text in texts if text and text not in originals.texts)
