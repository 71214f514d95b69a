"""Words of findings about which of several experiments may be the best."""

from __future__ import annotations

import math

from paribus.measure.metric import Metric
from paribus.present.estimates import amount, estimate, interval
from paribus.present.what_differs import difference_words
from paribus.present.wording.generic import (
    badge,
    reasons,
    sentence,
    subject,
    table_verdict,
    verdict_words,
)
from paribus.present.wording.shared import planned, rounded
from paribus.questions.best_finding import BestFinding, Contender
from paribus.questions.finding import NoVerdict, Verdict
from paribus.stats.limits import FEWEST_SEEDS, VERDICT_LEVEL
from paribus.text import count, extent, listed, percent, plural, series


@sentence.register
def best_sentence(finding: BestFinding) -> str:
    """Return which may be the best."""
    return _words(finding) + _judged(finding)


def _words(finding: BestFinding) -> str:
    all_ = f"these {len(finding.contenders)}"
    what = f"in {_quantity(finding.metric)}"
    n = runs(finding)
    match finding.verdict:
        case Verdict.NONE:
            return _no_verdict(finding)
        case Verdict.CONFOUNDED:
            return (
                f"Confounded: {all_} also differ in {_not_asked_about(finding)}, so that which is "
                "the best cannot be attributed to the change in question; "
                f"{what}, {n}: {_may(finding)}"
            )
        case Verdict.BETTER:
            (best,) = finding.best
            small = ""
            if finding.less_than_matters:
                small = f", but all of them lie within the {_matters(finding)} that matter"
            return f"{best.name} is the best of {all_} {what}{small}: {_lead(finding, best)}, {n}."
        case Verdict.EQUAL:
            return (
                f"{all_.capitalize()} are practically equivalent {what}: each lies within "
                f"the {_matters(finding)} that matter of the best, {n}."
            )
    return f"Which of {all_} is the best {what} is open, {n}: {_may(finding)}"


@badge.register
def best_badge(finding: BestFinding) -> str:
    """Return the verdict: the best one, or how many may be."""
    match finding.verdict:
        case Verdict.BETTER:
            return f"best: {finding.best[0].name}"
        case Verdict.UNDECIDED:
            return f"{len(finding.best)} of {len(finding.contenders)} may be"
    return verdict_words(finding.verdict)


@table_verdict.register
def best_table_verdict(finding: BestFinding) -> str:
    """Return the verdict for a table."""
    words = badge(finding) + (", by less than matters" if finding.less_than_matters else "")
    if (look := finding.look) is not None and look.taken:
        words += f"; look {look.taken} of {len(look.plan)}"
    return words


@subject.register
def best_subject(finding: BestFinding) -> str:
    """Return how many experiments were compared, by which metric."""
    return f"{count(len(finding.contenders), 'experiment')}, {finding.question.metric}"


@reasons.register
def best_reasons(finding: BestFinding) -> tuple[str, ...]:
    """Return what the set rests on: its rule, and what is to be known of its experiments. Their
    numbers stand in the picture and the tables."""
    if not finding.contenders[0].seeds or finding.contenders[0].low is None:
        return ()
    k = len(finding.contenders)
    how = "over the seeds of both and with the spread of their own differences"
    if not finding.paired:
        how = (
            "unpaired, with Hájek's degrees of freedom (the smaller number of runs less 1) and "
            "without a common spread"
        )
    lines = [
        f"Each was compared with each other one, {how}; the best one is missing from such a set in "
        "at most 5 of 100 studies. This has a level of its own, beside that of the other questions."
    ]
    if finding.look is not None:
        lines.append(
            f"Looks were planned after {series(finding.look.plan)} seeds, each with a share of the "
            "level. What a look excludes is not trained further for this question, and is not "
            "judged again."
        )
    if finding.verdict is Verdict.UNDECIDED and len(finding.best) > k / 2:
        few, left = ("seeds", "6 or 7") if finding.paired else ("runs each", "7 or 8")
        lines.append(
            f"Few {few.split()[0]} exclude little: of 8 networks with 5 {few}, one that leads by "
            f"as much as a standard deviation leaves {left} in the set."
        )
    if finding.all_within is False:
        lines.append(f"Not all are shown to lie within {_matters(finding)} of the best.")
    ends = " One that ends at 0 says that another one is at least as good."
    lines.append(
        f"Intervals hold with {percent(0.95)} for all at once.{ends * bool(_excluded(finding))} "
        "Rank 1 is left to those in the set; the other ranks allow for all "
        f"{k * (k - 1) // 2} pairs (adjusted p of {VERDICT_LEVEL} or less)."
    )
    return (
        *lines,
        *_with_lower_means(finding),
        *_excluded_before(finding),
        *_missing(finding),
        *_too_few(finding),
    )


