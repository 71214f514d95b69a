"""How far training is, for the live page's script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paribus.campaign.campaign import Campaign
from paribus.campaign.progress import Clock
from paribus.measure.runs import Run, StudyResult
from paribus.measure.table import by_epoch


class TrainingState(StrEnum):
    """What is happening to a study; the page's script and styles know these keys."""

    WAITING = "waiting"
    """Nothing has been begun."""
    TRAINING = "training"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True)
class RunningView:
    """A run that is being trained."""

    name: str
    seed: int
    epoch: int
    epochs: int
    accuracy: float | None
    left: float | None
    """Seconds; None where it cannot be told yet."""


@dataclass(frozen=True)
class ProgressView:
    """How far it is: numbers of runs, and what is being trained."""

    state: TrainingState
    planned: int
    ended: int
    diverged: int
    failed: tuple[str, ...]
    """Which run, and why."""
    begun: int
    share: float
    left: float | None
    """Seconds; None where it cannot be told."""
    training: tuple[RunningView, ...]
    problem: str


@dataclass(frozen=True)
class NamedRun:
    """A run and the name of its experiment. `seed`: of the study. `trial`: which one it is of a
    tuned experiment, from 0; None of any other run."""

    name: str
    run: Run
    seed: int
    trial: int | None = None


def named_runs(result: StudyResult) -> list[NamedRun]:
    """Return all runs of a study, those of trials included."""
    found = []
    for name, experiment in result.experiments.items():
        for one in experiment.replicates:
            for number, trial in enumerate(one.trials):
                if trial.run is not None:
                    found.append(NamedRun(name, trial.run, one.seed, number))
        found += [NamedRun(name, run, run.seed) for run in experiment.runs]
    return found


def progress_view(
    campaign: Campaign,
    runs: Sequence[NamedRun],
    *,
    needed: Mapping[str, int],
    claimed: set[str],
    problem: str,
) -> ProgressView:
    """Return how far a study is.

    needed: how many seeds of an experiment are to be trained by now, where that is not all.
    claimed: the ids of the runs that a process trains now.
    """
    clock, experiments = Clock(campaign, needed), campaign.study.experiments
    for one in runs:
        run = one.run
        measured = by_epoch(run)
        spent = (measured["train_seconds"] + measured["test_seconds"]).tolist()
        clock.saw(one.name, one.seed, run.epochs, ended=run.ended, seconds=spent, trial=one.trial)
    training = tuple(
        RunningView(
            name=_name(one),
            seed=one.seed,
            epoch=one.run.epochs,
            epochs=experiments[one.name].epochs,
            accuracy=_accuracy(one),
            left=clock.run_seconds_left(one.name, one.seed, one.trial) or None,
        )
        for one in runs
        if one.run.id in claimed
    )
    return ProgressView(
        state=_state(begun=bool(runs), left=clock.runs_left, training=len(training)),
        planned=clock.runs,
        ended=clock.runs_done,
        diverged=sum(one.run.status == "diverged" for one in runs),
        failed=tuple(
            f"{_name(one)}, seed {one.seed}: {one.run.reason}"
            for one in runs
            if one.run.status == "failed"
        ),
        begun=sum(one.run.status == "running" for one in runs),
        share=clock.share_done,
        left=(clock.seconds_left(len(training)) or None) if training else None,
        training=training,
        problem=problem,
    )


def _name(one: NamedRun) -> str:
    return one.name if one.trial is None else f"{one.name}, trial {one.trial + 1}"


def _accuracy(one: NamedRun) -> float | None:
    """On the test images; None of a trial, as nobody is to choose by it."""
    if one.trial is not None or not one.run.epochs:
        return None
    return float(by_epoch(one.run)["test_accuracy"][-1])


def _state(*, begun: bool, left: int, training: int) -> TrainingState:
    if not begun:
        return TrainingState.WAITING
    if not left:
        return TrainingState.FINISHED
    return TrainingState.TRAINING if training else TrainingState.STOPPED
