"""The outputs of student cells: kept up to a limit, and only where they are valid."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.cells import is_test
from lxmls_grading.reasons import format_bytes

#: Messages that become outputs, or change some.
OUTPUTS = ("stream", "display_data", "execute_result", "error", "update_display_data")

#: The outputs of a notebook may be as large as those of so many cells.
OF_NOTEBOOK = 5

#: Most characters of the name and of the message of an error, or of points, that are always kept.
MAX_KEPT = 10_000


class BoundedOutputs(NotebookClient):
    """Keeps what cells put out, up to a limit, whatever messages the kernel sends.

    Attributes
    ----------
    max_output : int
        Bytes that are kept of each cell; :data:`OF_NOTEBOOK` times as many of the notebook.
    """

    max_output: int
    _kept = (0, 0)  # bytes so far: of this cell, of the notebook

    def start_cell(self, cell: NotebookNode) -> None:
        """Remove the outputs of a cell, which is about to run."""
        cell.outputs, cell.execution_count = [], None
        self._kept = 0, self._kept[1]

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Keep the output of a cell, up to a limit."""
        if msg["msg_type"] in OUTPUTS:
            size, limit = len(json.dumps(msg["content"], default=str)), self.max_output
            size *= max(1, self._places(msg))
            of_cell, of_notebook = self._kept
            room = min(limit - of_cell, OF_NOTEBOOK * limit - of_notebook)
            self._kept = of_cell + size, of_notebook + size
            if size > room and not _may_be_points(msg, size, cell):
                if room > 0:
                    start = str(msg["content"].get("text", ""))[:room]
                    text = f"{start}\n... more than {format_bytes(limit)}: the rest is left out\n"
                    cell.outputs.append(new_output("stream", text=text))
                return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as error:  # a field is missing or wrong
            self.log.debug("Skipped a malformed message: %r", error)
            return None

    def _places(self, msg: dict[str, Any]) -> int:
        """Return in how many outputs the content of a message will stand.

        A display can be shown in many places, and an update of it changes all of them.
        """
        transient = msg["content"].get("transient")
        shown = transient.get("display_id") if isinstance(transient, dict) else None
        if not isinstance(shown, str):
            return 1
        earlier: int = sum(map(len, self._display_id_map.get(shown, {}).values()))
        return earlier + int(msg["msg_type"] != "update_display_data")

    def output(
        self,
        outs: list[NotebookNode],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> NotebookNode | None:
        """Keep an output if it is valid."""
        content = msg["content"]
        if msg["msg_type"] == "stream" and not self.clear_before_next_output:
            # Most outputs are pieces of text. To validate each would take longer than the cell.
            name, text = content.get("name"), content.get("text")
            if name in ("stdout", "stderr") and isinstance(text, str):
                outs.append(NotebookNode(output_type="stream", name=name, text=text))
                return outs[-1]
        count = len(outs)
        out = super().output(outs, msg, display_id, cell_index)
        try:
            if out is not None:
                nbformat.validate(out, ref="output", version=4)
        except Exception:
            del outs[count:]
            return None
        return out

    def handle_comm_msg(
        self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int
    ) -> None:
        """Ignore messages of widgets."""


def _may_be_points(msg: dict[str, Any], size: int, cell: NotebookNode) -> bool:
    """Whether a message is the result of a test, without which it would have all its points."""
    is_first = all(output.output_type != "execute_result" for output in cell.outputs)
    return msg["msg_type"] == "execute_result" and is_test(cell) and is_first and size <= MAX_KEPT


def keep_reply(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
    """Keep the number that the kernel gives to a cell, and an error of a test that no output tells.

    IPython prints a group of exceptions, a wrong magic, and an error that it cannot format, and
    puts out no error then. Without one, the test would have its points. nbgrader adds it, too.
    """
    content = execute_reply["content"]
    cell.execution_count = content.get("execution_count")
    name = content.get("ename")
    told = [output.ename for output in cell.outputs if output.output_type == "error"]
    if is_test(cell) and content.get("status") == "error" and name not in told:
        name, text = (str(content.get(key, ""))[:MAX_KEPT] for key in ("ename", "evalue"))
        lines = [f"{name}: {text}" if text else name]
        cell.outputs.append(new_output("error", ename=name, evalue=text, traceback=lines))


def join_streams(cell: NotebookNode) -> None:
    """Join pieces of one stream, and keep of each line what a terminal would show in the end.

    nbclient's own function for this takes hours for a line of a million characters.
    """
    joined: list[NotebookNode] = []
    for output in cell.outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            lines = [line.rstrip("\r").rpartition("\r")[2] for line in output.text.split("\n")]
            output.text = "\n".join(lines)
    cell.outputs = joined


def cut_outputs(notebook: NotebookNode, limit: int) -> None:
    """Leave outputs out from where those of a notebook are larger than a limit, all together.

    The limits on messages see to that already; this is a second look, before the notebook is
    written, at what is in it. Outputs of tests are points: they are counted, and kept.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed in place.
    limit : int
        In bytes.
    """
    total = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        size = len(json.dumps(cell.outputs, default=str))
        if total + size > limit and not is_test(cell):
            text = f"... more than {format_bytes(limit)} in this notebook: the rest is left out\n"
            cell.outputs = [new_output("stream", text=text)]
        else:
            total += size
