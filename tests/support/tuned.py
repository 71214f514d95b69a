"""Results of tuned experiments by made-up values of their trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from paribus.measure.runs import Curves, Replicate, Run, StudyResult, Trial
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding
from paribus.seeding import stream
from paribus.spec.files import read_study
from paribus.spec.identity import tuning_key
from paribus.spec.study import Study
from paribus.spec.trials import trial_seed
from paribus.spec.tune import Settings
from paribus.stats.tuning import winners
from tests.support.made_up import DATA, make_result

STUDY = """
title = "Tuned"
validation = 50
seeds = {seeds}
[experiments.sgd]
network = ["flatten", "linear 10"]
optimizer = {{ name = "sgd" }}
epochs = 1
[experiments.sgd.tune]
trials = {trials}
optimizer.lr = {{ log = [0.001, 1.0] }}
[experiments.adam]
from = "sgd"
optimizer = {{ name = "adam" }}
[experiments.adam.tune]
trials = {trials}
optimizer.lr = {{ log = [0.00001, 0.1] }}
[[questions]]
ask = "Is Adam better?"
compare = ["sgd", "adam"]
about = ["optimizer", "tune.space"]
matters = 0.01
"""

Value = Callable[[str, int, Settings], tuple[float, float] | None]
"""Gives the validation and the test accuracy of an experiment, a replicate and settings; None of a
run that diverges. It is called for every trial, then for the winner as it is trained again."""


@cache
def tuned_study(seeds: int = 5, trials: int = 4, text: str = STUDY) -> Study:
    return read_study(text.format(seeds=seeds, trials=trials), "tuned.toml")


def tuned_result(
    study: Study,
    value: Value,
    settings: Callable[[str, int], tuple[Settings, ...]] | None = None,
    first: int = 0,
) -> StudyResult:
    """A result of a study of tuned experiments, its trials with these values.

    settings: gives those of a replicate in place of what it draws. first: the seed of the first
    replicate.
    """
    keys = {name: tuning_key(experiment) for name, experiment in study.experiments.items()}
    bare = make_result(runs=lambda name, seed: None, data=DATA, study=study, seeds=study.seeds)
    experiments = {}
    for name, experiment in study.experiments.items():
        assert experiment.tune is not None
        replicates, finals = [], []
        for seed in range(first, first + study.seeds):
            drawn = (
                experiment.tune.drawn(stream(seed, "tuning", keys[name]))
                if settings is None
                else settings(name, seed)
            )
            trials = tuple(
                Trial(one, _run(f"{name}-{seed}-{n}", trial_seed(seed), value(name, seed, one)))
                for n, one in enumerate(drawn)
            )
            best = int(winners([[_validation(trial) for trial in trials]])[0])
            replicates.append(Replicate(seed, trials, best))
            finals.append(_run(f"{name}-{seed}", seed, value(name, seed, drawn[best])))
        experiments[name] = replace(
            bare.experiments[name], runs=tuple(finals), replicates=tuple(replicates)
        )
    with_seeds = study.model_copy(update={"first_seed": first})
    return replace(bare, study=with_seeds, experiments=experiments)


def _validation(trial: Trial) -> float:
    run = trial.run
    assert run is not None
    diverged = run.status == "diverged"
    return float("nan") if diverged else float(run.curves.validation_accuracy[-1])


def _run(id_: str, seed: int, found: tuple[float, float] | None) -> Run:
    nan = np.array([np.nan])
    validation, test = (nan, nan) if found is None else (np.array([one]) for one in found)
    return Run(
        id=id_,
        seed=seed,
        engine="numpy",
        bits="",
        status="diverged" if found is None else "finished",
        reason="",
        curves=Curves(nan, nan, nan, test, nan, validation, np.array([2.0]), np.array([0.5])),
        environment={},
        read_predictions=lambda: None,
    )


def tuned_cases() -> dict[str, Finding]:
    """Return findings about tuned experiments, by name."""
    head, tail = STUDY.split("[experiments.adam.tune]")
    fewer = f"{head}[experiments.adam.tune]{tail.replace('{trials}', '3')}"
    same = STUDY.replace("[0.00001, 0.1]", "[0.001, 1.0]")
    asked = {
        "better": (tuned_study(), smooth),
        "the same space": (tuned_study(text=same), smooth),
        "other numbers of trials": (tuned_study(text=fewer), smooth),
        "other numbers of trials, as asked": (
            tuned_study(text=fewer.replace('"tune.space"', '"tune"')), smooth,
        ),
        "winners at the edge": (tuned_study(trials=60), more_is_better),
        "trials that diverge": (tuned_study(trials=6), half_diverge),
        "it depends on the budget": (tuned_study(seeds=8, trials=24), crossing),
    }  # fmt: skip
    return {
        f"tuned: {name}": judge_study(tuned_result(study, value))[0]
        for name, (study, value) in asked.items()
    }


def smooth(name: str, seed: int, settings: Settings) -> tuple[float, float]:
    """Accuracies that depend on the rate, and by chance on the replicate; Adam is ahead."""
    rate = np.log10(float(settings["optimizer.lr"]))
    best = -1.0 if name == "sgd" else -3.0
    luck = 0.004 * np.sin(7.0 * seed + len(name))
    value = 0.90 - 0.02 * abs(rate - best) + luck + 0.02 * (name == "adam")
    return value, value - 0.01


def half_diverge(name: str, seed: int, settings: Settings) -> tuple[float, float] | None:
    """The same, but SGD diverges with high rates."""
    high = name == "sgd" and float(settings["optimizer.lr"]) > 0.03
    return None if high else smooth(name, seed, settings)


def more_is_better(name: str, seed: int, settings: Settings) -> tuple[float, float]:
    """Accuracies that grow with the rate."""
    value = 0.5 + 0.1 * float(settings["optimizer.lr"]) + 0.001 * np.sin(seed)
    return value, value


def crossing(name: str, seed: int, settings: Settings) -> tuple[float, float]:
    """SGD is never bad; Adam is nearly always, but its best rates are better."""
    luck = 0.002 * np.sin(5.0 * seed + len(name))
    if name == "sgd":
        value = 0.90 + luck
    else:
        value = 0.95 + luck if float(settings["optimizer.lr"]) > 0.01 else 0.5 + luck
    return value, value
