"""`paribus show`: one run, its recipe, epochs, and where it ran."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from paribus.campaign.lookup import find_run
from paribus.cli.options import json_option, looking, of_study_option, store_option, tell
from paribus.cli.state import in_words, state
from paribus.present.name_notes import name_notes
from paribus.store.known import present_code
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun
from paribus.text import percent


@click.command(short_help="Show one run: recipe, epochs, where it ran.")
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
    tell(name_notes(found.notes))
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
        click.echo(f"  {key:<18}{_plain(value)}")
    click.echo(
        f"\n{'Epoch':>7}{'training loss':>15}{'accuracy':>10}{'test loss':>12}{'accuracy':>10}"
    )
    epochs = facts["epochs"]
    for number in range(len(epochs["train_loss"])):
        train_loss, train, test_loss, test = (
            math.nan if epochs[key][number] is None else epochs[key][number]
            for key in ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
        )
        click.echo(
            f"{number + 1:>7}{train_loss:>15.4f}{percent(train, '.2f'):>10}"
            f"{test_loss:>12.4f}{percent(test, '.2f'):>10}"
        )
    seconds = sum(epochs["train_seconds"])
    click.echo(f"\nTrained in {seconds:.1f} s, evaluation left out. Where:")
    for environment in facts["environments"]:
        for key, value in environment.items():
            click.echo(f"  {key:<20}{value}")


def show(run: StoredRun, store: Reader) -> dict[str, Any]:
    """Everything that is kept of a run, in plain JSON types."""
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
        "epochs": {
            column: [None if math.isnan(value) else value for value in values.tolist()]
            for column, values in epochs.items()
        },
        "environments": store.environments(run.id),
    }


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return "all" if value is None else str(value)
