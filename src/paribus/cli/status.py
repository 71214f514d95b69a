"""`paribus status`: what of a study has been trained."""

from __future__ import annotations

import json
from typing import Any

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.naming import described
from paribus.cli.options import json_option, store_option, study_options, told
from paribus.cli.state import in_words, state
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.store.known import Known
from paribus.store.open import open_to_look
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun
from paribus.text import percent


@click.command(short_help="Say what of a study has been trained.")
@study_options
@store_option
@json_option
def command(campaign: Campaign, as_json: bool) -> None:
    """Say what of STUDY, a file or a built-in name, has been trained, and by which runs."""
    from paribus.measure.from_store import stored_runs

    study = campaign.study
    with open_to_look(campaign.store_folder) as store:
        known = told(campaign.known(store))
        runs = stored_runs(study, store, known.identities)
        look = campaign.next_look(store)
        asked = dict.fromkeys(study.experiments, study.seeds) if look is None else look.seeds
        facts = {
            name: _experiment(experiment, runs[name], asked[name], store)
            for name, experiment in study.experiments.items()
        }
        elsewhere = _others(known, store)
    if as_json:
        stand = {"store": str(campaign.store_folder), "looks": list(study.looks)}
        click.echo(json.dumps({**stand, "experiments": facts}, indent=2))
        return
    if look is not None:
        from paribus.present.looks_stand import looks_stand

        click.echo(looks_stand(look))
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


def _others(known: Known, store: Reader) -> dict[str, list[str]]:
    """What the store has under the names of a study's experiments that is not of this study."""
    found = {}
    for name, identity in known.identities.items():
        trained = [
            described(hash_, studies, store)
            for hash_, studies in store.find_experiments(name).items()
            if _is_other(identity, store.identity(hash_)) and store.runs(hash_)
        ]
        if trained:
            found[name] = trained
    return found


def _is_other(identity: Identity, stored: Identity) -> bool:
    """Whether an experiment of the store has other settings; of other code and data it is told
    apart."""
    return identity.recipe != stored.recipe


def _experiment(
    experiment: Experiment, runs: tuple[StoredRun, ...], seeds: int, store: Reader
) -> dict[str, Any]:
    statuses = [run.status for run in runs]
    ended = sum(run.ended for run in runs)
    return {
        "asked": max(seeds, ended),
        "finished": statuses.count("finished"),
        "diverged": statuses.count("diverged"),
        "failed": statuses.count("failed"),
        "begun": statuses.count("running"),
        "epochs": experiment.epochs,
        "runs": [_run(run, store) for run in runs],
    }


def _run(run: StoredRun, store: Reader) -> dict[str, Any]:
    accuracies = store.epochs(run.id)["test_accuracy"]
    return {
        "id": run.id,
        "seed": run.seed,
        "engine": run.engine,
        **state(run, store),
        "epochs": len(accuracies),
        "test_accuracy": float(accuracies[-1]) if len(accuracies) else None,
    }
