"""`paribus status`: what of a study has been trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.naming import described
from paribus.cli.options import STORE_HELP, json_option, looking, study_options, tell, told
from paribus.cli.state import in_words, state
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.store.known import Known
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun
from paribus.text import STORE, count, percent

if TYPE_CHECKING:
    from paribus.measure.tuned import StoredReplicate
    from paribus.questions.next_look import NextLook

_STATUSES = ("", "failed", "running", "diverged", "finished")
"""From that of a run which tells the least to that which tells the most."""


@click.command()
@study_options
@click.option(
    "--store",
    "stores",
    multiple=True,
    default=(str(STORE),),
    show_default=str(STORE),
    type=click.Path(path_type=Path),
    help=f"{STORE_HELP} May be repeated, for the stores of several shards.",
)
@json_option
def command(campaign: Campaign, stores: tuple[Path, ...], as_json: bool) -> None:
    """Show which runs of STUDY, a file or a built-in name, have been trained."""
    there = [store for store in stores if _is_begun(store / "paribus.db")]
    if len(stores) > 1 and there:
        tell(*(f"{store}: no store yet." for store in stores if store not in there))
    stands = [_stand(replace(campaign, store_folder=store)) for store in there or stores[:1]]
    study = campaign.study
    trials = {name: _best([stand.trials[name] for stand in stands]) for name in stands[0].trials}
    facts = {
        name: _experiment(
            experiment,
            _united([stand.runs[name] for stand in stands]),
            max(stand.asked[name] for stand in stands),
        )
        | {"trials": _trials(trials[name]) if name in trials else None}
        for name, experiment in study.experiments.items()
    }
    if as_json:
        where = {"store": str(stores[0])} if len(stores) == 1 else {"stores": [*map(str, stores)]}
        runs = chain.from_iterable(fact["runs"] for fact in facts.values())
        trained = sum(run["epochs"] for run in runs) + sum(
            trial.epochs for trial in chain.from_iterable(trials.values())
        )
        stand = {**where, "looks": list(study.looks), "epochs_trained": trained}
        click.echo(json.dumps({**stand, "experiments": facts}, indent=2))
        return
    if len(stands) == 1 and (look := stands[0].look) is not None:
        from paribus.present.looks_stand import looks_stand

        click.echo(looks_stand(look))
    _print(facts)
    elsewhere = {name: found for stand in stands for name, found in stand.others.items()}
    if elsewhere and not any(fact["runs"] for fact in facts.values()):
        click.echo(
            "\nThe store has runs of experiments of these names with other settings; give the "
            "options they were trained with, e.g. --preview, --epochs or --images:"
        )
        for name, described in elsewhere.items():
            click.echo(f"  {name}: {'; '.join(described)}")


def _is_begun(database: Path) -> bool:
    """Whether there is a store; its database is empty while it is made."""
    return database.is_file() and database.stat().st_size > 0


@dataclass(frozen=True)
class _Trial:
    """Where a trial stands; as here, one that has not begun."""

    status: str = ""
    epochs: int = 0


@dataclass(frozen=True)
class _Stand:
    """What one store has of a study."""

    runs: Mapping[str, list[dict[str, Any]]]
    """Of each experiment."""
    asked: Mapping[str, int]
    """How many runs of each experiment are called for by now."""
    trials: Mapping[str, list[_Trial]]
    """The trials of tuned experiments that are called for."""
    look: NextLook | None
    others: Mapping[str, list[str]]
    """What it has under the experiments' names that is not of this study."""


def _stand(campaign: Campaign) -> _Stand:
    from paribus.measure.from_store import stored_replicates, stored_runs

    study = campaign.study
    with looking(campaign.store_folder) as store:
        known = told(campaign.known(store))
        runs = stored_runs(study, store, known.identities)
        tuned = stored_replicates(study, store, known.identities)
        look = campaign.next_look(store)
        asked = dict.fromkeys(study.experiments, study.seeds) if look is None else look.seeds
        return _Stand(
            runs={name: [_run(run, store) for run in runs[name]] for name in study.experiments},
            asked=asked,
            trials={name: _trials_of(all_[: asked[name]], store) for name, all_ in tuned.items()},
            look=look,
            others=_others(known, store),
        )


