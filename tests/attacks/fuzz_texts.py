"""Sends what reads texts of students things that no honest one holds: notebooks, outputs, pages.

:mod:`tests.attacks.fuzz` runs this beside the replies of kernels. Nothing but the documented error
may come out, nothing that runs code may be left, and each text has a bounded cost.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lxmls_grading.feedback import passive
from lxmls_grading.intake.files import UnreadableError
from lxmls_grading.intake.notebooks import clean_notebook, parse_notebook
from tests.attacks.mutations import junk, mutate_bytes, mutate_tree
from tests.attacks.traces import active_parts
from tests.support.odd_course import submission

#: Of which hostile HTML is put together.
FRAGMENTS = [
    *("<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg><animate onbegin=x()>"),
    *("<a href='javascript:x()'>", "<a href='&#106;avascript:x()'>", "<iframe srcdoc='<p>'>"),
    *("<math><mtext><table><mglyph><style><!--</style>", "<noscript><p title='</noscript>"),
    *("<style>@import 'x'", "</style>", "<!--", "-->", "<![CDATA[", "]]>", "<title>", "<textarea>"),
    *(
        "<table><tr><td>",
        "</p>",
        "<form action=x>",
        "<input formaction=javascript:x()>",
        "<plaintext>",
    ),
    *("<p style='background:url(javascript:x)'>", "<base href=//x>", "<meta http-equiv=refresh>"),
    *("\0", "\ud800", "&#x0;", "&lt;script&gt;", "&", "'", '"', "`", "=", " ", "/", ">", "<", "a"),
    *(
        "<svg><desc><script>",
        "<template>",
        "<select><option>",
        "xlink:href=data:text/html,x",
        "é\u202e",
    ),
]

#: Kinds of data in outputs.
KINDS = [
    *("text/html", "text/plain", "text/markdown", "text/latex", "image/png", "image/svg+xml"),
    *("application/javascript", "application/vnd.jupyter.widget-view+json", "text/x", ""),
]


def notebooks(chance: random.Random) -> Iterator[list[bytes]]:
    """Yield files without end that are handed in as notebooks."""
    honest = json.loads(nbformat.writes(submission()))
    while True:
        tree = mutate_tree(honest, chance)
        data = json.dumps(tree).encode()
        if chance.random() < 0.3:
            data = mutate_bytes(data, chance)
        yield [data if chance.random() < 0.95 else chance.randbytes(chance.randrange(200))]


def take_notebook(parts: list[bytes]) -> bool:
    """Have a file read as one that is handed in; return whether it is a notebook.

    Raises
    ------
    AssertionError
        If reading it does what it must not.
    """
    try:
        notebook = clean_notebook(parse_notebook(parts[0]), max_cells=1000, max_text=10**6)
    except UnreadableError:
        return False
    except Exception as error:
        raise AssertionError(f"a notebook gives {error!r}") from error
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are left"
    nbformat.writes(notebook).encode()
    return True


def html(chance: random.Random) -> str:
    """Return HTML that is put together at random."""
    return "".join(chance.choice(FRAGMENTS) for _ in range(chance.randrange(1, 25)))


def pages(chance: random.Random) -> Iterator[list[bytes]]:
    """Yield outputs without end, as JSON, that a kernel may have sent."""
    while True:
        data = {chance.choice(KINDS): html(chance) for _ in range(3)}
        outputs = [
            {"output_type": "display_data", "data": data, "metadata": {"image/png": {"alt": "x"}}},
            {"output_type": "stream", "name": "stdout", "text": html(chance)},
            {"output_type": "error", "ename": html(chance), "evalue": "x", "traceback": ["x"]},
        ]
        if chance.random() < 0.5:
            outputs = mutate_tree(outputs, chance)
        if chance.random() < 0.2:
            outputs = [junk(chance), *(outputs if isinstance(outputs, list) else [])]
        yield [json.dumps(outputs).encode()]


def take_page(parts: list[bytes]) -> bool:
    """Have outputs made passive; return whether anything of them is left.

    Raises
    ------
    AssertionError
        If something is left that runs code, or making them passive raises an error.
    """
    cell = new_code_cell("1")
    found = json.loads(parts[0])
    # Outputs that nbclient makes are objects with a type; what they hold is the kernel's.
    outputs = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    cell.outputs = [nbformat.from_dict(each) for each in outputs]
    notebook = new_notebook()
    notebook.cells = [cell]  # it is not valid, so that it cannot be given above
    try:
        passive.PassiveNotebook().preprocess(notebook, {})
    except Exception as error:
        raise AssertionError(f"outputs give {error!r}") from error
    kept = cell.outputs
    for output in kept:
        _check_output(output)
    return bool(kept)


def _check_output(output: NotebookNode) -> None:
    assert set(output) <= set(new_output("execute_result")) | {*("name", "text"), *ERROR}
    data = output.get("data", {})
    assert set(data) <= {*KINDS[:6], "image/jpeg", "image/gif"}, "a kind of data that runs code"
    if "text/html" in data:
        active = active_parts(data["text/html"])
        assert not active, f"this runs code: {active}"
    if "image/png" in data:
        assert re.fullmatch(r"[A-Za-z0-9+/=\s]*", data["image/png"]), "not base64"


#: The fields of an error.
ERROR = ("ename", "evalue", "traceback")