def _excluded(finding: BestFinding) -> list[Contender]:
    return [one for one in finding.contenders if not one.may_be_best]


def _with_lower_means(finding: BestFinding) -> list[str]:
    """Those that stay in the set with a worse mean than one that is excluded, and why."""
    means = [one.level[0] for one in _excluded(finding) if one.level is not None]
    if not means:
        return []
    higher = finding.metric.higher_is_better
    ahead = max(means) if higher else min(means)
    names = [
        one.name
        for one in in_order(finding)
        if one.may_be_best and one.compared and one.level is not None
        and (one.level[0] < ahead if higher else one.level[0] > ahead)
    ]  # fmt: skip
    if not names:
        return []
    return [
        f"{listed(names)} {plural(len(names), 'stays', 'stay')} in the set with a worse mean than "
        f"one that is excluded: {plural(len(names), 'its', 'their')} differences from the others "
        "vary more, or are of fewer runs, so that fewer of them are shown."
    ]


def runs(finding: BestFinding) -> str:
    """Return from how many runs it was judged, e.g. "n = 5 seeds"."""
    few, most = finding.seeds_of_each
    each = "seed" if finding.paired else "run"
    return f"n = {extent(few, most)} {plural(most, each)}{'' if finding.paired else ' each'}"


def _excluded_before(finding: BestFinding) -> list[str]:
    """What was excluded by each look before the last one."""
    found: dict[int, list[str]] = {}
    for one in in_order(finding) if finding.look is not None else ():
        if not one.may_be_best and one.seeds < finding.seeds:
            found.setdefault(one.seeds, []).append(one.name)
    return [
        f"{listed(names, len(names))} {plural(len(names), 'was', 'were')} excluded by the look "
        f"after {count(seeds, 'seed')}."
        for seeds, names in sorted(found.items())
    ]


def _missing(finding: BestFinding) -> list[str]:
    return [
        f"{one.missing} of {count(one.seeds, 'run')} of {one.name} {finding.metric.lacks}, which "
        "counts as worse than any number."
        for one in in_order(finding)
        if one.missing
    ]


def _too_few(finding: BestFinding) -> list[str]:
    """The experiments that are compared with no other one."""
    names = [one.name for one in finding.uncompared]
    if not names:
        return []
    return [
        f"{_few(finding, names)}: too few for a test. {plural(len(names), 'It stays', 'They stay')}"
        f" in the set, and {plural(len(names), 'excludes', 'exclude')} none. Leave "
        f"{plural(len(names), 'it', 'them')} out to have bounds for the others."
    ]


def _few(finding: BestFinding, names: list[str]) -> str:
    """How little there is of experiments that are compared with no other one."""
    have = f"{listed(names)} {plural(len(names), 'has', 'have')} fewer than {FEWEST_SEEDS}"
    return f"{have} seeds in common with any other" if finding.paired else f"{have} runs"


def in_order(finding: BestFinding) -> list[Contender]:
    """Return the experiments, the best mean first; those without one last."""
    higher = finding.metric.higher_is_better

    def place(one: Contender) -> tuple[bool, float]:
        mean = -math.inf if one.level is None else one.level[0] * (1 if higher else -1)
        return not one.may_be_best, -mean

    return sorted(finding.contenders, key=place)


