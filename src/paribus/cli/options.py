"""Options that several commands have, and the campaign that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from paribus.campaign.campaign import make
from paribus.campaign.changes import Changes
from paribus.errors import UserError
from paribus.spec.bounds import MOST_SEEDS
from paribus.store.known import Known
from paribus.store.open import open_to_look
from paribus.store.reader import Reader
from paribus.text import STORE

Command = Callable[..., Any]

STORE_HELP = "Folder where runs are stored."
MADE = "created if it does not exist"
UNSET = "without it, equivalence is not tested"

store_option = click.option(
    "--store",
    "store_folder",
    default=str(STORE),
    show_default=True,
    type=click.Path(path_type=Path),
    help=STORE_HELP,
)
report_option = click.option(
    "--report",
    "report_folder",
    type=click.Path(path_type=Path),
    help="Folder that the report is written to.  [default: report, or report-STUDY where that has "
    "the report of another study, or report-STUDY-preview where that has the full one]",
)
of_study_option = click.option(
    "--study",
    "study_named",
    default="",
    metavar="STUDY",
    help="The study whose experiments are meant, where several have one of the name.",
)
pdf_option = click.option(
    "--pdf",
    is_flag=True,
    help="Write the figures as PDF too, for LaTeX; from then on they are written with every report "
    "in the folder.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def study_options(command: Command) -> Command:
    """Give a command the argument STUDY and the options that change it, as one `Campaign`.

    Of a command that has `store_option`, the campaign has the folder.
    """

    @wraps(command)
    def wrapped(study: str, **values: Any) -> Any:
        changes = _changes(values)
        campaign = make(study, changes, values.pop("store_folder", STORE))
        tell(campaign.note)
        return command(campaign=campaign, **values)

    return _with_study(wrapped, required=True)


def optional_study_options(command: Command) -> Command:
    """The same, but STUDY may be left out: then there is None in place of the campaign. The command
    gets the store's folder in any case."""

    @wraps(command)
    def wrapped(study: str | None, **values: Any) -> Any:
        changes = _changes(values)
        if study is not None:
            campaign = make(study, changes, values["store_folder"])
            tell(campaign.note)
            return command(campaign=campaign, **values)
        if changes.typed:
            option = changes.typed[0]
            raise UserError(f"{option}: needs a STUDY to have an effect; name one")
        return command(campaign=None, **values)

    return _with_study(wrapped, required=False)


def tell(*lines: str) -> None:
    """Print what there is to say beside a command's output: lines on standard error."""
    for line in filter(None, lines):
        click.echo(line, err=True)


@contextmanager
def looking(folder: Path) -> Iterator[Reader]:
    """Open a store for a command that only reads it; say at the end what was damaged."""
    with open_to_look(folder) as store:
        try:
            yield store
        finally:
            tell(store.damage_note)


def told(known: Known) -> Known:
    """Return what a store knows experiments by, after saying what has changed since."""
    tell(*known.notes)
    return known


def _changes(values: dict[str, Any]) -> Changes:
    """Take the options that change a study out of a command's values."""
    return Changes(**{key: values.pop(key) for key in _CHANGES})


def _typed(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """A study's name as it can be typed in any command: none takes it for an option."""
    return f"./{name}" if name is not None and name.startswith("-") else name


def _with_study(command: Command, *, required: bool) -> Command:
    study = click.argument("study", required=required, callback=_typed)
    for option in reversed([study, *_CHANGES.values()]):
        command = option(command)
    return command


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "preview": click.option(
        "--preview",
        is_flag=True,
        help="Use a reduced version of the study. Its findings hold for that version only.",
    ),
    "seeds": click.option(
        "--seeds",
        type=click.IntRange(1, MOST_SEEDS),
        metavar="N",
        help="Number of seeds per experiment. Overrides the study.",
    ),
    "only": click.option("--only", metavar="A,B", help="Use these experiments only."),
    "epochs": click.option(
        "--epochs",
        type=click.IntRange(1),
        metavar="N",
        help="Number of epochs of every experiment.",
    ),
    "images": click.option(
        "--images", type=click.IntRange(1), metavar="N", help="Train on N images only."
    ),
    "engine": click.option(
        "--engine",
        metavar="E",
        help="Engine for experiments that do not set one: auto, numpy, torch or native.",
    ),
}
"""What changes a study, by the name of the parameter."""
