"""Attacks by editing the notebook: metadata, cells, format."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat

from lxmls_grading.cells import grade_id, is_test
from tests.attacks.attack import Attack, cell_of

TAMPERED = ("tampered",)
UNREADABLE = ("unreadable",)
TESTS = ("test-loss", "test-weight-gradient", "test-bias-gradient", "test-whole")
CHEAT = "checks.log_linear_gradients = lambda *arguments, **options: None"


def _tests(notebook):
    return [cell for cell in notebook.cells if is_test(cell)]


def _skip_tag(notebook) -> None:
    for name in TESTS:
        cell_of(notebook, name).metadata["tags"] = ["skip-execution", "nbval-skip", "remove-cell"]


def _skip_all(notebook) -> None:
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]


def _duplicate(notebook) -> None:
    twin = copy.deepcopy(cell_of(notebook, "test-loss"))
    twin.source = "pass"
    notebook.cells.append(twin)


def _duplicate_answer(notebook) -> None:
    twin = copy.deepcopy(cell_of(notebook, "log-linear-gradients"))
    twin.source = CHEAT
    notebook.cells.append(twin)


def _no_schema_version(notebook) -> None:
    for cell in notebook.cells:
        cell.metadata.get("nbgrader", {}).pop("schema_version", None)


def _new_schema_version(notebook) -> None:
    for cell in notebook.cells:
        cell.metadata.get("nbgrader", {})["schema_version"] = 99


def _rename(notebook) -> None:
    for name in TESTS:
        cell_of(notebook, name).metadata.nbgrader.grade_id = f"my-{name}"


def _swap(notebook) -> None:
    easy, hard = (cell_of(notebook, name) for name in ("test-equations-forward", "test-whole"))
    easy.metadata, hard.metadata = hard.metadata, easy.metadata


def _retype(notebook) -> None:
    for cell in _tests(notebook):
        cell.cell_type = "markdown"
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)


def _retype_answer(notebook) -> None:
    cell = cell_of(notebook, "log-linear-gradients")
    cell.cell_type = "raw"
    cell.pop("outputs")
    cell.pop("execution_count")


def _delete(notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in TESTS]


def _delete_all(notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if not is_test(cell)]


def _points(notebook) -> None:
    for cell in _tests(notebook):
        cell.metadata.nbgrader.points = 400
    cell_of(notebook, "log-linear-comments").metadata.nbgrader.points = -1


def _edit_tests(notebook) -> None:
    for name in TESTS:
        cell_of(notebook, name).source = "print('Passed')"
    cell_of(notebook, "imports").source += f"\n{CHEAT}"


def _own_kernel(notebook) -> None:
    notebook.metadata.kernelspec = {"name": "bash", "language": "bash", "display_name": "x"}
    notebook.metadata.language_info = {"name": "bash"}


def _reverse(notebook) -> None:
    notebook.cells = notebook.cells[::-1]


def _own_test(notebook) -> None:
    """Add cells of the student that say they are tests, to have them run where tests are."""
    for number, solution in enumerate((False, False, True)):
        cell = nbformat.v4.new_code_cell("open('@MARK@', 'w').write('own test')\n" + CHEAT)
        cell.metadata["nbgrader"] = {
            "grade": True,
            "solution": solution,
            "locked": not solution,
            "task": False,
            "points": 50,
            "schema_version": 3,
            "grade_id": f"own-{number}" if number else "test-own",
        }
        notebook.cells.insert(1 + number, cell)


def _test_as_answer(notebook) -> None:
    for name in TESTS:
        cell = cell_of(notebook, name)
        cell.metadata.nbgrader.update(solution=True, locked=False)
        cell.source = "open('@MARK@', 'w').write('test as answer')"


def _answer_as_test(notebook) -> None:
    cell = cell_of(notebook, "log-linear-gradients")
    cell.metadata.nbgrader.update(solution=False, locked=True, grade=True, points=6)
    cell.source += "\nopen('@MARK@', 'w').write('answer as test')"


def _odd_metadata(notebook) -> None:
    """Give cells metadata of types that nothing expects."""
    odd: list = ["text", [1, 2], {"grade_id": ["x"], "grade": "yes"}, {"grade_id": {}}, None, 3.5]
    cells = [cell_of(notebook, name) for name in (*TESTS, "imports", "introduction")]
    for cell, value in zip(cells, odd, strict=True):
        cell.metadata["nbgrader"] = value
    notebook.metadata["lxmls_nb"] = {"reasons": "none"}
    notebook.metadata["kernel_info"] = [[]]


def _stored_outputs(notebook) -> None:
    """Paste the outputs of passed tests, and points, into the notebook."""
    for cell in _tests(notebook):
        cell.execution_count = 1
        cell.outputs = [
            nbformat.v4.new_output("stream", name="stdout", text="Passed: all of it"),
            nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1),
        ]
    notebook.metadata["lxmls_nb"] = {"reasons": [], "sandbox": False, "passed": list(TESTS)}


def _save(change):
    """Return a `write` that edits the JSON of the notebook."""

    def write(folder: Path, path: Path, places: dict[str, str]) -> None:
        content = json.loads(path.read_text())
        changed = change(content)
        path.write_text(json.dumps(content if changed is None else changed))

    return write


def _replace(text: str | bytes):
    def write(folder: Path, path: Path, places: dict[str, str]) -> None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return write


def _truncate(folder: Path, path: Path, places: dict[str, str]) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _format_3(content):
    cells = [
        {"cell_type": "code", "input": cell["source"], "outputs": [], "language": "python"}
        | {"metadata": cell["metadata"], "collapsed": False}
        if cell["cell_type"] == "code"
        else {"cell_type": "markdown", "source": cell["source"], "metadata": cell["metadata"]}
        for cell in content["cells"]
    ]
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def _numbers(content) -> None:
    content["metadata"]["huge"] = float("nan")
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 10**400
        cell["metadata"].get("nbgrader", {})["points"] = float("inf")


def _deep(folder: Path, path: Path, places: dict[str, str]) -> None:
    deep = f'"x": {"[" * 100_000}{"]" * 100_000}, "metadata": {{'
    path.write_text(path.read_text().replace('"metadata": {', deep, 1))


def _many(content) -> None:
    cell = {"cell_type": "markdown", "metadata": {}, "source": "x"}
    content["cells"] += [cell | {"id": f"n{number}"} for number in range(100_000)]


def _cells_no_list(content) -> None:
    content["cells"] = {"0": content["cells"]}


def _odd_sources(content) -> None:
    for number, cell in enumerate(content["cells"]):
        if cell["cell_type"] == "markdown":
            cell["source"] = [None, 17, {"a": ["b"]}, "\ud800", ["x", None]][number % 5]


def _unreadable(identity: str, description: str, write) -> Attack:
    return Attack(
        identity, "A36", description, write=write, keeps="none", nothing=True, reasons=UNREADABLE
    )


def _edited(identity: str, number: str, description: str, change, **options) -> Attack:
    return Attack(identity, number, description, change=change, **options)


ATTACKS = [
    _edited("skip-tag", "A7", "tag skip-execution on the tests", _skip_tag, reasons=TAMPERED),
    _edited("skip-all", "A7", "tag skip-execution on every cell", _skip_all),
    _edited("duplicate-test", "A13", "a test cell twice", _duplicate, reasons=TAMPERED),
    _edited("duplicate-answer", "A13", "an answer cell twice", _duplicate_answer),
    _edited(
        "no-schema-version",
        "A13",
        "cells without the version of nbgrader's metadata",
        _no_schema_version,
    ),
    _edited(
        "new-schema-version",
        "A13",
        "cells with a version of nbgrader's metadata that is to come",
        _new_schema_version,
    ),
    _edited("renamed-tests", "A14", "tests under other names", _rename, reasons=TAMPERED),
    _edited("swapped-tests", "A14", "two tests swap their names", _swap, reasons=TAMPERED),
    _edited("markdown-tests", "A14", "tests turned into Markdown", _retype, reasons=TAMPERED),
    _edited("raw-answer", "A14", "the answer turned into a raw cell", _retype_answer),
    _edited("deleted-tests", "A15", "failing tests deleted", _delete, reasons=TAMPERED),
    _edited("no-tests", "A15", "all tests deleted", _delete_all, reasons=TAMPERED),
    _edited("more-points", "A15", "tests are worth 400 points", _points),
    _edited("edited-tests", "A15", "other code in locked cells", _edit_tests, reasons=TAMPERED),
    _edited("own-kernel", "A15", "another kernel asked for", _own_kernel),
    _edited("reversed-cells", "A15", "all cells in reverse order", _reverse, keeps="none"),
    _edited("own-tests", "", "the student's own cells say that they are tests", _own_test),
    _edited("test-as-answer", "A14", "tests marked as the student's to write", _test_as_answer),
    _edited("answer-as-test", "A14", "the answer marked as a test", _answer_as_test, keeps="all"),
    _edited("odd-metadata", "A36", "metadata that are texts, lists, None", _odd_metadata),
    _edited("stored-outputs", "A40", "outputs of passed tests pasted in", _stored_outputs),
    Attack("old-format", "A36", "notebook format 3", write=_save(_format_3), keeps="none"),
    Attack(
        "odd-numbers",
        "A36",
        "NaN, infinity and integers of 400 digits in the JSON",
        write=_save(_numbers),
        keeps="none",
    ),
    Attack("many-cells", "A36", "a hundred thousand cells", write=_save(_many), keeps="none"),
    Attack(
        "odd-sources",
        "A36",
        "sources that are numbers, dictionaries and broken characters",
        write=_save(_odd_sources),
        keeps="none",
    ),
    _unreadable("truncated-json", "JSON that ends in the middle", _truncate),
    _unreadable("no-notebook", "JSON that is no notebook", _replace('["a", "list"]')),
    _unreadable("future-format", "notebook format 9", _replace('{"nbformat": 9, "cells": []}')),
    _unreadable("invalid-utf8", "bytes that are no text", _replace(b'{"cells": "\xff\xfe\x00"}')),
    _unreadable("deep-json", "JSON nested a hundred thousand deep", _deep),
    _unreadable("cells-no-list", "cells that are no list", _save(_cells_no_list)),
    _unreadable("empty-file", "an empty file", _replace("")),
]
