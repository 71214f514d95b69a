"""The values of the runs of results from elsewhere: a row per experiment, each run a dot; of many
runs bars that hold most of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.recorded.records import RecordedExperiment
from paribus.measure.metric import Metric
from paribus.present.estimates import level
from paribus.present.many_runs import dots_or_bars
from paribus.stats.levels import mean_and_sd
from paribus.stats.limits import FEWEST_SEEDS
from paribus.stats.paired import no_spread, t_intervals
from paribus.text import MINUS

_STEPS = (1.0, 2.0, 2.5, 5.0)
_MOST_TICKS = 5
_MARGIN = 6.0
"""Percent of the width beside the axis's ends."""


@dataclass(frozen=True)
class ValueTick:
    """A tick: its place in percent of the width, and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class ValueRow:
    """The runs of an experiment. Places are in percent of the width.

    `missing`: runs without a value. `bars`: both ends of those in place of too many dots.
    `settings`: what is recorded of it.
    """

    name: str
    n: int
    missing: int
    level: str
    dots: tuple[float, ...]
    bars: tuple[tuple[float, float], ...]
    mean: float | None
    interval: tuple[float, float] | None
    settings: tuple[str, ...]


@dataclass(frozen=True)
class ValuesView:
    """All experiments by one metric."""

    title: str
    better: str
    """In which direction it is better."""
    ticks: tuple[ValueTick, ...]
    rows: tuple[ValueRow, ...]


def values_views(judgment: Judgement) -> tuple[ValuesView, ...]:
    """Return a picture of the values of each metric."""
    settings = setting_names(judgment)
    return tuple(_view(judgment.experiments, metric, settings) for metric in judgment.metrics)


def setting_names(judgment: Judgement) -> tuple[str, ...]:
    """Return the names of all settings. An experiment lacks that of epochs if all its runs did."""
    return tuple(dict.fromkeys(name for one in judgment.experiments for name in one.settings))


def _view(
    experiments: Sequence[RecordedExperiment], metric: Metric, settings: Sequence[str]
) -> ValuesView:
    values = {one.name: one.finite(metric.key) * metric.scale for one in experiments}
    every = np.concatenate(list(values.values()))
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    ticks = _ticks(low, high)
    ends = (min(low, ticks[0]), max(high, ticks[-1]))
    unit = " (%)" if metric.is_share else ""
    arrow = "higher" if metric.higher_is_better else "lower"
    return ValuesView(
        title=f"{metric.label[:1].upper()}{metric.label[1:]}{unit}",
        better=f"{arrow} is better",
        ticks=tuple(ValueTick(_place(at, ends), _text(at)) for at in ticks),
        rows=tuple(
            _row(one, values[one.name], metric, ends=ends, settings=settings) for one in experiments
        ),
    )


def _row(
    one: RecordedExperiment,
    value_R: NDArray[np.float64],
    metric: Metric,
    *,
    ends: tuple[float, float],
    settings: Sequence[str],
) -> ValueRow:
    n = value_R.size
    interval = None
    if n >= FEWEST_SEEDS and not no_spread(value_R):
        found = t_intervals(value_R)
        low, high = (_place(float(end), ends) for end in (found.low, found.high))
        interval = (max(low, 0.0), min(high, 100.0))
    shown = "–"
    if found_level := mean_and_sd(value_R / metric.scale):
        shown = level(metric, *found_level)
    elif n == 1:
        shown = f"{value_R[0]:.6g}{'%' if metric.is_share else ''}"
    dots, bars = dots_or_bars(value_R.tolist())
    return ValueRow(
        name=one.name,
        n=n,
        missing=len(one.runs) - n,
        level=shown,
        dots=tuple(_place(value, ends) for value in dots),
        bars=tuple((_place(low, ends), _place(high, ends)) for low, high in bars),
        mean=_place(float(value_R.mean()), ends) if n else None,
        interval=interval,
        settings=tuple(one.settings.get(name, "") for name in settings),
    )


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    share = 0.5 if high == low else (value - low) / (high - low)
    return round(_MARGIN + (100 - 2 * _MARGIN) * share, 2)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, at most five, from below the lowest value to above the highest."""
    reach = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(reach / _MOST_TICKS))
    for step in (one * power * ten for ten in (1, 10) for one in _STEPS):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first < _MOST_TICKS:
            return [step * place for place in range(first, last + 1)]
    return [low, high]


def _text(value: float) -> str:
    return f"{value:.6g}".replace("-", MINUS)
