"""Find broken links, references to other hosts and missing texts in a site of HTML pages.

    python tools/check_site.py build/book

Links to other hosts are allowed, and not followed. Everything that a page needs to be shown must be
a part of the site.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

#: Elements and attributes that name what a page needs. Readers decide whether they follow `a`.
RESOURCES = [
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("track", "src"),
    ("video", "poster"),
    ("video", "src"),
]
CSS_URL = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")
#: An address in quotation marks, in a script that is a part of the page.
SCRIPT_URL = re.compile(r"""["'`]((?:https?:)?//[\w.-]+\.\w[^"'`\s]*)""")


def problems(site: Path) -> list[str]:
    """Return the problems of a site, one line per problem.

    Parameters
    ----------
    site : Path
        Folder of the site.
    """
    site = site.resolve()
    pages = sorted(site.rglob("*.html"))
    found = [] if pages else [f"{site}: there is no page"]
    for page in pages:
        name = page.relative_to(site).as_posix()
        found += [f"{name}: {problem}" for problem in dict.fromkeys(_page(page, site))]
    for sheet in sorted(site.rglob("*.css")):
        name = sheet.relative_to(site).as_posix()
        found += [f"{name}: {problem}" for problem in _css(_read(sheet), sheet, site)]
    return found


def _page(page: Path, site: Path) -> Iterator[str]:
    soup = _parse(page)
    if not (soup.html and soup.html.get("lang")):
        yield "no lang"
    if not (soup.title and soup.title.get_text(strip=True)):
        yield "no title"
    for image in soup.find_all("img"):
        if not str(image.get("alt", "")).strip():
            yield f"no alternative text: {str(image)[:80]}"
    for link in soup.find_all(["a", "area"], href=True):
        if not _is_elsewhere(str(link["href"])):
            yield from _target(str(link["href"]), page, site)
    for name, attribute in RESOURCES:
        for element in soup.find_all(name, attrs={attribute: True}):
            yield from _resource(str(element[attribute]), page, site)
    for refresh in soup.find_all("meta", attrs={"http-equiv": "refresh"}):
        yield from _resource(str(refresh["content"]).partition("url=")[2], page, site)
    for element in soup.find_all(style=True):
        yield from _css(str(element["style"]), page, site)
    for sheet in soup.find_all("style"):
        yield from _css(sheet.get_text(), page, site)
    for script in soup.find_all("script", src=False):
        for address in SCRIPT_URL.findall(script.get_text()):
            yield f"a script names another host: {address}"


def _css(text: str, place: Path, site: Path) -> Iterator[str]:
    for address in CSS_URL.findall(text):
        yield from _resource(address, place, site)


def _resource(address: str, place: Path, site: Path) -> Iterator[str]:
    if _is_elsewhere(address):
        yield f"from another host: {address}"
    else:
        yield from _target(address, place, site)


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme not in ("", "data", "blob")


def _target(address: str, place: Path, site: Path) -> Iterator[str]:
    parts = urlsplit(address.strip())
    if parts.scheme:
        return  # the address itself holds the data
    path = (place.parent / unquote(parts.path)).resolve() if parts.path else place
    if not path.is_relative_to(site):
        yield f"out of the site: {address}"
    elif not path.is_file():  # without a server, a folder is not a page
        yield f"leads nowhere: {address}"
    elif parts.fragment and path.suffix == ".html" and unquote(parts.fragment) not in _ids(path):
        yield f"no such place on that page: {address}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _parse(page: Path) -> BeautifulSoup:
    return BeautifulSoup(_read(page), "html.parser")


@cache
def _ids(page: Path) -> set[str]:
    elements = [element for element in _parse(page).find_all(True) if isinstance(element, Tag)]
    return {
        str(element[name])
        for element in elements
        for name in ("id", "name")
        if element.has_attr(name)
    }


def main(arguments: list[str]) -> int:
    """Print the problems; return 1 if there are any."""
    folder = Path(arguments[0])
    found = problems(folder)
    print("\n".join(found) or f"{folder}: {len(list(folder.rglob('*.html')))} pages, no problem")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
