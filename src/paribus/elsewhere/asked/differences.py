"""In which recorded settings two experiments differ, and which of them may."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.elsewhere.columns.names import plain
from paribus.elsewhere.columns.roles import Roles
from paribus.elsewhere.frame import is_value
from paribus.elsewhere.runs.records import RecordedExperiment

_MEASURED_ON = {"dataset", "data", "split", "fold", "task", "benchmark", "env", "environment"}
"""Columns that say on what a run was measured: methods are compared on the same."""


def differ_in(a: RecordedExperiment, b: RecordedExperiment) -> tuple[str, ...]:
    """Return the settings in which two experiments differ."""
    return tuple(name for name in a.settings if a.settings[name] != b.settings.get(name, ""))


def meant_to_differ(
    a: RecordedExperiment, b: RecordedExperiment, about: Sequence[str], roles: Roles
) -> tuple[str, ...]:
    """Return which settings are meant to differ: those that are stated. If none are, the only one
    that does, unless it says what the experiments were measured on, or that they were not trained
    for as long."""
    if about:
        return tuple(about)
    found = differ_in(a, b)
    if len(found) != 1 or plain(found[0]) in _MEASURED_ON or lengths_differ(a, b, roles):
        return ()
    return found


def lengths_differ(a: RecordedExperiment, b: RecordedExperiment, roles: Roles) -> bool:
    """Return whether the logs of one experiment all end at one epoch, and those of the other at
    another."""
    ends = [one.settings.get(roles.epoch) for one in (a, b)]
    return all(map(is_value, ends)) and ends[0] != ends[1]
