"""Words of findings about two experiments compared over seeds."""

from __future__ import annotations

from paribus.present.estimates import (
    amount,
    difference,
    interval,
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
from paribus.present.wording.pair_none import no_verdict
from paribus.present.wording.phrases import estimated, examples, phrases, quantity, seeds, unit
from paribus.present.wording.shared import confounded, excluded, less_than, rules_out
from paribus.questions.finding import (
    Evidence,
    Look,
    Measured,
    PairFinding,
    Raised,
    Verdict,
)
from paribus.questions.tuned_finding import TunedFinding
from paribus.spec import bounds
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.new_images import NewImages
from paribus.stats.power import MOST_SEEDS


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
            return no_verdict(finding)
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
    n, runs = seeds(finding, floor.n), f"runs of {name} that differ only in the seed"
    if isinstance(finding, TunedFinding):
        runs = f"tuning runs of {name}"
    if floor.sd == 0:
        return (
            f"All {floor.n} runs of {name} end with the same {metric.label}; the spread "
            "between runs cannot be estimated from them."
        )
    if floor.between_runs >= metric.widest:
        return (
            f"{runs[0].upper()}{runs[1:]} lie so far apart in {metric.label} that, estimated from "
            f"{n}, any difference between single runs may be noise."
        )
    shown = amount(metric, floor.between_runs)
    text = (
        f"Two {runs} lie within {shown} of each other in {metric.label} in 95 of 100 pairs "
        f"(estimated from {n}): single runs cannot tell differences under {shown} from noise"
    )
    if floor.predicted is not None:
        text += (
            f" (chance in single test {examples(finding)} alone makes "
            f"{amount(metric, floor.predicted)})"
        )
    return text + "."


@table_verdict.register
def pair_table_verdict(finding: PairFinding) -> str:
    """Return the verdict on two experiments for a table."""
    words = badge(finding)
    if finding.less_than_matters:
        words += ", by less than matters"
    if finding.shown_for_new_images is False:
        words += f"; not shown for new {examples(finding)}"
    if (look := finding.evidence.look) is not None and look.taken:
        words += f"; look {look.taken} of {len(look.plan)}"
    return words


def _decided(finding: PairFinding, look: Look) -> str:
    """At which look it was decided; "" while it is open."""
    if look.open:
        return ""
    at = f" at look {look.taken} of {len(look.plan)}, after {seeds(finding, look.seeds)}"
    if look.early:
        at += f" of at most {look.plan[-1]}"
    match finding.verdict:
        case Verdict.BETTER | Verdict.WORSE:
            caution = "; the difference tends to be too large after an early stop"
            return f" Decided{at}{caution * look.early}."
        case Verdict.EQUAL:
            return f" Decided{at}."
        case Verdict.UNDECIDED | Verdict.NONE if look.futile:
            return f" Stopped{at}, as the last look would hardly have decided it."
        case Verdict.CONFOUNDED | Verdict.NONE if look.early:
            return f" Stopped{at}, as no number of {unit(finding)}s can decide it."
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
        text += less_than(amount(finding.metric, finding.matters))
    text += f": {estimated(finding, measured)}"
    for name, missing in ((finding.a, evidence.missing_a), (finding.b, evidence.missing_b)):
        if missing:
            text += excluded(missing, evidence.runs, name, finding.metric)
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
        n=seeds(finding, measured.paired.n),
    )
    text = (
        f"{phrases(finding).equal}: {quantity(finding)} {numbers}, "
        f"{rules_out(amount(finding.metric, finding.matters))}"
    )
    return text + _new_images(finding, measured.new_images_90) + "."


def _identical(finding: PairFinding) -> str:
    """The runs cannot be told apart by a single image."""
    evidence, images = finding.evidence, f"all {finding.evidence.images:,} test {examples(finding)}"
    zero, n = difference(finding.metric, 0.0), seeds(finding, evidence.n)
    numbers = f"{finding.metric.label} {zero}, n = {n}"
    pair = f"{finding.a} and {finding.b}"
    if evidence.bit_identical:
        return (
            f"{pair} are identical on {images}: with every {unit(finding)}, both give the true "
            f"class of each image a bit-identical probability ({numbers})."
        )
    return f"{pair} have the same score on {images} with every {unit(finding)} ({numbers})."


def _undecided(finding: PairFinding, measured: Measured) -> str:
    """Neither shown to differ nor shown to be equal, and the seeds it would take."""
    paired, evidence = measured.paired, finding.evidence
    said = phrases(finding)
    text = (
        f"Undecided: these runs show neither a difference {said.between} nor that there is none: "
        f"{estimated(finding, measured)}, "
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
        return f"More than {MOST_SEEDS:,} {unit(finding)}s would be needed to decide it."
    first = needed if as_seen is None else as_seen
    assert first is not None
    text = (
        f"A new study of about {seeds(finding, first)}{_if_spread_holds(finding, first)}, a number "
    )
    text += "fixed before it runs, would decide it in about 4 of 5 studies"
    if as_seen is not None:
        text += " if the true difference is as large as the observed one"
    if as_seen is not None and as_seen != needed:
        assert matters is not None
        many = f"more than {MOST_SEEDS:,}"
        if needed is not None:
            many = f"about {needed:,}{_if_spread_holds(finding, needed)}"
        text += f"; if it is just the {amount(finding.metric, matters)} that matter, {many}"
    return f"{text}{_line(evidence, first)}."


def _if_spread_holds(finding: PairFinding, number: int) -> str:
    """The seeds that would do if the spread is as seen, behind those that allow for more."""
    evidence = finding.evidence
    fewer = evidence.seeds_if_spread_holds
    if fewer is None or fewer >= number or number != evidence.seeds_to_decide:
        return ""
    known = seeds(finding, evidence.n)
    return f" ({fewer:,} if the spread is as seen: it is known from {known} only)"


def _line(evidence: Evidence, number: int) -> str:
    """What to write for a new study: seeds that nobody has looked at."""
    if evidence.next_seed is None or number > bounds.MOST_SEEDS:
        return ""
    return f"; write seeds = {{ first = {evidence.next_seed}, count = {number} }}"


def _confounded(finding: PairFinding, measured: Measured) -> str:
    """More differs than the question is about."""
    return confounded(finding.a, finding.b, differ_in(finding), estimated(finding, measured))


def _new_images(finding: PairFinding, new: NewImages | None) -> str:
    if new is None:
        return ""
    bracket = interval(finding.metric, new.low, new.high)
    others = f"other {examples(finding)}"
    if finding.shown_for_new_images:
        return f"; expected for {others} drawn the same way, too, {bracket}"
    p = finding.evidence.new_images_adjusted_p
    adjusted = "" if p is None or new.low <= 0 <= new.high else f" (adjusted {p_value(p)})"
    return f"; not shown for {others}, where it is {bracket}{adjusted}"


def _bar(evidence: Evidence) -> str:
    assert evidence.adjusted_p is not None
    p = p_value(evidence.adjusted_p)
    if evidence.family == 1:
        return f"for a verdict ({p}, which must be at most {VERDICT_LEVEL})"
    return (
        f"for one of {evidence.family} questions (adjusted {p}, which "
        f"must be at most {VERDICT_LEVEL})"
    )
