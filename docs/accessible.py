"""What Sphinx and its theme leave out for people who don't see the site, or use no mouse.

tests/browser/test_site.py has axe-core look at the pages.
"""

import re
from pathlib import Path

#: A signature with a line for each parameter, which comes as a list of definitions of nothing.
SIGNATURE = re.compile(r'<dl>\n(<dd><em class="sig-param">.*?)</dl>', re.DOTALL)


def mend(text):
    """Return a page's HTML, mended."""
    # Captions of the navigation are headings: of a level. Both sidebars have a name.
    text = text.replace(
        'class="caption" role="heading">', 'class="caption" role="heading" aria-level="2">'
    )
    text = text.replace(
        '<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'
    )
    text = re.sub(
        r'<aside class="(toc-drawer[^"]*)">', r'<aside class="\1" aria-label="This page">', text
    )
    # Tables of Markdown have a head, even if nothing is in it.
    text = re.sub(r'<th class="head">(<p>\s*</p>)?</th>', "<td></td>", text)
    return SIGNATURE.sub(
        lambda found: (
            '<div class="sig-lines">'
            + found[1].replace("<dd>", "<div>").replace("</dd>", "</div>")
            + "</div>"
        ),
        text,
    )


def mend_pages(app, exception):
    """Mend all pages of a site that is built."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            if (mended := mend(text)) != text:
                page.write_text(mended, encoding="utf-8")


def setup(app):
    """Register this extension."""
    app.add_css_file("accessible.css")
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