def _united(runs: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The runs of several stores; of one that several have, that which has ended, or else that
    with the most epochs."""
    most: dict[tuple[int, str], dict[str, Any]] = {}
    for run in chain.from_iterable(runs):
        key = (run["seed"], run["engine"])
        if key not in most or _how_far(run) > _how_far(most[key]):
            most[key] = run
    return [most[key] for key in sorted(most)]


def _how_far(run: Mapping[str, Any]) -> tuple[bool, int]:
    return run["status"] in ("finished", "diverged"), run["epochs"]


def _print(facts: Mapping[str, dict[str, Any]]) -> None:
    width = max(map(len, facts))
    for name, fact in facts.items():
        counts = f"{fact['finished']} of {fact['asked']} finished"
        others = [f"{fact[key]} {key}" for key in ("diverged", "failed", "begun") if fact[key]]
        if fact["trials"] is not None:
            others.append(_in_words(fact["trials"]))
        click.echo(f"{name:<{width}}  {', '.join([counts, *others])}")
        for run in fact["runs"]:
            accuracy = run["test_accuracy"]
            test = "" if accuracy is None else f", test {percent(accuracy, '.2f')}"
            kept = "" if run["kept_epoch"] is None else f", kept epoch {run['kept_epoch']}"
            epoch = f"epoch {run['epochs']}/{fact['epochs']}{kept}"
            click.echo(f"  {run['id']}  {epoch}{test}  {in_words(run)}")


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
    """Whether an experiment of the store has other settings. Other code and data are reported
    elsewhere."""
    return identity.recipe != stored.recipe


def _experiment(experiment: Experiment, runs: list[dict[str, Any]], seeds: int) -> dict[str, Any]:
    statuses = [run["status"] for run in runs]
    ended = sum(status in ("finished", "diverged") for status in statuses)
    return {
        "asked": max(seeds, ended),
        "finished": statuses.count("finished"),
        "diverged": statuses.count("diverged"),
        "failed": statuses.count("failed"),
        "begun": statuses.count("running"),
        "epochs": experiment.epochs,
        "runs": runs,
    }


def _trials_of(replicates: Sequence[StoredReplicate], store: Reader) -> list[_Trial]:
    runs = (trial.run for one in replicates for trial in one.trials)
    return [
        _Trial() if run is None else _Trial(run.status, len(store.epochs(run.id)["train_loss"]))
        for run in runs
    ]


def _best(stores: Sequence[list[_Trial]]) -> list[_Trial]:
    """The trials of an experiment, each as in the store that tells the most of it. stores: the
    trials in each."""
    return [
        _Trial(max((one.status for one in of), key=_STATUSES.index), max(one.epochs for one in of))
        for of in zip_longest(*stores, fillvalue=_Trial())
    ]


def _trials(trials: Sequence[_Trial]) -> dict[str, int]:
    """How many trials of a tuned experiment are to be trained, and have ended."""
    best = [trial.status for trial in trials]
    ended = sum(status in ("finished", "diverged") for status in best)
    kinds = {status: best.count(status) for status in ("diverged", "failed")}
    return {"asked": len(best), "ended": ended, **kinds}


def _in_words(trials: Mapping[str, int]) -> str:
    others = [f", {trials[key]} of them {key}" for key in ("diverged", "failed") if trials[key]]
    return f"{trials['ended']} of {count(trials['asked'], 'trial')} ended{''.join(others)}"


def _run(run: StoredRun, store: Reader) -> dict[str, Any]:
    from paribus.measure.from_store import read_run
    from paribus.measure.table import by_epoch

    read = read_run(run, store, None)
    accuracies = by_epoch(read)["test_accuracy"]
    return {
        "id": run.id,
        "seed": run.seed,
        "engine": run.engine,
        **state(run, store),
        "epochs": read.epochs,
        "kept_epoch": read.best_epoch,
        "test_accuracy": float(accuracies[read.kept_epoch - 1]) if read.epochs else None,
    }
