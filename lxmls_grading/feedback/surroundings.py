"""Explains errors for want of what is around a student's code where it is written.

That is a module, a file, the network, a GPU, a magic, somebody who types: it may be there where
the student works, and it is not where notebooks are graded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat.notebooknode import NotebookNode

from lxmls_grading.cells import grade_id, is_answer, is_test
from lxmls_grading.definitions import analyse, used_names
from lxmls_grading.reasons import Reason, reason

#: The message of Python where a module is not there, and packages of which only parts are there.
NO_MODULE = re.compile(r"No module named '([\w.]{1,200})'")
OURS = frozenset({"lxmls_nb", "lxmls_grading"})

#: The message of the operating system where a file is not there, or may not be written.
NO_FILE = re.compile(
    r"\[Errno (?:2|13|20|30)\] [A-Z][\w -]{1,60}: (?:'([^'\n]{1,200})'|\"([^\"\n]{1,200})\")"
)

#: The beginnings of paths that are those of the student's machine: no test makes such a file.
ELSEWHERE = re.compile(r"/(?!scratch/)|~|\.\.[\\/]|[A-Za-z]:[\\/]")

#: What else can be lacking, by the messages that say so.
LACKING = {
    "the network": re.compile(
        r"Name or service not known|Temporary failure in name resolution|Network is unreachable"
        r"|Failed to resolve '"
    ),
    "a GPU": re.compile(
        r"Torch not compiled with [A-Z]+ enabled|Found no NVIDIA driver|No CUDA GPUs are available"
        r"|not linked with support for \w+ devices|deserialize object on a [A-Z]+ device"
        r"|with arguments from the '(?:CUDA|MPS|XPU|XLA|HPU)' backend"
        r"|Cannot execute \w+\(\) without [A-Z]+ backend|without ATen_\w+ library"
        r"|'_cuda_setDevice'|compiled without CUDA support|requires CUDA support"
        r"|Cannot access accelerator device when none is available"
    ),
    "a window to draw in": re.compile(
        r"any of the following Qt binding modules|is not a recognised GUI loop or backend"
        r"|^TclError|no display name",
        re.MULTILINE,
    ),
    "another locale": re.compile(r"^Error: unsupported locale setting", re.MULTILINE),
    "a keyboard for the debugger": re.compile(r"\bBdbQuit\b"),
}

#: What IPython prints of a magic that it does not know, such as one of Google Colab's.
NO_MAGIC = re.compile(
    r"^UsageError: (?:Line magic function|Cell magic) `(%{1,2}\w{1,50})` not found\.", re.MULTILINE
)

#: Where a test itself calls a function that asks for input, no person could let it pass.
LACKING_IN_CELLS = {
    "a keyboard for `input`": re.compile(r"this frontend does not support input requests"),
}


def explain_missing(notebook: NotebookNode) -> list[Reason]:
    """Return the reasons of what a student's code needs, and that is not there.

    A person looks at the tests that failed: those whose error names it, those that use what a cell
    did not define for want of it, and those that follow an answer which lacked it, and which may
    have been meant to change something. What a test itself names is not the student's.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    """
    if not any(_lacking(cell) for cell in notebook.cells if cell.cell_type == "code"):
        return []  # as for almost all, whose code need not be parsed
    lacking: dict[str, str] = {}  # what is lacking, by the name that was not defined for want of it
    tests: dict[str, list[str]] = {}
    answers: dict[str, list[str]] = {}
    above: list[str] = []  # what the answer above lacks
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        name, text = grade_id(cell), error_text(cell)
        missing = _lacking(cell)
        used = [lacking[each] for each in sorted(used_names(cell.source) & lacking.keys())]
        if is_test(cell):
            for what in (missing or used or above)[:1] if text else []:
                tests.setdefault(what, []).append(str(name))
            continue
        above = (missing or used) if is_answer(cell) else above
        bound = analyse(cell.source).bound
        written = is_answer(cell) or name is None
        if written and (missing or used):
            what = (missing or used)[0]
            lacking |= dict.fromkeys(bound, what)
            answers.setdefault(what, []).extend([name] if name else [])
        elif not text:
            for each in bound & lacking.keys():
                del lacking[each]
    return [
        reason(
            "set aside",
            [*answers.get(what, []), *failed],
            what=f"your code needs {what}, which is not there where this course is graded",
        )
        for what, failed in tests.items()
    ]


def _lacking(cell: NotebookNode) -> list[str]:
    """Return what was not there according to the errors in a cell's outputs."""
    text = error_text(cell)
    printed = "" if is_test(cell) else "".join(_stderr(cell))
    magics = [f"the magic `{each}`" for each in NO_MAGIC.findall(printed)]
    return magics + ([*_named_in(text, cell)] if text else [])


def _stderr(cell: NotebookNode) -> Iterator[str]:
    """Yield what a cell has printed on standard error, where IPython tells of its own errors."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.get("name") == "stderr":
            yield str(output.get("text"))


def _named_in(text: str, cell: NotebookNode) -> Iterator[str]:
    """Yield what a text of errors says is not there, without what a test itself asks for."""
    by_test = cell.source if is_test(cell) else ""
    for module in NO_MODULE.findall(text):
        package = module.partition(".")[0]
        if package not in OURS and package not in by_test:
            yield f"`{module}`"
    for found in NO_FILE.finditer(text):
        path = found[1] or found[2]
        # A test may be about files of its own; a cell that has ended has asked for one of theirs.
        if not is_test(cell) or (ELSEWHERE.match(path) and path not in by_test):
            yield f"the file `{path}`"
    patterns = LACKING if is_test(cell) else LACKING | LACKING_IN_CELLS
    for what, pattern in patterns.items():
        if pattern.search(text):
            yield what


def error_text(cell: NotebookNode) -> str:
    """Return the names and messages of the errors in a cell's outputs, "" if there are none.

    Parameters
    ----------
    cell : NotebookNode
    """
    errors = (each for each in cell.get("outputs", []) if each.output_type == "error")
    return "\n".join(f"{each.get('ename')}: {each.get('evalue')}" for each in errors)
