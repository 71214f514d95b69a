"""Words of findings about two experiments compared over seeds."""

from __future__ import annotations

from paribus.present.differences import (
    amount,
    difference,
    interval,
    level,
    p_value,
    with_interval,
)
from paribus.present.wording.generic import (
    badge,
    differ_in,
    noise,
    reasons,
    sentence,
    table_verdict,
    verdict_words,
)
from paribus.questions.finding import Evidence, Measured, NoVerdict, PairFinding, Verdict
from paribus.stats.images import NewImages
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.power import MOST_SEEDS
from paribus.text import MINUS, count, percent, plural

LEAST_GAIN = 1.05
"""Of pairing: below it, it would print as 1.0 times as many seeds."""


@sentence.register
def pair_sentence(finding: PairFinding) -> str:
    """Return what to believe of two experiments."""
    measured = finding.evidence.measured
    match finding.verdict, measured:
        case Verdict.NONE, _:
            return _no_verdict(finding)
        case Verdict.EQUAL, None:
            return _identical(finding)
        case Verdict.CONFOUNDED, Measured():
            return _confounded(finding, measured)
        case Verdict.EQUAL, Measured():
            return _equal(finding, measured)
        case Verdict.UNDECIDED, Measured():
            return _undecided(finding, measured)
        case _, Measured():
            return _different(finding, measured)
    raise AssertionError("a verdict without a test")


@reasons.register
def pair_reasons(finding: PairFinding) -> tuple[str, ...]:
    """Return what the verdict on two experiments rests on."""
    measured = finding.evidence.measured
    if measured is not None:
        return tuple(_reasons(finding, measured))
    if not finding.pair.confounds:
        return ()
    return (
        f"{finding.a} and {finding.b} also differ in {differ_in(finding)}: "
        f"no number of seeds will tell which of these makes the difference.",
    )


@noise.register
def pair_noise(finding: PairFinding) -> str:
    """Return how far runs of A lie apart."""
    floor, name, metric = finding.noise, finding.a, finding.metric
    if floor is None:
        return ""
    if floor.sd == 0:
        return (
            f"All {floor.n} runs of {name} end with the same {metric.label}; how far runs lie "
            "apart by luck cannot be told from them."
        )
    if floor.between_runs >= metric.widest:
        return (
            f"Runs of {name} that differ in nothing but the seed lie so far apart in "
            f"{metric.label} that, judged from {floor.n} seeds, any difference between single "
            "runs may be noise."
        )
    shown = amount(metric, floor.between_runs)
    text = (
        f"Two runs of {name} that differ in nothing but the seed end up to {shown} apart in "
        f"{metric.label} (95 of 100 pairs, judged from {floor.n} seeds): between single runs, "
        f"differences under {shown} here are noise"
    )
    if floor.predicted is not None:
        text += f" (luck on single test images alone makes {amount(metric, floor.predicted)})"
    return text + "."


@table_verdict.register
def pair_table_verdict(finding: PairFinding) -> str:
    """Return the verdict on two experiments for a table."""
    words = badge(finding)
    if finding.less_than_matters:
        words += ", by less than matters"
    if finding.shown_for_new_images is False:
        words += "; not shown for new images"
    return words


def _different(finding: PairFinding, measured: Measured) -> str:
    """Better or worse."""
    evidence = finding.evidence
    text = f"{finding.b} is {verdict_words(finding.verdict)} than {finding.a}"
    if finding.less_than_matters and finding.matters is not None:
        text += f", but by less than matters ({amount(finding.metric, finding.matters)})"
    text += f": {_estimate(finding, measured)}"
    for name, missing in ((finding.a, evidence.missing_a), (finding.b, evidence.missing_b)):
        if missing:
            text += (
                f"; {_of(missing, evidence.runs)} of {name} {finding.metric.lacks} and "
                f"{plural(missing, 'is', 'are')} left out, which flatters {name}"
            )
    return text + _new_images(finding, measured.new_images) + "."


def _equal(finding: PairFinding, measured: Measured) -> str:
    """Equal for practical purposes: the interval is the 90 % one that the verdict rests on."""
    assert finding.matters is not None
    numbers = with_interval(
        finding.metric,
        measured.paired.mean,
        measured.low_90,
        measured.high_90,
        confidence=0.90,
        n=measured.paired.n,
    )
    text = (
        f"{finding.a} and {finding.b} are equal for practical purposes: {_name(finding)} "
        f"{numbers}, so whatever the difference is, it is smaller than the "
        f"{amount(finding.metric, finding.matters)} that matter"
    )
    return text + _new_images(finding, measured.new_images_90) + "."


