"""Which column of a table is what: as the user says, as the format has it, or as it looks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from paribus.elsewhere.cells import (
    has_spread,
    is_blank,
    is_value,
    number,
    numbers_rows,
    plain,
    text_of,
)
from paribus.elsewhere.columns.advice import how_to_write, nearly_numbers
from paribus.elsewhere.columns.metrics import preference
from paribus.elsewhere.columns.names import NAMES, NO_SETTINGS, called_like, check_there
from paribus.elsewhere.columns.sweeps import budgets_of, check_filled
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.terms import ROLES, ColumnsByRole, Stated
from paribus.errors import UserError
from paribus.text import listed


@dataclass(frozen=True)
class Roles(ColumnsByRole):
    """The columns of a table by what they hold.

    `config`: recorded settings, each the same in all runs of an experiment. `unused`: the others.
    `guessed`: the roles that nobody has stated. `budgets`: the numbers of epochs in the last column
    of `experiment`, where each row was taken for a run of its own.
    """

    config: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    budgets: tuple[float, ...] = ()


@dataclass
class _Choice:
    """Roles while they are chosen."""

    frame: Frame
    stated: Stated
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    guessed: list[str] = field(default_factory=list)

    @property
    def taken(self) -> set[str]:
        return {name for names in self.chosen.values() for name in names}

    def take(self, role: str) -> None:
        """Take the columns of a role that are stated, or known by the format."""
        if stated := self.stated.of(role):
            for name in stated:
                check_there(self.frame, role, name)
                if name in self.taken:
                    raise UserError(f"--{role} {name}: the column is named for two purposes")
            self.chosen[role] = stated
        elif known_by_format := self.frame.known.get(role):
            self.chosen[role] = known_by_format

    def guess(self, role: str, names: Iterable[str]) -> None:
        """Take columns for a role that nobody has stated."""
        found = tuple(names)
        if role not in self.chosen and found:
            self.chosen[role] = found
            self.guessed.append(role)

    def by_name(self, role: str) -> tuple[str, ...]:
        """Return the column that is called like a role; none or one."""
        return self.all_by_name(role)[:1]

    def all_by_name(self, role: str) -> tuple[str, ...]:
        """Return the columns that are called like a role, those preferred first."""
        return called_like(role, self.frame, {*self.taken, *self.stated.ignored})


def roles_of(frame: Frame, stated: Stated) -> Roles:
    """Return which column of a table is what.

    Raises `UserError` where a stated column is not there, and where no column looks like the names
    of experiments or like a metric.
    """
    choice = _Choice(frame, stated)
    for name in stated.ignored:
        check_there(frame, "ignore", name)
    for role in ROLES:
        choice.take(role)
    choice.guess("seed", choice.by_name("seed") or choice.by_name("fold"))
    choice.guess("status", choice.by_name("status"))
    choice.guess(
        "run",
        [name for name in choice.all_by_name("run") if not numbers_rows(frame.columns[name])][:1],
    )
    choice.guess("experiment", choice.by_name("experiment") or _words_that_repeat(choice))
    if "experiment" not in choice.chosen:
        raise UserError(
            f"{frame.source}: no column looks like the names of experiments; name it with "
            f"--experiment; there are {', '.join(frame.columns)}{how_to_write(frame)}"
        )
    counter = _counter(choice)
    budgets = _budgets(choice, counter)
    if budgets:
        choice.chosen["experiment"] += counter
    else:
        choice.guess("epoch", counter)
    if "epoch" in choice.chosen:
        choice.guess("kept", choice.by_name("kept"))
    kinds = _kinds(choice)
    choice.guess("metric", kinds.measured[:1])
    if "metric" not in choice.chosen:
        raise UserError(
            f"{frame.source}: no column looks like a metric; name it with --metric; there are "
            f"{', '.join(frame.columns)}{nearly_numbers(frame, choice.taken)}"
        )
    metric = choice.chosen["metric"]
    one = {role: names[0] for role, names in choice.chosen.items() if role not in _OF_MANY}
    return Roles(
        experiment=choice.chosen["experiment"],
        metric=metric,
        config=tuple(kinds.settings),
        unused=tuple(name for name in (*kinds.measured, *kinds.others) if name not in metric),
        guessed=tuple(role for role in ROLES if role in choice.guessed),
        budgets=budgets,
        **one,
    )


def _counter(choice: _Choice) -> tuple[str, ...]:
    """The column that is called like an epoch and counts: some experiment has several values of it.
    One that is the same in all rows of each is the number of epochs that was planned, a setting."""
    names = experiments_of(choice.frame, choice.chosen["experiment"])
    for column in choice.all_by_name("epoch"):
        cells = choice.frame.columns[column]
        pairs = zip(names, cells, strict=True)
        found = {(name, text_of(cell)) for name, cell in pairs if not is_blank(cell)}
        if len(found) > len({name for name, _ in found}):
            return (column,)
    return ()


def _budgets(choice: _Choice, counter: Sequence[str]) -> tuple[float, ...]:
    """The budgets of a sweep over epochs, which are a part of what an experiment is. Raises
    `UserError` where rows may be moments of runs as well, or it was stated that they are no sweep.
    """
    for column in choice.stated.experiment:
        if plain(column) in NAMES["epoch"]:
            check_filled(choice.frame, column)
    if not counter or "epoch" in choice.chosen:
        return ()
    experiment = choice.chosen["experiment"]
    names = experiments_of(choice.frame, experiment)
    ids = [name for role in ("seed", "run") for name in choice.chosen.get(role, ())]
    budgets = budgets_of(choice.frame, counter[0], names, ids)
    if budgets.numbers and (choice.stated.experiment or not budgets.sure):
        numbers = listed([f"{one:g}" for one in budgets.numbers], len(budgets.numbers))
        raise UserError(
            f"{choice.frame.source}: the values of {counter[0]} are {numbers}: if every row is a "
            f"separate run, write --experiment {','.join((*experiment, *counter))}; if it is a "
            f"moment of a run, write --epoch {counter[0]}"
        )
    return budgets.numbers


_OF_MANY = ("experiment", "metric")


def experiments_of(frame: Frame, columns: Sequence[str]) -> list[str]:
    """Return the name of each row's experiment, made of the values of one or several columns: words
    as they are, others with the column, as in "adam, epochs=10", and in quotation marks if commas
    in words would make one name of two experiments.

    Raises `UserError` where there is none.
    """
    cells = [[text_of(cell) for cell in frame.columns[column]] for column in columns]
    for row, place in enumerate(frame.places):
        if not any(column[row] for column in cells):
            raise UserError(f"{place}: {', '.join(columns)} is empty; each row needs an experiment")
    if len(columns) == 1:
        return cells[0]
    words = Counter(word for column in cells for word in set(column))
    shown = [
        column
        if all(number(word) is None and words[word] == 1 for word in set(column))
        else [f"{name}={word}" for word in column]
        for name, column in zip(columns, cells, strict=True)
    ]
    names = list(map(", ".join, zip(*shown, strict=True)))
    if len(set(names)) == len(set(zip(*cells, strict=True))):
        return names
    quoted = [
        [f"{name}={json.dumps(word, ensure_ascii=False)}" for word in column]
        for name, column in zip(columns, cells, strict=True)
    ]
    return list(map(", ".join, zip(*quoted, strict=True)))


@dataclass(frozen=True)
class _Kinds:
    """Columns without a role: what was measured, likely metrics first; settings; others."""

    measured: list[str]
    settings: list[str]
    others: list[str]


def _kinds(choice: _Choice) -> _Kinds:
    frame = choice.frame
    names = experiments_of(frame, choice.chosen["experiment"])
    measured, settings, others = [], [], []
    repeats = len(set(names)) < len(names)
    for column, cells in frame.columns.items():
        if column in choice.taken:
            continue
        if column in choice.stated.ignored or plain(column) in NO_SETTINGS:
            others.append(column)
            continue
        by_experiment: dict[str, set[str]] = {}
        for name, cell in zip(names, cells, strict=True):
            if not (frame.is_log and is_blank(cell)):
                by_experiment.setdefault(name, set()).add(text_of(cell))
        constant = all(len(values) == 1 for values in by_experiment.values())
        is_numeric = all(number(cell) is not None for cell in cells)
        has_numbers = any(map(is_value, cells))
        if preference(plain(column)) is not None and (has_numbers or any(map(has_spread, cells))):
            # Whatever else is among its cells, so that what is wrong with them is said.
            measured.append(column)
        elif has_numbers and is_numeric and not (constant and repeats):
            measured.append(column)
        elif constant and by_experiment:
            settings.append(column)
        else:
            others.append(column)
    return _Kinds(sorted(measured, key=_rank), settings, others)


def _rank(column: str) -> float:
    """Of a metric among those that a table may be about; the lowest first."""
    found = preference(plain(column))
    return float("inf") if found is None else found


def _words_that_repeat(choice: _Choice) -> tuple[str, ...]:
    """The only column of words of which some repeat, and not all are the same."""
    found = []
    for column, cells in choice.frame.columns.items():
        if column in choice.taken or column in choice.stated.ignored:
            continue
        words = {text_of(cell) for cell in cells}
        if 1 < len(words) < len(cells) and all(number(word) is None for word in words):
            found.append(column)
    return tuple(found) if len(found) == 1 else ()
