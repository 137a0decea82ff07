"""Makes what a submission shows passive: text and pictures, in feedback and in the formgrader.

A student decides what stands in markdown cells and, through the kernel, in outputs and in parts of
the metadata. The pages made of them open in the browser of whoever grades, in the formgrader even
with all rights of the Jupyter server. What comes from a submission is therefore cut down to a list
of harmless things, twice:

- :class:`PassiveNotebook` rebuilds outputs and metadata, once, after execution;
- :func:`~lxmls_grading.feedback.harmless.clean` takes the place of nbconvert's filter
  ``clean_html`` when a page is made (``HTMLExporter.filters``); those in
  :mod:`~lxmls_grading.feedback.renderer` use it, too.
"""

from __future__ import annotations

import re
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from lxmls_grading.cells import BASE64, CELL_ID, METADATA_KEY, cause_of, noted
from lxmls_grading.feedback.harmless import MAX_EFFORT_NOTEBOOK, as_text, clean, cut, effort

#: Characters of a picture that is shown, and outputs of a cell.
MAX_PICTURE, MAX_OUTPUTS = 4_000_000, 100

_PICTURES = {"image/png", "image/jpeg"}
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


class PassiveNotebook(NbGraderPreprocessor):
    """Leave of outputs and metadata what is harmless to show.

    To run after execution and before anything that saves, shows or grades.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild outputs and metadata."""
        kept = {key: nb.metadata[key] for key in ("kernelspec", METADATA_KEY) if key in nb.metadata}
        self._effort = 0.0
        nb.metadata = NotebookNode(kept, language_info=NotebookNode(name="python"))
        nb, resources = super().preprocess(nb, resources)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild the outputs and the metadata of a cell."""
        cell.metadata = _metadata(cell)
        if "id" in cell and not CELL_ID.fullmatch(str(cell.id)):
            cell.id = f"cell-{index}"
        if "attachments" in cell:
            cell.attachments = NotebookNode(
                {name: self._data(bundle, _PICTURES) for name, bundle in cell.attachments.items()}
            )
        if cell.cell_type == "code":
            cell.execution_count = _integer(cell.get("execution_count"))
            found = [self._output(output) for output in cell.get("outputs", [])[:MAX_OUTPUTS]]
            cell.outputs = [output for output in found if output is not None]
        return cell, resources

    def _output(self, output: NotebookNode) -> NotebookNode | None:
        """Return an output as far as it is harmless, None if nothing is left."""
        kind = output.get("output_type")
        made: dict[str, Any] = {}
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            made = {"name": name, "text": _text(output.get("text"))}
        elif kind == "error":
            lines = output.get("traceback")
            made = {name: _text(output.get(name)) for name in ("ename", "evalue")}
            made["traceback"] = [_text(line) for line in lines] if isinstance(lines, list) else []
        elif kind in ("display_data", "execute_result"):
            data = self._data(output.get("data"))
            if data:
                made = {"data": data, "metadata": _sizes(output.get("metadata"), data)}
                if kind == "execute_result":
                    made["execution_count"] = _integer(output.get("execution_count"))
        # `new_output` would check each one by itself. nbconvert checks the notebook as a whole.
        return NotebookNode(output_type=kind, **made) if made else None

    def _data(self, bundle: Any, kinds: set[str] | None = None) -> NotebookNode:
        """Return what is harmless of the forms that an output or an attachment comes in."""
        kept = NotebookNode()
        for kind, value in bundle.items() if isinstance(bundle, dict) else ():
            value = "".join(value) if isinstance(value, list) and _texts(value) else value
            if not isinstance(value, str) or (kinds and kind not in kinds):
                continue
            if kind == "text/html":
                self._effort += effort(value)
                within = self._effort <= MAX_EFFORT_NOTEBOOK
                kept[kind] = clean(value) if within else as_text(value)
            elif kind in _PICTURES:
                if len(value) <= MAX_PICTURE and BASE64.fullmatch(value):
                    kept[kind] = value
            elif kind == "image/svg+xml":  # pages show it as a picture, where scripts don't run
                if len(value) <= MAX_PICTURE:
                    kept[kind] = value
            elif kind in ("text/plain", "text/markdown", "text/latex"):
                kept[kind] = cut(value)
        return kept


def _metadata(cell: NotebookNode) -> NotebookNode:
    """Return what is harmless of a cell's metadata."""
    kept = {
        key: cell.metadata[key]
        for key in ("deletable", "editable")
        if cell.metadata.get(key) in (True, False)
    }
    own = cell.metadata.get("nbgrader")
    if isinstance(own, dict) and IDENTIFIER.fullmatch(str(own.get("grade_id"))):
        kept["nbgrader"] = own  # its names go into pages as they are
    tags = cell.metadata.get("tags")
    if isinstance(tags, list):
        kept["tags"] = [tag for tag in tags if IDENTIFIER.fullmatch(str(tag))]
    notes = NotebookNode()
    cause, together = cause_of(cell), noted(cell).get("together")
    if cause is not None and IDENTIFIER.fullmatch(cause):
        notes.cause = cause
    if isinstance(together, str):
        notes.together = cut(together)
    if notes:
        kept[METADATA_KEY] = notes
    return NotebookNode(kept)


def _sizes(metadata: Any, data: NotebookNode) -> NotebookNode:
    """Return the sizes and descriptions of pictures: they go into pages without quotes."""
    kept = NotebookNode()
    for kind in data:
        about = metadata.get(kind) if isinstance(metadata, dict) else None
        if isinstance(about, dict):
            sizes = {key: _integer(about.get(key)) for key in ("width", "height")}
            kept[kind] = NotebookNode({key: size for key, size in sizes.items() if size})
            if isinstance(about.get("alt"), str):
                kept[kind].alt = about["alt"][:1000]
    return kept


def _text(value: Any) -> str:
    """Return a text, which may come in lines, as far as it is shown; nothing for other values."""
    if isinstance(value, list) and _texts(value):
        value = "".join(value)
    return cut(value) if isinstance(value, str) else ""


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _integer(value: Any) -> int | None:
    """Return a number of a cell, or of pixels, None for anything else."""
    return value if type(value) is int and 0 <= value < 10**6 else None
