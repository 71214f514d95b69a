"""The accuracies that the original reported beside ours: where one more run of ours would land, and
how often ours were as low, or as high, on the way there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.measure.runs import StudyResult
from paribus.stats.distributions import t_quantile
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, percent, spread

_FIGURE = re.compile(r"(> |almost )?(\d+(?:\.(\d+))?)%")
_CURVES = {"train_accuracy": "training", "test_accuracy": "test"}

# R runs, E epochs


@dataclass(frozen=True)
class ReportedRow:
    """An accuracy that the original reported. `lands`: whether one more run of ours would be
    expected to show it; None with too few runs."""

    experiment: str
    of: str
    reported: str
    ours: str
    n: int
    span: str
    one_more: str
    lands: bool | None


@dataclass(frozen=True)
class MissedFigure:
    """A reported accuracy that lies below, or above, where one more run of ours would land.

    epochs_as_far: how many of the `epochs` of the second halves of our runs are as low, or as high.
    """

    experiment: str
    of: str
    reported: str
    is_lower: bool
    epochs_as_far: int
    epochs: int
    runs: str


def missed_figures(result: StudyResult) -> Iterator[MissedFigure]:
    """Yield each reported accuracy that one more run of ours would not be expected to show."""
    for row in reported_rows(result):
        if row.lands is not False:
            continue
        runs = result.experiments[row.experiment].finished
        name = next(curve for curve, of in _CURVES.items() if of == row.of)
        value_RE = np.array([getattr(run.curves, name) for run in runs])
        is_lower, as_far, epochs = epochs_as_far(value_RE, row.reported)
        yield MissedFigure(
            experiment=row.experiment,
            of=row.of,
            reported=row.reported.removeprefix("almost "),
            is_lower=is_lower,
            epochs_as_far=as_far,
            epochs=epochs,
            runs=count(len(runs), "run"),
        )


def epochs_as_far(value_RE: NDArray[np.float64], text: str) -> tuple[bool, int, int]:
    """Whether a reported accuracy is lower than where runs end on average; how many epochs of their
    second halves are as low, or as high, when rounded alike; and of how many."""
    _, figure, rounding = _parsed(text)
    late_RE = value_RE[:, value_RE.shape[1] // 2 :]
    is_lower = figure < float(value_RE[:, -1].mean())
    as_far_RE = late_RE <= figure + rounding if is_lower else late_RE >= figure - rounding
    return is_lower, int(as_far_RE.sum()), late_RE.size


def reported_rows(result: StudyResult) -> Iterator[ReportedRow]:
    """Yield each accuracy that the original reported, in the order of the study. Before the first
    look, none is held against the original."""
    least = result.study.looks[0] if result.study.looks else FEWEST_SEEDS
    for name, one in result.experiments.items():
        for curve, of in _CURVES.items():
            text = getattr(one.reported, curve, None) if one.reported else None
            value_R = one.final(curve)
            if not text or not len(value_R):
                continue
            one_more, lands = f"told after {least} runs", None
            if len(value_R) >= least:
                one_more, lands = one_more_run(value_R, text)
            ends = (percent(value, ".2f") for value in (value_R.min(), value_R.max()))
            ours = f"{spread(value_R, '.2f', 100)}%".replace(" ", "\N{NO-BREAK SPACE}")
            yield ReportedRow(
                experiment=name,
                of=of,
                reported=text,
                ours=ours,
                n=len(value_R),
                span=" to ".join(ends),
                one_more=one_more,
                lands=lands,
            )


def one_more_run(value_R: NDArray[np.float64], text: str) -> tuple[str, bool | None]:
    """Where one more run lands, and whether that is as reported: above a bound with all runs, or in
    a prediction interval (Hahn & Meeker 1991) that reaches what rounds to the figure."""
    kind, figure, rounding = _parsed(text)
    n = len(value_R)
    if kind == "> ":
        above = int((value_R > figure).sum())
        return f"{above} of {count(n, 'run')} above", above == n
    # 95%, from as many runs as there are.
    half = t_quantile(0.975, n - 1) * float(value_R.std(ddof=1)) * (1 + 1 / n) ** 0.5
    low, high = float(value_R.mean()) - half, min(1.0, float(value_R.mean()) + half)
    lands = low <= figure + rounding and high >= figure - rounding
    return f"{percent(low, '.2f')} to {percent(high, '.2f')}", lands


def _parsed(text: str) -> tuple[str | None, float, float]:
    """The word before a reported accuracy, its share, and how far that may be from what was
    rounded to it."""
    found = _FIGURE.fullmatch(text)
    if found is None:
        raise ValueError(f"not an accuracy: {text}")
    return found[1], float(found[2]) / 100, 0.5 * 10.0 ** -(2 + len(found[3] or ""))
