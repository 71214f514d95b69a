"""`paribus status`: what of a study has been trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from paribus.cli.asked import Asked, described_in_store, json_option, store_option, study_options
from paribus.cli.state import in_words, state
from paribus.measure.from_store import collect
from paribus.measure.runs import ExperimentResult
from paribus.store.store import Store
from paribus.text import percent


@click.command(short_help="Say what of a study has been trained.")
@study_options
@store_option
@json_option
def command(asked: Asked, store_folder: Path, as_json: bool) -> None:
    """Say what of STUDY, a file or a built-in name, has been trained, and by which runs."""
    with Store.open(store_folder) as store:
        result = collect(asked.study, asked.name, store, asked.dataset)
        facts = {
            name: _experiment(experiment, asked.study.seeds, store)
            for name, experiment in result.experiments.items()
        }
        elsewhere = _others(asked, store)
    if as_json:
        click.echo(json.dumps({"store": str(store_folder), "experiments": facts}, indent=2))
        return
    width = max(map(len, facts))
    for name, fact in facts.items():
        counts = f"{fact['finished']} of {fact['asked']} finished"
        others = [f"{fact[key]} {key}" for key in ("diverged", "failed", "begun") if fact[key]]
        click.echo(f"{name:<{width}}  {', '.join([counts, *others])}")
        for run in fact["runs"]:
            accuracy = run["test_accuracy"]
            test = "" if accuracy is None else f", test {percent(accuracy, '.2f')}"
            epoch = f"epoch {run['epochs']}/{fact['epochs']}"
            click.echo(f"  {run['id']}  {epoch}{test}  {in_words(run)}")
    if elsewhere and not any(fact["runs"] for fact in facts.values()):
        click.echo(
            "\nThe store has runs of experiments of these names with other settings; give the "
            "options they were trained with, e.g. --preview, --epochs or --images:"
        )
        for name, described in elsewhere.items():
            click.echo(f"  {name}: {'; '.join(described)}")


def _others(asked: Asked, store: Store) -> dict[str, list[str]]:
    """What the store has under the names of a study's experiments that is not of this study."""
    found = {}
    for name, experiment in asked.study.experiments.items():
        trained = [
            described_in_store(hash_, studies, store)
            for hash_, studies in store.find_experiments(name).items()
            if hash_ != experiment.hash and store.runs(hash_)
        ]
        if trained:
            found[name] = trained
    return found


def _experiment(result: ExperimentResult, seeds: int, store: Store) -> dict[str, Any]:
    statuses = [run.status for run in result.runs]
    return {
        "asked": seeds,
        "finished": statuses.count("finished"),
        "diverged": statuses.count("diverged"),
        "failed": statuses.count("failed"),
        "begun": statuses.count("running"),
        "epochs": result.experiment.epochs,
        "runs": [
            {
                "id": run.id,
                "seed": run.seed,
                "engine": run.engine,
                **state(run, store),
                "epochs": run.epochs,
                "test_accuracy": float(run.curves.test_accuracy[-1]) if run.epochs else None,
            }
            for run in result.runs
        ],
    }
