"""The site that `make book` builds: whole, readable offline, and the same as the notebooks."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.support import site as support
from tests.support.course import ROOT
from tools.check_site import main, problems

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXERCISES = sorted((ROOT / "release" / "day2").glob("*.ipynb"))
NOTEBOOKS = pytest.mark.parametrize("notebook", CHAPTERS + EXERCISES, ids=lambda path: path.stem)
STUDENTS_MODULES = ("checks", "data", "device", "models", "plots", "training")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


@pytest.fixture(scope="module")
def site() -> Path:
    """Return the folder of the site."""
    for module in ("furo", "myst_nb", "sphinx"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: it comes with the extra `book`")
    return support.built_site()


@cache
def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def page_of(site: Path, notebook: Path) -> BeautifulSoup:
    return read(site / notebook.relative_to(ROOT).with_suffix(".html"))


def cells(notebook: Path, kind: str) -> list[dict]:
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [
        cell | {"source": "".join(cell["source"])} for cell in found if cell["cell_type"] == kind
    ]


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_nothing_is_broken(site):
    assert problems(site) == []


def test_makefile_builds_and_checks_the_same():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nbook:")[2]
    recipe = recipe.partition("\n\n")[0]
    assert "-m sphinx -E -W --keep-going -q -c docs" in recipe
    assert "tools/check_site.py build/book" in recipe


def test_site_is_built_again_where_a_file_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(support, "ROOT", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    states = [support._state()]
    page = tmp_path / "page.md"
    for text in ("one", "other"):
        page.write_text(text)
        states.append(support._state())
    page.rename(tmp_path / "renamed.md")
    states.append(support._state())
    assert len(set(states)) == 4
    assert support._state() == states[-1]


def test_no_path_of_this_machine(site):
    for page in site.rglob("*.html"):
        assert str(ROOT) not in page.read_text(encoding="utf-8"), page


class TestPages:
    def test_front_page_leads_to_all(self, site):
        links = {link["href"] for link in read(site / "docs" / "index.html").find_all("a")}
        for notebook in CHAPTERS + EXERCISES:
            path = notebook.relative_to(ROOT).with_suffix(".html").as_posix()
            assert f"../{path}" in links
        for name in (*STUDENTS_MODULES, "grading"):
            assert f"api/{name}.html" in links

    def test_address_of_the_site_leads_to_the_front_page(self, site):
        refresh = read(site / "index.html").find("meta", attrs={"http-equiv": "refresh"})
        assert refresh["content"] == "0; url=docs/index.html"

    @NOTEBOOKS
    def test_every_cell_is_there(self, site, notebook):
        page = page_of(site, notebook)
        shown = [words(code.get_text()) for code in page.select(".cell_input pre")]
        sources = [
            words(cell["source"])
            for cell in cells(notebook, "code")
            if cell["source"] and "remove-cell" not in cell["metadata"].get("tags", [])
        ]
        assert shown == sources

    @NOTEBOOKS
    def test_outputs_are_the_committed_ones(self, site, notebook):
        page = page_of(site, notebook)
        outputs = [output for cell in cells(notebook, "code") for output in cell["outputs"]]
        printed = words("".join("".join(output.get("text", "")) for output in outputs))
        shown = "".join(pre.get_text() for pre in page.select(".cell_output .stream pre"))
        assert words(shown).replace(" ", "") == printed.replace(" ", "")
        figures = [output for output in outputs if "text/html" in output.get("data", {})]
        assert len(page.select(".cell_output img")) >= len(figures)
        assert bool(outputs) == (notebook in CHAPTERS)

    @NOTEBOOKS
    def test_hints_unfold(self, site, notebook):
        page = page_of(site, notebook)
        texts = [cell["source"] for cell in cells(notebook, "markdown")]
        # Folded code is in a <details> of a class of its own.
        hints = [each for each in page.find_all("details") if "hide" not in each.get("class", [])]
        assert len(hints) == sum(text.count("<details>") for text in texts)
        for hint in hints:
            assert hint.find(recursive=False).name == "summary"
            assert hint.find("p"), "a hint without text"

    @NOTEBOOKS
    def test_folded_cells_of_tasks_say_what_they_hold(self, site, notebook):
        tags = [set(cell["metadata"].get("tags", [])) for cell in cells(notebook, "code")]
        folded = [each for each in tags if "hide-cell" in each]
        prompts = [each.get_text() for each in page_of(site, notebook).select(".hide summary")]
        checks = sum("of-answers" in each for each in folded)
        assert sum("Show what the check reports" in each for each in prompts) == checks
        assert sum("Show the answer" in each for each in prompts) == len(folded) - checks
        assert not any("cell content" in each for each in prompts)

    @NOTEBOOKS
    def test_no_equation_is_left_as_text(self, site, notebook):
        article = page_of(site, notebook).find("article")
        for text in article.find_all(string=re.compile(r"\$")):
            assert text.find_parent(["pre", "code"]) or text.find_parent(class_="math"), text

    @NOTEBOOKS
    def test_no_widget_is_left(self, site, notebook):
        page = page_of(site, notebook)
        assert "Box(children" not in page.get_text()
        assert page.find("script", type=re.compile("widget")) is None

    @pytest.mark.parametrize("name", STUDENTS_MODULES)
    def test_students_api_is_complete(self, site, name):
        module = importlib.import_module(f"lxmls_nb.{name}")
        page = read(site / "docs" / "api" / f"{name}.html")
        public = getattr(module, "__all__", None) or [
            key
            for key, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__ and not key.startswith("_")
        ]
        assert public
        for key in public:
            if callable(getattr(module, key)) and key != "logsumexp":  # SciPy's
                assert page.find(id=f"lxmls_nb.{name}.{key}"), f"{key} is not on the page"

    def test_grading_api_is_complete(self, site):
        page = read(site / "docs" / "api" / "grading.html")
        ids = {element["id"] for element in page.find_all(id=True)}
        for path in (ROOT / "lxmls_grading").rglob("[!_]*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            assert f"module-{module}" in ids, f"{module} is not in docs/api/grading.rst"

    def test_equations_come_with_their_renderer(self, site):
        pages = [page for page in site.rglob("*.html") if read(page).select(".math")]
        assert len(pages) > 5
        for page in pages:
            scripts = [str(script["src"]) for script in read(page).find_all("script", src=True)]
            renderer = next(script for script in scripts if "tex-svg-full.js" in script)
            path = (page.parent / renderer.partition("?")[0]).resolve()
            assert path.stat().st_size > 1_000_000


def measure(pages: list[Path], widths: list[int], folder: Path) -> dict[str, dict]:
    """Return what a browser without network says of pages, by page and width in pixels."""
    requests = [(page.as_uri(), width) for page in pages for width in widths]
    template = (ROOT / "tests" / "measure_site.html").read_text(encoding="utf-8")
    measuring = folder / "measure.html"
    measuring.write_text(template.replace("REQUESTS", json.dumps(requests)), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--proxy-server=127.0.0.1:9"]
    options += ["--disable-background-networking", f"--user-data-dir={folder / 'profile'}"]
    options += ["--allow-file-access-from-files", "--virtual-time-budget=600000", "--dump-dom"]
    done = subprocess.run(
        [BROWSER, *options, measuring.as_uri()], capture_output=True, timeout=300, check=True
    )
    result = BeautifulSoup(done.stdout.decode(), "html.parser").find(id="result").get_text()
    measured = json.loads(result)
    assert len(measured) == len(requests)
    return measured


@pytest.mark.skipif(not BROWSER, reason="there is no chromium or google-chrome on the PATH")
class TestInBrowser:
    def test_equations_and_figures_are_seen_and_fit(self, site, tmp_path):
        pages = sorted(page for page in site.rglob("*.html") if page != site / "index.html")
        for page, found in measure(pages, [1280, 400], tmp_path).items():
            assert found == {"untypeset": 0, "errors": [], "unseen": [], "wide": []}, page

    def test_can_fail(self, tmp_path):
        page = tmp_path / "page.html"
        page.write_text(
            '<p class="math">x</p><img src="gone.png" alt="A gap.">'
            '<div class="content" style="overflow: auto"><p style="width: 2000px">long</p></div>'
            '<merror data-mjx-error="Undefined control sequence"></merror>'
        )
        (found,) = measure([page], [1280], tmp_path).values()
        assert found["untypeset"] == 1
        assert found["errors"] == ["Undefined control sequence"]
        assert found["unseen"] == ["A gap."]
        assert found["wide"] == ["DIV.content: long"]


class TestWidgets:
    @pytest.fixture
    def replace(self, monkeypatch):
        pytest.importorskip("sphinx", reason="it comes with the extra `book`")
        monkeypatch.setattr(sys, "path", list(sys.path))
        spec = importlib.util.spec_from_file_location("book_conf", ROOT / "docs" / "conf.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.replace_widget

    @pytest.mark.parametrize("view", [{"application/vnd.jupyter.widget-view+json": {}}, {}])
    def test_alone(self, replace, view):
        data = view | {"text/plain": "VBox(children=(...))"}
        replace(data)
        assert "there are sliders here" in data["text/html"]

    def test_with_a_figure(self, replace):
        view = {"application/vnd.jupyter.widget-view+json": {}}
        data = {"text/html": "<img>", "text/plain": "VBox(...)"}
        both = view | data
        replace(both)
        assert both == data

    def test_other_outputs_stay(self, replace):
        data = {"text/plain": "array([1, 2])"}
        replace(data)
        assert data == {"text/plain": "array([1, 2])"}


GOOD = """<!DOCTYPE html><html lang="en"><head><title>A page</title>
<link rel="stylesheet" href="style.css?v=1"></head><body><h1 id="top">A page</h1>
<a href="#top">up</a> <a href="other%20page.html#there">other</a> <a href="https://x.org">x</a>
<img src="dot.png" alt="A dot."><img src="data:image/png;base64,AAAA" alt="Another.">
{}</body></html>"""


class TestChecker:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "style.css").write_text("p { background: url(dot.png) }")
        (tmp_path / "dot.png").write_bytes(b"")
        (tmp_path / "sub").mkdir()
        (tmp_path / "other page.html").write_text(
            '<html lang="en"><title>Other</title><p id="there"></html>'
        )
        return tmp_path

    def test_good(self, folder, capsys):
        (folder / "page.html").write_text(GOOD.format(""))
        assert problems(folder) == []
        assert main([str(folder)]) == 0
        assert "2 pages, no problem" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("broken", "problem"),
        [
            ('<a href="gone.html">', "leads nowhere: gone.html"),
            ('<a href="sub/">', "leads nowhere: sub/"),
            ('<a href="#gone">', "no such place on that page: #gone"),
            ('<a href="other%20page.html#gone">', "no such place"),
            ('<a href="../../etc/hostname">', "out of the site"),
            ('<img src="gone.png" alt="Gone.">', "leads nowhere: gone.png"),
            ('<img src="dot.png">', "no alternative text"),
            ('<img src="dot.png" alt=" ">', "no alternative text"),
            ('<img src="https://x.org/a.png" alt="Far.">', "from another host"),
            ('<script src="//x.org/a.js"></script>', "from another host"),
            ('<script>load("https://x.org/a.js")</script>', "a script names another host"),
            ('<link rel="stylesheet" href="http://x.org/a.css">', "from another host"),
            ('<p style="background: url(https://x.org/a.png)">', "from another host"),
            ("<style>@import 'https://x.org/a.css';</style>", "from another host"),
            ('<meta http-equiv="refresh" content="0; url=gone.html">', "leads nowhere"),
        ],
    )
    def test_broken(self, folder, broken, problem, capsys):
        (folder / "page.html").write_text(GOOD.format(broken))
        (found,) = problems(folder)
        assert found.startswith("page.html: ")
        assert problem in found
        assert main([str(folder)]) == 1
        assert problem in capsys.readouterr().out

    @pytest.mark.parametrize("missing", ['lang="en"', "<title>A page</title>"])
    def test_missing(self, folder, missing):
        (folder / "page.html").write_text(GOOD.format("").replace(missing, "", 1))
        assert len(problems(folder)) >= 1

    def test_style_sheet(self, folder):
        (folder / "style.css").write_text("@font-face { src: url('//x.org/font.woff2') }")
        assert problems(folder) == ["style.css: from another host: //x.org/font.woff2"]

    def test_empty(self, folder):
        assert problems(folder / "sub") == [f"{folder / 'sub'}: there is no page"]
