"""The outputs of student cells: kept up to a limit, and only where they are valid."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from lxmls_grading.reasons import format_bytes


class BoundedOutputs(NotebookClient):
    """Keeps what cells put out, up to a limit, whatever messages the kernel sends.

    Attributes
    ----------
    max_output : int
        Bytes that are kept of each cell; five times as many of the notebook.
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
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            size, limit = len(json.dumps(msg["content"], default=str)), self.max_output
            of_cell, of_notebook = self._kept
            room = min(limit - of_cell, 5 * limit - of_notebook)
            self._kept = of_cell + size, of_notebook + size
            if size > room:
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


def keep_count(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
    """Keep the number that the kernel gives to an executed cell."""
    cell.execution_count = execute_reply["content"].get("execution_count")


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
