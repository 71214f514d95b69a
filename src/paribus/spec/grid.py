"""A grid: variants of an experiment for every combination of values of one or several settings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from pydantic import Field

from paribus.spec.bounds import LONGEST_LABEL, LONGEST_NAME, MOST_VARIANTS
from paribus.spec.model import Spec
from paribus.spec.problems import value as quoted
from paribus.spec.suggestions import suggest
from paribus.text import shown

NAME = "grid"
"""Name that stands for all variants in questions."""

OPTIMIZER_SETTINGS = ("lr", "momentum", "nesterov", "betas", "alpha", "eps", "weight_decay")
"""Settings that may be written without "optimizer." before them."""
_SCHEDULE_SETTINGS = ("every", "factor_each", "final", "rise", "start_divisor", "end_divisor")
_SETTINGS = (
    *("network", "optimizer", "schedule", "epochs", "batch_size", "initialisation"),
    *("label_smoothing", "ema", "best_by", "patience", "normalize", "augment", "images", "engine"),
)
_LABEL = "label"
_TABLES = {"optimizer": OPTIMIZER_SETTINGS, "schedule": _SCHEDULE_SETTINGS}


class Factor(Spec):
    """A setting that a grid varies."""

    name: str
    """As in `about`, e.g. "optimizer.lr"."""
    levels: tuple[str, ...] = Field(strict=False)
    """Its values in words, in the order in which they are written."""
    numbers: tuple[float, ...] = Field(default=(), strict=False)
    """The same as numbers; empty where they are none."""

    @property
    def label(self) -> str:
        """Its name without the table that it is a setting of."""
        return self.name.rpartition(".")[2]


class Grid(Spec):
    """A grid that a study was written with."""

    factors: tuple[Factor, ...] = Field(strict=False)
    cells: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Of each experiment of it, which level of each factor it has, from 0."""

    def of(self, renamed: Mapping[str, str]) -> Grid | None:
        """Return the grid of the experiments that are left under their names; None without two.

        renamed: what the experiments of a study are called now, those that are left.
        """
        cells = {name: cell for name, cell in self.cells.items() if renamed.get(name) == name}
        return Grid(factors=self.factors, cells=cells) if len(cells) > 1 else None


