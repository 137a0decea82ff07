"""Write the address where this course is published into all files that need it.

    python tools/name_repository.py OWNER/NAME

The address is in `pyproject.toml`. Exercises need it before anything is installed, and badges are
links, so they hold copies of it, which a test compares. Run `make release` afterwards, and commit.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: The files that hold copies.
FILES = ("pyproject.toml", "README.md", "source/day2/*.ipynb")


def repository(root: Path = ROOT) -> str:
    """Return the name that `pyproject.toml` has now, ``OWNER/NAME``."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address: str = project["urls"]["Repository"]
    return address.removeprefix("https://github.com/")


def rename(new: str, root: Path = ROOT) -> list[Path]:
    """Replace the name in all files; return those that contained it."""
    old = repository(root)
    found = []
    for path in sorted(path for pattern in FILES for path in root.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        if old in text:
            path.write_text(text.replace(old, new), encoding="utf-8")
            found.append(path)
    return found


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    if len(arguments) != 1 or not re.fullmatch(r"[\w.-]+/[\w.-]+", arguments[0]):
        print(
            "Say where, as on GitHub: python tools/name_repository.py OWNER/NAME", file=sys.stderr
        )
        return 2
    for path in rename(arguments[0]):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
