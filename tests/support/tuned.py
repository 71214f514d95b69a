"""Results of tuned experiments by made-up values of their trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from paribus.measure.runs import Curves, Replicate, Run, StudyResult, Trial
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
