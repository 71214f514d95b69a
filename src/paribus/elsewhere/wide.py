"""Tables with a column for each experiment, in place of a row for each run."""

from __future__ import annotations

from paribus.elsewhere.columns import Stated, called_like, plain
from paribus.elsewhere.frame import Cell, Frame, is_blank, number, text_of
from paribus.errors import UserError
from paribus.text import listed, shown

_EXPERIMENT = "experiment"


def long_form(frame: Frame, metric: str, stated: Stated) -> Frame:
    """Return a table with a row for each run of one with a column for each experiment.

    metric: what the columns of experiments hold. An empty cell is no run, as columns may have
    different numbers of them. Raises `UserError` where no two columns can be experiments.
    """
    kept = _beside(frame, stated)
    experiments = [name for name in frame.columns if name not in kept]
    for name in experiments:
        for place, cell in zip(frame.places, frame.columns[name], strict=True):
            if number(cell) is None:
                raise UserError(
                    f'{place}: {name}: "{text_of(cell)}" is not a number, and with --wide each '
                    "column is an experiment but those of seeds and run IDs; leave it out: "
                    f"--ignore {name}"
                )
    if len(experiments) < 2:
        raise UserError(
            f"{frame.source}: --wide needs a column for each of two experiments, got "
            f"{listed(list(map(shown, experiments))) or 'none'}"
        )
    if metric in (*kept, _EXPERIMENT):
        raise UserError(f"--wide {metric}: is another column; name what the experiments' cells are")
    rows = [
        (row, name)
        for row in range(len(frame))
        for name in experiments
        if not is_blank(frame.columns[name][row])
    ]
    columns: dict[str, list[Cell]] = {
        _EXPERIMENT: [name for _, name in rows],
        **{column: [frame.columns[column][row] for row, _ in rows] for column in kept},
        metric: [frame.columns[name][row] for row, name in rows],
    }
    return Frame(
        source=frame.source,
        columns=columns,
        places=[f"{frame.places[row]}, {name}" for row, name in rows],
        known={"experiment": (_EXPERIMENT,), "metric": (metric,)},
        folder=frame.folder,
    )


def _beside(frame: Frame, stated: Stated) -> list[str]:
    """The columns that are of no experiment: seeds, run IDs, numbers of rows, what is left out."""
    roles = ("seed", "run", "epoch", "status")
    found = [name for role in roles for name in (stated.of(role) or called_like(role, frame)[:1])]
    return [
        name
        for name in frame.columns
        if name in (*found, *stated.ignored) or plain(name) in ("index", "file")
    ]
