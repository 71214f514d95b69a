"""What was guessed of a table of results from elsewhere, in words."""

from __future__ import annotations

from functools import singledispatch

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.notices import (
    AboutGuessed,
    DirectionGuessed,
    ExperimentsGuessed,
    Guessed,
    LastOfLog,
    LogGuessed,
    MetricsInRows,
    Notice,
    RunColumnsGuessed,
    RunsByName,
    SeedColumnsGuessed,
    SweepGuessed,
    UnitGuessed,
)
from paribus.text import listed, plural, shown

GUESSES = (
    MetricsInRows, Guessed, ExperimentsGuessed, SeedColumnsGuessed, RunColumnsGuessed, SweepGuessed,
    LogGuessed, LastOfLog, DirectionGuessed, UnitGuessed, AboutGuessed, RunsByName,
)  # fmt: skip
"""What is a guess, and no other remark."""


def guesses(judgment: Judgement) -> str:
    """Return in one sentence what was guessed of columns; "" if nothing."""
    parts = [guess_words(one) for one in judgment.notices if isinstance(one, GUESSES)]
    return f"Guessed: {'; '.join(parts)}." if parts else ""


@singledispatch
def guess_words(notice: Notice) -> str:
    """Return what was guessed, as a part of a sentence, with the option that states it."""
    raise NotImplementedError(f"no wording is registered for {type(notice).__name__}")


@guess_words.register
def _(notice: Guessed) -> str:
    return f"{notice.role} = {_names(notice.columns)} (`--{notice.role}`)"


@guess_words.register
def _(notice: AboutGuessed) -> str:
    columns = listed(list(map(shown, notice.columns)), 5)
    return f"{columns} {plural(len(notice.columns), 'is', 'are')} meant to differ (`--about`)"


@guess_words.register
def _(notice: MetricsInRows) -> str:
    return f"{shown(notice.name)} names the metric that each row has in {shown(notice.value)}"


@guess_words.register
def _(notice: RunsByName) -> str:
    parts = [f"{listed(list(map(shown, names)), 2)} are runs of {shown(name)}"
             for name, names in notice.names.items()]  # fmt: skip
    return f"by their names, {listed(parts, 3)}"


@guess_words.register
def _(notice: ExperimentsGuessed) -> str:
    columns = list(map(shown, notice.columns))
    return f"{listed(columns, len(columns))} are experiments (else `--ignore`)"


@guess_words.register
def _(notice: SeedColumnsGuessed) -> str:
    columns = list(map(shown, notice.columns))
    return f"{listed(columns, 5)} are seeds, and each row an experiment"


@guess_words.register
def _(notice: RunColumnsGuessed) -> str:
    return f"{listed(list(map(shown, notice.columns)), 4)} are runs, each of the seed in its name"


@guess_words.register
def _(notice: SweepGuessed) -> str:
    numbers = listed([f"{one:g}" for one in notice.budgets], len(notice.budgets))
    called = notice.column if notice.column.lower().endswith("s") else f"{notice.column}s"
    return (
        f"each row is a run of its own, of {numbers} {called} (else add `--epoch {notice.column}`, "
        "and the last row of a run counts)"
    )


@guess_words.register
def _(notice: LastOfLog) -> str:
    return f"of each run the value at its highest {notice.column} counts, not its best"


@guess_words.register
def _(notice: LogGuessed) -> str:
    columns = ",".join((*notice.experiment, notice.column))
    counts = f"of each run the row of the highest {notice.column} counts"
    if notice.kept:
        counts = f"the rows of a run are its moments by {notice.column}"
    return (
        f"{counts} (else, if each row is a run of its own, add `--experiment {columns}`, or `--run "
        f"{notice.column}` if that only numbers them)"
    )


@guess_words.register
def _(notice: DirectionGuessed) -> str:
    better = "higher" if notice.higher_is_better else "lower"
    return f"{better} {_names((notice.metric,))} is better (`--better`)"


@guess_words.register
def _(notice: UnitGuessed) -> str:
    name = _names((notice.metric,))
    if notice.named:
        return f"values of {name} are percentages, as its name says (`--unit`)"
    unit = "percentages" if notice.in_percent else "shares"
    return f"values of {name} are {unit} (`--unit`)"


def _names(columns: tuple[str, ...]) -> str:
    return " + ".join(map(shown, columns))
