"""What is known of a metric by its name and its values: what is better, its unit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paribus.elsewhere.cells import Cell, is_value, plain, values_in
from paribus.elsewhere.columns.names import has_word
from paribus.elsewhere.columns.summary_names import is_spread, is_summary
from paribus.elsewhere.terms import Unit
from paribus.errors import UserError
from paribus.measure.metric import Metric

_HIGHER = re.compile(
    r"acc|accuracy|acc_?1|top_?[15]|f1|f_?score|auc|auroc|auprc|precision|recall|map|ap|iou|miou|"
    r"dice|bleu|rouge\w*|meteor|score|reward|return|returns|psnr|ssim|r2|mcc|kappa|em|win_?rate|"
    r"success(_rate)?|ndcg\w*|mrr|throughput|correct"
)
_LOWER = re.compile(
    r"loss|nll|error|err|mse|rmse|mae|mape|perplexity|ppl|bpb|bpc|wer|cer|fid|kl|regret|cost|"
    r"time|seconds|duration|latency|runtime|memory|brier|ece"
)
_SHARE = re.compile(
    r"acc|accuracy|acc_?1|top_?[15]|f1|f_?score|auc|auroc|precision|recall|map|iou|miou|dice|err|"
    r"error|wer|cer|success(_rate)?|win_?rate"
)
_ACCURACY = re.compile("acc|accuracy|acc_?1|top_?[15]")
_SPLITS = ("test", "eval", "val", "valid", "validation", "dev", "")
_KINDS = ("accuracy", "acc", "f1", "auc", "score", "reward", "return", "error", "loss")
_LOGGED_UNDER = re.compile(r"^(metrics?|summary)[./](?=.)")
"""What MLflow and others put before the name of a metric."""


def preference(name: str) -> int | None:
    """Return how likely a table is about a metric, lowest first; None if the metric is unknown.

    name: of its column, plain.

    >>> preference("test_accuracy") < preference("test_loss") < preference("train_accuracy")
    True
    >>> preference("val_accuracy") == preference("val_top1") < preference("val_bleu")
    True
    """
    if lower_is_better(name) is None or is_spread(name):
        return None
    split = next((place for place, one in enumerate(_SPLITS) if one in name.split("_")), 6)
    kind = next((place for place, one in enumerate(_KINDS) if one in name.split("_")), len(_KINDS))
    if kind == len(_KINDS) and not lower_is_better(name):
        # A loss is seldom what a table is about that has anything else.
        kind = _KINDS.index("accuracy" if has_word(_ACCURACY, name) else "score")
    in_training = "train" in name.split("_") or "training" in name.split("_")
    return 1000 * in_training + 20 * split + kind


def lower_is_better(name: str) -> bool | None:
    """Return whether lower is better, by the name of a column (plain); None if it does not say.

    >>> lower_is_better("val_loss"), lower_is_better("test_acc"), lower_is_better("width")
    (True, False, None)
    """
    if has_word(_LOWER, name):
        return True
    return False if has_word(_HIGHER, name) else None


def percent_bounds(name: str) -> tuple[float, float]:
    """Return what a percentage can be, by the name of its column (plain): an accuracy lies between
    0 and 100, a rate of errors may be above, and something else may be anything.

    >>> percent_bounds("test_acc"), percent_bounds("wer"), percent_bounds("cost")
    ((0.0, 100.0), (0.0, inf), (-inf, inf))
    """
    if not has_word(_SHARE, name):
        return float("-inf"), float("inf")
    return 0.0, float("inf") if lower_is_better(name) else 100.0


def metric_of(
    column: str, cells: Sequence[Cell], better: str | None, *, unit: Unit | None = None
) -> Metric:
    """Return the metric of a column.

    better: "higher", "lower", or None to go by the name. unit: None to go by the name and the
    values. Raises `UserError` where the name does not say what is better.
    """
    name = plain(column)
    lower = lower_is_better(name) if better is None else better == "lower"
    if lower is None and (is_summary(name) or is_spread(name)):
        raise UserError(
            f"{column}: is, by its name, a summary of several runs; a verdict needs a row for each "
            "run, with its own value"
        )
    if lower is None:
        raise UserError(
            f"{column}: is more of it better, or less? Add --better higher or --better lower"
        )
    unit = unit or _guessed_unit(column, name, cells)
    is_share, in_percent = unit is not Unit.NUMBER, unit is Unit.PERCENT
    # A percentage of something else, such as a word error rate, can be above 100.
    is_bounded = is_share and all(0 <= one <= 100 for one in values_in(cells))
    accurate = not lower and has_word(_ACCURACY, name)
    better_word, worse_word = ("lower", "higher") if lower else ("higher", "lower")
    label = _LOGGED_UNDER.sub("", column).replace("_", " ")
    return Metric(
        key=column,
        label=label,
        higher_is_better=not lower,
        better="more accurate" if accurate else f"{better_word} {label}",
        worse="less accurate" if accurate else f"{worse_word} {label}",
        unit="points" if is_share else "",
        unit_of_one="point" if is_share else "",
        scale=100 if is_share and not in_percent else 1,
        is_share=is_share,
        scores_are_correctness=accurate and is_bounded,
        mistyped_from=0.1 if is_share and not in_percent else float("inf"),
        widest=(100 if in_percent else 1) if is_bounded else float("inf"),
        limits=f"{label} lies between 0 and {100 if in_percent else 1}" if is_bounded else "",
        without="runs that all have a value",
        lacks="ended without a value",
    )


def _guessed_unit(column: str, name: str, cells: Sequence[Cell]) -> Unit:
    values = values_in(cells)
    if not has_word(_SHARE, name) or not values or min(values) < 0 or max(values) > 100:
        return Unit.NUMBER
    in_percent = max(values) > 1 or are_percentages(column, cells)
    return Unit.PERCENT if in_percent else Unit.SHARE


_PERCENT = re.compile(r"%|pct|per[ _-]?cent(?!il|er)")


def is_named_percent(column: str) -> bool:
    """Return whether the name of a column says that it holds percentages.

    >>> is_named_percent("Test error (%)"), is_named_percent("acc_pct"), is_named_percent("acc")
    (True, True, False)
    """
    return _PERCENT.search(column.lower()) is not None


def has_sign(cell: Cell) -> bool:
    """Return whether a cell is a number with a % behind it."""
    return isinstance(cell, str) and cell.strip().endswith("%") and is_value(cell)


def are_percentages(column: str, cells: Sequence[Cell]) -> bool:
    """Return whether the name of a column or its cells say that it holds percentages; if not, the
    values must tell."""
    return is_named_percent(column) or any(map(has_sign, cells))
