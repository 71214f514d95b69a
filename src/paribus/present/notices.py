"""What is to be said of results from elsewhere beside their findings, in words."""

from __future__ import annotations

from functools import singledispatch

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.notices import (
    AbsentSeeds,
    AlikeNames,
    BestEpochs,
    BestOfSeveral,
    Confounded,
    DifferentEnds,
    DifferentLengths,
    EndsOfColumns,
    EqualValues,
    Folds,
    KeptEpochs,
    LargeMatters,
    LowPercentages,
    MeansInARow,
    NoSettings,
    NotEnded,
    Notice,
    OneValueEach,
    PairsDropped,
    PairsInOneColumn,
    Pooled,
    RowOfMeans,
    SameValues,
    SeedsNotPaired,
    SummaryOfRuns,
    UnknownStates,
    Unnamed,
    Unused,
    WithoutValue,
)
from paribus.elsewhere.terms import Missing
from paribus.present.guesses import GUESSES
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, listed, plural, shown

UNCHECKED = (
    "Paribus has seen these numbers alone. It cannot check that all experiments had the same data, "
    "the same split and the same test examples, that nothing differs but what is recorded, that no "
    "run is missing, and that the questions were fixed before the numbers were seen."
)
NO_EXAMPLES = (
    "There are no scores of single test examples, so nothing is said of other examples drawn the "
    "same way."
)


_IF_FAILED = (
    "If runs were left out for their results, the comparison is biased; if they failed, add "
    "`--missing failed`."
)


@singledispatch
def notice_words(notice: Notice) -> str:
    """Return what is to be said, in a sentence or two."""
    raise NotImplementedError(f"no wording is registered for {type(notice).__name__}")


def remarks(judgment: Judgement) -> list[str]:
    """Return all else that is to be said, a sentence or two each."""
    return [notice_words(one) for one in judgment.notices if not isinstance(one, GUESSES)]


@notice_words.register
def _(notice: EndsOfColumns) -> str:
    columns = listed([f"{shown(name)} ({cells})" for name, cells in notice.cells], 5)
    return (
        f"Empty cells below the last value of a column are read as no runs: {columns}. If they "
        "are runs that failed, add `--missing failed`."
    )


@notice_words.register
def _(notice: PairsInOneColumn) -> str:
    columns = listed(list(map(shown, notice.columns)))
    one_of = columns if len(notice.columns) == 1 else f"one of {columns}"
    return (
        f"Compared are experiments that differ in {one_of} alone; `--compare A B` names any others."
    )


@notice_words.register
def _(notice: LowPercentages) -> str:
    return (
        f"Warning: values of {shown(notice.metric)} are at most {notice.highest:g}, and "
        "percentages as stated; if they are shares, write `--unit share`: differences are then 100 "
        "times as large."
    )


@notice_words.register
def _(notice: Unused) -> str:
    return f"Not used: {listed(list(map(shown, notice.columns)), 12)}."


@notice_words.register
def _(notice: Pooled) -> str:
    columns = [
        f"{shown(name)} ({listed(list(map(shown, values)), 4)})"
        for name, values in notice.columns.items()
    ]
    by = ",".join((*notice.experiment, *list(notice.columns)[:1]))
    return (
        f"Warning: runs of one experiment differ in {listed(columns, 5)}, and all count alike. If "
        f"they are different experiments, add `--experiment {by}`; if not, `--ignore` the column."
    )


@notice_words.register
def _(notice: UnknownStates) -> str:
    states = [f"“{state}”" for state in notice.states]
    return (
        f"Warning: {notice.column} has {listed(states, 5)}, which Paribus does not know; such runs "
        "count as finished. Write “failed” or “running” if they are."
    )


@notice_words.register
def _(notice: Unnamed) -> str:
    return (
        f"Warning: {count(notice.runs, 'row')} of {notice.experiment} "
        f"{plural(notice.runs, 'has', 'have')} no seed or run ID, unlike others, and "
        f"{plural(notice.runs, 'counts as a run', 'count as runs')}; remove what is a mean of runs."
    )


@notice_words.register
def _(notice: BestOfSeveral) -> str:
    return (
        f"{notice.metric} is, by its name, the best of several values of a run. Chosen on the data "
        "that it is measured on, it is too good, and more so for whatever varies more; give the "
        "value after the last epoch."
    )


@notice_words.register
def _(notice: SummaryOfRuns) -> str:
    return (
        f"{notice.metric} is, by its name, a mean of several runs. A mean counts as one run here; "
        "give the values that it is the mean of."
    )


@notice_words.register
def _(notice: OneValueEach) -> str:
    return (
        "There is one row per experiment, so nothing tells a difference from chance. If the rows "
        "are means or the best of several runs, give a row for each run."
    )


@notice_words.register
def _(notice: EqualValues) -> str:
    values = f"{notice.runs} of {notice.of} values of {notice.metric} of {notice.experiment}"
    tells = "and no column of seeds or run IDs tells whether these are runs of their own"
    if notice.named:
        values = f"all {notice.of} values of {notice.metric} of {notice.experiment}"
        tells = "each as often as any other, as if runs were copied under new seeds or IDs"
    return (
        f"Warning: {values} occur more than once, {tells}. If rows were repeated, the verdicts are "
        "wrong: five runs, each there twice, give 17 false verdicts in 100."
    )


