"""Words of findings about two experiments whose runs share no seeds."""

from __future__ import annotations

from paribus.present.estimates import amount, difference, estimate, interval, level, p_value
from paribus.present.wording.generic import differ_in, reasons, sentence, verdict_words
from paribus.present.wording.pair_reasons import far_sentence
from paribus.present.wording.shared import (
    adjusted,
    allows_for_rounding,
    confounded,
    excluded,
    interval_alone,
    less_than,
    planned,
    rounded,
    rules_out,
    runs_of,
)
from paribus.questions.finding import NoVerdict, Verdict
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.stats.unpaired import Unpaired, best_of_normal
from paribus.text import count, percent

_EXAMPLE_OF_BEST = 5


@sentence.register
def unpaired_sentence(finding: UnpairedFinding) -> str:
    """Return what to believe of two experiments."""
    a, b, measured = finding.a, finding.b, finding.evidence.measured
    if measured is None or finding.verdict is Verdict.NONE:
        return _no_verdict(finding)
    numbers = _estimate(finding, measured)
    match finding.verdict:
        case Verdict.CONFOUNDED:
            return confounded(a, b, differ_in(finding), numbers)
        case Verdict.EQUAL:
            assert finding.matters is not None
            return (
                f"{a} and {b} are practically equivalent: {_name(finding)} "
                f"{_estimate_90(finding, measured)}, "
                f"{rules_out(amount(finding.metric, finding.matters))}."
            )
        case Verdict.UNDECIDED:
            return _undecided(finding, measured, numbers)
    small = ""
    if finding.less_than_matters and finding.matters is not None:
        small = less_than(amount(finding.metric, finding.matters))
    return (
        f"{b} is {verdict_words(finding.verdict)} than {a}{small}: {numbers}{_excluded(finding)}."
    )


@reasons.register
def unpaired_reasons(finding: UnpairedFinding) -> tuple[str, ...]:
    """Return what the verdict on two experiments rests on."""
    evidence, lines = finding.evidence, []
    sides = ((finding.a, evidence.a), (finding.b, evidence.b))
    if evidence.a.level is not None and evidence.b.level is not None:
        shown = (f"{name} {level(finding.metric, *side.level)}, {count(side.n, 'run')}"
                 for name, side in sides if side.level)  # fmt: skip
        lines.append(f"{'; '.join(shown)}.")
    if evidence.measured is not None:
        lines += _test(finding, evidence.measured)
    if evidence.replay is not None and evidence.replay_of_equals is not None:
        lines.append(
            f"In {percent(evidence.replay.opposite_share)} of the {evidence.replay.pairs} pairs of "
            "these runs the order is reversed (ties count half; equal experiments show about "
            f"{percent(evidence.replay_of_equals)} with so many runs)."
        )
    for name, side in sides:
        lines += [far_sentence(finding.metric, name, far) for far in side.far]
    if evidence.measured is not None:
        lines.append(
            "Runs that are not paired say nothing of other test examples drawn the same way."
        )
    return tuple(lines)


def _test(finding: UnpairedFinding, measured: Unpaired) -> list[str]:
    evidence, lines = finding.evidence, []
    whose = "Welch's" if measured.welch else "Hájek's"
    if evidence.adjusted_p is not None:
        lines.append(
            f"t test of unpaired runs with {whose} degrees of freedom "
            f"({float(measured.df):.3g}): {adjusted(evidence.adjusted_p, evidence.family)}"
        )
    lines += allows_for_rounding(finding.metric, evidence.rounded_to, "runs")
    return lines + interval_alone(evidence.family)


def _name(finding: UnpairedFinding) -> str:
    better = "" if finding.metric.higher_is_better else " (lower is better)"
    return finding.metric.label + better


def _n(finding: UnpairedFinding) -> str:
    a, b = finding.evidence.a.n, finding.evidence.b.n
    return f"n = {count(a, 'run')} each" if a == b else f"n = {a} and {b} runs"


