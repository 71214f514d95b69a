"""Clauses that findings of several kinds have in common, each worded here alone."""

from __future__ import annotations

from paribus.measure.metric import Metric
from paribus.present.estimates import amount, p_value
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.text import percent, plural, series

ENOUGH = f"at least {FEWEST_SEEDS} to tell a difference from chance"


def confounded(a: str, b: str, differences: str, numbers: str) -> str:
    """Return the sentence on two experiments that differ in more than the question is about."""
    return (
        f"Confounded: {a} and {b} also differ in {differences}, so the difference cannot be "
        f"attributed to the change in question: {numbers}."
    )


def rules_out(matters: str) -> str:
    """Return what an interval of practically equivalent experiments shows."""
    return f"which rules out differences as large as the {matters} that matter"


def less_than(matters: str) -> str:
    """Return the qualification of a difference that is real, but small."""
    return f", but by less than matters ({matters})"


def excluded(missing: int, runs: int, name: str, metric: Metric) -> str:
    """Return what it means that runs of an experiment have no value."""
    return (
        f"; {runs_of(missing, runs)} of {name} {metric.lacks} and {plural(missing, 'is', 'are')} "
        f"excluded, which biases the comparison in favor of {name}"
    )


def rounded(metric: Metric, step: float, what: str, shown: str = "") -> str:
    """Return why rounded values allow no verdict. what: what varies less than a step."""
    return (
        f"the values are rounded to {amount(metric, step)}, more than the {what} vary{shown}; a "
        "verdict requires values with more decimals"
    )


def allows_for_rounding(metric: Metric, step: float, what: str) -> list[str]:
    """Return what rounded values do to a test, if they do. what: what varies less than a step."""
    if not step:
        return []
    return [
        f"The values are rounded to {amount(metric, step)}, more than the {what} vary: the p-value "
        "and the interval hold whatever they were before, so they are wide."
    ]


def planned(number: int, looks: tuple[int, ...] = ()) -> str:
    """Return how many seeds a verdict requires, and why. looks: those that are planned."""
    if looks:
        return f"all {number}, with more looks planned after {series(looks[1:])}"
    return f"all {number}, so that it does not depend on when you look"


def adjusted(p: float, family: int) -> str:
    """Return a p-value of one of `family` questions, and what a verdict requires of it."""
    of = "" if family == 1 else f", adjusted for {family} questions"
    return f"{p_value(p)}{of}; better or worse requires {VERDICT_LEVEL} or less."


def interval_alone(family: int) -> list[str]:
    """Return what its interval leaves out of account where a question is one of several."""
    if family <= 1:
        return []
    return [
        f"The {percent(0.95)} interval is that of this question alone; the verdict allows for all "
        f"{family}."
    ]


def runs_of(missing: int, runs: int) -> str:
    """Return so many of the runs of an experiment, in words."""
    return f"{missing} of {runs} runs"
