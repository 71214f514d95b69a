"""Words of findings about two experiments compared over seeds."""

from __future__ import annotations

from paribus.present.estimates import (
    amount,
    difference,
    interval,
    mean_level,
    p_value,
    with_interval,
)
from paribus.present.wording.generic import (
    badge,
    differ_in,
    noise,
    sentence,
    table_verdict,
)
from paribus.present.wording.phrases import phrases
from paribus.questions.finding import (
    Evidence,
    Look,
    Measured,
    NoVerdict,
    PairFinding,
    Raised,
    Verdict,
)
from paribus.spec import bounds
from paribus.stats.failures import unseen_failure_rate
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.new_images import NewImages
from paribus.stats.power import MOST_SEEDS
from paribus.text import count, percent, plural, series


@sentence.register
def pair_sentence(finding: PairFinding) -> str:
    """Return what to believe of two experiments."""
    words, evidence = _words(finding), finding.evidence
    if evidence.look is not None:
        words += _decided(finding, evidence.look)
    return words if evidence.raised is None else words + _raised(evidence.raised)


def _words(finding: PairFinding) -> str:
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


@noise.register
def pair_noise(finding: PairFinding) -> str:
    """Return how far runs of A lie apart."""
    floor, name, metric = finding.noise, finding.a, finding.metric
    if floor is None:
        return ""
    if floor.sd == 0:
        return (
            f"All {floor.n} runs of {name} end with the same {metric.label}; the spread "
            "between runs cannot be estimated from them."
        )
    if floor.between_runs >= metric.widest:
        return (
            f"Runs of {name} that differ only in the seed lie so far apart in "
            f"{metric.label} that, estimated from {floor.n} seeds, any difference between single "
            "runs may be noise."
        )
    shown = amount(metric, floor.between_runs)
    text = (
        f"Two runs of {name} that differ only in the seed lie within {shown} of each other "
        f"in {metric.label} in 95 of 100 pairs (estimated from {floor.n} seeds): single runs "
        f"cannot tell differences under {shown} from noise"
    )
    if floor.predicted is not None:
        text += f" (chance in single test images alone makes {amount(metric, floor.predicted)})"
    return text + "."


@table_verdict.register
def pair_table_verdict(finding: PairFinding) -> str:
    """Return the verdict on two experiments for a table."""
    words = badge(finding)
    if finding.less_than_matters:
        words += ", by less than matters"
    if finding.shown_for_new_images is False:
        words += "; not shown for new images"
    if (look := finding.evidence.look) is not None and look.taken:
        words += f"; look {look.taken} of {len(look.plan)}"
    return words


def _decided(finding: PairFinding, look: Look) -> str:
    """At which look it was decided; "" while it is open."""
    if look.open:
        return ""
    at = f" at look {look.taken} of {len(look.plan)}, after {look.seeds} seeds"
    if look.early:
        at += f" of at most {look.plan[-1]}"
    match finding.verdict:
        case Verdict.BETTER | Verdict.WORSE:
            caution = "; the difference tends to be too large after an early stop"
            return f" Decided{at}{caution * look.early}."
        case Verdict.EQUAL:
            return f" Decided{at}."
        case Verdict.UNDECIDED if look.futile:
            return f" Stopped{at}, as the last look would hardly have decided it."
    return f" Judged{at}."


def _raised(raised: Raised) -> str:
    """What becomes of seeds that were raised without a plan."""
    text = f" Seeds were raised from {raised.planned} to {raised.trained} without a plan: "
    if raised.by_plan:
        return f"{text}this is judged from the {raised.planned} that were planned."
    return f"{text}the test and the interval allow for a look after every one of them."


def _different(finding: PairFinding, measured: Measured) -> str:
    """Better or worse."""
    evidence = finding.evidence
    text = phrases(finding).different
    if finding.less_than_matters and finding.matters is not None:
        text += f", but by less than matters ({amount(finding.metric, finding.matters)})"
    text += f": {_estimate(finding, measured)}"
    for name, missing in ((finding.a, evidence.missing_a), (finding.b, evidence.missing_b)):
        if missing:
            text += (
                f"; {_of(missing, evidence.runs)} of {name} {finding.metric.lacks} and "
                f"{plural(missing, 'is', 'are')} excluded, which biases the comparison in favor "
                f"of {name}"
            )
    return text + _new_images(finding, measured.new_images) + "."


