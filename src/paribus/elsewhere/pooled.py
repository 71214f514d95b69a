"""Columns in which runs of one experiment differ: their rows may be of different experiments."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.elsewhere.columns.metrics import preference
from paribus.elsewhere.columns.names import NO_SETTINGS, plain
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import Frame, text_of
from paribus.elsewhere.notices import Notice, Pooled
from paribus.elsewhere.runs.records import RecordedRuns
from paribus.elsewhere.terms import Terms


def pooled(frame: Frame, roles: Roles, terms: Terms, found: RecordedRuns) -> Iterator[Notice]:
    """Which columns tell runs of one experiment apart as a setting does, such as a dataset: each
    run has one value, and there are at most half as many values as runs. All its runs count
    alike."""
    runs = [(one.name, run.rows) for one in found.experiments for run in one.runs if run.rows]
    columns: dict[str, tuple[str, ...]] = {}
    for column in roles.unused:
        is_known = plain(column) in NO_SETTINGS or preference(plain(column)) is not None
        if is_known or column in terms.columns.ignored:
            continue
        cells = frame.columns[column]
        of_runs = [(name, {text_of(cells[row]) for row in rows} - {""}) for name, rows in runs]
        if any(len(values) > 1 for _, values in of_runs):
            continue
        value_of = [(name, next(iter(values), "")) for name, values in of_runs]
        values = tuple(dict.fromkeys(value for _, value in value_of))
        if len({*value_of}) > len(found.experiments) and len(values) <= len(runs) / 2:
            columns[column] = values
    if columns:
        yield Pooled(roles.experiment, columns)
