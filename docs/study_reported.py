"""The accuracies that the original reported beside ours: where one more run of ours would land."""

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

# R runs


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
    found = _FIGURE.fullmatch(text)
    if found is None:
        raise ValueError(f"not an accuracy: {text}")
    kind, figure = found[1], float(found[2]) / 100
    n = len(value_R)
    if kind == "> ":
        above = int((value_R > figure).sum())
        return f"{above} of {count(n, 'run')} above", above == n
    # 95%, from as many runs as there are.
    half = t_quantile(0.975, n - 1) * float(value_R.std(ddof=1)) * (1 + 1 / n) ** 0.5
    low, high = float(value_R.mean()) - half, min(1.0, float(value_R.mean()) + half)
    rounding = 0.5 * 10.0 ** -(2 + len(found[3] or ""))
    lands = low <= figure + rounding and high >= figure - rounding
    return f"{percent(low, '.2f')} to {percent(high, '.2f')}", lands
