"""The report as one HTML file that needs no network."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from paribus.present.figures.processes import DrawnFigures
from paribus.present.figures.protocol import Svgs
from paribus.present.findings import FindingsView
from paribus.present.markup import with_code
from paribus.present.view import ReportView

# What may stand in an address within quotation marks as it is.
_PLAIN = " =:/;,.()+-_!*@"
_PATH = re.compile(r'\bd="[^"]*"')
_BEYOND = re.compile(r"(?<=\.\d\d)\d+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Image:
    """A figure on the page."""

    address: str
    narrow_address: str
    """Of the same for a phone and for half a sheet of paper; "" if there is none."""


def page(view: ReportView, drawing: DrawnFigures) -> str:
    """Return the whole page. What users wrote, names of experiments and classes, is escaped.

    drawing: the view's figures in their order.
    """
    images = {
        figure.file: _image(svgs)
        for number, figure in enumerate(view.figures)
        if figure not in view.figures.drawn_by_page
        if (svgs := drawing.svgs(number)) is not None
    }
    return render("report.html.j2", view=view, images=images, explored_data=asdict(view.explored))


def render(template: str, **values: Any) -> str:
    """Return a page made of a template; what users wrote is escaped."""
    return _environment().get_template(template).render(inside=_inside, **values)


def findings_table(findings: FindingsView, address: str) -> str:
    """Return the page's table of findings for another page; `address`: of the page itself."""
    template = _environment().get_template("findings.html.j2")
    return template.render(findings=findings, address=address)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("paribus.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_code"] = with_code
    return environment


def _inside(name: str) -> Markup:
    """A style or a script of the package, as it is: the page is one file."""
    return Markup(files("paribus.present").joinpath("static", name).read_text("utf-8"))


def _image(svgs: Svgs) -> Image:
    return Image(_data_uri(svgs.wide), "" if svgs.narrow is None else _data_uri(svgs.narrow))


def _data_uri(svg: bytes) -> str:
    """A figure as the address of an image: as an image, its names cannot clash with others'.

    Lines are given to a hundredth of a point, and characters as they are where they may be: half
    the page would be digits that nobody sees.
    """
    text = _PATH.sub(lambda path: _BEYOND.sub("", path[0]), svg.decode())
    return f"data:image/svg+xml,{quote(_SPACE.sub(' ', text), safe=_PLAIN)}"