def _estimate(finding: UnpairedFinding, measured: Unpaired) -> str:
    metric, (low, high) = finding.metric, (float(measured.low), float(measured.high))
    return (
        f"{_name(finding)} {estimate(metric, float(measured.mean), low, high)} "
        f"{interval(metric, low, high)}, {percent(0.95)}, {_n(finding)}"
    )


def _estimate_90(finding: UnpairedFinding, measured: Unpaired) -> str:
    metric, (low, high) = finding.metric, (float(measured.low_90), float(measured.high_90))
    return (
        f"{estimate(metric, float(measured.mean), low, high)} {interval(metric, low, high)}, "
        f"{percent(0.9)}, {_n(finding)}"
    )


def _undecided(finding: UnpairedFinding, measured: Unpaired, numbers: str) -> str:
    text = (
        f"Undecided: these runs show neither a difference between {finding.a} and {finding.b} nor "
        f"that there is none: {numbers}, "
    )
    if measured.low <= 0 <= measured.high:
        return f"{text}so {finding.b} may be better or worse."
    evidence = finding.evidence
    assert evidence.adjusted_p is not None
    p = p_value(evidence.adjusted_p)
    if evidence.family > 1:
        p = f"adjusted {p}, as one of {evidence.family} questions"
    return (
        f"{text}which leaves out 0, but not clearly enough for a verdict ({p}; it must be "
        f"at most {VERDICT_LEVEL})."
    )


def _excluded(finding: UnpairedFinding) -> str:
    evidence = finding.evidence
    return "".join(
        excluded(side.missing, side.runs, name, finding.metric)
        for name, side in ((finding.a, evidence.a), (finding.b, evidence.b))
        if side.missing
    )


def _no_verdict(finding: UnpairedFinding) -> str:
    metric, evidence = finding.metric, finding.evidence
    shown = ""
    if evidence.mean is not None:
        shown = f" ({_name(finding)} {difference(metric, evidence.mean)}, {_n(finding)})"
    sides = ((finding.a, evidence.a), (finding.b, evidence.b))
    match finding.why_none:
        case NoVerdict.UNFINISHED:
            ended = " and ".join(f"{side.runs} of {name}" for name, side in sides)
            return (
                f"No verdict yet: of {evidence.planned} runs each, {ended} have ended{shown}; a "
                f"verdict requires {planned(evidence.planned)}."
            )
        case NoVerdict.MISSING_VALUES:
            missing = " and ".join(
                f"{runs_of(side.missing, side.runs)} of {name}"
                for name, side in sides
                if side.missing
            )
            return (
                f"No verdict: {missing} {metric.lacks}; excluding them could bias the "
                f"comparison{shown}; a verdict requires {metric.without}."
            )
        case NoVerdict.TOO_FEW_SEEDS:
            return _too_few(finding, shown)
        case NoVerdict.ROUNDED:
            return f"No verdict: {rounded(metric, evidence.rounded_to, 'runs', shown)}."
    return (
        f"No verdict: all runs of {finding.a} have the same value, and so have those of "
        f"{finding.b}{shown}; that gives no measure of chance."
    )


def _too_few(finding: UnpairedFinding, shown: str) -> str:
    evidence = finding.evidence
    of = " and ".join(
        f"{count(side.n, 'run')} of {name}"
        for name, side in ((finding.a, evidence.a), (finding.b, evidence.b))
    )
    text = f"No verdict from {of}{shown}: a verdict requires at least {FEWEST_SEEDS} runs of each"
    if min(evidence.a.n, evidence.b.n) == 1:
        text += (
            f". A single value may be the best of several runs: the best of {_EXAMPLE_OF_BEST} "
            f"lies {best_of_normal(_EXAMPLE_OF_BEST):.2f} SD from their mean, on average"
        )
    return f"{text}."
