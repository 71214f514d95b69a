"""Runs as a table has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paribus.elsewhere.notices import Notice
from paribus.measure import table
from paribus.measure.table import Series


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A run as it was recorded. `seed`: "" if there is none. `rows`: its rows, by epoch. `kept`:
    the epoch whose values count, None if that is its last one. `is_named`: whether a seed or an ID
    tells it from others; if not, it is the run of a row."""

    experiment: str
    name: str
    seed: str
    rows: tuple[int, ...]
    lost: bool
    kept: float | None = None
    is_named: bool = True


@dataclass(frozen=True, eq=False)
class RecordedExperiment:
    """An experiment as it was recorded. `series`: its rows of each metric, by the metric's key, by
    run. `settings`: what is recorded of it. `parts`: its cells in the columns that name it.
    `running`: the seeds of its runs that have not ended, which are none of `runs`."""

    name: str
    runs: tuple[RecordedRun, ...]
    series: Mapping[str, tuple[Series, ...]]
    settings: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    running: frozenset[str] = frozenset()

    def finite(self, metric: str) -> NDArray[np.float64]:
        """Return the values of the runs that have one: (R,). metric: its key."""
        values = table.values(self.series[metric])
        return values[np.isfinite(values)]


@dataclass(frozen=True, eq=False)
class RecordedRuns:
    """All that a table has. `steps`: to what the values of a metric are rounded."""

    experiments: tuple[RecordedExperiment, ...]
    steps: Mapping[str, float]
    notices: tuple[Notice, ...]
