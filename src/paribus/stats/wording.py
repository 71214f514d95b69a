"""The sentences of a finding: what to believe, for a reader who knows no statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paribus.stats.comparison import Comparison
from paribus.stats.evidence import Evidence, Measured
from paribus.stats.images import NewImages
from paribus.stats.metric import shown_p
from paribus.stats.paired import FEWEST_SEEDS
from paribus.stats.power import MOST_SEEDS, VERDICT_LEVEL

if TYPE_CHECKING:
    from paribus.stats.verdict import Verdict

LEAST_GAIN = 1.05
"""Of pairing: below it, it would print as 1.0 times as many seeds."""


def different(
    question: Comparison,
    evidence: Evidence,
    measured: Measured,
    verdict: Verdict,
    less_than_matters: bool,
    shown: bool | None,
) -> str:
    """Better or worse."""
    text = f"{question.b} is {verdict} than {question.a}"
    if less_than_matters and question.matters is not None:
        text += f", but by less than matters ({question.metric.amount(question.matters)})"
    text += f": {_evidence(question, measured)}"
    for name, missing in ((question.a, evidence.missing_a), (question.b, evidence.missing_b)):
        if missing:
            text += (
                f"; {_of(missing, evidence.runs)} of {name} {_lacks(question)} and "
                f"{'is' if missing == 1 else 'are'} left out, which flatters {name}"
            )
    return text + _new_images(question, measured.new_images, shown) + "."


def equal(question: Comparison, measured: Measured, shown: bool | None) -> str:
    """Equal for practical purposes: the interval is the 90 % one that the verdict rests on."""
    assert question.matters is not None
    numbers = question.metric.evidence(
        measured.paired.mean, measured.low_90, measured.high_90, 0.90, measured.paired.n
    )
    text = (
        f"{question.a} and {question.b} are equal for practical purposes: {_name(question)} "
        f"{numbers}, so whatever the difference is, it is smaller than the "
        f"{question.metric.amount(question.matters)} that matter"
    )
    return text + _new_images(question, measured.new_images_90, shown) + "."


def identical(question: Comparison, evidence: Evidence) -> str:
    """The runs cannot be told apart by a single image."""
    images = np.asarray(question.a_SN).shape[1]
    return (
        f"{question.a} and {question.b} came out the same: {question.metric.name} "
        f"{question.metric.difference(0.0)}, n = {evidence.n} seeds, with the same score on each "
        f"of {images:,} images with every seed."
    )


def undecided(question: Comparison, evidence: Evidence, measured: Measured) -> str:
    """Neither shown to differ nor shown to be equal, and the seeds it would take."""
    paired = measured.paired
    text = f"Undecided between {question.a} and {question.b}: {_evidence(question, measured)}, "
    if paired.low <= 0 <= paired.high:
        text += f"so {question.b} may be better or worse"
    else:
        text += f"which leaves out 0, but not clearly enough {_bar(evidence)}"
    if evidence.seeds_to_decide is None:
        return f"{text}; {_beyond_most_seeds(question, evidence)}."
    text += (
        f"; a new study of about {evidence.seeds_to_decide:,} seeds, the number fixed before it "
        f"runs, would probably decide it"
    )
    if evidence.seeds_to_decide == evidence.seeds_as_seen:
        text += " if the true difference is as large as the one seen"
    return f"{text}."


def confounded(question: Comparison, measured: Measured) -> str:
    """More differs than the question is about."""
    return (
        f"Confounded: {question.a} and {question.b} also differ in "
        f"{'; '.join(question.confounds)}, so the difference cannot be put down to what was "
        f"asked about: {_evidence(question, measured)}."
    )


def no_verdict(question: Comparison, evidence: Evidence) -> str:
    """What there is, and what a verdict would take."""
    metric, n = question.metric, evidence.n
    seeds = f"{n} seed{'' if n == 1 else 's'}"
    so_far = ""
    if evidence.mean is not None:
        so_far = f"{_name(question)} {metric.difference(evidence.mean)}, n = {seeds}"
    if question.preview:
        shown = f" ({so_far})" if so_far else ""
        return (
            f"No verdict: this is a preview{shown}; it takes the full study, with at least "
            f"{FEWEST_SEEDS} seeds{_and_no_confound(question)}."
        )
    if evidence.runs < evidence.planned:
        shown = f" ({so_far})" if so_far else ""
        takes = f"all {evidence.planned}, so that the answer does not depend on when one looks"
        if evidence.planned < FEWEST_SEEDS:
            takes = f"at least {FEWEST_SEEDS} to tell a difference from luck"
        return (
            f"No verdict yet: {evidence.runs} of {evidence.planned} seeds "
            f"{'is' if evidence.runs == 1 else 'are'} trained{shown}; it takes {takes}"
            f"{_and_no_confound(question)}."
        )
    if n < evidence.runs:
        numbers = f"; over the others {so_far}" if so_far else ""
        if evidence.measured is not None:
            numbers = f"; over the others {_evidence(question, evidence.measured)}"
        return (
            f"No verdict: {_missing(question, evidence)} {_lacks(question)}, and to leave them "
            f"out would flatter {_flattered(question, evidence)}{numbers}; it takes {metric.takes}."
        )
    if n < FEWEST_SEEDS:
        shown = f" ({so_far})" if so_far else ""
        return (
            f"No verdict from {seeds}{shown}; it takes at least {FEWEST_SEEDS} to tell a "
            f"difference from luck{_and_no_confound(question)}."
        )
    assert evidence.mean is not None
    return (
        f"No verdict: all {seeds} show exactly the same difference ({_name(question)} "
        f"{metric.difference(evidence.mean)}), which gives no measure of luck; it takes more "
        f"seeds or a finer metric."
    )


def _and_no_confound(question: Comparison) -> str:
    if not question.confounds:
        return ""
    return (
        f", and a controlled question: {question.a} and {question.b} also differ in "
        f"{'; '.join(question.confounds)}"
    )


def reasons(question: Comparison, evidence: Evidence) -> tuple[str, ...]:
    """What the verdict rests on, a sentence each."""
    lines = []
    if evidence.measured is None:
        if question.confounds:
            lines.append(
                f"{question.a} and {question.b} also differ in {'; '.join(question.confounds)}: "
                f"no number of seeds will tell which of these makes the difference."
            )
        return tuple(lines)
    measured, paired = evidence.measured, evidence.measured.paired
    lines.append(_levels(question, evidence))
    if evidence.adjusted_p is not None:
        family = "" if evidence.family == 1 else f", adjusted for {evidence.family} questions"
        lines.append(
            f"Paired t test: {shown_p(evidence.adjusted_p)}{family}; better or worse takes "
            f"{VERDICT_LEVEL} or less."
        )
        if evidence.family > 1:
            lines.append(
                f"The 95 % interval is that of this question alone; the verdict allows for all "
                f"{evidence.family}."
            )
    flip = measured.sign_flip
    if flip.smallest_p * max(evidence.family, 1) > VERDICT_LEVEL:
        lines.append(
            f"Sign-flip test: {shown_p(flip.p)}; {paired.n} seeds can give it no less than "
            f"{flip.smallest_p:.2g}, so that it has no say here."
        )
    else:
        lines.append(f"Sign-flip test, which assumes no bell curve: {shown_p(flip.p)}.")
    if not question.same_seeds:
        lines.append(
            "The two share no seeds: their runs are paired in order, and others would do as well."
        )
    elif paired.correlation is not None and paired.pairing_gain is not None:
        lines.append(
            f"Over the same seeds the two correlate by {paired.correlation:.2f}".replace("-", "−")
            + (
                f"; without pairing it would take {_gain(paired.pairing_gain)} times as many seeds."
                if paired.pairing_gain >= LEAST_GAIN
                else "; pairing them saves no seeds here."
            )
        )
    if measured.new_images is not None:
        new = measured.new_images
        lines.append(
            f"With {new.n_images:,} images drawn anew the difference is "
            f"{_bracket(question, new)}, 95 %; more seeds would reduce "
            f"{_percent(new.seed_share)} of its variance, more test images the rest."
        )
    if evidence.replay is not None:
        lines.append(
            f"One training of each would have shown the opposite order in "
            f"{_percent(evidence.replay.opposite_share)} of {evidence.replay.pairs} pairs of runs "
            f"(a tie counts half)."
        )
    # Where it is the only number of seeds there is, the sentence has it.
    as_seen, needed = evidence.seeds_as_seen, evidence.seeds_to_decide
    if as_seen is not None and needed is not None and as_seen < needed:
        assert question.matters is not None
        lines.append(
            f"Were the true difference as large as the one seen, about {evidence.seeds_as_seen:,} "
            f"seeds would do; the number above is for one of just "
            f"{question.metric.amount(question.matters)}."
        )
    return tuple(lines)


def _name(question: Comparison) -> str:
    better = "" if question.metric.higher_is_better else " (lower is better)"
    return question.metric.name + better


def _levels(question: Comparison, evidence: Evidence) -> str:
    """Where the runs of either lie, over the seeds that are compared."""
    assert evidence.level_a is not None
    assert evidence.level_b is not None
    a = f"{question.a} {question.metric.level(*evidence.level_a)}"
    b = f"{question.b} {question.metric.level(*evidence.level_b)}"
    seeds = f"the same {evidence.n} seeds" if question.same_seeds else f"{evidence.n} seeds each"
    return f"{a}, {b}, over {seeds}."


def _evidence(question: Comparison, measured: Measured) -> str:
    paired = measured.paired
    numbers = question.metric.evidence(paired.mean, paired.low, paired.high, 0.95, paired.n)
    return f"{_name(question)} {numbers}"


def _bracket(question: Comparison, new: NewImages) -> str:
    return question.metric.interval(new.low, new.high)


def _new_images(question: Comparison, new: NewImages | None, shown: bool | None) -> str:
    if new is None:
        return ""
    if shown:
        return f"; shown for new images too, {_bracket(question, new)}"
    return f"; not shown for new images, where it is {_bracket(question, new)}"


def _bar(evidence: Evidence) -> str:
    assert evidence.adjusted_p is not None
    if evidence.family == 1:
        return (
            f"for a verdict ({shown_p(evidence.adjusted_p)}, which must be at most {VERDICT_LEVEL})"
        )
    return (
        f"for one of {evidence.family} questions (adjusted {shown_p(evidence.adjusted_p)}, which "
        f"must be at most {VERDICT_LEVEL})"
    )


def _beyond_most_seeds(question: Comparison, evidence: Evidence) -> str:
    if evidence.seeds_as_seen is None:
        return f"more than {MOST_SEEDS:,} seeds would be needed to decide it"
    assert question.matters is not None
    return (
        f"a new study of about {evidence.seeds_as_seen:,} seeds, the number fixed before it "
        f"runs, would probably decide it if the true difference is as large as the one seen, but "
        f"it would take more than {MOST_SEEDS:,} if that is just the "
        f"{question.metric.amount(question.matters)} that matter"
    )


def _of(missing: int, runs: int) -> str:
    return f"{missing} of {runs} runs"


def _lacks(question: Comparison) -> str:
    return question.metric.lacks.format(question.metric.name)


def _missing(question: Comparison, evidence: Evidence) -> str:
    """The runs without a value, of the experiments that have any."""
    return " and ".join(
        f"{_of(missing, evidence.runs)} of {name}"
        for name, missing in ((question.a, evidence.missing_a), (question.b, evidence.missing_b))
        if missing
    )


def _flattered(question: Comparison, evidence: Evidence) -> str:
    if evidence.missing_a and evidence.missing_b:
        return "both"
    return question.a if evidence.missing_a else question.b


def _gain(gain: float) -> str:
    return f"{gain:.1f}" if gain < 100 else "over 100"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
