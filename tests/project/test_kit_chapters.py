"""The chapters that students get: with the tasks, and without the answers to them."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lxmls_grading.cells import read_notebook
from tests.support.course import RELEASE, ROOT
from tests.support.kit import copy_course
from tools import make_kit
from tools.chapters_without_answers import RegionError, stub, without_answers

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TASK = "guess = None  # a number\n### BEGIN SOLUTION\nguess = 0.56 + 40.2\n### END SOLUTION"
METHOD = """\
def slope(z):
    "Return the derivative."
    ### BEGIN SOLUTION
    tilde_z = 1 / (1 + z)
    return tilde_z * tilde_z
    ### END SOLUTION


print(slope(1))"""


def code(source: str, *tags: str):
    output = new_output("stream", text="what came out\n")
    return new_code_cell(source, execution_count=3, outputs=[output], metadata={"tags": [*tags]})


def chapter(*cells):
    return new_notebook(cells=[new_markdown_cell("### BEGIN SOLUTION is a line."), *cells])


class TestCopy:
    def test_a_region_at_the_top_level_disappears(self):
        cell = without_answers(chapter(code(TASK)), "a").cells[1]
        assert cell.source == "guess = None  # a number"
        assert (cell.outputs, cell.execution_count) == ([], None)

    def test_a_region_in_a_function_becomes_the_exercises_stub(self):
        cell = without_answers(chapter(code(METHOD)), "a").cells[1]
        lines = METHOD.split("\n")
        assert cell.source.split("\n") == [*lines[:2], f"    {stub()}", *lines[6:]]
        assert cell.outputs == []

    def test_the_stub_is_that_of_the_exercises(self):
        cells = [cell for path in RELEASE.glob("*.ipynb") for cell in read_notebook(path).cells]
        assert any(f"    {stub()}" in cell.source.split("\n") for cell in cells)

    def test_several_regions_of_a_cell(self):
        cell = without_answers(chapter(code(f"{TASK}\n{METHOD}\n{TASK}")), "a").cells[1]
        assert cell.source.count("guess = None") == 2
        assert cell.source.count(stub()) == 1
        assert "0.56" not in cell.source
        assert "tilde_z" not in cell.source

    def test_nothing_that_came_out_tells_what_to_predict(self):
        given = chapter(code(TASK), code("check(guess)", "hide-cell", "of-answers"), code("1 + 1"))
        before = nbformat.writes(given)
        task, check, other = without_answers(given, "a").cells[1:]
        assert task.outputs == check.outputs == other.outputs == []
        assert (check.source, other.source) == ("check(guess)", "1 + 1")
        assert check.metadata == {"tags": ["hide-cell", "of-answers"]}
        assert other.execution_count is None
        assert nbformat.writes(given) == before

    def test_a_chapter_without_answers_stays_as_it_is(self):
        given = chapter(code("1 + 1"))
        assert without_answers(given, "a") == given

    def test_lines_of_json_stay_lines(self):
        given = json.loads(nbformat.writes(chapter(code(METHOD))))
        given["cells"][1]["source"] = METHOD.splitlines(keepends=True)
        source = without_answers(given, "a")["cells"][1]["source"]
        assert source[2] == f"    {stub()}\n"
        assert source[-1] == "print(slope(1))"

    @pytest.mark.parametrize(
        ("source", "what"),
        [
            (TASK.removesuffix("### END SOLUTION"), "BEGIN SOLUTION has no ### END"),
            (METHOD.replace("    ### BEGIN SOLUTION\n", ""), "END SOLUTION stands there alone"),
            (f"### BEGIN SOLUTION\n{TASK}", "BEGIN SOLUTION stands there twice"),
        ],
    )
    def test_a_region_that_is_not_closed_is_told(self, source, what):
        cell = code(source)
        with pytest.raises(RegionError, match=what) as caught:
            without_answers(chapter(cell), "a_chapter.ipynb")
        assert str(caught.value).startswith(f"a_chapter.ipynb, cell {cell.id}: ")
        assert (caught.value.notebook, caught.value.cell) == ("a_chapter.ipynb", cell.id)


class TestKit:
    @pytest.fixture
    def course(self, tmp_path):
        """Return a copy of the course, with a task that is new in one of its chapters."""
        course = copy_course(tmp_path / "course")
        path = course / "notebooks" / "2_chain_rule.ipynb"
        notebook = read_notebook(path)
        notebook.cells += [code(TASK), code(METHOD)]
        nbformat.write(notebook, path)
        return course

    def test_answers_are_not_in_it(self, course):
        kit, _ = make_kit.make_kit(course)
        text = (kit / "notebooks" / "2_chain_rule.ipynb").read_text(encoding="utf-8")
        assert "guess = None" in text
        assert "0.56 + 40.2" not in text
        assert "return tilde_z * tilde_z" not in text
        assert "what came out" not in text

    @pytest.mark.parametrize("where", ["cell", "output", "module"])
    def test_no_kit_is_made_with_an_answer_in_it(self, course, monkeypatch, where):
        answer = "guess = 0.56 + 40.2"

        def careless(notebook, name):
            result = without_answers(notebook, name)
            if name == "2_chain_rule.ipynb" and where != "module":
                cell = next(cell for cell in result["cells"] if cell["cell_type"] == "code")
                output = {"output_type": "stream", "name": "stdout", "text": [answer]}
                cell |= {"source": [answer]} if where == "cell" else {"outputs": [output]}
            return result

        monkeypatch.setattr(make_kit, "without_answers", careless)
        if where == "module":
            answer = "guess = 0.56 + 40.2 + " + "1 + " * 10 + "1"
            path = course / "notebooks" / "2_chain_rule.ipynb"
            path.write_text(path.read_text().replace("guess = 0.56 + 40.2", answer))
            (course / "lxmls_nb" / "help.py").write_text(f"{answer}\n")
        with pytest.raises(make_kit.KitError, match="it has a line of a solution"):
            make_kit.make_kit(course)

    def test_a_region_that_is_not_closed_makes_no_kit(self, course):
        path = course / "notebooks" / "2_chain_rule.ipynb"
        path.write_text(path.read_text().replace("### END SOLUTION", "### END SOLUTIONS"))
        with pytest.raises(make_kit.KitError, match=r"^notebooks/2_chain_rule\.ipynb, cell "):
            make_kit.make_kit(course)
        assert list(course.glob("build/*")) == []


def lines_of_answers() -> set[str]:
    """Return what stands in regions of chapters, and nowhere else in chapters or exercises."""
    answers, public = set(), set()
    for path in [*CHAPTERS, *RELEASE.glob("*.ipynb")]:
        for cell in read_notebook(path).cells:
            parts = cell.source.split("### BEGIN SOLUTION\n") if cell.cell_type == "code" else []
            for part in parts[1:]:
                answers |= {line.strip() for line in part.split("### END SOLUTION")[0].split("\n")}
            outside = [part.split("### END SOLUTION")[-1] for part in parts]
            public |= {line.strip() for part in outside for line in part.split("\n")}
    return {line for line in answers - public if len(line) > 3}


def shown_answers(folder) -> list[str]:
    """Return the answers of chapters that a kit's notebooks show."""
    answers, found = lines_of_answers(), []
    for path in sorted(folder.rglob("*.ipynb")):
        for cell in read_notebook(path).cells:
            shown = {line.strip() for line in cell.source.split("\n")}
            found += [f"{path.name}, {cell.id}: {line}" for line in sorted(answers & shown)]
    return found


def test_no_answer_of_a_chapter_is_in_the_kit(tmp_path):
    kit, _ = make_kit.make_kit(output=tmp_path / "kit")
    assert shown_answers(kit) == []
    assert "SOLUTION" not in "".join(path.read_text() for path in kit.rglob("*.ipynb"))
    if not (answers := sorted(lines_of_answers())):
        return
    path = kit / "notebooks" / CHAPTERS[0].name
    notebook = read_notebook(path)
    notebook.cells[1].source += f"\n{answers[0]}"
    nbformat.write(notebook, path)
    assert shown_answers(kit) == [f"{path.name}, {notebook.cells[1].id}: {answers[0]}"]