@dataclass
class Written:
    """A grid as a file states it: the tables of its variants, and what is wrong with it."""

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each variant, as one would write it under [experiments.NAME]."""
    cells: dict[str, tuple[int, ...]] = field(default_factory=dict)
    factors: tuple[Factor, ...] = ()
    problems: list[str] = field(default_factory=list)
    """Messages without the file's name: "grid.lr: …"."""
    keys: tuple[str, ...] = ()
    """Of each factor, its name as it is written."""

    def add(self, problem: str) -> None:
        """Add what is wrong, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def place(self, name: str, path: Sequence[str]) -> str:
        """Return where the value of a variant stands that is at the end of a path of keys."""
        for factor, key, level in zip(self.factors, self.keys, self.cells[name], strict=True):
            parts = tuple(factor.name.split("."))
            if tuple(path[: len(parts)]) == parts or tuple(path) == parts[: len(path)] != ():
                rest = "".join(f".{part}" for part in path[len(parts) :])
                return f"{NAME}.{key}[{level + 1}]{rest}"
        return ".".join([f"{NAME}, {name}", *path])


def read(table: Any, experiments: Mapping[str, Any]) -> Written:
    """Return the grid that a table `grid` states.

    experiments: the tables of the file's experiments, by name. Values are validated with the
    variants that they make.
    """
    found = Written()
    if not isinstance(table, dict):
        found.problems.append(f'{NAME}: must be a table; write [grid] with from = "NAME" and '
                              "e.g. lr = [0.01, 0.1]")  # fmt: skip
        return found
    if NAME in experiments:
        found.problems.append(f"experiments.{NAME}: is what a grid is called; rename it")
    base = table.get("from", next(iter(experiments)) if len(experiments) == 1 else None)
    if not isinstance(base, str) or base not in experiments:
        names = ", ".join(list(experiments)[:10])
        got = f"there is no experiment {quoted(base)}" if "from" in table else "is missing"
        found.problems.append(f"{NAME}.from: {got}; name the experiment that is varied: {names}")
    levels = [_levels(key, name, values, found) for key, name, values in _factors(table, found)]
    if not found.problems and not levels:
        found.problems.append(f"{NAME}: varies nothing; write e.g. lr = [0.01, 0.03, 0.1]")
    variants = math.prod(len(one.values) for one in levels)
    if variants > MOST_VARIANTS:
        found.problems.append(f"{NAME}: makes {variants:,} variants; write at most {MOST_VARIANTS}")
    if found.problems:
        return found
    found.factors = tuple(one.factor for one in levels)
    found.keys = tuple(one.key for one in levels)
    for cell in product(*(range(len(one.values)) for one in levels)):
        chosen = list(zip(levels, cell, strict=True))
        name = "-".join([str(base), *(one.part(index) for one, index in chosen)])
        if len(name) > LONGEST_NAME:
            found.problems.append(
                f"{NAME}: the variant {shown(name, 60)} has a name of {len(name)} characters; "
                f"shorten that of {base}, it may have {LONGEST_NAME}"
            )
            break
        if name in experiments or name in found.tables:
            found.problems.append(f"{NAME}: there are two experiments {shown(name)}; rename one")
            break
        found.tables[name] = {"from": base, **_label(table, experiments, chosen, found)}
        found.tables[name] |= _settings(chosen)
        found.cells[name] = cell
    return found


def _label(
    table: dict[str, Any],
    experiments: Mapping[str, Any],
    chosen: Sequence[tuple[_Levels, int]],
    found: Written,
) -> dict[str, str]:
    """What figures call a variant, as a part of its table: `label` of the grid with its settings in
    place of their keys in braces, by default the name of the base and its settings."""
    parts = {one.key: one.factor.levels[index] for one, index in chosen}
    pattern = table.get(_LABEL)
    if pattern is None:
        base = table.get("from", next(iter(experiments)))
        words = [
            level if key in (*_TABLES, "network") else f"{_words(key)} {level}"
            for key, level in parts.items()
        ]
        written = experiments[base]
        called = written.get(_LABEL) if isinstance(written, Mapping) else None
        label = ", ".join([called if isinstance(called, str) else base, *words])
        # A long one would be an error that nobody has made.
        return {_LABEL: label} if len(label) <= LONGEST_LABEL and label.isprintable() else {}
    if not isinstance(pattern, str):
        found.add(f'{NAME}.{_LABEL}: must be a text such as "{_example(parts)}"')
        return {}
    asked = re.findall(r"\{([^{}]*)\}", pattern)
    for key in asked:
        if key not in parts:
            known = ", ".join(f"{{{one}}}" for one in parts)
            found.add(f"{NAME}.{_LABEL}: {shown('{' + key + '}')} is not a setting of the grid; "
                      f"known are {known}")  # fmt: skip
            return {}
    for one, _ in chosen:
        if one.key not in asked and len(one.factor.levels) > 1:
            found.add(f"{NAME}.{_LABEL}: variants that differ in {one.key} alone would have one "
                      f"label; add {{{one.key}}}")  # fmt: skip
            return {}
    return {_LABEL: re.sub(r"\{([^{}]*)\}", lambda match: parts[match[1]], pattern)}


def _words(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")


def _example(parts: Mapping[str, str]) -> str:
    return ", ".join(f"{_words(key)} {{{key}}}" for key in parts)


def questions(
    asked: Sequence[dict[str, Any]], grid: Grid | None, *, faulty: bool = False
) -> list[tuple[int, dict[str, Any]]]:
    """Return the tables of questions with their numbers, those that name the grid written out.

    `best = "grid"` is about all its experiments; `compare = ["NAME", "grid"]` is one question for
    each of them but NAME. `about` is the grid's settings where it is not written. faulty: whether
    there is a grid with errors; what is asked of it is left out then.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    for number, table in enumerate(asked, start=1):
        compared, best = table.get("compare"), table.get("best")
        best = NAME if best == [NAME] else best
        ranges = best == NAME or (isinstance(compared, list) and NAME in compared)
        if ranges and faulty:
            continue
        if grid is None or not ranges:
            found.append((number, table))
            continue
        table = {"about": [factor.name for factor in grid.factors], **table}
        if best == NAME:
            found.append((number, {**table, "best": list(grid.cells)}))
            continue
        assert isinstance(compared, list)
        for name in grid.cells:
            if name in compared:
                continue
            pair = [name if one == NAME else one for one in compared]
            ask = table.get("ask")
            ask = f"{ask} ({name})" if isinstance(ask, str) else ask
            found.append((number, {**table, "compare": pair, "ask": ask}))
    return found


