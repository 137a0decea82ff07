"""Make the student kit: chapters, exercises as released and what they import, and nothing else.

    python tools/make_kit.py                           # build/kit, and build/lxmls_nb-kit.zip
    python tools/make_kit.py --output ../lxmls_nb-kit  # into a clone of the kit's repository
    python tools/make_kit.py --work work               # and copy to work/ what it lacks

A kit replaces an earlier one as a whole, but for its `.git`. Versions, dependencies and the oldest
Python are those of `pyproject.toml`; the rest are templates in `tools/kit/`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import name_repository, secrets_in_kit  # noqa: E402
from tools.chapters_without_answers import RegionError, without_answers  # noqa: E402

ASSIGNMENT = "day2"
#: What the kit is called where it is unpacked or published.
NAME = "lxmls_nb-kit"
#: What is in the kit's folder.
ENTRIES = {
    *("README.md", "LICENSE", "Makefile", "pyproject.toml", "constraints.txt", "environment.yml"),
    *(ASSIGNMENT, "notebooks", "lxmls_nb", "setup"),
}
#: What tells a kit from a work space, where somebody may have written answers.
OF_EVERY_KIT = {"Makefile", "README.md", "constraints.txt", "lxmls_nb"}
#: What may be there besides: the history of the kit's own repository.
HISTORY = ".git"
TEMPLATES = Path("tools", "kit")
#: The package that hides nbgrader's tools for instructors.
LAB = "./setup/lab"
IMAGES = ("open-in-binder.svg", "open-in-colab.svg")


class KitError(Exception):
    """A kit cannot be made: the text is a line that tells why, and what to do."""


# --- what it is made of ---------------------------------------------------------------------------


def copy(source: Path, target: Path) -> None:
    """Copy a file with the permissions of a new one: released notebooks may be read-only."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def visible_files(folder: Path) -> list[Path]:
    """Return the files of a folder at any depth, without hidden ones and caches.

    Raises
    ------
    KitError
        If there are none.
    """
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(
            part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts
        )
    ]
    if not files:
        raise KitError(f"{folder}: there is nothing: run make release, or restore it with git")
    return files


def copy_exercises(root: Path, kit: Path, secret: set[str]) -> None:
    """Copy the released assignment as it is, where nothing in it is secret."""
    release, source = root / "release" / ASSIGNMENT, root / "source" / ASSIGNMENT
    files = visible_files(release)
    missing = {path.name for path in source.glob("*.ipynb")} - {path.name for path in files}
    if missing:
        raise KitError(f"release/{ASSIGNMENT} lacks {min(missing)}: run make release")
    for path in files:
        name = f"release/{ASSIGNMENT}/{path.relative_to(release)}"
        if path.suffix != ".ipynb":
            raise KitError(f"{name} is no notebook, and nobody knows what is in it: remove it")
        if not (source / path.name).is_file():
            raise KitError(f"{name} has no notebook in source/")
        for problem in secrets_in_kit.problems_of_release(path, source / path.name, secret):
            raise KitError(f"{name}: {problem}")
        copy(path, kit / ASSIGNMENT / path.name)


def copy_chapters(root: Path, kit: Path) -> None:
    """Copy the chapters without their answers, with links to the exercises beside them."""
    chapters = sorted((root / "notebooks").glob("*.ipynb"))
    if not chapters:
        raise KitError(f"{root / 'notebooks'}: there are no chapters: restore them with git")
    for path in chapters:
        try:
            chapter = without_answers(json.loads(path.read_text(encoding="utf-8")), path.name)
        except RegionError as error:
            raise KitError(f"notebooks/{error}") from None
        text = json.dumps(chapter, indent=1, ensure_ascii=False) + "\n"
        target = kit / "notebooks" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(
            text.replace(f"](../release/{ASSIGNMENT}/", f"](../{ASSIGNMENT}/"), encoding="utf-8"
        )


def copy_package(root: Path, kit: Path, project: dict[str, Any]) -> None:
    """Copy the modules of `lxmls_nb`, and the data that are installed with them."""
    package = root / "lxmls_nb"
    for pattern in ("**/*.py", *project["tool"]["setuptools"]["package-data"]["lxmls_nb"]):
        for path in package.glob(pattern):
            copy(path, kit / path.relative_to(root))


