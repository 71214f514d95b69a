"""Tuning as a study file states it: which settings are searched, where, in how many trials."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator, model_validator

from paribus.spec.bounds import MOST_TRIALS
from paribus.spec.model import Spec

if TYPE_CHECKING:
    import numpy as np

Value = float | int | bool | str
"""A value of a setting."""
Settings = Mapping[str, Value]
"""Values by the names that settings have in `about`, e.g. "optimizer.lr"."""

PREVIEW_TRIALS = 5

_TABLES = ("optimizer", "schedule")
_ALONE = ("batch_size", "initialisation", "label_smoothing", "ema")
_INTEGERS = ("batch_size", "schedule.every")
_KEYS = ("log", "linear", "choice")
# For draws on a logarithmic scale: exp and ln of decimals are correctly rounded everywhere.
# Those of `math` are the C library's, whose last bits differ, and settings identify a trial.
_DECIMAL = Context(prec=40)
# Of the combinations of ends that are tried before training; there may be very many.
_MOST_TRIED = 1000


class Space(Spec):
    """Where values of a setting are drawn from: one of `log`, `linear` and `choice`."""

    log: tuple[float, float] | None = Field(default=None, strict=False)
    """From the first to the second value, uniform on a logarithmic scale."""
    linear: tuple[float, float] | None = Field(default=None, strict=False)
    """From the first to the second value, uniform."""
    choice: tuple[Value, ...] | None = Field(default=None, strict=False)
    """One of the values, each as likely."""

    @model_validator(mode="after")
    def _one_that_makes_sense(self) -> Self:
        written = [key for key in _KEYS if getattr(self, key) is not None]
        if len(written) != 1:
            raise ValueError(
                "needs one of log, linear and choice; write e.g. { log = [0.001, 0.1] }"
            )
        if self.choice is not None:
            if len(set(map(repr, self.choice))) < max(2, len(self.choice)):
                raise ValueError("choice: needs at least 2 values, none of them twice")
            return self
        low, high = self.ends
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(
                f"{written[0]}: needs a smaller and a larger number, got {low}, {high}"
            )
        if self.log is not None and low <= 0:
            raise ValueError(f"log: needs positive numbers, got {low}; use linear for others")
        return self

    @property
    def ends(self) -> tuple[Any, ...]:
        """The two ends of a range, or all values of a choice."""
        found = self.log or self.linear or self.choice
        assert found is not None
        return found

    @property
    def is_range(self) -> bool:
        """Whether there are values without number, so that no two draws are alike."""
        return self.choice is None

    def at(self, share: float) -> Value:
        """Return the value at a share of the space, from 0 to below 1: the same bits everywhere.

        >>> Space(log=(0.01, 1.0)).at(0.5), Space(choice=(16, 32)).at(0.5)
        (0.1, 32)
        """
        if self.choice is not None:
            return self.choice[int(share * len(self.choice))]
        low, high = map(float, self.ends)
        if self.log is None:
            return min(low + share * (high - low), high)
        return _between(Decimal(low), Decimal(high), Decimal(share))


def _is_tunable(name: str) -> bool:
    table, _, key = name.rpartition(".")
    return (table in _TABLES and key != "name") or name in _ALONE


class Tune(Spec):
    """Settings that are searched for the best, by their accuracy on the validation images."""

    trials: int = Field(ge=2, le=MOST_TRIALS)
    """The number of settings that are drawn at random and trained in each replicate; a study has
    a replicate for each of its seeds."""
    space: dict[str, Space] = Field(min_length=1)
    """Where the values of each setting are drawn from."""

    @model_validator(mode="before")
    @classmethod
    def _settings_beside_trials(cls, given: Any) -> Any:
        """Take settings as a file writes them, e.g. `optimizer.lr = { log = [0.001, 0.1] }`."""
        if not isinstance(given, Mapping):
            return given
        if "replicates" in given:
            raise ValueError(
                "replicates: is not a setting; there is a replicate for each seed of the study, "
                "so write e.g. seeds = 10 above the experiments"
            )
        return {
            **{key: given[key] for key in ("trials",) if key in given},
            "space": {**given.get("space", {}), **dict(_flat(given))},
        }

    @field_validator("space", mode="before")
    @classmethod
    def _tunable(cls, space: Any) -> Any:
        if problems := [
            f'"{name}" cannot be tuned; make an experiment for each of its values, e.g. with '
            "[grid]. What can be tuned: the settings of the optimizer and the schedule, as in "
            f"optimizer.lr, {', '.join(_ALONE)}"
            for name in (space if isinstance(space, Mapping) else ())
            if not _is_tunable(str(name))
        ]:
            raise ValueError("\n".join(problems))
        return space

    @field_validator("space")
    @classmethod
    def _sorted(cls, space: dict[str, Space]) -> dict[str, Space]:
        return dict(sorted(space.items()))

    @property
    def first(self) -> dict[str, Value]:
        """The first value of every setting."""
        return {name: _as_kept(name, space.ends[0]) for name, space in self.space.items()}

    def in_preview(self) -> Tune:
        """Return the tuning of a preview: the same spaces, and few trials."""
        return self.model_copy(update={"trials": min(self.trials, PREVIEW_TRIALS)})

    def drawn(self, rng: np.random.Generator) -> tuple[dict[str, Value], ...]:
        """Return the settings of every trial. With more trials, the first are the same."""
        share_TS = rng.random((self.trials, len(self.space)))
        return tuple(
            {
                name: _as_kept(name, space.at(float(share)))
                for (name, space), share in zip(self.space.items(), share_S, strict=True)
            }
            for share_S in share_TS
        )

    def corners(self) -> Iterator[dict[str, Value]]:
        """Yield combinations of the ends of all spaces; of very many, the first."""
        ends = [[_as_kept(name, end) for end in space.ends] for name, space in self.space.items()]
        for values in islice(product(*ends), _MOST_TRIED):
            yield dict(zip(self.space, values, strict=True))


def filled_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an experiment with those that it tunes at the first value of their
    space: which value was written says nothing, and none need be.

    A `tune` that is not valid is left to validation.
    """
    tune = given["tune"]
    if not isinstance(tune, Tune):
        try:
            tune = Tune.model_validate(tune)
        except ValueError:
            return dict(given)
    return changed(given, tune.first) | {"tune": tune}


def changed(given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the settings of an experiment with some changed, e.g. "optimizer.lr"."""
    found = dict(given)
    for name, value in settings.items():
        table, dot, key = name.rpartition(".")
        if not dot:
            found[key] = value
        elif isinstance(inner := found.get(table, {}), Mapping | Spec):
            found[table] = {**dict(inner), key: value}
    return found


def _flat(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        if before == "" and key in ("trials", "space"):
            continue
        if before == "" and key in _TABLES and isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield f"{before}{key}", value


def _between(low: Decimal, high: Decimal, share: Decimal) -> float:
    """Return low · (high / low)^share."""
    log_ratio = _DECIMAL.ln(_DECIMAL.divide(high, low))
    ratio = _DECIMAL.exp(_DECIMAL.multiply(share, log_ratio))
    return float(_DECIMAL.multiply(low, ratio))


def _as_kept(name: str, value: Value) -> Value:
    return round(value) if name in _INTEGERS and isinstance(value, float) else value
