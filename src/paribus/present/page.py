"""The report as one HTML file that needs no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from paribus.measure.runs import StudyResult
from paribus.present import tables, wording, words
from paribus.present.diagram import Group, diagram
from paribus.present.evidence import Evidence
from paribus.present.explore import explored
from paribus.present.figures.drawing import Drawing
from paribus.present.figures.protocol import Svgs
from paribus.present.markup import with_code
from paribus.present.pictures import Picture, Pictures
from paribus.present.tables import Row

# Notes are sentences, and stand below the table.
_SHOWN_REPORTED = [key for key in tables.REPORTED if key != "reported_note"]

# What may stand in an address within quotation marks as it is.
_PLAIN = " =:/;,.()+-_!*@"
_PATH = re.compile(r'\bd="[^"]*"')
_BEYOND = re.compile(r"(?<=\.\d\d)\d+")
_SPACE = re.compile(r"\s+")


def page(evidence: Evidence, rows: Sequence[Row], pictures: Pictures, drawing: Drawing) -> str:
    """The whole page. What users wrote, names of experiments and classes, is escaped.

    drawing: the pictures in their order.
    """
    result = evidence.result
    suspects = evidence.suspects
    suspected = suspects.images if suspects and suspects.telling else ()
    images = {
        picture.file: _image(picture, drawing.svgs(number))
        for number, picture in enumerate(pictures)
    }
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            evidence=evidence,
            rows=rows,
            headings=tables.HEADINGS,
            measured=tables.MEASURED,
            reported=_SHOWN_REPORTED if tables.has_reported(rows) else [],
            noted=[row for row in rows if row.reported_note],
            pictures=pictures,
            images=images,
            words=words,
            explored=explored(result, suspected),
            diagrams={name: _diagram(result, name) for name in result.experiments},
            inside=_inside,
        )
    )


@dataclass(frozen=True)
class Image:
    """A figure on the page."""

    title: str
    text: str
    address: str
    narrow_address: str
    """Of the same for a phone and for half a sheet of paper; "" if there is none."""


def _image(picture: Picture, svgs: Svgs) -> Image:
    narrow = "" if svgs.narrow is None else _data_uri(svgs.narrow)
    return Image(picture.title, picture.text, _data_uri(svgs.wide), narrow)


def findings_table(evidence: Evidence, address: str) -> str:
    """The page's table of findings for another page; `address` is where the page itself is."""
    template = _environment().get_template("findings.html.j2")
    return template.render(evidence=evidence, address=address)


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
    for name in ("agreement", "badge", "reasons", "sentence", "subject"):
        environment.filters[name] = getattr(wording, name)
    return environment


def _diagram(result: StudyResult, name: str) -> list[Group] | None:
    """None of a module of one's own, of whose layers nothing is known."""
    experiment = result.experiments[name]
    base = result.experiments.get(experiment.base or "")
    if experiment.plan is None:
        return None
    return diagram(experiment.plan, base.plan if base else None)


def _inside(name: str) -> Markup:
    """A style or a script of the package, as it is: the page is one file."""
    return Markup(files("paribus.present").joinpath("static", name).read_text("utf-8"))


def _data_uri(svg: bytes) -> str:
    """A figure as the address of an image: as an image, its names cannot clash with others'.

    Lines are given to a hundredth of a point, and characters as they are where they may be: half
    the page would be digits that nobody sees.
    """
    text = _PATH.sub(lambda path: _BEYOND.sub("", path[0]), svg.decode())
    return f"data:image/svg+xml,{quote(_SPACE.sub(' ', text), safe=_PLAIN)}"
