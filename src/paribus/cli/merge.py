"""`paribus merge`: one store of several."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import click

from paribus.cli.options import MADE, json_option, tell
from paribus.errors import UserError
from paribus.store.open import open_store
from paribus.store.unite import contents_of, unite
from paribus.text import count


@click.command()
@click.argument(
    "stores", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STORE…"
)
@click.option(
    "--into",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    metavar="STORE",
    help=f"The store that gets all runs; {MADE}.",
)
@json_option
def command(stores: tuple[Path, ...], target: Path, as_json: bool) -> None:
    """Unite the runs of several STOREs, e.g. those of `paribus run --shard`, in one store. The
    order does not matter, and merging again changes nothing.

    Runs that have not ended are left out, and so is what is damaged. The stores must agree: on a
    study's plan, and on the results of runs that several have. Everything is checked before
    anything is written, and nothing is changed in the STOREs.
    """
    others = [store for store in dict.fromkeys(stores) if store.resolve() != target.resolve()]
    if not others:
        raise UserError(f"--into {target}: is the only store that is named; name others as well")
    with ExitStack() as stack:
        opened = [stack.enter_context(open_store(store, "read", lenient=True)) for store in others]
        united = unite(target, [contents_of(store) for store in opened])
    tell(*(store.damage_note for store in opened), *united.notes)
    if as_json:
        click.echo(json.dumps({"store": str(target), "runs": united.runs, "new": united.new}))
        return
    click.echo(
        f"Merged {count(united.runs, 'run')} of {count(len(others), 'store')} into {target}, "
        f"{united.new:,} of them new."
    )