@dataclass(frozen=True)
class _Levels:
    """A factor with its values."""

    key: str
    """As it is written."""
    factor: Factor
    values: list[Any]

    def part(self, index: int) -> str:
        """Return the text for a value in the name of a variant."""
        label = re.sub(r"[^A-Za-z0-9._-]", "", self.factor.levels[index].replace(", ", "-"))
        named = self.factor.name in (*_TABLES, "network")
        return label if named else f"{self.factor.label}-{label}"


def _factors(table: dict[str, Any], found: Written) -> list[tuple[str, str, Any]]:
    """Return the settings that a grid varies: each as it is written, its name, and its values."""
    factors: list[tuple[str, str, Any]] = []
    known = ("from", _LABEL, *_SETTINGS, *OPTIMIZER_SETTINGS)
    for key, values in table.items():
        if key in ("from", _LABEL):
            continue
        if key in OPTIMIZER_SETTINGS:
            factors.append((key, f"optimizer.{key}", values))
        elif key in _TABLES and isinstance(values, dict):
            for inner, some in values.items():
                if inner in _TABLES[key]:
                    factors.append((f"{key}.{inner}", f"{key}.{inner}", some))
                else:
                    hint = suggest(inner, _TABLES[key])
                    found.problems.append(f"{NAME}.{key}.{shown(inner)}: unknown key; {hint}")
        elif key in _SETTINGS:
            factors.append((key, key, values))
        else:
            found.problems.append(f"{NAME}.{shown(key)}: unknown key; {suggest(key, known)}")
    names = [name for _, name, _ in factors]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        found.problems.append(f"{NAME}.{name}: is written twice; leave one out")
    return factors


def _levels(key: str, name: str, values: Any, found: Written) -> _Levels:
    """Return a factor with its values; what is wrong with them goes to `found`."""
    named = isinstance(values, dict) and name == "network" and "module" not in values
    listed = list(values.values()) if named else values
    if not isinstance(listed, list) or len(listed) < 2:
        example = "{ small = [...], large = [...] }" if name == "network" else "[0.01, 0.1]"
        found.problems.append(
            f"{NAME}.{key}: must be a list of at least 2 values, got {quoted(values)}; write e.g. "
            f"{key} = {example}"
        )
        return _Levels(key, Factor(name=name, levels=()), [])
    if name in _TABLES:
        example = "cosine" if name == "schedule" else "sgd"
        for number, one in enumerate(listed, start=1):
            if not isinstance(one, dict):
                found.problems.append(
                    f"{NAME}.{key}[{number}]: must be a table with a name, e.g. "
                    f'{{ name = "{example}" }}, got {quoted(one)}'
                )
    words = list(values) if named else [_word(one, name) for one in listed]
    if name in _TABLES and len(set(words)) < len(words):  # Two of one optimizer.
        words = [", ".join(map(str, one.values())) if isinstance(one, dict) else word
                 for one, word in zip(listed, words, strict=True)]  # fmt: skip
    if name == "network" and not named:
        words = [str(number) for number in range(1, len(listed) + 1)]
    for index, one in enumerate(listed):
        if one in listed[:index]:
            found.problems.append(f"{NAME}.{key}: holds {quoted(one)} twice; leave one out")
            break
    numbers = [float(one) for one in listed if isinstance(one, int | float) and one is not True]
    are_numbers = len(numbers) == len(listed) and not any(isinstance(x, bool) for x in listed)
    factor = Factor(name=name, levels=tuple(words), numbers=tuple(numbers) if are_numbers else ())
    return _Levels(key, factor, listed)


def _word(value: Any, name: str) -> str:
    if isinstance(value, dict):
        return str(value.get("name", name))
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _settings(chosen: Sequence[tuple[_Levels, int]]) -> dict[str, Any]:
    """Return the settings of a variant; of a table and a setting in it, the setting last."""
    settings: dict[str, Any] = {}
    for one, index in sorted(chosen, key=lambda pair: "." in pair[0].factor.name):
        table, _, key = one.factor.name.rpartition(".")
        value = one.values[index]
        if not table:
            settings[key] = value
        else:
            settings[table] = {**settings.get(table, {}), key: value}
    return settings
