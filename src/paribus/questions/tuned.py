"""How the two sides of a question were tuned: budgets, winners, tuning curves.

The verdict is that of any comparison, `compare`, over the runs of the winners: the unit is a whole
tuning run, a replicate. Here is what else there is to say of it.
"""

# Axes: R replicates, N trials, T budgets (trials so far, 1 to N).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paribus.measure.built_in_metrics import VALIDATION_ACCURACY
from paribus.measure.metric import Metric
from paribus.measure.runs import ExperimentResult, Replicate, Run, Trial
from paribus.questions.finding import PairFinding
from paribus.questions.tuned_finding import AtEdge, ByBudget, TunedFinding, TunedSide, Winner
from paribus.spec.tune import Space, Tune
from paribus.stats.paired import no_spread
from paribus.stats.tuning import (
    FEWEST_REPLICATES,
    TuningCurve,
    at_edge,
    compare_tuned,
    shared_settings,
    tuning_curve,
)

FEWEST_FOR_A_CURVE = 3


@dataclass(frozen=True)
class TuningRuns:
    """The replicates of a tuned experiment, whose winners' runs are compared, in their order."""

    name: str
    tune: Tune
    replicates: tuple[Replicate, ...]
    finals: tuple[Run, ...]
    """The runs of the winners."""

    @classmethod
    def of(cls, result: ExperimentResult, seeds: Sequence[int]) -> TuningRuns | None:
        """Return those of some seeds of the study; None of an experiment that is not tuned.

        Raises ValueError if replicates share settings that are drawn from a range: then they are
        not independent, and no test over them holds its level (`shared_settings`).
        """
        tune = result.experiment.tune
        if tune is None:
            return None
        replicates = {one.seed: one for one in result.replicates}
        finals = {run.seed: run for run in result.runs}
        found = cls(
            result.name,
            tune,
            tuple(replicates[seed] for seed in seeds),
            tuple(finals[seed] for seed in seeds),
        )
        refuse_shared(found)
        return found

    def first(self, n: int) -> TuningRuns:
        """Return the first n replicates."""
        return replace(self, replicates=self.replicates[:n], finals=self.finals[:n])


def tuning_of(
    results: Sequence[ExperimentResult], seeds: Sequence[int]
) -> tuple[TuningRuns, TuningRuns] | None:
    """Return how two experiments were tuned, with some seeds; None where one of them was not."""
    a, b = (TuningRuns.of(result, seeds) for result in results)
    return None if a is None or b is None else (a, b)


def as_tuned(finding: PairFinding, tuning: tuple[TuningRuns, TuningRuns]) -> PairFinding:
    """Return a finding with how both were tuned; as it is before the first replicate has ended."""
    if not tuning[0].replicates:
        return finding
    a, b = (tuned_side(runs, finding.metric) for runs in tuning)
    # How far winners lie apart is no noise of single runs, and trials may have failed.
    evidence = replace(finding.evidence, unseen_failure_rate=None)
    facts = vars(replace(finding, evidence=evidence, noise=None))
    return TunedFinding(**facts, sides=(a, b), by_budget=by_budget(a, b))


def refuse_shared(runs: TuningRuns) -> None:
    """Raise ValueError if replicates have a setting in common that they cannot have by chance: of
    a space with a range. Of listed values two replicates may draw the same."""
    if not any(space.is_range for space in runs.tune.space.values()):
        return
    tried = [
        [tuple(sorted(trial.settings.items())) for trial in one.trials] for one in runs.replicates
    ]
    if shared := shared_settings(tried):
        first, second = (runs.replicates[number].seed for number in shared[0])
        raise ValueError(
            f"{runs.name}: replicates {first} and {second} have a setting in common, so that they "
            "are not independent; draw the settings of each anew"
        )


def tuned_side(runs: TuningRuns, metric: Metric) -> TunedSide:
    """Return how an experiment was tuned; the curve is of a metric."""
    winners = tuple(
        _winner(one, metric.value(final))
        for one, final in zip(runs.replicates, runs.finals, strict=True)
    )
    every = [run for one in runs.replicates for run in one.runs] + list(runs.finals)
    return TunedSide(
        name=runs.name,
        trials=runs.tune.trials,
        space=runs.tune.space,
        runs=len(every),
        seconds=sum(run.seconds for run in every),
        diverged=sum(r.status == "diverged" for one in runs.replicates for r in one.runs),
        winners=winners,
        edges=tuple(
            edge
            for name, space in runs.tune.space.items()
            if (edge := _at_edge(name, space, winners)) is not None
        ),
        curve=_curve(runs.replicates, metric),
    )


def by_budget(a: TunedSide, b: TunedSide) -> ByBudget | None:
    """Return how the two differ by the number of trials; None where that cannot be told."""
    if a.curve is None or b.curve is None or a.trials != b.trials:
        return None
    known_T = np.isfinite(a.curve.mean_T) & np.isfinite(b.curve.mean_T)
    difference_RT = b.curve.replicate_RT - a.curve.replicate_RT
    if len(difference_RT) < FEWEST_REPLICATES:
        return None
    known_T[known_T] &= ~no_spread(difference_RT[:, known_T].T)
    if not known_T.any():
        return None
    trials = tuple((1 + np.flatnonzero(known_T)).tolist())
    return ByBudget(trials, compare_tuned(_at(a.curve, known_T), _at(b.curve, known_T)))


def _at(curve: TuningCurve, budget_T: NDArray[np.bool_]) -> TuningCurve:
    return TuningCurve(
        curve.replicate_RT[:, budget_T],
        curve.mean_T[budget_T],
        curve.low_T[budget_T],
        curve.high_T[budget_T],
    )


def _winner(replicate: Replicate, result: float) -> Winner:
    number = replicate.winner
    assert number is not None, "the winner's run is compared, so it has been chosen"
    trial = replicate.trials[number]
    chosen_by = _value(trial, VALIDATION_ACCURACY)
    return Winner(replicate.seed, number, trial.settings, chosen_by, result)


def _value(trial: Trial, metric: Metric) -> float:
    return float("nan") if trial.run is None else metric.value(trial.run)


def _curve(replicates: Sequence[Replicate], metric: Metric) -> TuningCurve | None:
    if len(replicates) < FEWEST_FOR_A_CURVE:
        return None
    validation_RN, test_RN = (
        np.array([[_value(trial, one) for trial in replicate.trials] for replicate in replicates])
        for one in (VALIDATION_ACCURACY, metric)
    )
    if not np.array_equal(np.isfinite(validation_RN), np.isfinite(test_RN)):
        return None
    return tuning_curve(validation_RN, test_RN)


def _at_edge(name: str, space: Space, winners: Sequence[Winner]) -> AtEdge | None:
    if not space.is_range:
        return None
    low, high = map(float, space.ends)
    found = {True: 0, False: 0}
    for winner in winners:
        value = float(winner.settings[name])
        if at_edge(min(max(value, low), high), low, high, log=space.log is not None):
            middle = (low * high) ** 0.5 if space.log is not None else (low + high) / 2
            found[value < middle] += 1
    return AtEdge(name, found[True], found[False]) if any(found.values()) else None