def _equal(finding: PairFinding, measured: Measured) -> str:
    """Practically equivalent: the interval is the 90% one that the verdict rests on."""
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
        f"{phrases(finding).equal}: {_name(finding)} "
        f"{numbers}, which rules out differences as large as the "
        f"{amount(finding.metric, finding.matters)} that matter"
    )
    return text + _new_images(finding, measured.new_images_90) + "."


def _identical(finding: PairFinding) -> str:
    """The runs cannot be told apart by a single image."""
    evidence, images = finding.evidence, f"all {finding.evidence.images:,} test images"
    numbers = f"{finding.metric.label} {difference(finding.metric, 0.0)}, n = {evidence.n} seeds"
    pair = f"{finding.a} and {finding.b}"
    if evidence.bit_identical:
        return (
            f"{pair} are identical on {images}: with every seed, both give the true class of each "
            f"image a bit-identical probability ({numbers})."
        )
    return f"{pair} have the same score on {images} with every seed ({numbers})."


def _undecided(finding: PairFinding, measured: Measured) -> str:
    """Neither shown to differ nor shown to be equal, and the seeds it would take."""
    paired, evidence = measured.paired, finding.evidence
    said = phrases(finding)
    text = (
        f"Undecided: these runs show neither a difference {said.between} nor that there is none: "
        f"{_estimate(finding, measured)}, "
    )
    if paired.low <= 0 <= paired.high:
        text += f"so {said.either}"
    else:
        text += f"which leaves out 0, but not clearly enough {_bar(evidence)}"
    return f"{text}. {_new_study(finding)}"


def _new_study(finding: PairFinding) -> str:
    """The seeds of a new study: those for the difference that was seen first, then those for the
    smallest that matters."""
    evidence, matters = finding.evidence, finding.matters
    needed, as_seen = evidence.seeds_to_decide, evidence.seeds_as_seen
    if needed is None and as_seen is None:
        return f"More than {MOST_SEEDS:,} seeds would be needed to decide it."
    first = needed if as_seen is None else as_seen
    assert first is not None
    text = f"A new study of about {first:,} seeds{_if_spread_holds(evidence, first)}, a number "
    text += "fixed before it runs, would decide it in about 4 of 5 studies"
    if as_seen is not None:
        text += " if the true difference is as large as the one seen"
    if as_seen is not None and as_seen != needed:
        assert matters is not None
        seeds = f"more than {MOST_SEEDS:,}"
        if needed is not None:
            seeds = f"about {needed:,}{_if_spread_holds(evidence, needed)}"
        text += f"; if it is just the {amount(finding.metric, matters)} that matter, {seeds}"
    return f"{text}{_line(evidence, first)}."


def _if_spread_holds(evidence: Evidence, seeds: int) -> str:
    """The seeds that would do if the spread is as seen, behind those that allow for more."""
    fewer = evidence.seeds_if_spread_holds
    if fewer is None or fewer >= seeds or seeds != evidence.seeds_to_decide:
        return ""
    return f" ({fewer:,} if the spread is as seen: it is known from {evidence.n} seeds only)"


def _line(evidence: Evidence, seeds: int) -> str:
    """What to write for a new study: seeds that nobody has looked at."""
    if evidence.next_seed is None or seeds > bounds.MOST_SEEDS:
        return ""
    return f"; write seeds = {{ first = {evidence.next_seed}, count = {seeds} }}"


