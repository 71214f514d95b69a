"""`paribus verify`: whether a store is as it was written."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from paribus.cli.options import json_option
from paribus.store.open import open_to_look
from paribus.store.verify import Verified, verify
from paribus.text import STORE, count

_REMEDIES = {
    "run": "The same `paribus run` as before trains damaged runs again; where they came from a "
    "pack, `paribus unpack` brings them back.",
    "experiment": "The same `paribus run` as before stores damaged experiments again.",
    "study": "A damaged study is the plan that findings rest on: restore paribus.db from a copy, "
    "or move the sound runs to a new store with `paribus merge STORE --into NEW`.",
    "timing": "`paribus run` and `paribus time` time training steps again.",
}


@click.command()
@click.argument("store", default=str(STORE), type=click.Path(path_type=Path))
@json_option
def command(store: Path, as_json: bool) -> None:
    """Check that all of STORE, by default the folder "runs", is as it was written: the database,
    and the files of every run, by the digests that were kept of them. Name what is damaged, and
    what to do. Exit with status 1 if something is.

    Runs of an older Paribus have no digests of their files. If the store may be written to, they
    get them here.
    """
    with open_to_look(store, lenient=True) as opened:
        found = verify(opened)
    if as_json:
        damage = [{"kind": one.kind, "id": one.id, "reason": one.reason} for one in found.damage]
        click.echo(json.dumps({**asdict(found), "damage": damage}, indent=2))
    else:
        _print(store, found)
    if found.damage:
        sys.exit(1)


def _print(store: Path, found: Verified) -> None:
    for one in found.damage:
        click.echo(one.sentence)
    for kind in dict.fromkeys(one.kind for one in found.damage):
        click.echo(_REMEDIES[kind])
    sound = f"{count(found.runs, 'run')}, {count(found.experiments, 'experiment')} and "
    sound += f"{count(found.timings, 'timing')} are as they were stored"
    click.echo(f"{store}: {sound}{'; the rest is not' if found.damage else ''}.")
    if found.unknown:
        kept = "they are now" if found.adopted else "a store that may be written to gets them here"
        click.echo(
            f"Of {count(found.unknown, 'run')} of an older Paribus no digests of files were kept; "
            f"{kept}."
        )
