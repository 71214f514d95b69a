"""What the verdict on two experiments compared over seeds rests on, in words."""

from __future__ import annotations

from functools import singledispatch

from paribus.measure.metric import Metric
from paribus.present.estimates import amount, interval, level, p_value
from paribus.present.wording.generic import differ_in, reasons
from paribus.present.wording.phrases import examples, seeds, unit
from paribus.present.wording.shared import adjusted, allows_for_rounding, interval_alone
from paribus.questions.finding import Measured, PairFinding
from paribus.stats.failures import FarRuns
from paribus.stats.limits import VERDICT_LEVEL
from paribus.text import MINUS, count, listed, percent, plural, series

LEAST_GAIN = 1.05
"""Of pairing: below it, it would print as 1.0 times as many seeds."""


@reasons.register
def pair_reasons(finding: PairFinding) -> tuple[str, ...]:
    """Return what the verdict on two experiments rests on."""
    measured = finding.evidence.measured
    if measured is not None:
        return (*_reasons(finding, measured), *_other_bits(finding))
    if not finding.pair.confounds:
        return _other_bits(finding)
    return (
        *_other_bits(finding),
        f"{finding.a} and {finding.b} also differ in {differ_in(finding)}: "
        f"no number of {unit(finding)}s will tell which of these makes the difference.",
    )


def _other_bits(finding: PairFinding) -> tuple[str, ...]:
    other = finding.other_bits
    if not other:
        return ()
    return (
        f"The runs of {finding.a} and {finding.b} with {plural(len(other), 'seed')} "
        f"{listed([str(seed) for seed in other])} are by versions of one engine, or on "
        "processors, that may round differently; train them with one version on one kind of "
        "processor to rule out that this makes a difference.",
    )


def _reasons(finding: PairFinding, measured: Measured) -> list[str]:
    evidence, paired = finding.evidence, measured.paired
    lines = [levels(finding)]
    if evidence.adjusted_p is not None:
        test = "Paired t test" if evidence.look is None else "Sequential paired t test"
        if evidence.raised is not None:
            test = "Planned test, and an e-process of the seeds after it"
        lines.append(f"{test}: {adjusted(evidence.adjusted_p, evidence.family)}")
        if evidence.raised is not None and not evidence.raised.by_plan:
            lines.append(
                "The interval is one of a confidence sequence: it holds after whatever number of "
                "seeds one stops."
            )
        if (look := evidence.look) is not None:
            lines.append(
                f"Looks were planned after {series(look.plan)} {unit(finding)}s, and this is look "
                f"{look.taken}. Each has a share of the level; the intervals are repeated ones, "
                "which hold at whatever look a question stops."
            )
        lines += allows_for_rounding(finding.metric, evidence.rounded_to, "differences")
        lines += interval_alone(evidence.family)
    flip = measured.sign_flip
    says = f"has no part in the verdict: {p_value(flip.p)}"
    if flip.smallest_p * max(evidence.family, 1) > VERDICT_LEVEL:
        says = (
            f"needs more {unit(finding)}s: with {paired.n} its p-value cannot be under "
            f"{flip.smallest_p:.2g}. It has no part in the verdict ({p_value(flip.p)})"
        )
    lines.append(f"A check that assumes no bell curve, the sign-flip test, {says}.")
    if paired.correlation is not None and paired.pairing_gain is not None:
        lines.append(_pairing(unit(finding), paired.correlation, paired.pairing_gain))
    if (new := measured.new_images) is not None:
        lines.append(
            f"With {new.n_images:,} {examples(finding)} drawn anew the difference is "
            f"{interval(finding.metric, new.low, new.high)}, {percent(0.95)}; more "
            f"{unit(finding)}s would reduce {percent(new.seed_share)} of its variance, more test "
            f"{examples(finding)} the rest."
        )
    if evidence.replay is not None:
        lines.append(
            f"In {percent(evidence.replay.opposite_share)} of the {evidence.replay.pairs} pairs of "
            f"these runs the order is reversed (ties count half{_of_equals(finding)})."
        )
    lines += _failures(finding)
    if evidence.seeds_as_seen is not None:
        lines.append(
            f"The true difference may be smaller than the observed one, and then more "
            f"{unit(finding)}s are needed: plan for the observed one only if a smaller one would "
            "not change what you do."
        )
    return lines


def _of_equals(finding: PairFinding) -> str:
    evidence = finding.evidence
    if evidence.replay_of_equals is None:
        return ""
    runs = evidence.runs - max(evidence.missing_a, evidence.missing_b)
    share = percent(evidence.replay_of_equals)
    equals = "experiments" if finding.pair.recorded_only else "networks"
    return f"; equal {equals} show about {share} with {seeds(finding, runs)}"


def _failures(finding: PairFinding) -> list[str]:
    """Failures that these runs show, and those that so few runs may not."""
    evidence, lines = finding.evidence, []
    if evidence.unseen_failure_rate is not None:
        lines.append(
            f"No run of {finding.a} or {finding.b} failed; with {count(evidence.runs, 'run')}, a "
            f"failure rate of up to {percent(evidence.unseen_failure_rate)} can go unseen."
        )
    for name, groups in ((finding.a, evidence.far_a), (finding.b, evidence.far_b)):
        lines += [far_sentence(finding.metric, name, far) for far in groups]
    return lines


def far_sentence(metric: Metric, name: str, far: FarRuns) -> str:
    """Return how far runs of an experiment lie from its others."""
    runs = len(far.runs)
    others = f"lie within {amount(metric, far.spread)}" if far.spread else "are all the same"
    return (
        f"{count(runs, 'run')} of {name} {plural(runs, 'lies', 'lie')} {amount(metric, far.gap)} "
        f"{'above' if far.above else 'below'} the others, which {others}: at most 5 of 100 "
        "experiments have so wide a gap unless runs sometimes fail."
    )


def _pairing(unit: str, correlation: float, gain: float) -> str:
    """How runs of the same seed go together."""
    times = f"{gain:.1f}" if gain < 100 else "over 100"
    saved = (
        f"; without pairing it would take {times} times as many {unit}s."
        if gain >= LEAST_GAIN
        else f"; pairing them saves no {unit}s here."
    )
    shown = f"{correlation:.2f}".replace("-", MINUS)
    return f"Over the same {unit}s the two correlate by {shown}{saved}"


@singledispatch
def levels(finding: PairFinding) -> str:
    """Return where the runs of either lie, over the seeds that are compared."""
    evidence = finding.evidence
    assert evidence.level_a is not None
    assert evidence.level_b is not None
    a = f"{finding.a} {level(finding.metric, *evidence.level_a)}"
    b = f"{finding.b} {level(finding.metric, *evidence.level_b)}"
    return f"{a}, {b}, over the same {seeds(finding, evidence.n)}."