# --- templates ------------------------------------------------------------------------------------


def toml(value: str | list[str]) -> str:
    """Return a value as TOML writes it; a list has a line for each item."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + "".join(f"    {toml(item)},\n" for item in value) + "]"


def requirement(project: dict[str, Any], name: str) -> str:
    """Return what the instructors' extra asks of a package, such as `nbgrader>=0.9.6`."""
    lines: list[str] = project["project"]["optional-dependencies"]["instructor"]
    return next(line for line in lines if re.match(rf"{name}\b", line))


def version(root: Path) -> str:
    """Return the version of `lxmls_nb`, without importing it."""
    text = (root / "lxmls_nb" / "__init__.py").read_text(encoding="utf-8")
    if not (match := re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)):
        raise KitError("lxmls_nb/__init__.py has no line __version__ = ...")
    return match[1]


def substitutions(root: Path, project: dict[str, Any]) -> dict[str, str]:
    """Return what takes the place of ``@NAME@`` in the templates."""
    main = project["project"]
    oldest = main["requires-python"].removeprefix(">=")
    notebooks = sorted(path.stem for path in (root / "source" / ASSIGNMENT).glob("*.ipynb"))
    addresses = name_repository.read_addresses(root)
    badges = urls = ""
    if addresses:
        badges = name_repository.badges(addresses.kit, notebooks, "setup") + "\n"
        urls = f'\n[project.urls]\nRepository = "{name_repository.GITHUB}{addresses.kit}"\n'
    return {
        "BADGES": badges,
        "BUILD_REQUIRES": toml(project["build-system"]["requires"]),
        # Students fetch, validate and hand in with nbgrader.
        "DEPENDENCIES": toml(sorted([*main["dependencies"], requirement(project, "nbgrader")])),
        "DESCRIPTION": toml(main["description"]),
        "DISTRIBUTION": main["name"],
        "PACKAGE_DATA": toml(project["tool"]["setuptools"]["package-data"]["lxmls_nb"]),
        "PYTHON": oldest,
        "PYTHON_TUPLE": oldest.replace(".", ", "),
        "REQUIRES_PYTHON": toml(main["requires-python"]),
        "URLS": urls,
        "VERSION": version(root),
    }


def write_templates(root: Path, kit: Path, project: dict[str, Any]) -> None:
    """Fill in the templates, and copy what goes with them.

    That of `pyproject.toml` is named `pyproject.toml.in`: tools would read it otherwise.
    """
    known = substitutions(root, project)
    for path in visible_files(root / TEMPLATES):
        target = kit / str(path.relative_to(root / TEMPLATES)).removesuffix(".in")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(r"@([A-Z_]+)@", lambda match: known[match[1]], path.read_text("utf-8"))
        target.write_text(text, encoding="utf-8")
    copy(root / "LICENSE", kit / "LICENSE")
    copy(root / "tools" / "quiet_pip.py", kit / "setup" / "quiet_pip.py")
    if known["BADGES"]:
        for name in IMAGES:
            copy(root / "docs" / "images" / name, kit / "setup" / name)


def write_pins(root: Path, kit: Path) -> None:
    """Write the pinned versions, and the environment for conda and Binder."""
    pins = (root / "constraints.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    (kit / "constraints.txt").write_text(
        "# The versions that are installed: what is not needed here is left out by pip.\n"
        + "".join(line for line in pins if not line.startswith("#")),
        encoding="utf-8",
    )
    environment = (root / "environment.yml").read_text(encoding="utf-8")
    instructors = "-e .[instructor]\n"
    if instructors not in environment:
        raise KitError(f"environment.yml has no line with {instructors.strip()!r}")
    (kit / "environment.yml").write_text(
        environment.replace(instructors, f"-e .\n      - {LAB}\n"), encoding="utf-8"
    )


# --- the whole ------------------------------------------------------------------------------------


