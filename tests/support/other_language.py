"""A Jupyter kernel of a language that is not Python, for tests: the language *tally*.

A line ``name = number`` counts, ``check name number`` fails if the count is another, ``points
number`` gives points, ``forever`` never ends, ``write file`` and ``read file`` use a file, and
``show file`` prints one. The kernel is a program of one file, which is handed over on the command
line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from tests.support.small_course import marks

LANGUAGE, NAME = "tally", "tally-kernel"

PROGRAM = """
import os, time
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Tally(Kernel):
    implementation = language = "tally"
    implementation_version = language_version = "1.0"
    banner = "tally"
    language_info = {"name": "tally", "mimetype": "text/plain", "file_extension": ".tally"}
    counts = {}

    def do_execute(self, code, silent, store_history=True, user_expressions=None,
                   allow_stdin=False, *, cell_meta=None, cell_id=None):
        try:
            for line in code.split("\\n"):
                self.run_line(line.partition("#")[0].split())
        except Exception as error:
            text = str(error)
            content = {"ename": type(error).__name__, "evalue": text, "traceback": [text]}
            self.send_response(self.iopub_socket, "error", content)
            return {"status": "error", "execution_count": self.execution_count, **content}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [],
                "user_expressions": {}}

    def run_line(self, words):
        match words:
            case []:
                pass
            case [name, "=", number]:
                self.counts[name] = float(number)
            case ["check", name, number]:
                if self.counts[name] != float(number):
                    raise ValueError(f"{name} is {self.counts[name]}, not {number}")
            case ["points", number]:
                content = {"data": {"text/plain": number}, "metadata": {},
                           "execution_count": self.execution_count}
                self.send_response(self.iopub_socket, "execute_result", content)
            case ["forever"]:
                time.sleep(1000)
            case ["quit"]:
                os._exit(3)
            case ["write", name]:
                open(name, "w").close()
            case ["read", name]:
                open(name).close()
            case ["where"]:
                self.show(os.getcwd())
            case ["show", name]:
                self.show(open(name).read())
            case _:
                raise SyntaxError(" ".join(words))

    def show(self, text):
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})

IPKernelApp.launch_instance(kernel_class=Tally)
"""


def install_kernel(folder: Path) -> dict[str, str]:
    """Install the kernel in a folder, and return the environment in which Jupyter finds it."""
    place = folder / "kernels" / NAME
    place.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-c", PROGRAM, "-f", "{connection_file}"],
        "display_name": "Tally",
        "language": LANGUAGE,
        "env": {"TALLY": "1"},
    }
    (place / "kernel.json").write_text(json.dumps(spec))
    return {"JUPYTER_PATH": str(folder)}


def notebook(*cells: NotebookNode, kernel: str = NAME) -> NotebookNode:
    """Return a notebook in the language."""
    spec = {"name": kernel, "display_name": "Tally", "language": LANGUAGE}
    return new_notebook(cells=list(cells), metadata={"kernelspec": spec})


def answer(code: str) -> NotebookNode:
    """Return the cell of an answer."""
    return new_code_cell(code, metadata=marks("answer", False, True))


def graded(code: str, name: str = "test") -> NotebookNode:
    """Return a test cell that is worth two points."""
    return new_code_cell(code, metadata=marks(name, True, False))
