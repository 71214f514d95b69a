"""Makes docs/study of its packed runs: the report, account.md, README.md, and what the project's
README says of the study.

    python -m docs.make_study            # all of it; needs the extra `figures`
    python -m docs.make_study --time     # first measures step times that are missing in the pack

A verdict that the account does not explain stops it, and nothing is written.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docs.study_explained import Explanations, UnexplainedError
from docs.study_facts import QUESTIONS, Facts
from docs.study_pack import PACK, Packed, read
from docs.study_timing import time_pack
from paribus.atomic import write_atomically
from paribus.errors import ParibusError
from paribus.measure.misclassified import predicted_classes
from paribus.present.figures.processes import draw
from paribus.present.report_figures import confusion_matrix, misclassified
from paribus.present.write import write_report

STUDY = Path(__file__).parent / "study"
README = STUDY.parents[1] / "README.md"
_PART = re.compile(r"(<!-- Made by `make study`. -->\n).*?(<!-- End -->\n)", re.S)
_SHOWN = "residual-bn"
"""The network whose confusion matrix and misclassified images the original shows."""


def pages(packed: Packed) -> dict[Path, str]:
    """Return the pages that are rendered of a study. Raises `UnexplainedError`."""
    readme = README.read_text("utf-8")
    part = _rendered("in-readme.md.j2", packed, ())
    if not _PART.search(readme):
        raise ValueError(f"{README}: has no part for the built-in study")
    return {
        STUDY / "account.md": _rendered("account.md.j2", packed, QUESTIONS),
        STUDY / "README.md": _rendered("README.md.j2", packed, ()),
        README: _PART.sub(lambda found: found[1] + part + found[2], readme),
    }


def _rendered(template: str, packed: Packed, explained: tuple[int, ...] | list[int]) -> str:
    """A page made of a template. explained: questions whose verdicts it must explain."""
    environment = Environment(
        loader=FileSystemLoader(STUDY / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    explanations = Explanations(packed.findings)
    text = environment.get_template(template).render(
        facts=Facts(packed), because=explanations.because, judged=explanations.judged
    )
    explanations.check(explained)
    # Blocks that are left out leave lines behind.
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _figures(packed: Packed) -> Iterator[tuple[str, bytes]]:
    """What the original shows of one network, by the names of their files."""
    predicted_SN = predicted_classes(packed.result.experiments[_SHOWN])
    if predicted_SN is None:
        return
    images = misclassified(packed.result, _SHOWN, predicted_SN, 10)
    shown = {
        f"confusion-{_SHOWN}.svg": confusion_matrix(packed.result, _SHOWN, predicted_SN),
        f"misclassified-{_SHOWN}.svg": images,
    }
    drawn = {name: one for name, one in shown.items() if one is not None}
    with draw(list(drawn.values())) as drawing:
        for number, name in enumerate(drawn):
            if (svgs := drawing.svgs(number)) is not None:
                yield name, svgs.wide


def make(packed: Packed) -> None:
    """Write the pages, the report and the figures of a study."""
    for path, text in pages(packed).items():
        write_atomically(path, text.encode())
    with tempfile.TemporaryDirectory() as folder:
        write_report(packed.result, Path(folder), findings=packed.findings)
        _replace(STUDY / "results", Path(folder))
    (STUDY / "figures").mkdir(exist_ok=True)
    for name, content in _figures(packed):
        write_atomically(STUDY / "figures" / name, content)


def _replace(target: Path, report: Path) -> None:
    """Put a report into a folder, without its bitmaps: they are large, and drawn from the same."""
    made = {
        path.relative_to(report): path
        for path in report.rglob("*")
        if path.is_file() and path.suffix != ".png"
    }
    for old in target.rglob("*"):
        if old.is_file() and old.relative_to(target) not in made:
            old.unlink()
    for name, path in made.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target / name, path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--time", action="store_true", help="measure missing step times first")
    try:
        with tempfile.TemporaryDirectory() as folder:
            if parser.parse_args().time:
                time_pack(PACK, Path(folder) / "timed")
            make(read(PACK, Path(folder) / "study"))
    except (ParibusError, UnexplainedError) as error:
        sys.exit(f"make_study: {error}")


if __name__ == "__main__":
    main()
