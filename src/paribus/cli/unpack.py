"""`paribus unpack`: a store from a pack."""

from __future__ import annotations

import json
from pathlib import Path

import click

from paribus.cli.options import MADE, json_option
from paribus.packs.unpack import contents_of_pack
from paribus.store.unite import unite
from paribus.text import STORE, count


@click.command()
@click.argument("folder", default="pack", type=click.Path(path_type=Path))
@click.option(
    "--into",
    "store",
    default=str(STORE),
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="STORE",
    help=f"The store; {MADE}.",
)
@json_option
def command(folder: Path, store: Path, as_json: bool) -> None:
    """Unpack FOLDER, by default "pack", which `paribus pack` has written, into a store.

    Every command works on it that needs no weights, with the same numbers; `paribus run` trains
    what is missing. Where the store has a run already, its results must be the same. Everything is
    checked before anything is written, and nothing of the pack is executed.
    """
    united = unite(store, [contents_of_pack(folder)])
    if as_json:
        click.echo(json.dumps({"store": str(store), "runs": united.runs, "new": united.new}))
        return
    click.echo(
        f"Unpacked {count(united.runs, 'run')} into {store}, {united.new:,} of them new. They have "
        "no weights: reports need none, exports and the pad do."
    )
