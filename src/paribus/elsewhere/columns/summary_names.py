"""Names of what is no run's own value: means, spreads, ranks, the best of several."""

from __future__ import annotations

import re

from paribus.elsewhere.columns.names import has_word

_SUMMARY = re.compile(r"(^|_)(mean|avg|average|median)(_|$)")
_SPREAD = re.compile(r"(^|_)(std|sd|stddev|stderr|se|sem|var|variance|ci|ci95)(_|$)")
_OF_RESOURCES = re.compile(r"time|duration|runtime|latency|memory|mem|ram|vram|gpu|hours")
"""Of these a minimum is minutes, and a maximum what was needed."""
_BEST = re.compile(r"(^|_)(best|max|maximum|min|minimum|peak)(_|$)")


def is_best(name: str) -> bool:
    """Return whether the name of a column (plain) says that it holds the best of several values.

    >>> is_best("best_val_acc"), is_best("max_reward"), is_best("train_time_min"), is_best("acc")
    (True, True, False, False)
    """
    return _BEST.search(name) is not None and not has_word(_OF_RESOURCES, name)


def is_summary(name: str) -> bool:
    """Return whether the name of a column (plain) says that it holds means of runs."""
    return _SUMMARY.search(name) is not None


def is_spread(name: str) -> bool:
    """Return whether the name of a column (plain) says that it holds how much runs vary."""
    return _SPREAD.search(name) is not None


_SUMMARIES = {
    "mean", "means", "avg", "average", "median", "std", "sd", "stdev", "stddev", "stderr", "sem",
    "se", "var", "variance", "ci", "ci95", "min", "max", "best", "worst", "sum", "total", "overall",
    "all",
}  # fmt: skip
_WITH_THEM = {"and", "or", "of", "over", "n", "seeds", "runs", "dev", "error", "standard"}


def is_summary_row(name: str) -> bool:
    """Return whether a seed or a run, by its plain name, is a summary of others.

    >>> is_summary_row("mean"), is_summary_row("std_dev"), is_summary_row("mean_n_5")
    (True, True, True)
    >>> is_summary_row("mean_teacher_3"), is_summary_row("3"), is_summary_row("n")
    (False, False, False)
    """
    words = name.split("_")
    known = all(one in _SUMMARIES or one in _WITH_THEM or one.isdecimal() for one in words)
    return known and any(one in _SUMMARIES for one in words)


def is_rank(name: str) -> bool:
    """Return whether the name of a column (plain) says that it holds ranks."""
    return "rank" in name.split("_")
