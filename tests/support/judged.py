"""Findings of made-up numbers: judged as those of real runs are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paribus.measure.metric import Metric
from paribus.measure.runs import Timing
from paribus.questions.compare import Comparison
from paribus.questions.count import Counts
from paribus.questions.family import conclude
from paribus.questions.finding import CountFinding, Pair, PairFinding, StepTimeFinding
from paribus.questions.kind import Prepared
from paribus.questions.looks import at_last_look
from paribus.questions.raised import as_raised
from paribus.questions.step_time import StepTimes
from paribus.seeding import stream
from paribus.spec.diff import Difference, SettingChanged
from paribus.spec.question import Question

ACCURACY = Metric(
    "test_accuracy",
    label="test accuracy",
    higher_is_better=True,
    better="more accurate",
    worse="less accurate",
    unit="points",
    scale=100,
    is_share=True,
    lacks="gave no test accuracy",
    widest=1,
)
LOSS = Metric(
    "test_loss",
    label="test loss",
    higher_is_better=False,
    better="lower loss",
    worse="higher loss",
)
SCORE = Metric(
    "test_loss",
    label="score",
    higher_is_better=True,
    better="higher score",
    worse="lower score",
)
EPOCHS = Metric(
    "epochs_to",
    label="epochs to 98%",
    higher_is_better=False,
    better="fewer epochs",
    worse="more epochs",
    unit="epochs",
    decimals=1,
    lacks="never got to 98%",
    without="runs that all get there",
)
PARAMETERS = Metric(
    "parameters",
    label="number of parameters",
    higher_is_better=False,
    better="fewer parameters",
    worse="more parameters",
    kind="count",
)

LOWER_RATE = SettingChanged("optimizer.lr", 0.01, 0.001)
FEWER_EPOCHS = SettingChanged("epochs", 100, 35)

BASE_S = np.array([0.981, 0.984, 0.983, 0.980, 0.982])

CLEAR = [0.004, 0.003, 0.005, 0.004, 0.003]
VAGUE = [0.004, -0.003, 0.005, -0.004, 0.003]
TINY = [0.0001, -0.0002, 0.0002, -0.0001, 0.0001]
SHAKY = [0.0045, 0.0011, 0.0038, 0.0011, 0.0042]

ROUNDS = 20
PROCESSES = 5


def question(metric: str, matters: float | None, **rest: Any) -> Question:
    given = {"ask": "Is it better?", "about": ("network",), "compare": ("cnn", "adam"), **rest}
    return Question(metric=metric, matters=matters or 0, **given)


def pair(a: str = "cnn", b: str = "adam", confounds: Sequence[Difference] = ()) -> Pair:
    return Pair(a, b, differences=tuple(confounds), confounds=tuple(confounds))


def compared(
    a_S: ArrayLike,
    b_S: ArrayLike,
    metric: Metric = ACCURACY,
    *,
    matters: float | None = None,
    confounds: Sequence[Difference] = (),
    names: tuple[str, str] = ("cnn", "adam"),
    asked: Question | None = None,
    **rest: Any,
) -> Comparison:
    """A comparison of B with A. rest: further fields of `Comparison`."""
    name = "epochs_to 0.98" if metric.key == "epochs_to" else metric.key
    asked = asked or question(name, matters)
    return Comparison(asked, pair(*names, confounds), metric, a_S, b_S, **rest)


def differing(difference_S: Sequence[float], metric: Metric = ACCURACY, **rest: Any) -> Comparison:
    """A comparison of up to five seeds that differ so; 0.001 matters unless `rest` says else."""
    a_S = BASE_S[: len(difference_S)]
    return compared(a_S, a_S + difference_S, metric, **{"matters": 0.001, **rest})


def finding_of(comparison: Comparison) -> PairFinding:
    """Judge a comparison alone."""
    return family_of([comparison])[0]


def family_of(comparisons: Sequence[Prepared]) -> list[PairFinding]:
    """Judge comparisons as the questions of one study."""
    return [found for found in conclude(comparisons) if isinstance(found, PairFinding)]


def found(difference_S: Sequence[float], metric: Metric = ACCURACY, **rest: Any) -> PairFinding:
    return finding_of(differing(difference_S, metric, **rest))


def at_looks(difference_S: Sequence[float], seeds: int | None = None, **rest: Any) -> PairFinding:
    """Judge differences at looks after 5 and 10 seeds, as the only question of a study. seeds: how
    many of them are trained."""
    a_S = np.resize(BASE_S, len(difference_S))[:seeds]
    comparison = compared(a_S, a_S + difference_S[:seeds], **{"matters": 0.001, **rest})
    return family_of(at_last_look([comparison], (5, 10)))[0]


def raised(
    difference_S: Sequence[float], *, planned: int, looks: tuple[int, ...] = (), **rest: Any
) -> PairFinding:
    """Judge differences of which only the first were planned, as the only question of a study."""
    a_S = np.resize(BASE_S, len(difference_S))
    comparison = compared(a_S, a_S + difference_S, **{"matters": 0.001, **rest})
    return family_of(as_raised([comparison], planned, looks))[0]


def seconds(factor: float, noise: float = 0.01, name: str = "", process: int = 0) -> np.ndarray:
    """Seconds of a step in every round of a process, (R,)."""
    rng = stream(process, "test", name)
    return factor * np.exp(noise * rng.standard_normal(ROUNDS))


def timing(
    a_R: ArrayLike, b_R: ArrayLike, control_R: ArrayLike, engine: str = "numpy", **rest: Any
) -> Timing:
    given: dict[str, Any] = {
        "a": "1",
        "a_engine": "numpy",
        "b": "2",
        "b_engine": engine,
        "a_seconds": np.asarray(a_R, float).tolist(),
        "b_seconds": np.asarray(b_R, float).tolist(),
        "control_seconds": np.asarray(control_R, float).tolist(),
        "environment": {"processor": "a processor"},
        "disturbed": "",
    }
    return Timing(**given | rest)


def timings(
    factor: float, noise: float = 0.01, *, again: float = 1.0, engine: str = "numpy", **rest: Any
) -> tuple[Timing, ...]:
    """Timings in five processes: a step of B takes `factor` times as long as one of A, and one of
    A `again` times as long when trained again."""
    return tuple(
        timing(
            seconds(1e-3, noise, "a", process),
            seconds(factor * 1e-3, noise, "b", process),
            seconds(again * 1e-3, noise, "again", process),
            engine,
            **rest,
        )
        for process in range(PROCESSES)
    )


def timed(
    times: Sequence[Timing] = (),
    *,
    matters: float | None = 0.05,
    confounds: Sequence[Difference] = (),
    study_name: str = "mnist",
) -> StepTimes:
    """A question about the step times of bn and cnn."""
    sides = pair("cnn", "bn", confounds)
    return StepTimes(question("step_time", matters), sides, tuple(times), study_name)


def timed_steps(factor: float, noise: float = 0.01, **rest: Any) -> StepTimes:
    """The same, where a step of bn takes so many times as long as one of cnn."""
    return timed(timings(factor, noise), **rest)


def time_found(times: StepTimes) -> StepTimeFinding:
    (finding,) = conclude([times])
    assert isinstance(finding, StepTimeFinding)
    return finding


def counted(a: int | None, b: int | None) -> CountFinding:
    (finding,) = conclude([Counts(question("parameters", None), pair(), PARAMETERS, a, b)])
    assert isinstance(finding, CountFinding)
    return finding
