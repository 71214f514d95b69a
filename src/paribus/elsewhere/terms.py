"""What is asked of a table, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from paribus.elsewhere.columns import Stated
from paribus.elsewhere.options import Missing, Unit


@dataclass(frozen=True)
class Terms:
    """What is asked of a table.

    `columns`: which column is what, as far as it is stated. `better`: "higher" or "lower", None to
    go by the metric's name. `units`: of each metric; empty to go by names and values. `paired`:
    whether runs of one seed belong together. `matters`: the smallest difference that matters of
    each metric, in its own unit; empty if none was stated. `about`: the columns that are meant to
    differ; by default the only one that does. `compare`: pairs of experiments; `baseline`: the one
    that all others are compared with; by default every pair. `best`: whether it is asked, too,
    which of all may be the best. `missing`: what runs without a value are, as in `missing.settled`.
    `wide`: what the cells are of a table with a column for each experiment; "" of other tables.
    """

    columns: Stated = field(default_factory=Stated)
    better: str | None = None
    units: tuple[Unit, ...] = ()
    paired: bool = False
    matters: tuple[float, ...] = ()
    about: tuple[str, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
    baseline: str | None = None
    best: bool = False
    missing: Missing | None = None
    wide: str = ""
