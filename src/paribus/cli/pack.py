"""`paribus pack`: a store's runs in a folder, small enough for a repository or a mail."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from paribus.campaign.lookup import folder_of
from paribus.cli.options import json_option, of_study_option, tell
from paribus.packs.pack import pack
from paribus.store.open import open_store
from paribus.text import STORE, count, plural


@click.command()
@click.argument("store", default=str(STORE), type=click.Path(path_type=Path))
@click.option(
    "--into",
    "folder",
    default="pack",
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to write to; of a pack that is there, only what is new is written.",
)
@of_study_option
@json_option
def command(store: Path, folder: Path, study_named: str, as_json: bool) -> None:
    """Pack the runs of STORE, by default the folder "runs", into a folder of small files: the
    metrics of every epoch, the predictions for every test image, where each run was trained,
    plans, step times. `paribus unpack` makes a store of it, which gives the same report.

    Weights are left out, and so are runs that have not ended. The same store gives identical files.
    It can be called while `paribus run` trains.
    """
    # Nothing is changed in the store, an older format neither: it may be in use.
    with open_store(store, "read") as opened:
        packed = pack(opened, folder, folder_of(study_named))
    tell(opened.damage_note)
    if as_json:
        click.echo(json.dumps({"pack": str(folder), **asdict(packed)}, indent=2))
        return
    if packed.unfinished:
        runs = count(packed.unfinished, "run has", "runs have")
        tell(f"{runs} not ended and {plural(packed.unfinished, 'is', 'are')} left out.")
    click.echo(
        f"Packed {count(packed.runs, 'run')} into {folder}, {packed.new:,} of them new: "
        f"{packed.size / 1e6:.2f} MB in all, without weights."
    )