@notice_words.register
def _(notice: WithoutValue) -> str:
    runs = f"{notice.runs} of {count(notice.of, 'run')} of {notice.experiment}"
    no = f"{runs} {plural(notice.runs, 'has', 'have')} no"
    worst = f"{plural(notice.runs, 'it counts', 'they count')} as worse than any other run"
    if notice.failed == notice.runs:
        return f"{runs} failed: {worst}."
    match notice.missing:
        case Missing.UNREPORTED:
            return f"{no} reported {notice.metric}."
        case Missing.ABSENT:
            return (
                f"{no} {notice.metric} and {plural(notice.runs, 'is', 'are')} left out, as if "
                "never made; one that failed counts as worse than any other."
            )
    if notice.missing is Missing.FAILED:
        return f"{no} {notice.metric}: {worst}."
    it = plural(notice.runs, "it", "they")
    return (
        f"{no} {notice.metric}: {worst}. Add `--missing absent` if {it} "
        f"{plural(notice.runs, 'was', 'were')} never made, as a seed without a row, and `--missing "
        f"unreported` if {it} {plural(notice.runs, 'has', 'have')} a value that was not reported."
    )


@notice_words.register
def _(notice: NotEnded) -> str:
    return (
        f"{count(notice.runs, 'run')} of {notice.experiment} "
        f"{plural(notice.runs, 'has', 'have')} not ended and {plural(notice.runs, 'is', 'are')} "
        "left out; judge again when all have."
    )


@notice_words.register
def _(notice: DifferentEnds) -> str:
    return (
        f"The runs of {notice.experiment} end at {notice.column} {notice.first:g} to "
        f"{notice.last:g}; the last value of each is taken."
    )


@notice_words.register
def _(notice: DifferentLengths) -> str:
    ends = listed([f"{shown(name)} at {end}" for name, end in notice.ends], 5)
    return (
        f"Warning: logs end at different values of {notice.column}: {ends}. Add `--about "
        f"{notice.column}` if that is meant to differ."
    )


@notice_words.register
def _(notice: KeptEpochs) -> str:
    return (
        f"{count(notice.runs, 'run')} {plural(notice.runs, 'is', 'are')} judged by the "
        f"{notice.epoch} that {notice.column} names, not by the last one. It must have been chosen "
        "on validation data."
    )


@notice_words.register
def _(notice: BestEpochs) -> str:
    column = shown(notice.column)
    return (
        f"The last epoch of each run counts. If {column} names the one that it keeps, chosen on "
        f"validation data, add `--kept {column}`."
    )


@notice_words.register
def _(notice: Folds) -> str:
    return (
        f"Warning: the folds of a cross-validation ({shown(notice.column)}) share most of their "
        "training examples, so they are not independent runs: of differences that are none, a t "
        "test calls more than 5 of 100 real (Dietterich 1998)."
    )


@notice_words.register
def _(notice: SeedsNotPaired) -> str:
    return (
        f"All experiments have the same {notice.seeds} seeds. Runs are compared unpaired; if runs "
        "of one seed share what the seed decides (initial weights, order of batches, split), add "
        "`--paired`."
    )


@notice_words.register
def _(notice: AbsentSeeds) -> str:
    of_each: dict[tuple[str, ...], list[str]] = {}
    for name, seeds in notice.absent:
        of_each.setdefault(seeds, []).append(name)
    parts = [
        f"{listed(names, 5)} {plural(len(names), 'lacks', 'lack')} {plural(len(seeds), 'seed')} "
        f"{listed(list(seeds), 10)}"
        for seeds, names in of_each.items()
    ]
    return f"Not all experiments have the same seeds: {'; '.join(parts)}. {_IF_FAILED}"


@notice_words.register
def _(notice: PairsDropped) -> str:
    pairs = listed([f"{a} → {b}" for a, b in notice.pairs], 3)
    if notice.shared < FEWEST_SEEDS:
        return (
            f"{pairs}: {count(notice.shared, 'seed') if notice.shared else 'no seed'} in common, "
            "so not compared. Without `--paired`, all runs are compared as groups."
        )
    seeds = listed(list(notice.seeds), 5)
    return (
        f"{pairs}: {notice.shared} seeds in common; {plural(len(notice.seeds), 'seed')} {seeds} "
        f"{plural(len(notice.seeds), 'is', 'are')} missing on one side and dropped. {_IF_FAILED}"
    )


@notice_words.register
def _(notice: AlikeNames) -> str:
    names = listed([f"“{name}”" for name in notice.names], 5)
    return f"Warning: {names} are read as different experiments; write one name if they are one."


@notice_words.register
def _(notice: MeansInARow) -> str:
    return (
        f"Warning: {notice.name} is, by its name, a summary of other rows, and is read as an "
        "experiment; remove the row."
    )


@notice_words.register
def _(notice: RowOfMeans) -> str:
    return (
        f"Warning: the last values of {shown(notice.metric)} ({listed(list(notice.places), 3)}) "
        "are the means of those above them, and count as runs; if they are means, remove them."
    )


@notice_words.register
def _(notice: SameValues) -> str:
    a, b = map(shown, notice.names)
    return (
        f"Warning: {a} and {b} have the same {notice.runs} values of {shown(notice.metric)}; check "
        "that neither was copied, and that what differs between them had an effect."
    )


@notice_words.register
def _(notice: LargeMatters) -> str:
    meant = notice.matters * notice.matters / notice.points
    return (
        f"Warning: --matters {notice.matters:g} of {notice.metric}, which is a share, is "
        f"{notice.points:g} points; write {meant:g} for {notice.matters:g} points."
    )


@notice_words.register
def _(notice: Confounded) -> str:
    columns = ",".join(notice.columns)
    several = len(notice.columns) > 1
    differ = "several settings at once" if several else f"{columns}, on which they were measured"
    return (
        f"Experiments differ in {differ}. Add `--about {columns}` if "
        f"{plural(len(notice.columns), 'that is', 'all are')} meant to differ, or exclude "
        "columns that are not settings by `--ignore`."
    )


@notice_words.register
def _(notice: NoSettings) -> str:
    return (
        "No column records the experiments' settings, so nothing is known of what else may differ "
        "between them."
    )
