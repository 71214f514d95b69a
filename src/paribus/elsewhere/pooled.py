"""Columns in which runs of one experiment differ: their rows may be of different experiments."""

from __future__ import annotations

from collections.abc import Iterator

from paribus.elsewhere.columns import Roles
from paribus.elsewhere.frame import Frame, text_of
from paribus.elsewhere.metrics import preference
from paribus.elsewhere.names import NO_SETTINGS, plain
from paribus.elsewhere.notices import Notice, Pooled
from paribus.elsewhere.records import RecordedRuns
from paribus.elsewhere.terms import Terms


def pooled(frame: Frame, roles: Roles, terms: Terms, found: RecordedRuns) -> Iterator[Notice]:
    """Which columns tell runs of one experiment apart as a setting does, such as a dataset: with
    at most half as many values as there are runs. All its runs count alike."""
    runs = [(one.name, run.rows[-1]) for one in found.experiments for run in one.runs if run.rows]
    columns: dict[str, tuple[str, ...]] = {}
    for column in roles.unused:
        is_known = plain(column) in NO_SETTINGS or preference(plain(column)) is not None
        if is_known or column in terms.columns.ignored:
            continue
        cells = {(name, text_of(frame.columns[column][row])) for name, row in runs}
        values = tuple(dict.fromkeys(text_of(frame.columns[column][row]) for _, row in runs))
        if len(cells) > len(found.experiments) and len(values) <= len(runs) / 2:
            columns[column] = values
    if columns:
        yield Pooled(roles.experiment, columns)