def to_best(metric: Metric, one: Contender) -> str:
    """Return the difference to the best other one, with its interval."""
    if one.to_best is None or one.low is None or one.high is None:
        return "–"
    if math.isinf(one.low) or math.isinf(one.high):
        return f"{estimate(metric, one.to_best, 0, 0)}, no bound"
    return (
        f"{estimate(metric, one.to_best, one.low, one.high)} {interval(metric, one.low, one.high)}"
    )


def ranks(one: Contender) -> str:
    """Return the ranks that an experiment can have.

    >>> ranks(Contender("a", 5, 0, None, True, None, None, None, 1, 3))
    '1–3'
    """
    same = one.first_rank == one.last_rank
    return f"{one.first_rank}" if same else f"{one.first_rank}–{one.last_rank}"


def _may(finding: BestFinding) -> str:
    """Which may be the best, and that the others are not."""
    best = [one.name for one in in_order(finding) if one.may_be_best and one.compared]
    apart = [one.name for one in finding.uncompared]
    others = len(finding.contenders) - len(best) - len(apart)
    text = "none of them is excluded"
    if others:
        the = f"{others} others" if apart else f"the other {others if others > 1 else 'one'}"
        the = "one other" if apart and others == 1 else the
        text = (
            f"{listed(best, len(best))} may be; {the} {plural(others, 'is', 'are')} shown not to be"
        )
    if apart:
        text += (
            f"; {_few(finding, apart)} and {plural(len(apart), 'is', 'are')} neither compared nor "
            "excluded"
        )
    return f"{text}."


def _lead(finding: BestFinding, best: Contender) -> str:
    return f"{to_best(finding.metric, best)} from the next, {percent(0.95)}"


def _judged(finding: BestFinding) -> str:
    look = finding.look
    if look is None or look.open:
        return ""
    at = f" Judged at look {look.taken} of {len(look.plan)}, after {look.seeds} seeds"
    return at + (f" of at most {look.plan[-1]}." if look.taken < len(look.plan) else ".")


def _no_verdict(finding: BestFinding) -> str:
    if finding.why_none is NoVerdict.ROUNDED:
        return (
            f"No verdict on which is the best in {_quantity(finding.metric)}: "
            f"{rounded(finding.metric, finding.rounded_to, 'runs')}."
        )
    if finding.why_none is NoVerdict.TOO_FEW_SEEDS and not finding.paired:
        return (
            f"No verdict: to tell a difference from chance requires at least {FEWEST_SEEDS} runs "
            f"with a value of each of two experiments ({runs(finding)})."
        )
    if finding.why_none is NoVerdict.TOO_FEW_SEEDS:
        return (
            f"No verdict: to tell a difference from chance requires at least {FEWEST_SEEDS} seeds "
            f"that two experiments have in common ({runs(finding)})."
        )
    look = finding.look
    if look is not None and look.taken:
        so_far = ""
        if finding.trained > look.seeds:
            so_far = f", of which all have {finding.trained}"
        return (
            f"No verdict yet: at look {look.taken} of {len(look.plan)}, after {look.seeds} seeds, "
            f"in {_quantity(finding.metric)}: {_may(finding)} The next verdict comes after "
            f"{look.next_seeds} seeds{so_far}."
        )
    takes = planned(finding.planned, () if look is None else look.plan)
    return (
        f"No verdict yet: {finding.trained} of {count(finding.planned, 'seed')} "
        f"{plural(finding.trained, 'is', 'are')} trained of each; a verdict requires {takes}."
    )


def _not_asked_about(finding: BestFinding) -> str:
    """What the question is not about, each with the experiments that have it."""
    found: dict[str, list[str]] = {}
    for one in finding.confounds:
        for difference in one.differences:
            found.setdefault(difference_words(difference), []).append(one.name)
    return "; ".join(f"{words} ({', '.join(names)})" for words, names in found.items())


def _matters(finding: BestFinding) -> str:
    return amount(finding.metric, finding.question.matters)


def _quantity(metric: Metric) -> str:
    return metric.label + ("" if metric.higher_is_better else " (lower is better)")
