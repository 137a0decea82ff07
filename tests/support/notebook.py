"""A kernel with a person before it: cells are run as JupyterLab runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel


class Watched:
    """A notebook in a front end that can ask for input, and that shows what cells give out.

    Parameters
    ----------
    client : jupyter_client.BlockingKernelClient
    """

    def __init__(self, client):
        self._client = client

    def run(self, source: str, key: str = "") -> list[dict]:
        """Run a cell; return the outputs that are then shown, as of nbformat."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        metadata = {"cellId": key} if key else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        outputs, displays = [], {}
        while True:
            reply = self._client.get_iopub_msg(timeout=60)
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, body = reply["msg_type"], reply["content"]
            display = body.get("transient", {}).get("display_id")
            if kind == "status" and body["execution_state"] == "idle":
                return outputs
            if kind == "update_display_data":
                outputs[displays[display]]["data"] = body["data"]
            elif kind in ("stream", "display_data", "execute_result", "error"):
                displays[display] = len(outputs)
                outputs.append({"kind": kind, **body})

    def text(self, source: str, key: str = "") -> str:
        """Run a cell; return what a front end without HTML shows."""
        return as_text(self.run(source, key))


def as_text(outputs: list[dict]) -> str:
    """Return outputs as text, blanks and line ends as one blank."""
    parts = []
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append(text or "\n".join(output.get("traceback", [])))
    return " ".join(" ".join(parts).split())


@contextmanager
def watched_notebook(folder: Path, notebook: nbformat.NotebookNode | None = None) -> Iterator:
    """Start a kernel in a folder, where the notebook lies if there is one."""
    if notebook is not None:
        nbformat.write(notebook, folder / "notebook.ipynb")
    manager, client = start_new_kernel(cwd=str(folder))
    try:
        yield Watched(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