def _identical(finding: PairFinding) -> str:
    """The runs cannot be told apart by a single image."""
    evidence = finding.evidence
    return (
        f"{finding.a} and {finding.b} came out the same: {finding.metric.label} "
        f"{difference(finding.metric, 0.0)}, n = {evidence.n} seeds, with the same score on each "
        f"of {evidence.images:,} images with every seed."
    )


def _undecided(finding: PairFinding, measured: Measured) -> str:
    """Neither shown to differ nor shown to be equal, and the seeds it would take."""
    paired, evidence = measured.paired, finding.evidence
    text = f"Undecided between {finding.a} and {finding.b}: {_estimate(finding, measured)}, "
    if paired.low <= 0 <= paired.high:
        text += f"so {finding.b} may be better or worse"
    else:
        text += f"which leaves out 0, but not clearly enough {_bar(evidence)}"
    if evidence.seeds_to_decide is None:
        return f"{text}; {_beyond_most_seeds(finding)}."
    text += (
        f"; a new study of about {evidence.seeds_to_decide:,} seeds, the number fixed before it "
        f"runs, would probably decide it"
    )
    if evidence.seeds_to_decide == evidence.seeds_as_seen:
        text += " if the true difference is as large as the one seen"
    return f"{text}."


def _confounded(finding: PairFinding, measured: Measured) -> str:
    """More differs than the question is about."""
    return (
        f"Confounded: {finding.a} and {finding.b} also differ in "
        f"{differ_in(finding)}, so the difference cannot be put down to what was "
        f"asked about: {_estimate(finding, measured)}."
    )


def _no_verdict(finding: PairFinding) -> str:
    """What there is, and what a verdict would take."""
    metric, evidence = finding.metric, finding.evidence
    seeds = count(evidence.n, "seed")
    so_far = ""
    if evidence.mean is not None:
        so_far = f"{_name(finding)} {difference(metric, evidence.mean)}, n = {seeds}"
    shown = f" ({so_far})" if so_far else ""
    match finding.why_none:
        case NoVerdict.UNFINISHED:
            return _unfinished(finding, shown)
        case NoVerdict.MISSING_VALUES:
            numbers = f"; over the others {so_far}" if so_far else ""
            if evidence.measured is not None:
                numbers = f"; over the others {_estimate(finding, evidence.measured)}"
            return (
                f"No verdict: {_missing(finding)} {metric.lacks}, and to leave them "
                f"out would flatter {_flattered(finding)}{numbers}; it takes {metric.without}."
            )
        case NoVerdict.TOO_FEW_SEEDS:
            return (
                f"No verdict from {seeds}{shown}; it takes at least {FEWEST_SEEDS} to tell a "
                f"difference from luck{_and_no_confound(finding)}."
            )
    assert evidence.mean is not None
    return (
        f"No verdict: all {seeds} show exactly the same difference ({_name(finding)} "
        f"{difference(metric, evidence.mean)}), which gives no measure of luck; it takes more "
        f"seeds or a finer metric."
    )


def _unfinished(finding: PairFinding, shown: str) -> str:
    evidence = finding.evidence
    takes = f"all {evidence.planned}, so that the answer does not depend on when one looks"
    if evidence.planned < FEWEST_SEEDS:
        takes = f"at least {FEWEST_SEEDS} to tell a difference from luck"
    return (
        f"No verdict yet: {evidence.runs} of {evidence.planned} seeds "
        f"{plural(evidence.runs, 'is', 'are')} trained{shown}; it takes {takes}"
        f"{_and_no_confound(finding)}."
    )


def _and_no_confound(finding: PairFinding) -> str:
    if not finding.pair.confounds:
        return ""
    return (
        f", and a controlled question: {finding.a} and {finding.b} also differ in "
        f"{differ_in(finding)}"
    )