def write_kit(root: Path, kit: Path) -> None:
    """Write a kit into a new folder.

    Parameters
    ----------
    root : Path
        The folder of the course.
    kit : Path

    Raises
    ------
    KitError
        If something is missing, or would show students what they must not see.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    kit.mkdir()
    secret = secrets_in_kit.secret_lines(root / "source" / ASSIGNMENT)
    answers = secrets_in_kit.secret_lines(root / "notebooks", root / "source" / ASSIGNMENT)
    copy_exercises(root, kit, secret)
    copy_chapters(root, kit)
    copy_package(root, kit, project)
    write_templates(root, kit, project)
    write_pins(root, kit)
    if wrong := {path.name for path in kit.iterdir()} ^ ENTRIES:
        raise KitError(f"tools/kit and ENTRIES of make_kit.py do not agree on {min(wrong)}")
    for path in sorted(kit.rglob("*")):
        if path.is_file():
            for problem in secrets_in_kit.problems_of_file(path, secret | answers):
                raise KitError(f"{path.relative_to(kit)}: {problem}; no kit is written")


def refuse_other_folders(output: Path) -> None:
    """Raise if a folder is there that holds something else than a kit: it would be lost."""
    if not output.exists():
        return
    if not output.is_dir():
        raise KitError(f"{output} is a file: name a folder with --output")
    names = {path.name for path in output.iterdir()} - {HISTORY}
    if names and not names >= OF_EVERY_KIT:
        raise KitError(
            f"{output} would be lost, and it is no kit: {min(OF_EVERY_KIT - names)} is not in it. "
            "Name another folder with --output"
        )
    if others := sorted(names - ENTRIES):
        raise KitError(
            f"{output} has {others[0]} in it, which is no part of a kit and would be lost: "
            "remove it, or name another folder with --output"
        )


def replace_folder(new: Path, output: Path) -> None:
    """Put a folder in the place of another, which keeps its history."""
    if not output.exists():
        new.rename(output)
        return
    old = Path(tempfile.mkdtemp(prefix=".kit-before-", dir=output.parent), output.name)
    output.rename(old)
    try:
        if (old / HISTORY).exists():
            (old / HISTORY).rename(new / HISTORY)
        new.rename(output)
    except OSError:
        if (new / HISTORY).exists():
            (new / HISTORY).rename(old / HISTORY)
        old.rename(output)
        raise
    shutil.rmtree(old.parent)


def make_kit(root: Path = ROOT, output: Path | None = None) -> tuple[Path, Path]:
    """Make the kit and its archive; what was there stays until they are complete.

    Parameters
    ----------
    root : Path
        The folder of the course.
    output : Path, optional
        The folder of the kit; by default, ``build/kit`` of the course.

    Returns
    -------
    folder, archive : Path
        The archive lies beside the folder.

    Raises
    ------
    KitError
        If something is missing, would show students what they must not see, or would be lost.
    """
    output = (output or root / "build" / "kit").absolute()
    refuse_other_folders(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kit-", dir=output.parent) as name:
        new = Path(name, NAME)
        write_kit(root, new)
        archive = Path(shutil.make_archive(str(Path(name, "kit")), "zip", name, NAME))
        replace_folder(new, output)
        return output, archive.replace(output.with_name(f"{NAME}.zip"))


def copy_missing(kit: Path, work: Path) -> Iterator[Path]:
    """Copy the notebooks of a kit that a work space lacks; yield the new ones.

    `lxmls_nb` is not copied: there, the one of this repository is installed.
    """
    for folder in (ASSIGNMENT, "notebooks"):
        for path in visible_files(kit / folder):
            target = work / path.relative_to(kit)
            if not target.exists():
                copy(path, target)
                yield target


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="tools/make_kit.py", description="Make the student kit.")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="where to write it (default: build/kit)"
    )
    parser.add_argument(
        "--work", type=Path, metavar="FOLDER", help="a work space that gets the notebooks it lacks"
    )
    given = parser.parse_args(arguments)
    try:
        kit, archive = make_kit(output=given.output)
        copied = list(copy_missing(kit, given.work)) if given.work else []
    except (KitError, OSError, ValueError, name_repository.NamingError) as error:
        print(f"No kit was made: {error}", file=sys.stderr)
        return 1
    print(kit, archive, *copied, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
