"""What the user says of a table, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum


class Unit(Enum):
    """What the values of a metric are: percentages, shares from 0 to 1, or plain numbers."""

    PERCENT = "percent"
    SHARE = "share"
    NUMBER = "number"


class Missing(Enum):
    """What is the matter with runs that have no value here, an empty cell or no row at all.

    They failed, and are worse than any other; they have a value that went unreported; or they are
    absent, as they were never made.
    """

    FAILED = "failed"
    UNREPORTED = "unreported"
    ABSENT = "absent"


@dataclass(frozen=True)
class ColumnsByRole:
    """The columns of a table by what they hold; empty where there is none.

    `experiment`: those whose values together name an experiment. `seed`, `run`, `epoch`, `status`:
    one each. `kept`: the epoch of a run whose values count, "" if that is its last one. `metric`:
    what is compared. `correct`: files that say which test examples a run gets right.
    """

    experiment: tuple[str, ...] = ()
    seed: str = ""
    run: str = ""
    epoch: str = ""
    kept: str = ""
    status: str = ""
    metric: tuple[str, ...] = ()
    correct: str = ""

    def of(self, role: str) -> tuple[str, ...]:
        """Return the columns of a role; none if it has none."""
        found = getattr(self, role)
        return found if isinstance(found, tuple) else (found,) if found else ()


ROLES = tuple(role.name for role in fields(ColumnsByRole))


@dataclass(frozen=True)
class Stated(ColumnsByRole):
    """What the user says of columns; empty where it is to be guessed.

    `ignored`: columns that are no settings, whatever they look like.
    """

    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """What is asked of a table.

    `columns`: which column is what, as far as it is stated. `better`: "higher" or "lower", None to
    go by the metric's name. `units`: of each metric; empty to go by names and values. `paired`:
    whether runs of one seed belong together. `matters`: the smallest difference that matters of
    each metric, in its own unit; empty if none was stated. `about`: the columns that are meant to
    differ; by default the only one that does. `compare`: pairs of experiments; `baseline`: the one
    that all others are compared with; by default every pair. `best`: whether it is asked, too,
    which of all may be the best. `missing`: what runs without a value are, as `recorded.missing`
    has it. `wide`: what the cells are of a table whose columns are experiments or seeds; "" of
    other tables.
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
