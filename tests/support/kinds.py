"""Studies for questions about more than two experiments, and results of them by their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.measure.runs import Run, StudyResult
from paribus.questions.best import Contest
from paribus.questions.best_finding import BestFinding, NotAskedAbout
from paribus.questions.contested import Contested, SameSeeds
from paribus.questions.family import conclude
from paribus.questions.finding import InteractionFinding, Pair
from paribus.questions.interaction import Interaction
from paribus.questions.looks import at_last_look
from paribus.spec.diff import Difference, LayerChange, LayersChanged
from paribus.spec.files import read_study
from paribus.spec.question import BestQuestion, InteractionQuestion
from paribus.spec.study import Study
from tests.support.judged import ACCURACY
from tests.support.made_up import DATA, make_result, run

FOUR = """
title = "Four"
[experiments.sgd]
network = ["flatten", "linear 16", "relu", "linear 10"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 4
[experiments.sgd-bn]
from = "sgd"
network = ["flatten", "linear 16", "batchnorm", "relu", "linear 10"]
[experiments.adam]
from = "sgd"
optimizer = { name = "adam", lr = 0.001 }
[experiments.adam-bn]
from = "sgd-bn"
optimizer = { name = "adam", lr = 0.001 }
"""
INTERACTION = """
[[questions]]
ask = "Does it help with Adam as much?"
compare = [["sgd", "sgd-bn"], ["adam", "adam-bn"]]
about = ["network", "optimizer"]
matters = 0.01
"""
BEST = """
[[questions]]
ask = "Which is best?"
best = ["sgd", "sgd-bn", "adam", "adam-bn"]
about = ["network", "optimizer"]
matters = 0.01
"""


def study(*questions: str, seeds: str = "5", experiments: str = FOUR) -> Study:
    text = experiments.replace('title = "Four"', f'title = "Four"\nseeds = {seeds}')
    return read_study(text + "".join(questions), "four.toml")


def measured(asked: Study, values: Mapping[str, Sequence[float | None]]) -> StudyResult:
    """A result in which the runs of an experiment end with these test accuracies by seed; None
    where a run diverged."""

    def made(name: str, seed: int) -> Run | None:
        if seed >= len(values[name]):
            return None
        value = values[name][seed]
        one = run(seed, 4, "diverged" if value is None else "finished", DATA, id=f"{name}-{seed}")
        curve = one.curves.test_accuracy.copy()
        curve[-1] = np.nan if value is None else value
        # No probabilities: what is said of single images is tested with comparisons.
        return replace(
            one, curves=replace(one.curves, test_accuracy=curve), read_predictions=lambda: None
        )

    result = make_result(runs=made, data=DATA, study=asked, seeds=asked.seeds)
    return replace(result, study=asked)


CHANGE = LayersChanged("network", "batchnorm", LayerChange.ADDED, 9)


def interaction(
    first_S: Sequence[float],
    second_S: Sequence[float],
    *,
    base: float = 0.9,
    confounds: tuple[Difference, ...] = (),
) -> InteractionFinding:
    """Judge what a change does in two places, from runs that end with `base` without it."""
    base_S = base + 0.001 * np.sin(np.arange(len(first_S)))
    one = Interaction(
        question=InteractionQuestion(
            ask="Does it help as much?",
            compare=(("sgd", "sgd-bn"), ("adam", "adam-bn")),
            about=("network", "optimizer"),
            matters=0.001,
        ),
        pair=Pair("sgd", "adam", confounds=confounds),
        metric=ACCURACY,
        a_S=np.array(first_S),
        b_S=np.array(second_S),
        changes=(Pair("sgd", "sgd-bn", (CHANGE,)), Pair("adam", "adam-bn", (CHANGE,))),
        cell_CS=np.array([base_S, base_S + first_S, base_S, base_S + second_S]),
    )
    (finding,) = conclude([one])
    assert isinstance(finding, InteractionFinding)
    return finding


def best_of(
    values: Mapping[str, ArrayLike],
    *,
    matters: float = 0.001,
    planned: int | None = None,
    looks: tuple[int, ...] = (),
    confounds: tuple[NotAskedAbout, ...] = (),
    runs: Callable[[tuple[NDArray[np.float64], ...]], Contested] | None = None,
    step: float = 0.0,
) -> BestFinding:
    """Judge which of several is the best, from the values of each. runs: makes them of values, of
    the same seeds by default."""
    sides = tuple(np.array(value_S, float) for value_S in values.values())
    contest = Contest(
        BestQuestion(ask="Which is best?", best=tuple(values), about=("network",), matters=matters),
        ACCURACY,
        SameSeeds(sides, planned) if runs is None else runs(sides),
        confounds,
        step=step,
    )
    (finding,) = conclude(at_last_look([contest], looks))
    assert isinstance(finding, BestFinding)
    return finding
