"""How Sphinx makes one site of chapters, exercises and API pages: `make book`.

The sources are where they are read otherwise, from the repository's root on, so that links between
them mean the same in JupyterLab, on a code-hosting site and here.
"""

import importlib.util
import json
import posixpath
import re
import sys
from inspect import isclass, isroutine
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import lxmls_nb  # noqa: E402 - the one beside this folder

project = "lxmls_nb"
author = "the authors of lxmls_nb"
version = release = lxmls_nb.__version__
language = "en"
html_title = "Non-Linear Classifiers"

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/*.ipynb",
    "release/day2/*.ipynb",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
]
# Folders named here are not even looked into.
exclude_patterns = [
    *(".*", "**/.*", "benchmarks", "build", "demo", "dist", "docs/_*", "*.egg-info"),
    *("lxmls_nb", "lxmls_grading", "source", "submitted", "autograded", "feedback"),
    *("tests", "tools", "work"),
]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]

# Notebooks and Markdown. What is committed is shown; nothing is executed.
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # else two scripts of other hosts
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_dmath_double_inline = True  # $$...$$ within a paragraph, as in JupyterLab
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # cells may begin with any level of heading

# API pages. What our own docstrings refer to must be there; NumPy's pages are elsewhere.
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_use_type_comments = False  # there are none, and looking for them takes seconds
napoleon_google_docstring = False
napoleon_use_param = False  # "row, column : int" stays one entry
python_maximum_signature_line_length = 80
nitpicky = True
# Not those of other packages, nor variables for types.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!lxmls_nb\.).*"),
    (r"py:class", r"lxmls_nb\..*\.(T|E|Probe)"),
]

# The API pages have a list of modules each; the index of all is too wide for a telephone.
html_domain_indices = False
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_additional_pages = {"index": "redirect.html"}
templates_path = ["_templates"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False

# The renderer of equations is one file, with the shapes of its letters in it: no fonts to fetch.
# The package's own extension would copy all of MathJax.
_mathjax = importlib.util.find_spec("sphinx-mathjax-offline").submodule_search_locations[0]
html_static_path.append(str(Path(_mathjax) / "static" / "mathjax" / "tex-svg-full.js"))
mathjax_path = "tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}}  # the menu can ask for more files


def link_sources(app, docname, source):
    """Let links to Python files lead to their API pages, and other files' names be just names."""

    def link(match):
        text, target = match.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(docname), target))
        if path.startswith("lxmls_grading"):
            module = path.removesuffix(".py").replace("/", ".")
            return f"{{py:mod}}`{text.strip('`')} <{module}>`"
        return text if (ROOT / path).is_dir() else match[0]

    if app.env.doc2path(docname).suffix == ".md":
        source[0] = re.sub(r"\[([^\]]+)\]\(([\w./-]+)\)", link, source[0])


def adapt_notebook(app, docname, source):
    """Do for a notebook what a running JupyterLab would do: widgets, and equations in summaries.

    Folded cells are named. Exercises lead to the chapters beside them in the student kit, which are
    elsewhere here.
    """
    if app.env.doc2path(docname).suffix != ".ipynb":
        return
    if docname.startswith("release/"):
        source[0] = source[0].replace("](../notebooks/", "](../../notebooks/")
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = re.sub("<summary>.*?</summary>", typeset, text, flags=re.DOTALL)
        for output in cell.get("outputs", []):
            replace_widget(output.get("data", {}))
        name_folded(cell["metadata"])
    source[0] = json.dumps(notebook)


def name_folded(metadata):
    """Say what a folded cell of a task holds: the answer, or what its check reports."""
    tags = metadata.get("tags", [])
    if "hide-cell" in tags:
        what = "what the check reports" if "of-answers" in tags else "the answer"
        metadata["mystnb"] = {
            "code_prompt_show": f"Show {what}",
            "code_prompt_hide": f"Hide {what}",
        }


def typeset(match):
    """Mark equations in raw HTML for MathJax, as MyST does in text of its own."""
    equation = r'<span class="math notranslate nohighlight">\\(\1\\)</span>'
    return re.sub(r"\$([^$]+)\$", equation, match[0])


def keep_punctuation(app, doctree, docname):
    """Keep a formula in a line and the comma after it together: browsers break lines there."""
    for formula in list(doctree.findall(nodes.math)):
        text = formula.next_node(siblings=True, descend=False)
        mark = isinstance(text, nodes.Text) and re.match(r"[,.;:?!)]+", text)
        if mark:
            together = nodes.inline("", "", formula.deepcopy(), nodes.Text(mark[0]))
            together["classes"].append("nowrap")
            formula.parent.replace(text, nodes.Text(text[mark.end() :]))
            formula.parent.replace(formula, together)


def replace_widget(data):
    """Show the figure that stands for a widget; say what is missing where there is none."""
    widget = data.pop("application/vnd.jupyter.widget-view+json", None)
    is_widget = widget or re.match(r"[HV]Box\(", "".join(data.get("text/plain", "")))
    if is_widget and not data.keys() & {"text/html", "image/png", "image/svg+xml"}:
        text = "Where this notebook runs, in JupyterLab for example, there are sliders here."
        data["text/html"] = f'<p class="no-widget">{text}</p>'


def skip_fields(app, what, name, object, skip, options):
    """Skip the fields of named tuples: the docstring of the class describes them."""
    return type(object).__name__ == "_tuplegetter" or None


def skip_imported(app, what, name, object, skip, options):
    """Skip what a module imports before autodoc reads all of its source, and drops it then."""
    module = sys.modules.get(app.env.temp_data.get("autodoc:module"))
    if what != "module" or hasattr(module, "__all__") or not (isclass(object) or isroutine(object)):
        return None
    return object.__module__ != module.__name__ or None


def keep_sentences(app, what, name, object, options, lines):
    """Undo what napoleon does to a constant's text: it takes words before a colon for a type."""
    kinds = [line for line in lines if line.startswith(":type: ")]
    if what in ("attribute", "data", "property") and kinds:
        lines.remove(kinds[0])
        lines[0] = f"{kinds[0].removeprefix(':type: ')}: {lines[0]}"


def shorten_signature(app, what, name, object, options, signature, annotation):
    """Leave out of signatures what tells nobody anything."""
    if signature and ("*args: t.Any" in signature or name.endswith("DescribedFigure")):
        signature = ""
    return signature and signature.replace("<factory>", "..."), annotation


def hide_values(app, domain, objtype, content):
    """Leave out the values of constants: long tables, and paths of the machine that builds."""
    for part in list(content.parent.findall(addnodes.desc_annotation)):
        if objtype in ("attribute", "data") and part.astext().strip().startswith("="):
            part.parent.remove(part)


def setup(app):
    """Register the functions above."""
    app.setup_extension("docs.accessible")
    app.connect("object-description-transform", hide_values)
    app.connect("autodoc-process-docstring", keep_sentences, priority=600)  # after napoleon
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-skip-member", skip_imported)
    app.connect("source-read", link_sources)
    app.connect("source-read", adapt_notebook)
    app.connect("doctree-resolved", keep_punctuation)
