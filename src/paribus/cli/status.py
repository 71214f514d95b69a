"""`paribus status`: what of a study has been trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from paribus.analysis import ExperimentResult, collect
from paribus.cli.asked import Asked, json_option, store_option, study_options
from paribus.store.store import Store


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
            test = "" if accuracy is None else f", test {accuracy:.2%}"
            words = "training now" if run["training_now"] else run["reason"] or run["status"]
            click.echo(f"  {run['id']}  epoch {run['epochs']}/{fact['epochs']}{test}  {words}")


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
                "status": run.status,
                "reason": run.reason,
                "epochs": run.epochs,
                "training_now": run.status == "running" and store.is_claimed(run.id),
                "test_accuracy": float(run.curves.test_accuracy[-1]) if run.epochs else None,
            }
            for run in result.runs
        ],
    }
