"""Hooks of MkDocs: pages of the site that are files beside docs/, and links to the repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from posixpath import join, normpath, relpath
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Pages by their file in the repository, with their names on the site."""

_LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#)([^)#]+)(#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs/."""
    from mkdocs.structure.files import File

    for source, name in PAGES.items():
        content = with_site_links((ROOT / source).read_text("utf-8"), ".")
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Make links out of docs/ those of the site."""
    if page.file.src_uri in PAGES.values():
        return markdown
    return with_site_links(markdown, join("docs", page.file.src_uri, ".."))


def on_post_template(output: str, *, template_name: str, config: Any) -> str:
    """Do the same for the page of addresses that do not exist."""
    return on_post_page(output, page=None, config=config)


def on_post_page(output: str, *, page: Any, config: Any) -> str:
    """Name the theme's search for screen readers, and let the keyboard scroll wide code and
    tables."""
    output = output.replace('role="dialog"', 'role="dialog" aria-label="Search"', 1)
    output = output.replace("<pre>", '<pre tabindex="0">')
    frame = '<div class="reached" tabindex="0" role="region" aria-label="Table">'
    return re.sub(r"<table>.*?</table>", rf"{frame}\g<0></div>", output, flags=re.S)


def with_site_links(markdown: str, folder: str) -> str:
    """Return a page with the links of the site: to its pages, else to the repository.

    folder: that the page's links start from, in the repository.
    """
    here = relpath(normpath(folder), "docs") if normpath(folder) != "." else "."

    def moved(link: re.Match[str]) -> str:
        target = normpath(join(folder, link[2]))
        if target in PAGES:
            found = relpath(PAGES[target], here)
        elif target.startswith("docs/") and (ROOT / target).is_file():
            found = relpath(target.removeprefix("docs/"), here)
        elif repository := _repository():
            found = f"{repository}/blob/main/{target}"
        else:
            return link[1].removeprefix("[").removesuffix("]")
        return f"{link[1]}({found}{link[3] or ''})"

    return _LINK.sub(moved, markdown)


def _repository() -> str:
    """The repository's public address; "" if there is none yet."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    address: str = project.get("urls", {}).get("Repository", "")
    return address
