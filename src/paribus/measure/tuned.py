"""Tuned experiments in a store: their trials, which of them has won, and the run of the winner."""

# Axes: T trials.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity, identity
from paribus.spec.kept import kept_epoch
from paribus.spec.trials import FIRST_TRIAL_SEED, draw_trials, trial_seed
from paribus.spec.tune import Settings
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun

METRIC = "validation_accuracy"
"""Metric that winners are chosen by; it uses no test image."""


@dataclass(frozen=True)
class StoredTrial:
    """A trial, and its run if it has been begun."""

    settings: Settings
    experiment: Experiment
    identity: Identity
    run: StoredRun | None


@dataclass(frozen=True)
class StoredReplicate:
    """One tuning run of an experiment. `winner`: the trial that was chosen, None while one of them
    has not ended. `run`: the winner's, trained once more with the replicate's own seed."""

    seed: int
    trials: tuple[StoredTrial, ...]
    winner: int | None
    run: StoredRun | None

    @property
    def runs(self) -> list[StoredRun]:
        """All that have been begun, each once: settings that were drawn twice share theirs."""
        found = [*(trial.run for trial in self.trials), self.run]
        return list({run.id: run for run in found if run is not None}.values())


def read_replicate(
    tuned: Experiment, known: Identity, *, engine: str, seed: int, store: Reader
) -> StoredReplicate:
    """Return the stored trials of a replicate, by one engine.

    known: what the tuned experiment is known by. seed: the replicate's, one of the study's.
    """
    trials = []
    for drawn in draw_trials(tuned, seed):
        made = identity(drawn.experiment, known.data, known.code)
        run = store.find(made.hash, engine, trial_seed(seed))
        trials.append(StoredTrial(drawn.settings, drawn.experiment, made, run))
    winner = _winner(tuned, [trial.run for trial in trials], store)
    final = None if winner is None else store.find(trials[winner].identity.hash, engine, seed)
    if final is not None and not store.is_intact(final, weights=False):
        final = None
    return StoredReplicate(seed, tuple(trials), winner, final)


def _winner(tuned: Experiment, runs: Iterable[StoredRun | None], store: Reader) -> int | None:
    """The trial with the highest accuracy on the validation images, of the epoch that it kept."""
    from paribus.stats.tuning import winners

    value_T = []
    for run in runs:
        if run is None or not run.ended:
            return None
        if run.status != "finished":
            value_T.append(np.nan)
            continue
        epochs = store.epochs(run.id)
        kept = kept_epoch(tuned, epochs)
        value_T.append(epochs[METRIC][kept - 1])
    return int(winners([value_T])[0])


def trained_runs(hash_: str, store: Reader) -> list[StoredRun]:
    """Return all runs of an experiment of a store, by its hash; of a tuned one those of winners."""
    tuned = store.tuned_experiment(hash_)
    if tuned is None:
        return store.runs(hash_)
    known = store.identity(hash_)
    seeds = {run.seed - FIRST_TRIAL_SEED for run in store.all_runs()}
    found = []
    for seed in sorted(seed for seed in seeds if seed >= 0):
        for engine in sorted({run.engine for run in first_trials(tuned, known, [seed], store)}):
            run = read_replicate(tuned, known, engine=engine, seed=seed, store=store).run
            found += [] if run is None else [run]
    return found


@dataclass(frozen=True)
class EndedRuns:
    """Which runs of an experiment have ended. `seeds`: the study's whose run, or that of the
    winner, has. `count`: of runs, with those of trials."""

    seeds: frozenset[int]
    count: int


def ended_runs(hash_: str, seeds: Iterable[int], store: Reader) -> EndedRuns:
    """Return which runs of an experiment of a store, by its hash, have ended with some seeds."""
    wanted, tuned = set(seeds), store.tuned_experiment(hash_)
    if tuned is None:
        ended = [run for run in store.runs(hash_) if run.ended and run.seed in wanted]
        return EndedRuns(frozenset(run.seed for run in ended), len(ended))
    known, count, done = store.identity(hash_), 0, set()
    for seed in sorted(wanted):
        for engine in {run.engine for run in first_trials(tuned, known, [seed], store)}:
            replicate = read_replicate(tuned, known, engine=engine, seed=seed, store=store)
            count += sum(run.ended for run in replicate.runs)
            if replicate.run is not None and replicate.run.ended:
                done.add(seed)
    return EndedRuns(frozenset(done), count)


def first_trials(
    tuned: Experiment, known: Identity, seeds: Iterable[int], store: Reader
) -> list[StoredRun]:
    """Return the runs of the first trial of each replicate, by any engine."""
    found = []
    for seed in seeds:
        first = identity(draw_trials(tuned, seed)[0].experiment, known.data, known.code)
        found += [run for run in store.runs(first.hash) if run.seed == trial_seed(seed)]
    return found
