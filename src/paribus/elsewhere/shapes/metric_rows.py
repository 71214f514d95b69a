"""Tables with a row for each metric of each run: its name in one column, its value in another."""

from __future__ import annotations

from paribus.elsewhere.cells import Cell, number, numbers_rows, plain, text_of
from paribus.elsewhere.columns.metrics import preference
from paribus.elsewhere.columns.names import called_like
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import MetricsInRows, Notice
from paribus.elsewhere.terms import ROLES, Terms

_NAMES = {"metric", "metrics", "metric_name", "measure", "measurement", "variable", "quantity"}
_VALUES = {"value", "values", "metric_value", "score", "result"}


def one_column_each(frame: Frame, terms: Terms) -> tuple[Frame, list[Notice]]:
    """Return a table with a column for each metric, and what is to be said of it; the same table
    where no column names metrics beside one of their values, or one of the two is stated to be
    something else."""
    stated = {name for role in ROLES for name in terms.columns.of(role)} | {*terms.columns.ignored}
    free = [name for name in frame.columns if name not in stated]
    names = [name for name in free if plain(name) in _NAMES and _names_metrics(frame, name)]
    values = [name for name in free if plain(name) in _VALUES]
    if frame.is_log or len(names) != 1 or len(values) != 1:
        return frame, []
    (named,), (value,) = names, values
    seeds = called_like("seed", frame)
    kept = [
        name
        for name, cells in frame.columns.items()
        if name not in (named, value) and (name in seeds or not numbers_rows(cells))
    ]
    metrics = list(dict.fromkeys(text_of(cell) for cell in frame.columns[named]))
    if set(metrics) & set(kept):
        return frame, []
    rows: list[int] = []
    found: list[dict[str, Cell]] = []
    last: dict[tuple[str, ...], dict[str, Cell]] = {}
    for row, metric in enumerate(map(text_of, frame.columns[named])):
        key = tuple(text_of(frame.columns[name][row]) for name in kept)
        # A metric that is there twice is of another run, and what tells them apart is asked later.
        if key not in last or metric in last[key]:
            last[key] = {}
            rows.append(row)
            found.append(last[key])
        last[key][metric] = frame.columns[value][row]
    columns: dict[str, list[Cell]] = {
        **{name: [frame.columns[name][row] for row in rows] for name in kept},
        **{metric: [cells.get(metric) for cells in found] for metric in metrics},
    }
    places = [frame.places[row] for row in rows]
    notices: list[Notice] = [MetricsInRows(named, value)]
    return Frame(frame.source, columns, places, frame.known, folder=frame.folder), notices


def _names_metrics(frame: Frame, column: str) -> bool:
    """Whether cells are words, some of them known metrics."""
    words = {text_of(cell) for cell in frame.columns[column]}
    is_words = all(word and number(word) is None for word in words)
    return is_words and any(preference(plain(word)) is not None for word in words)
