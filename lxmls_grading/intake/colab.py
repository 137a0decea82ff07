"""Leaves out lines that only Google Colab can run, so that what stands below them runs.

There, cells often begin with lines that mount a drive or upload files. Elsewhere the import in them
fails, and with it the whole cell.
"""

from __future__ import annotations

import ast

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_answer
from lxmls_grading.definitions import (
    MAX_CODE,
    ODD,
    analyse,
    bound_names,
    needed_by,
    parse_cell,
    used_names,
)
from lxmls_grading.intake.repairs import repaired
from lxmls_grading.listing import list_names
from lxmls_grading.reasons import Reason
from lxmls_nb.notebook.names import root_name

#: The package that only Colab has, and what stands before a line that is left out.
PACKAGE = "google.colab"
LEFT_OUT = "# Left out, since it needs Google Colab: "

#: How often statements are looked at for lines that they share with others: few cells have any.
MAX_ROUNDS = 10


def leave_out_colab(cells: list[NotebookNode]) -> list[Reason]:
    """Leave out lines that need Google Colab, and return the reasons.

    A cell with no others is left as it is: that it fails changes nothing.

    Parameters
    ----------
    cells : list of NotebookNode
        Of a rebuilt notebook. Those that a student has written are changed in place.
    """
    codes = [cell for cell in cells if cell.cell_type == "code"]
    texts = [
        without_colab(cell.source) if is_answer(cell) or not grade_id(cell) else cell.source
        for cell in codes
    ]
    changed = []
    for cell, text in zip(codes, texts, strict=True):
        if text == cell.source:
            continue
        # What Colab gave to the student, such as files, may be read in another cell.
        given = analyse(cell.source).defined - analyse(text).defined
        if not any(given & used_names(each) for each in texts):
            cell.source = text
            changed.append(grade_id(cell))
    if not changed:
        return []
    names = [name for name in changed if name]
    answers = [f"the answer{'s' if names[1:] else ''} {list_names(names)}"] if names else []
    where = " and ".join(answers + ([] if all(changed) else ["cells of your own"]))
    what = f"lines that only Google Colab can run were left out of {where}"
    return [repaired(names, what)]


def without_colab(source: str) -> str:
    r"""Return code in which lines that need Google Colab are comments.

    Those are imports of its package, and calls of what they bind, that stand in no block. Where
    they share a line with something else, something else reads what they give, or there is nothing
    else, the code is as it was.

    Parameters
    ----------
    source : str
        Code of IPython.

    Examples
    --------
    >>> print(without_colab("from google.colab import drive\ndrive.mount('/content')\nx = 1"))
    # Left out, since it needs Google Colab: from google.colab import drive
    # Left out, since it needs Google Colab: drive.mount('/content')
    x = 1
    """
    if "colab" not in source or len(source) > MAX_CODE:
        return source
    try:
        statements = parse_cell(source).body
        needing, others = _sorted_out(statements)
        lines = source.split("\n")
        for number in {number for statement in needing for number in _lines(statement)}:
            lines[number - 1] = f"{LEFT_OUT}{lines[number - 1]}"
        changed = "\n".join(lines)
        # Whatever a cell looks like, nothing else may be left out.
        kept = [ast.dump(each) for each in parse_cell(changed).body]
        same = kept == [ast.dump(each) for each in others]
        same = same and not bound_names(needing)[1] & needed_by(others)
    except (SyntaxError, IndexError, *ODD):
        return source
    return changed if needing and others and same else source


def _sorted_out(statements: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the statements that need Colab and share no line with another one, and the others."""
    names: set[str] = set()
    needing, others = [], []
    for statement in statements:
        if _imports_colab(statement, names) or _calls(statement, names):
            needing.append(statement)
        else:
            others.append(statement)
            names -= bound_names([statement])[1]
    for _ in range(MAX_ROUNDS):
        taken = {number for each in others for number in _lines(each)}
        shared = {each for each in needing if taken & {*_lines(each)}}
        if not shared:
            return needing, others
        needing = [each for each in needing if each not in shared]
        left = {*needing}
        others = [each for each in statements if each not in left]
    return [], statements


def _lines(statement: ast.stmt) -> range:
    """Return the numbers of the lines of a statement."""
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _imports_colab(statement: ast.stmt, names: set[str]) -> bool:
    """Return whether a statement imports Colab's package alone; add what it binds to the names."""
    if isinstance(statement, ast.Import):
        modules = [alias.name for alias in statement.names]
        bound = [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and not statement.level:
        inside = statement.module != "google"
        module = statement.module or ""
        modules = [module if inside else f"google.{alias.name}" for alias in statement.names]
        bound = [alias.asname or alias.name for alias in statement.names]
    else:
        return False
    if not all(f"{module}.".startswith(f"{PACKAGE}.") for module in modules):
        return False
    names.update(bound)
    return True


def _calls(statement: ast.stmt, names: set[str]) -> bool:
    """Return whether a statement does no more than call what has one of these names."""
    called = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    return isinstance(called, ast.Call) and root_name(called.func) in names