def _reasons(finding: PairFinding, measured: Measured) -> list[str]:
    evidence, paired = finding.evidence, measured.paired
    lines = [_levels(finding)]
    if evidence.adjusted_p is not None:
        family = "" if evidence.family == 1 else f", adjusted for {evidence.family} questions"
        lines.append(
            f"Paired t test: {p_value(evidence.adjusted_p)}{family}; better or worse takes "
            f"{VERDICT_LEVEL} or less."
        )
        if evidence.family > 1:
            lines.append(
                f"The {percent(0.95)} interval is that of this question alone; the verdict allows "
                f"for all {evidence.family}."
            )
    flip = measured.sign_flip
    if flip.smallest_p * max(evidence.family, 1) > VERDICT_LEVEL:
        lines.append(
            f"Sign-flip test: {p_value(flip.p)}; {paired.n} seeds can give it no less than "
            f"{flip.smallest_p:.2g}, so that it has no say here."
        )
    else:
        lines.append(f"Sign-flip test, which assumes no bell curve: {p_value(flip.p)}.")
    if not finding.same_seeds:
        lines.append(
            "The two share no seeds: their runs are paired in order, and others would do as well."
        )
    elif paired.correlation is not None and paired.pairing_gain is not None:
        lines.append(_pairing(paired.correlation, paired.pairing_gain))
    if (new := measured.new_images) is not None:
        lines.append(
            f"With {new.n_images:,} images drawn anew the difference is "
            f"{interval(finding.metric, new.low, new.high)}, {percent(0.95)}; more seeds would "
            f"reduce {percent(new.seed_share)} of its variance, more test images the rest."
        )
    if evidence.replay is not None:
        lines.append(
            f"One training of each would have shown the opposite order in "
            f"{percent(evidence.replay.opposite_share)} of {evidence.replay.pairs} pairs of runs "
            f"(a tie counts half)."
        )
    # Where it is the only number of seeds there is, the sentence has it.
    as_seen, needed = evidence.seeds_as_seen, evidence.seeds_to_decide
    if as_seen is not None and needed is not None and as_seen < needed:
        assert finding.matters is not None
        lines.append(
            f"Were the true difference as large as the one seen, about {as_seen:,} "
            f"seeds would do; the number above is for one of just "
            f"{amount(finding.metric, finding.matters)}."
        )
    return lines


def _pairing(correlation: float, gain: float) -> str:
    """How runs of the same seed go together."""
    times = f"{gain:.1f}" if gain < 100 else "over 100"
    saved = (
        f"; without pairing it would take {times} times as many seeds."
        if gain >= LEAST_GAIN
        else "; pairing them saves no seeds here."
    )
    shown = f"{correlation:.2f}".replace("-", MINUS)
    return f"Over the same seeds the two correlate by {shown}{saved}"


def _name(finding: PairFinding) -> str:
    better = "" if finding.metric.higher_is_better else " (lower is better)"
    return finding.metric.label + better


def _levels(finding: PairFinding) -> str:
    """Where the runs of either lie, over the seeds that are compared."""
    evidence = finding.evidence
    assert evidence.level_a is not None
    assert evidence.level_b is not None
    a = f"{finding.a} {level(finding.metric, *evidence.level_a)}"
    b = f"{finding.b} {level(finding.metric, *evidence.level_b)}"
    seeds = f"the same {evidence.n} seeds" if finding.same_seeds else f"{evidence.n} seeds each"
    return f"{a}, {b}, over {seeds}."


def _estimate(finding: PairFinding, measured: Measured) -> str:
    paired = measured.paired
    numbers = with_interval(
        finding.metric, paired.mean, paired.low, paired.high, confidence=0.95, n=paired.n
    )
    return f"{_name(finding)} {numbers}"


def _new_images(finding: PairFinding, new: NewImages | None) -> str:
    if new is None:
        return ""
    bracket = interval(finding.metric, new.low, new.high)
    if finding.shown_for_new_images:
        return f"; shown for new images too, {bracket}"
    return f"; not shown for new images, where it is {bracket}"


def _bar(evidence: Evidence) -> str:
    assert evidence.adjusted_p is not None
    p = p_value(evidence.adjusted_p)
    if evidence.family == 1:
        return f"for a verdict ({p}, which must be at most {VERDICT_LEVEL})"
    return (
        f"for one of {evidence.family} questions (adjusted {p}, which "
        f"must be at most {VERDICT_LEVEL})"
    )


def _beyond_most_seeds(finding: PairFinding) -> str:
    as_seen = finding.evidence.seeds_as_seen
    if as_seen is None:
        return f"more than {MOST_SEEDS:,} seeds would be needed to decide it"
    assert finding.matters is not None
    return (
        f"a new study of about {as_seen:,} seeds, the number fixed before it "
        f"runs, would probably decide it if the true difference is as large as the one seen, but "
        f"it would take more than {MOST_SEEDS:,} if that is just the "
        f"{amount(finding.metric, finding.matters)} that matter"
    )


def _of(missing: int, runs: int) -> str:
    return f"{missing} of {runs} runs"


def _missing(finding: PairFinding) -> str:
    """The runs without a value, of the experiments that have any."""
    evidence = finding.evidence
    return " and ".join(
        f"{_of(missing, evidence.runs)} of {name}"
        for name, missing in ((finding.a, evidence.missing_a), (finding.b, evidence.missing_b))
        if missing
    )


def _flattered(finding: PairFinding) -> str:
    if finding.evidence.missing_a and finding.evidence.missing_b:
        return "both"
    return finding.a if finding.evidence.missing_a else finding.b