def _confounded(finding: PairFinding, measured: Measured) -> str:
    """More differs than the question is about."""
    return (
        f"Confounded: {finding.a} and {finding.b} also differ in "
        f"{differ_in(finding)}, so the difference cannot be attributed to the "
        f"change in question: {_estimate(finding, measured)}."
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
        case NoVerdict.OPEN:
            return _open(finding, shown)
        case NoVerdict.MISSING_VALUES:
            numbers = f"; over the others {so_far}" if so_far else ""
            if evidence.measured is not None:
                numbers = f"; over the others {_estimate(finding, evidence.measured)}"
            return (
                f"No verdict: {_missing(finding)} {metric.lacks}; excluding them would "
                f"bias the comparison{_in_favor(finding)}{numbers}; a verdict "
                f"requires {metric.without}."
            )
        case NoVerdict.TOO_FEW_SEEDS if finding.pair.recorded_only:
            return (
                f"No verdict: {finding.a} and {finding.b} have "
                f"{seeds if evidence.n else 'no seed'} in common{shown}; it takes at least "
                f"{FEWEST_SEEDS} to tell a difference from luck{_and_no_confound(finding)}."
            )
        case NoVerdict.TOO_FEW_SEEDS:
            return (
                f"No verdict from {seeds}{shown}; it takes at least {FEWEST_SEEDS} to tell a "
                f"difference from luck{_and_no_confound(finding)}."
            )
        case NoVerdict.ROUNDED:
            return (
                f"No verdict: the values are rounded to {amount(metric, evidence.rounded_to)}, "
                f"more than the differences vary{shown}; it takes values with more decimals."
            )
    return _no_spread(finding)


def _no_spread(finding: PairFinding) -> str:
    """Every pair of runs shows exactly the same difference."""
    evidence, metric = finding.evidence, finding.metric
    assert evidence.mean is not None
    n, runs = count(evidence.n, "seed"), count(2 * evidence.n, "run")
    unseen = (
        f"what happens in up to {percent(unseen_failure_rate(evidence.n))} of runs can go unseen "
        f"with {n}"
    )
    if evidence.constant is None:
        return (
            f"No verdict: all {n} show exactly the same difference ({_name(finding)} "
            f"{difference(metric, evidence.mean)}), so the spread between seeds cannot be "
            f"estimated, and {unseen}. A verdict requires more seeds or a finer metric."
        )
    value = mean_level(metric, *evidence.constant)
    return (
        f"No verdict: {_name(finding)} is exactly {value} in all {runs} of {finding.a} and "
        f"{finding.b}. These runs show no difference, and cannot show that there is none: without "
        f"any spread the test has nothing to go by, and {unseen}."
    )


def _unfinished(finding: PairFinding, shown: str) -> str:
    evidence = finding.evidence
    takes = f"all {evidence.planned}, so that it does not depend on when you look"
    planned = f"{evidence.planned} seeds"
    if (look := evidence.look) is not None:
        takes = f"all {evidence.planned}, with more looks planned after {series(look.plan[1:])}"
        planned += " of the first look"
    elif evidence.planned < FEWEST_SEEDS:
        takes = f"at least {FEWEST_SEEDS} to tell a difference from luck"
    return (
        f"No verdict yet: {evidence.runs} of {planned} "
        f"{plural(evidence.runs, 'is', 'are')} trained{shown}; it takes {takes}"
        f"{_and_no_confound(finding)}."
    )


def _open(finding: PairFinding, shown: str) -> str:
    """Undecided at a planned look, with more to come."""
    look, measured = finding.evidence.look, finding.evidence.measured
    assert look is not None
    if measured is not None:
        shown = f" ({_estimate(finding, measured)})"
    so_far = ""
    if look.trained > look.seeds:
        so_far = f", of which {look.trained} {plural(look.trained, 'is', 'are')} trained"
    return (
        f"No verdict yet: undecided {phrases(finding).undecided} at look {look.taken} of "
        f"{len(look.plan)}{shown}; the next verdict comes after {look.next_seeds} seeds{so_far}."
    )


def _and_no_confound(finding: PairFinding) -> str:
    if not finding.pair.confounds:
        return ""
    return (
        f", and a controlled question: {finding.a} and {finding.b} also differ in "
        f"{differ_in(finding)}"
    )


def _name(finding: PairFinding) -> str:
    better = "" if finding.metric.higher_is_better else " (lower is better)"
    return phrases(finding).quantity + better


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
        return f"; expected for other images drawn the same way, too, {bracket}"
    p = finding.evidence.new_images_adjusted_p
    adjusted = "" if p is None or new.low <= 0 <= new.high else f" (adjusted {p_value(p)})"
    return f"; not shown for other images, where it is {bracket}{adjusted}"


def _bar(evidence: Evidence) -> str:
    assert evidence.adjusted_p is not None
    p = p_value(evidence.adjusted_p)
    if evidence.family == 1:
        return f"for a verdict ({p}, which must be at most {VERDICT_LEVEL})"
    return (
        f"for one of {evidence.family} questions (adjusted {p}, which "
        f"must be at most {VERDICT_LEVEL})"
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


def _in_favor(finding: PairFinding) -> str:
    """Whom it would favor to exclude the runs without a value."""
    if finding.evidence.missing_a and finding.evidence.missing_b:
        return ""
    return " in favor of " + (finding.a if finding.evidence.missing_a else finding.b)
