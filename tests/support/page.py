"""A page as tests read it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """The parts of a page that tests ask for; fails on tags that do not close."""

    VOID = ("meta", "img", "link", "br", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.sources: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.without_alt = 0
        self.cells: list[list[str]] = []
        self.findings: list[list[str]] = []
        """The texts of each row of the first picture, with what it rests on."""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "details" and "row" in (values.get("class") or "").split():
            self.findings.append([])
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag == "img":
            self.without_alt += not values.get("alt")
        loaded = ("src", "srcset", "href") if tag == "link" else ("src", "srcset")
        self.sources += [value for key, value in attrs if key in loaded and value]
        self.links += [values["href"] or ""] if "href" in values and tag != "link" else []
        self.ids += [values["id"] or ""] if "id" in values else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if "details" in self.open and self.findings and data.strip():
            self.findings[-1].append(" ".join(data.split()))
        if "table" in self.open and {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data

    def row(self, name: str) -> list[str]:
        rows = [[cell.strip() for cell in cells] for cells in self.cells]
        return next(cells for cells in rows if cells and cells[0] == name)

    def finding(self, question: str) -> list[str]:
        """The texts of the row of a question: after the question the experiments, n, the verdict,
        the numbers, the original and whether it stands, then the sentence and what it rests on."""
        return next(texts for texts in self.findings if texts[0] == question)


def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))
