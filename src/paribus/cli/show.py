"""`paribus show`: one run, its recipe, epochs, and where it ran."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from paribus.campaign.lookup import find_run
from paribus.cli.options import json_option, looking, of_study_option, store_option, tell
from paribus.cli.state import in_words, state
from paribus.present.name_notes import name_notes
from paribus.present.what_differs import value_words
from paribus.store.known import present_code
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun
from paribus.text import percent


@click.command()
@click.argument("run")
@of_study_option
@store_option
@json_option
def command(run: str, study_named: str, store_folder: Path, as_json: bool) -> None:
    """Show one run: RUN is the start of its id, as `paribus status` lists them, or
    EXPERIMENT/SEED, e.g. cnn/0."""
    with looking(store_folder) as store:
        found = find_run(run, store, study_named)
        facts = show(found.run, store)
    tell(name_notes(found.notes, store_folder))
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    names = ", ".join(facts["names"])
    click.echo(f"{facts['id']}: {names}, seed {facts['seed']}, engine {facts['engine']}")
    click.echo(in_words(facts))
    if facts["code_changed"]:
        click.echo(facts["code_changed"])
    click.echo("\nRecipe")
    for key, value in facts["experiment"].items():
        click.echo(f"  {key:<18}{_plain(key, value)}")
    click.echo()
    for line in _epochs(facts):
        click.echo(line)
    seconds = sum(facts["epochs"]["train_seconds"])
    if facts["kept_epoch"] is not None:
        click.echo(f"\n* Epoch {facts['kept_epoch']} is kept: the results of the run are its own.")
    click.echo(f"\nTrained in {seconds:.1f} s, evaluation left out. Where:")
    for environment in facts["environments"]:
        for key, value in environment.items():
            click.echo(f"  {key:<20}{value}")


def show(run: StoredRun, store: Reader) -> dict[str, Any]:
    """Everything that is kept of a run, in plain JSON types."""
    from paribus.measure.from_store import read_run

    epochs = store.epochs(run.id)
    return {
        "id": run.id,
        "names": store.names(run.experiment),
        "seed": run.seed,
        "engine": run.engine,
        "bits": run.bits,
        **state(run, store),
        "code_changed": present_code(run.experiment, store).changed,
        # A run is of one setting, whatever chose it.
        "experiment": {
            key: value
            for key, value in store.experiment(run.experiment).settings().items()
            if key != "tune"
        },
        "kept_epoch": read_run(run, store, None).best_epoch,
        "epochs": {
            column: [None if math.isnan(value) else value for value in values.tolist()]
            for column, values in epochs.items()
        },
        "environments": store.environments(run.id),
    }


_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def _epochs(facts: dict[str, Any]) -> Iterator[str]:
    """A heading and a line for each epoch; without validation images no columns of them."""
    epochs = facts["epochs"]
    splits = {
        key: name
        for key, name in _SPLITS.items()
        if key != "validation" or any(value is not None for value in epochs["validation_loss"])
    }
    heads = (f"{f'{name} loss':>16}{'accuracy':>9}" for name in splits.values())
    yield f"{'Epoch':>7}{''.join(heads)}"
    for number in range(len(epochs["train_loss"])):
        cells = ""
        for key in splits:
            loss, accuracy = (
                math.nan if (value := epochs[f"{key}_{what}"][number]) is None else value
                for what in ("loss", "accuracy")
            )
            cells += f"{loss:>16.4f}{percent(accuracy, '.2f'):>9}"
        mark = " *" if number + 1 == facts["kept_epoch"] else ""
        yield f"{number + 1:>7}{cells}{mark}"


def _plain(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{inner} {_plain(inner, one)}" for inner, one in value.items())
    return value_words(key, None) if value is None else str(value)
