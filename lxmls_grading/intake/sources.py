"""Reads an instructor's notebook as nbgrader releases it: with header, footer and AUTOTEST.

nbgrader replaces a line such as ``### AUTOTEST square(3)`` by tests, for which it runs the
reference solution. What it has written is in the gradebook: students have it, and it is graded.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import IncludeHeaderFooter, InstantiateTests
from traitlets.config import Config

from lxmls_grading.cells import grade_id, read_notebook


def not_released(assignment: str, what: str) -> NbGraderException:
    """Return the error that tells an instructor to release the assignment again."""
    return NbGraderException(
        f"{what}. Run `nbgrader generate_assignment {assignment} --force`, then grade again."
    )


def read_source(coursedir: CourseDirectory, assignment: str, path: str | Path) -> NotebookNode:
    """Return an instructor's notebook with the tests that nbgrader has generated for it.

    Parameters
    ----------
    coursedir : CourseDirectory
    assignment : str
    path : path
        The file in ``source/``.

    Raises
    ------
    NbGraderException
        If tests were to be generated, and the gradebook has none that can be theirs.
    """
    source = with_header(read_notebook(path), coursedir.config)
    places = generated_cells(source, coursedir.config)
    if places:
        released = _released(coursedir, Path(path).stem, assignment)
        for place in places:
            cell = source.cells[place]
            text = released.get(str(grade_id(cell)))
            if text is None or not _made_from(cell.source, text, source, coursedir.config):
                raise not_released(assignment, f"{path} is not what was released: {grade_id(cell)}")
            cell.source = text
    return source


def source_notebooks(coursedir: CourseDirectory, assignment: str) -> dict[str, Path]:
    """Return the files of an assignment's notebooks in ``source/``, by name.

    Hidden files, which macOS leaves beside others, are none: nbgrader does not release them.
    """
    folder = coursedir.format_path(coursedir.source_directory, ".", assignment)
    paths = sorted(Path(folder).glob("*.ipynb"))
    return {path.stem: path for path in paths if not path.name.startswith(".")}


def source_files(coursedir: CourseDirectory, assignment: str) -> frozenset[str]:
    """Return the paths of an assignment's files that are no notebooks, relative to its folder."""
    folder = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    paths = (path for path in folder.rglob("*") if path.suffix != ".ipynb")
    return frozenset(str(path.relative_to(folder)) for path in paths)


def read_sources(coursedir: CourseDirectory, assignment: str) -> dict[str, NotebookNode]:
    """Return all of an assignment's notebooks, by name; see :func:`read_source`."""
    return {
        name: read_source(coursedir, assignment, path)
        for name, path in source_notebooks(coursedir, assignment).items()
    }


def generate_tests(coursedir: CourseDirectory, path: str | Path) -> NotebookNode:
    """Return an instructor's notebook with its tests generated now, as nbgrader would release it.

    Its cells run, and with all rights, as they do when it is released.

    Raises
    ------
    NbGraderException
        If nbgrader cannot generate them: they are mistyped, or the reference solution fails.
    """
    source = with_header(read_notebook(path), coursedir.config)
    if not generated_cells(source, coursedir.config):
        return source
    resources = ResourcesDict(metadata=ResourcesDict(path=str(Path(path).parent)))
    step = InstantiateTests(config=coursedir.config)
    try:
        notebook: NotebookNode = step.preprocess(source, resources)[0]
    except Exception as error:
        if step.kc is not None:  # nbgrader would leave the kernel running
            step.kc.shutdown()
        what = f"{type(error).__name__}: {error}"
        raise NbGraderException(f"{path}: AUTOTEST cannot be replaced ({what})") from None
    return notebook


def source_to_try(coursedir: CourseDirectory, assignment: str, path: Path) -> NotebookNode:
    """Return an instructor's notebook as it was released, or else as it would be released now.

    Raises
    ------
    NbGraderException
        If tests cannot be generated that nbgrader would generate.
    """
    try:
        return read_source(coursedir, assignment, path)
    except NbGraderException:
        return generate_tests(coursedir, path)


def with_header(source: NotebookNode, config: Config | None = None) -> NotebookNode:
    """Return a notebook with the header and the footer that nbgrader is configured to add."""
    step = IncludeHeaderFooter(config=config)
    added: NotebookNode = step.preprocess(copy.copy(source), ResourcesDict())[0]
    return added


def generated_cells(source: NotebookNode, config: Config | None = None) -> list[int]:
    """Return the places of cells with lines from which nbgrader generates tests."""
    step = InstantiateTests(config=config)
    mark = _comment(step, source)
    return [
        place
        for place, cell in enumerate(source.cells)
        if cell.cell_type == "code"
        and any(_is_template(line, step, mark) for line in cell.source.split("\n"))
    ]


def _comment(step: InstantiateTests, source: NotebookNode) -> str:
    """Return what begins a comment in the language of a notebook."""
    kernel = source.metadata.get("kernelspec", {}).get("name", "")
    mark: str = step.comment_strs.get(kernel, "#")
    return mark


def _is_template(line: str, step: InstantiateTests, mark: str) -> bool:
    return step.autotest_delimiter in line and line.strip().startswith(mark)


def _made_from(template: str, text: str, source: NotebookNode, config: Config) -> bool:
    """Whether a text can be what nbgrader has made of a template.

    The lines that it keeps are there in their order, and what is to be tested is between them.
    """
    step = InstantiateTests(config=config)
    mark = _comment(step, source)
    left = text.split("\n")
    for line in template.split("\n"):
        if _is_template(line, step, mark):
            snippets = line.partition(step.autotest_delimiter)[2].split(";")
            if not all(snippet.strip() in "\n".join(left) for snippet in snippets):
                return False
        elif line in left:
            del left[: left.index(line) + 1]
        else:
            return False
    return True


def _released(coursedir: CourseDirectory, notebook: str, assignment: str) -> Mapping[str, str]:
    """Return the texts of the cells that the gradebook has, by name."""
    try:
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            cells = gradebook.find_notebook(notebook, assignment).source_cells
            return {cell.name: cell.source for cell in cells}
    except MissingEntry:
        return {}
