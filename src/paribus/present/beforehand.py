"""What is said of a study before anything is trained."""

from __future__ import annotations

from paribus.measure.metric import Metric
from paribus.spec.study import Study
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, with_unit


def too_few_seeds(study: Study) -> str:
    """Return what has to be said of seeds that allow no verdict, or ""."""
    if not study.questions or study.preview or study.seeds >= FEWEST_SEEDS:
        return ""
    seeds = count(study.seeds, "seed")
    return (
        f"With {seeds} no question about runs gets a verdict; a verdict requires at least "
        f"{FEWEST_SEEDS}."
    )


def looks_at_nothing(study: Study, whole: Study | None) -> str:
    """Return what has to be said of looks that have no question to decide, or "".

    whole: the study with all its experiments, if only some are selected.
    """
    if not study.looks or any(question.judged_at_looks for question in study.questions):
        return ""
    if whole is not None and any(question.judged_at_looks for question in whole.questions):
        return (
            "No question is about the selected experiments alone: they get the seeds that the "
            "whole study calls for by now."
        )
    return (
        f"No question compares runs, so that the looks decide nothing: every experiment is trained "
        f"with the {study.looks[0]} seeds of the first look."
    )


def what_matters(metric: Metric, matters: float, test_images: int) -> str:
    """Return in words what the smallest difference that matters amounts to.

    >>> from paribus.measure.built_in_metrics import TEST_ACCURACY
    >>> what_matters(TEST_ACCURACY, 0.2, 10_000)
    '0.2 = 20 points, 2,000 of 10,000 test images; did you mean 0.002?'
    """
    if matters == 0:
        return "0: any difference matters, so nothing is called equal"
    number = f"{matters * metric.scale:,g}"
    units = metric.unit or metric.label.removeprefix("number of ")
    said = with_unit(number, metric.unit_of_one or units if number == "1" else units)
    if metric.is_printed_as_measured:
        return said
    said = f"{matters:g} = {said}"
    if metric.scores_are_correctness:
        said += f", {_images(matters * test_images)} of {count(test_images, 'test image')}"
    if matters >= metric.mistyped_from:
        said += f"; did you mean {matters / metric.scale:g}?"
    return said


def _images(number: float) -> str:
    """Return a number of images, which may be a fraction.

    >>> _images(2000), _images(12.5), _images(0.2)
    ('2,000', '12.5', 'less than 1')
    """
    if number < 0.9995:
        return "less than 1"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
