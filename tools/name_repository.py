"""Write the addresses where this course is published into all files that need them.

    python tools/name_repository.py OWNER/NAME [--kit OWNER/NAME]

NAME is the repository of the course, with solutions and hidden tests in it. Badges and the cell
for Colab lead to the other one, in which the student kit is published: OWNER/NAME-kit, if none is
named. Both addresses are in `pyproject.toml`. Until they are set there are no badges and no cells
for Colab. Run `make release` afterwards, and commit; run it again to use other names.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

GITHUB = "https://github.com/"
#: An owner's name on GitHub, and a repository's.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/(?!\.{1,2}$)[A-Za-z0-9._-]+(?<!\.git)")

#: Names in `[project.urls]`.
COURSE_URL, KIT_URL = "Repository", "Student kit"
#: That table of `pyproject.toml`, with the comment above it and the empty line below.
URLS = re.compile(r"(?:^#.*\n)*^\[project\.urls\]\n(?:.+\n)*\n?", re.MULTILINE)
#: What follows it.
AFTER_URLS = "[project.optional-dependencies]\n"

#: Between these lines of README.md are the badges.
BADGES_BEGIN = "<!-- Badges: tools/name_repository.py writes them. -->\n"
BADGES_END = "<!-- End of badges. -->\n"
BADGES = """
Nothing to install: [Binder](https://mybinder.org) makes the environment (minutes, the first time),
and what you write there is gone when you close it, so download it. In
[Colab](https://colab.research.google.com) the first cell installs the course.

| exercise | in Binder | in Colab |
|---|---|---|
"""
BADGE_ROW = (
    "| {title} | [![Open {title} in Binder]({images}/open-in-binder.svg)]"
    "(https://mybinder.org/v2/gh/{kit}/HEAD?urlpath=lab/tree/day2/{notebook}.ipynb) "
    "| [![Open {title} in Colab]({images}/open-in-colab.svg)]"
    "(https://colab.research.google.com/github/{kit}/blob/main/day2/{notebook}.ipynb) |\n"
)

#: The cell after the first one of each exercise. Colab and JupyterLab show its title alone.
COLAB_ID = "colab"
COLAB_METADATA: dict[str, Any] = {
    "cellView": "form",
    "jupyter": {"source_hidden": True},
    "nbgrader": {
        "grade": False,
        "grade_id": COLAB_ID,
        "locked": True,
        "schema_version": 3,
        "solution": False,
        "task": False,
    },
    "tags": ["remove-cell"],
}
COLAB_SOURCE = '''\
# @title In Google Colab, this installs the course and fetches its exercises; elsewhere, nothing
import sys

if "google.colab" in sys.modules:
    import subprocess

    steps = """
        course=$(mktemp -d)
        git clone --quiet --depth 1 {address} $course
        python -m pip install --quiet --no-deps $course pooch  # Colab has all the others
        for each in $course/day2/*.ipynb; do
            [ -e $(basename $each) ] || cp $each .  # what you have written stays
        done
    """
    subprocess.run(["bash", "-euc", steps], check=True)'''


class NamingError(Exception):
    """A file cannot take the addresses: the text tells which and why."""


@dataclass(frozen=True)
class Addresses:
    """The names of two repositories on GitHub.

    Attributes
    ----------
    course : str
        ``OWNER/NAME`` of this repository.
    kit : str
        That of the repository in which the student kit is published.
    """

    course: str
    kit: str


def read_addresses(root: Path = ROOT) -> Addresses | None:
    """Return what `pyproject.toml` has; None until addresses are set.

    Raises
    ------
    NamingError
        If one of the two addresses is there and the other is not.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if not (urls := project.get("urls")):
        return None
    if missing := {COURSE_URL, KIT_URL} - urls.keys():
        raise NamingError(
            f"pyproject.toml: [project.urls] has no {missing.pop()!r}: "
            "run tools/name_repository.py OWNER/NAME"
        )
    return Addresses(*(urls[name].removeprefix(GITHUB) for name in (COURSE_URL, KIT_URL)))


def badges(kit: str, notebooks: list[str], images: str) -> str:
    """Return the table of badges, in Markdown.

    Parameters
    ----------
    kit : str
        The kit's repository, ``OWNER/NAME``.
    notebooks : list of str
        The names of the exercises, without ``.ipynb``.
    images : str
        The folder of the pictures, as seen from the page.
    """
    rows = [
        BADGE_ROW.format(
            title="Exercise " + name.removeprefix("exercise_").replace("_", "."),
            kit=kit,
            notebook=name,
            images=images,
        )
        for name in notebooks
    ]
    return BADGES.lstrip() + "".join(rows)


def colab_cell(kit: str) -> dict[str, Any]:
    """Return the cell that installs the kit in Colab, as in the JSON of a notebook."""
    source = COLAB_SOURCE.format(address=GITHUB + kit)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": COLAB_ID,
        "metadata": COLAB_METADATA,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def name_project(text: str, addresses: Addresses) -> str:
    """Return `pyproject.toml` with the addresses."""
    urls = (
        "# Where the course is published: tools/name_repository.py writes this.\n"
        "[project.urls]\n"
        f'{COURSE_URL} = "{GITHUB}{addresses.course}"\n'
        f'"{KIT_URL}" = "{GITHUB}{addresses.kit}"\n\n'
    )
    text = URLS.sub("", text)
    if AFTER_URLS not in text:
        raise NamingError(f"pyproject.toml has no line {AFTER_URLS.strip()}")
    return text.replace(AFTER_URLS, urls + AFTER_URLS, 1)


def name_readme(text: str, addresses: Addresses, notebooks: list[str]) -> str:
    """Return `README.md` with badges that lead to the kit."""
    before, begin, rest = text.partition(BADGES_BEGIN)
    _, end, after = rest.partition(BADGES_END)
    if not begin or not end:
        raise NamingError(
            f"README.md lacks the lines between which badges go: {BADGES_BEGIN}{BADGES_END}"
        )
    table = badges(addresses.kit, notebooks, "docs/images")
    return f"{before}{begin}\n{table}\n{end}{after}"


def name_notebook(text: str, addresses: Addresses) -> str:
    """Return a source notebook with the cell for Colab after its first cell."""
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell["id"] != COLAB_ID]
    notebook["cells"] = [*cells[:1], colab_cell(addresses.kit), *cells[1:]]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def rename(addresses: Addresses, root: Path = ROOT) -> list[Path]:
    """Write the addresses into all files; return those that have changed.

    Raises
    ------
    NamingError
        If a file cannot take them. None is written then.
    """
    sources = sorted((root / "source" / "day2").glob("*.ipynb"))
    notebooks = [path.stem for path in sources]
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in (root / "pyproject.toml", root / "README.md", *sources)
    }
    project, readme, *_ = texts
    new = {path: name_notebook(texts[path], addresses) for path in sources}
    new[project] = name_project(texts[project], addresses)
    new[readme] = name_readme(texts[readme], addresses, notebooks)
    changed = [path for path in texts if new[path] != texts[path]]
    for path in changed:
        path.write_text(new[path], encoding="utf-8")
    return changed


def repository(text: str) -> str:
    """Return a name of the form ``OWNER/NAME``; refuse others."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no OWNER/NAME, as in the address https://github.com/OWNER/NAME"
        )
    return text


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="tools/name_repository.py", description="Set where the course is published, on GitHub."
    )
    parser.add_argument(
        "course", metavar="OWNER/NAME", type=repository, help="the repository of the course"
    )
    parser.add_argument(
        "--kit",
        metavar="OWNER/NAME",
        type=repository,
        help="the repository of the student kit; by default, OWNER/NAME-kit",
    )
    given = parser.parse_args(arguments)
    addresses = Addresses(given.course, given.kit or f"{given.course}-kit")
    if addresses.kit.casefold() == addresses.course.casefold():
        parser.error(
            f"--kit {addresses.kit!r} is the repository of the course, which has the solutions "
            "in it: the kit needs one of its own"
        )
    try:
        changed = rename(addresses)
    except NamingError as error:
        print(error, file=sys.stderr)
        return 1
    for path in changed:
        print(path.relative_to(ROOT))
    if changed:
        print("Now: make release, then make kit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
