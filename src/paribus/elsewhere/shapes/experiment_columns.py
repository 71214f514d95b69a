"""Tables with a column for each experiment, in place of a row for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from paribus.elsewhere.cells import Cell, is_blank, number, plain, text_of, unmeasured
from paribus.elsewhere.columns.names import (
    OF_ROWS,
    PARTS,
    beside_values,
    called_like,
    check_there,
)
from paribus.elsewhere.columns.roles import Roles, roles_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import EndsOfColumns, ExperimentsGuessed, Notice, RunColumnsGuessed
from paribus.elsewhere.shapes.seed_columns import runs_of_columns
from paribus.elsewhere.terms import Missing, Terms
from paribus.errors import UserError
from paribus.text import listed, plural, shown

_EXPERIMENT = "experiment"
_SEED = "seed"


def long_form(frame: Frame, terms: Terms) -> tuple[Frame, list[Notice]]:
    """Return a table with a row for each run of one with a column for each experiment, and what is
    to be said of it.

    An empty cell is a run without a value, but in a log. In rows without a seed, a run ID, a fold
    and a split, empty cells below the last value of a column are no runs, as columns may have
    different numbers of them, unless `terms.missing` says that runs failed or went unreported.
    Raises `UserError` where no two columns can be experiments, for a column that looks like a
    setting, and for terms that name what such a table does not have.
    """
    _check_terms(frame, terms)
    kept = _beside(frame, terms)
    experiments = [name for name in frame.columns if name not in kept]
    if terms.wide in experiments:
        raise UserError(
            f'{frame.source}: --wide {terms.wide}: there is a column "{terms.wide}", so that a row '
            "is a run; leave --wide out"
        )
    for name in experiments:
        for place, cell in zip(frame.places, frame.columns[name], strict=True):
            if number(cell) is None:
                of_runs = name in called_like("experiment", frame)
                instead = f"if a row is a run of {name}, leave --wide out, else " if of_runs else ""
                raise UserError(
                    f'{place}: {name}: "{text_of(cell)}" is not a number, and with --wide each '
                    f"column is an experiment but those of seeds and run IDs; {instead}leave the "
                    f"column out: --ignore {name}"
                )
    if len(experiments) < 2:
        raise UserError(
            f"{frame.source}: --wide needs a column for each of two experiments, got "
            f"{listed(list(map(shown, experiments))) or 'none'}"
        )
    if terms.wide in (*kept, _EXPERIMENT):
        raise UserError(
            f"--wide {terms.wide}: is another column; name what the experiments' cells are"
        )
    _check_measured(frame, experiments)
    notices: list[Notice] = [ExperimentsGuessed(tuple(experiments))]
    every = {name: range(len(frame)) for name in experiments}
    whole = _with_rows(frame, every, kept, terms)
    roles = roles_of(whole, terms.columns)
    if roles.epoch:
        log = _with_rows(frame, _moments(frame, roles, experiments), kept, terms)
        if (runs_of := runs_of_columns(experiments)) and not (roles.seed or roles.run):
            return _of_runs(log, runs_of), [RunColumnsGuessed(tuple(experiments))]
        return log, notices
    if terms.missing in (Missing.FAILED, Missing.UNREPORTED):
        return whole, notices
    runs = _runs(frame, roles, experiments)
    if fewer := [(name, len(frame) - len(runs[name])) for name in experiments
                 if len(runs[name]) < len(frame)]:  # fmt: skip
        notices.append(EndsOfColumns(tuple(fewer)))
    return _with_rows(frame, runs, kept, terms), notices


def _with_rows(
    frame: Frame, rows_of: Mapping[str, Sequence[int]], kept: Sequence[str], terms: Terms
) -> Frame:
    """The long table of the rows that each experiment has."""
    rows = sorted(
        ((row, name) for name, rows in rows_of.items() for row in rows), key=lambda one: one[0]
    )
    columns: dict[str, list[Cell]] = {
        _EXPERIMENT: [name for _, name in rows],
        **{column: [frame.columns[column][row] for row, _ in rows] for column in kept},
        terms.wide: [frame.columns[name][row] for row, name in rows],
    }
    return Frame(
        source=frame.source,
        columns=columns,
        places=[f"{frame.places[row]}, {name}" for row, name in rows],
        known={"experiment": (_EXPERIMENT,), "metric": (terms.wide,)},
        folder=frame.folder,
    )


def _of_runs(log: Frame, runs_of: Mapping[str, tuple[str, str]]) -> Frame:
    """A long table of columns that are one run each, with its experiments and seeds."""
    named = [runs_of[text_of(cell)] for cell in log.columns[_EXPERIMENT]]
    columns = {**log.columns, _EXPERIMENT: [name for name, _ in named],
               _SEED: [seed for _, seed in named]}  # fmt: skip
    return replace(log, columns=columns, known={**log.known, "seed": (_SEED,)})


def _moments(frame: Frame, roles: Roles, experiments: Sequence[str]) -> dict[str, list[int]]:
    """The rows of a log in which each experiment has a value; of a run that has none, all."""
    run_of = [_named(frame, (roles.run, roles.seed), row) for row in range(len(frame))]
    found = {}
    for name in experiments:
        has = [not is_blank(cell) for cell in frame.columns[name]]
        with_value = {run for run, one in zip(run_of, has, strict=True) if one}
        found[name] = [row for row, run in enumerate(run_of) if has[row] or run not in with_value]
    return found


def _runs(frame: Frame, roles: Roles, experiments: Sequence[str]) -> dict[str, list[int]]:
    """The rows that are a run of each experiment: those that something names, and the others to
    its last value; all if it has no value."""
    parts = [name for name in frame.columns if plain(name) in PARTS or name in roles.experiment]
    names = (roles.run, roles.seed, *parts)
    named = [any(_named(frame, names, row)) for row in range(len(frame))]
    found = {}
    for name in experiments:
        values = [row for row, cell in enumerate(frame.columns[name]) if not is_blank(cell)]
        last = values[-1] if values else len(frame)
        found[name] = [row for row, one in enumerate(named) if one or row <= last]
    return found


def _named(frame: Frame, columns: Sequence[str], row: int) -> tuple[str, ...]:
    return tuple(text_of(frame.columns[name][row]) for name in columns if name)


def _check_terms(frame: Frame, terms: Terms) -> None:
    """Raise `UserError` for columns that such a table does not have."""
    stated = terms.columns
    if _EXPERIMENT in frame.columns:
        raise UserError(
            f'{frame.source}: --wide: there is a column "{_EXPERIMENT}" already; leave --wide out '
            "if a row is a run of it, else rename it"
        )
    if stated.experiment and _EXPERIMENT not in stated.experiment:
        raise UserError(
            f"--experiment {','.join(stated.experiment)}: with --wide each column is an "
            "experiment; leave --experiment out, and exclude other columns by --ignore"
        )
    if stated.metric:
        raise UserError(
            f"--metric {','.join(stated.metric)}: --wide {terms.wide} names the metric already; "
            "leave --metric out"
        )
    if stated.correct:
        raise UserError(
            f"--correct {stated.correct}: needs a row for each run, and with --wide a row has "
            "several; leave one of them out"
        )
    given = [(role, name) for role in OF_ROWS
             for name in stated.of(role)]  # fmt: skip
    given += [("experiment", name) for name in stated.experiment if name != _EXPERIMENT]
    for role, name in (*given, *(("ignore", name) for name in stated.ignored)):
        check_there(frame, role, name)


def _beside(frame: Frame, terms: Terms) -> list[str]:
    """The columns that are of no experiment: seeds, run IDs, numbers of rows, parts of the data,
    what is left out."""
    stated = terms.columns
    found = beside_values(frame) | {*stated.ignored, *stated.experiment}
    found |= {name for role in OF_ROWS for name in stated.of(role)}
    return [name for name in frame.columns if name in found]


def _check_measured(frame: Frame, experiments: Sequence[str]) -> None:
    """Raise `UserError` for a column that has one value, or counts, where others do neither."""
    odd = {name: how for name in experiments if (how := unmeasured(frame.columns[name]))}
    if odd and len(odd) < len(experiments):
        name, how = next(iter(odd.items()))
        columns = list(odd)
        it = plural(len(odd), "it is an experiment", "they are experiments")
        raise UserError(
            f"{frame.source}: --wide: {shown(name)} {how}, unlike what is measured; add --ignore "
            f"{','.join(columns)}. If {it}, give a row for each run, with the experiment in a "
            "column"
        )
