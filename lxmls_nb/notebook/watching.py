"""Connects what is known of a notebook to IPython, which runs it."""

from __future__ import annotations

import linecache
import sys
from types import FrameType, TracebackType
from typing import Any

from lxmls_nb.errors import UNWRITTEN, CheckFailed, NotAttempted, stopped, unwritten
from lxmls_nb.notebook.cards import Kind, Line, as_html, as_text
from lxmls_nb.notebook.cells import CodeCell
from lxmls_nb.notebook.freshness import Freshness, Old, sentences
from lxmls_nb.notebook.missing import explain_missing
from lxmls_nb.notebook.score import Score
from lxmls_nb.notebook.shown import Explained, Shown


class Notebook:
    """The notebook that this process runs.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """

    def __init__(self, shell: Any) -> None:
        self._shell, self._kernel = shell, getattr(shell, "kernel", None)
        self._run: list[CodeCell] = []  # the present cell is the last one
        self._stopped: set[str] = set()  # keys of cells that ended with an error
        self._freshness = Freshness()
        self._score = Score(self._freshness)
        self._shown = Shown()
        self._lines: list[Line] = []  # of the present cell's card
        self._display: Any = None
        self._is_old = False  # whether something that the present cell reads is old
        # The cell that imports the checks has begun already.
        sources = getattr(shell.history_manager, "input_hist_parsed", [""])
        self._start(CodeCell("", sources[-1], len(sources) - 1))

    def is_watched(self) -> bool:
        """Whether a person runs the cells: in a front end that can ask for input, or a terminal."""
        return self._kernel is None or self.has_cards()

    def has_cards(self) -> bool:
        """Whether a front end shows HTML, and a person sees it, and nobody collects output."""
        asks = bool(getattr(self._kernel, "_allow_stdin", False))
        return asks and type(sys.stdout).__module__.startswith("ipykernel.")

    def start_cell(self, info: Any) -> None:
        """Note that a cell is about to run. A person is told which values in it are old."""
        if not info.store_history:  # run by another cell, as that of %%capture is
            return
        source = str(info.raw_cell)
        key = getattr(info, "cell_id", None) or source  # not every front end sends ids
        found = self._start(CodeCell(str(key), source, int(self._shell.execution_count)))
        self._is_old = bool(found)
        if not found:
            return
        title, lines = "Older than your code", [Line(text, Kind.NOTE) for text in sentences(found)]
        if not self.has_cards():
            print(as_text(title, lines))
            return
        self._lines = lines
        self._show(Kind.NOTE, title)
        self._lines, self._display = [], None

    def _start(self, cell: CodeCell) -> list[Old]:
        self._run = [*(each for each in self._run if each.key != cell.key), cell]
        self._lines, self._display = [], None
        self._shown.start_cell(cell)
        if not self.is_watched():  # it runs from the top to the end, and nothing gets old
            return []
        return self._freshness.start_cell(cell, self._shell.user_ns)

    def end_cell(self, result: Any) -> None:
        """Note what a cell has made, and whether its checks have passed."""
        if not result.info.store_history:
            return
        cell = self._run[-1]
        self._stopped.discard(cell.key)
        if not result.success:
            self._stopped.add(cell.key)
        if not self.is_watched():
            return
        self._freshness.end_cell(cell, self._shell.user_ns, bool(result.success))
        kinds = {line.kind for line in self._lines}
        right = bool(result.success) and Kind.RIGHT in kinds and not self._is_old
        self._score.note(cell, right, undecided=kinds == {Kind.NOTE})
        if right and (points := self._score.sentence(self._run)):
            self._lines.append(Line(points))
            self._show(Kind.RIGHT, "Passed")

    def add(self, kind: Kind, title: str, text: str, why: str) -> None:
        """Add what a check reports to the card of the present cell."""
        lines = [line for line in self._lines if line.kind]
        remarks = [line for line in self._lines if not line.kind]
        if why and Line(why) not in remarks:
            remarks.append(Line(why))
        self._lines = [*lines, Line(text, kind), *remarks]
        self._show(kind, title)

    def show_error(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        """Show what an error says to students, where that is known, and no traceback."""
        shown: BaseException = error
        title = text = ""
        if isinstance(error, CheckFailed):
            title, text = error.heading, self._message(error)
        elif isinstance(error, NotImplementedError):
            if any(each in str(error) for each in UNWRITTEN):
                shown = stopped(trace) or unwritten(_name_of_unwritten(trace))
                title, text = shown.heading, str(shown)
        elif type(error) is NameError and (frame := _frame_of_notebook(trace, shell)):
            inside = frame.f_code.co_name != "<module>"
            code = "".join(linecache.getlines(frame.f_code.co_filename)) if inside else ""
            text = explain_missing(str(error.name), self._run, self._stopped, code)
            title = "Not there yet"
        if text:
            self._show_message(title, text, shown)
        shell.showtraceback((type(shown), shown, trace), tb_offset=tb_offset)

    def _message(self, error: CheckFailed) -> str:
        """Return what is new in a message, where the mistake is explained above already."""
        if not self.is_watched():
            return str(error)
        explained = Explained(str(error), error.subject, error.mistake, error.answers)
        return self._shown.text(explained)

    def _show_message(self, title: str, text: str, error: BaseException) -> None:
        """Show a message as a card, or have the error say it where nobody sees cards."""
        whole = as_text(title, [Line(text)]).splitlines()
        if self.has_cards():
            is_open = isinstance(error, NotAttempted | NameError)
            kind = Kind.OPEN if is_open else Kind.WRONG
            self._lines = [Line(text, kind), *self._lines]
            self._show(kind, title, is_error=True)
            whole = [f"{title}: see the message above."]
        error._render_traceback_ = lambda: whole  # type: ignore[attr-defined]

    def _show(self, kind: Kind, title: str, is_error: bool = False) -> None:
        bundle = {
            "text/html": as_html(kind, title, self._lines, is_error),
            "text/plain": as_text(title, self._lines),
        }
        if self._display is None:
            from IPython.display import display

            self._display = display(bundle, raw=True, display_id=True)
        else:
            self._display.update(bundle, raw=True)


def _last_frame(trace: TracebackType) -> FrameType:
    """Return where an error has come up."""
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame


def _frame_of_notebook(trace: TracebackType, shell: Any) -> FrameType | None:
    """Return where an error has come up, if that is code of the notebook."""
    frame = _last_frame(trace)
    return frame if frame.f_globals is shell.user_global_ns else None


def _name_of_unwritten(trace: TracebackType) -> str:
    """Return the function that is not written; of a method such as ``__init__``, its class."""
    frame = _last_frame(trace)
    name = frame.f_code.co_name
    own = frame.f_locals.get("self")
    return type(own).__name__ if name.startswith("__") and own is not None else name


#: The notebook that this process runs, if it runs one.
_notebook: Notebook | None = None


def watch() -> None:
    """Follow the cells of a notebook from now on; where there is none, nothing changes."""
    global _notebook
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or _notebook is not None:
        return
    _notebook = notebook = Notebook(shell)
    shell.events.register("pre_run_cell", notebook.start_cell)
    shell.events.register("post_run_cell", notebook.end_cell)
    shell.set_custom_exc((CheckFailed, NotImplementedError, NameError), notebook.show_error)


def report(kind: Kind, title: str, text: str, why: str = "") -> None:
    """Show what a check reports: as a card to a person in a notebook, else as printed text.

    Parameters
    ----------
    kind : Kind
    title : str
        A word on the result. Printed text begins with it.
    text : str
    why : str
        Why an answer that passes works; it is not printed.
    """
    if _notebook is not None and _notebook.has_cards():
        _notebook.add(kind, title, text, why)
    else:
        print(as_text(title, [Line(text)]))
