"""What a finding says in a word and a few numbers: for tables, terminal and the first picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import singledispatch

from paribus.present import estimates
from paribus.present.look_text import is_futile
from paribus.present.what_differs import difference_name
from paribus.present.wording import phrases
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CountFinding,
    Finding,
    InteractionFinding,
    NoVerdict,
    PairFinding,
    StepTimeFinding,
    TwoSided,
    Verdict,
)
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.text import count, extent, listed, plural, signed, with_unit


@dataclass(frozen=True)
class Numbers:
    """The numbers of a finding as texts; "" for those that it lacks."""

    n: str = ""
    estimate: str = ""
    interval: str = ""
    """In brackets, 95%."""
    unit: str = ""

    @property
    def with_unit(self) -> str:
        """The estimate with its unit."""
        return with_unit(self.estimate, self.unit) if self.estimate else ""

    @property
    def together(self) -> str:
        """The estimate with its interval."""
        return " ".join(filter(None, (self.estimate, self.interval)))


@singledispatch
def numbers(finding: Finding) -> Numbers:
    """Return the numbers of a finding, the second experiment less the first; of times the ratio."""
    return Numbers()


@numbers.register
def _(finding: CountFinding) -> Numbers:
    before, after = finding.count_a, finding.count_b
    if before is None or after is None:
        return Numbers()
    return Numbers(estimate=signed(after - before))


@numbers.register
def _(finding: StepTimeFinding) -> Numbers:
    ratio = finding.ratio
    if ratio is None:
        return Numbers()
    return Numbers(str(ratio.n), estimates.ratio(ratio), estimates.ratio_interval(ratio), "times")


@numbers.register
def _(finding: PairFinding) -> Numbers:
    evidence, metric = finding.evidence, finding.metric
    n = str(evidence.n) if evidence.n or not finding.pair.recorded_only else ""
    if evidence.mean is None:
        return Numbers(n)
    if evidence.measured is None:
        return Numbers(n, estimates.number(metric, evidence.mean), unit=metric.unit)
    paired = evidence.measured.paired
    return Numbers(
        n,
        estimates.number_beside(metric, paired.mean, paired.low, paired.high),
        estimates.interval(metric, paired.low, paired.high),
        metric.unit,
    )


@numbers.register
def _(finding: UnpairedFinding) -> Numbers:
    evidence, metric = finding.evidence, finding.metric
    runs = sorted({evidence.a.n, evidence.b.n})
    n = str(runs[0]) if len(runs) == 1 else f"{evidence.a.n}, {evidence.b.n}"
    if evidence.mean is None:
        return Numbers(n)
    measured = evidence.measured
    if measured is None:
        return Numbers(n, estimates.number(metric, evidence.mean), unit=metric.unit)
    mean, low, high = float(measured.mean), float(measured.low), float(measured.high)
    return Numbers(
        n,
        estimates.number_beside(metric, mean, low, high),
        estimates.interval(metric, low, high),
        metric.unit,
    )


@numbers.register
def _(finding: BestFinding) -> Numbers:
    n = extent(*finding.seeds_of_each)
    if finding.verdict is not Verdict.BETTER:
        return Numbers(n)
    (best,) = finding.best
    if best.to_best is None or best.low is None or best.high is None:
        return Numbers(n)
    if not (math.isfinite(best.low) and math.isfinite(best.high)):
        return Numbers(n)
    metric, found = finding.metric, (best.to_best, best.low, best.high)
    return Numbers(
        n,
        estimates.number_beside(metric, *found),
        estimates.interval(metric, best.low, best.high),
        metric.unit,
    )


VERDICTS = {
    Verdict.CONFOUNDED: "confounded",
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.EQUAL: "equal",
    Verdict.UNDECIDED: "undecided",
    Verdict.NONE: "no verdict",
}


@singledispatch
def verdict(finding: Finding) -> str:
    """Return the verdict in a word."""
    return general_verdict(finding)


def general_verdict(finding: Finding) -> str:
    """Return the verdict in a word that is the same for all kinds of findings."""
    return "open" if finding.why_none is NoVerdict.OPEN else VERDICTS[finding.verdict]


_WHY_NONE = {
    NoVerdict.UNFINISHED: "not all is trained",
    NoVerdict.OPEN: "",
    NoVerdict.MISSING_VALUES: "runs without a value",
    NoVerdict.TOO_FEW_SEEDS: "too few runs",
    NoVerdict.NO_SPREAD: "the same difference in every run",
    NoVerdict.ROUNDED: "values rounded too much",
    NoVerdict.NOT_TIMED: "not timed",
    NoVerdict.NOT_COUNTED: "not counted",
}


@singledispatch
def why(finding: Finding) -> str:
    """Return what stands in the way of an answer, or how far equal runs agree, in a few words; ""
    of other findings."""
    return "" if finding.why_none is None else _WHY_NONE[finding.why_none]


@why.register
def _(finding: TwoSided) -> str:
    if finding.verdict is Verdict.CONFOUNDED:
        names = list(dict.fromkeys(map(difference_name, finding.pair.confounds)))
        return f"differs in {listed(names)}, too"
    if finding.why_none is NoVerdict.MISSING_VALUES:
        return f"some runs {finding.metric.lacks}"
    return why.dispatch(Finding)(finding)


@why.register
def _(finding: BestFinding) -> str:
    if finding.verdict is Verdict.UNDECIDED:
        apart = [one.name for one in finding.uncompared]
        but = f"; {listed(apart)} {plural(len(apart), 'is', 'are')} not compared" if apart else ""
        return f"may be the best{but}"
    if finding.verdict is Verdict.BETTER and numbers(finding).estimate:
        return "from the next best"
    return why.dispatch(Finding)(finding)


@why.register
def _(finding: PairFinding) -> str:
    evidence = finding.evidence
    if finding.verdict is Verdict.EQUAL and evidence.identical:
        same = "identical" if evidence.bit_identical else "the same score"
        return f"{same} on all test images"
    if finding.why_none is NoVerdict.NO_SPREAD and evidence.constant:
        return f"exactly {estimates.mean_level(finding.metric, *evidence.constant)} in every run"
    if finding.verdict is Verdict.UNDECIDED and (look := evidence.look) and look.futile:
        return f"stopped: {look.plan[-1]} {phrases.unit(finding)}s would hardly decide it"
    if finding.why_none is NoVerdict.TOO_FEW_SEEDS and finding.pair.recorded_only:
        return f"{count(evidence.n, 'seed')} in common" if evidence.n else "no seed in common"
    return why.dispatch(TwoSided)(finding)


@singledispatch
def raised(finding: Finding) -> str:
    """Return which seeds judge a finding whose seeds were raised without a plan; "" of others."""
    return ""


@raised.register
def _(finding: PairFinding) -> str:
    if (more := finding.evidence.raised) is None:
        return ""
    text = f"seeds raised from {more.planned} to {more.trained}"
    if more.by_plan:
        return f"{text}: judged from the {more.planned} planned"
    return f"{text} without a plan: a stricter test"


@singledispatch
def family_of_unclear(finding: Finding) -> int:
    """Return among how many questions an undecided finding is whose own interval leaves out no
    difference; 0 of other findings."""
    return 0


@family_of_unclear.register
def _(finding: PairFinding) -> int:
    measured = finding.evidence.measured
    if finding.verdict is not Verdict.UNDECIDED or measured is None or is_futile(finding):
        return 0
    return finding.evidence.family if measured.paired.low * measured.paired.high > 0 else 0


@family_of_unclear.register
def _(finding: UnpairedFinding) -> int:
    measured = finding.evidence.measured
    if finding.verdict is not Verdict.UNDECIDED or measured is None:
        return 0
    return finding.evidence.family if measured.low * measured.high > 0 else 0


@singledispatch
def counted_verdict(finding: Finding) -> str:
    """Return the word that a finding is counted under: that of its row where it is neither better
    nor worse than another."""
    return general_verdict(finding)


@verdict.register
def _(finding: StepTimeFinding) -> str:
    words = {
        Verdict.BETTER: "faster",
        Verdict.WORSE: "slower",
        Verdict.EQUAL: "equally fast",
    }
    return words.get(finding.verdict, VERDICTS[finding.verdict])


@verdict.register
def _(finding: InteractionFinding) -> str:
    words = {Verdict.BETTER: "gains more", Verdict.WORSE: "gains less"}
    return words.get(finding.verdict, general_verdict(finding))


@verdict.register
def _(finding: BestFinding) -> str:
    match finding.verdict:
        case Verdict.BETTER:
            return "best"
        case Verdict.UNDECIDED:
            return f"{len(finding.best)} of {len(finding.contenders)}"
    return general_verdict(finding)


@verdict.register
def _(finding: CountFinding) -> str:
    words = {Verdict.BETTER: "fewer", Verdict.WORSE: "more", Verdict.EQUAL: "the same"}
    return words.get(finding.verdict, VERDICTS[finding.verdict])


@counted_verdict.register
def _(finding: InteractionFinding) -> str:
    return verdict(finding)


@counted_verdict.register
def _(finding: BestFinding) -> str:
    return "best" if finding.verdict is Verdict.BETTER else general_verdict(finding)


@counted_verdict.register
def _(finding: CountFinding) -> str:
    return VERDICTS[finding.verdict] if finding.verdict is Verdict.EQUAL else verdict(finding)


@singledispatch
def group(finding: Finding) -> str:
    """Return what is compared, in which findings of one group agree."""
    return "Other questions"


@group.register
def _(finding: BestFinding) -> str:
    return f"The best, by {finding.metric.label}"


@group.register
def _(finding: TwoSided) -> str:
    label = finding.metric.label
    return f"{label[:1].upper()}{label[1:]}"


@singledispatch
def unit(finding: Finding) -> str:
    """Return the unit of its numbers in words; "" if it has none."""
    return ""


@unit.register
def _(finding: TwoSided) -> str:
    return finding.metric.unit


@unit.register
def _(finding: StepTimeFinding) -> str:
    return "ratio"


_LESS = ("fewer", "less", "smaller", "faster")


@singledispatch
def direction(finding: Finding) -> str:
    """Return what is better of numbers that are better the lower they are; "" of others."""
    return ""


@direction.register
def _(finding: TwoSided | BestFinding) -> str:
    metric = finding.metric
    if metric.higher_is_better:
        return ""
    word = metric.better.split()[0]
    # What is better calibrated has a lower error.
    return f"{word if word in _LESS else 'lower'} is better"


@direction.register
def _(finding: StepTimeFinding) -> str:
    return "below 1 is faster"


def title(words: str, *about: str) -> str:
    """Return words with what is to be said about them in parentheses.

    >>> title("Test loss", "", "lower is better"), title("Test loss", "")
    ('Test loss (lower is better)', 'Test loss')
    """
    said = ", ".join(filter(None, about))
    return f"{words} ({said})" if said else words


@singledispatch
def sides(finding: Finding) -> str:
    """Return the experiments, in the order of their comparison."""
    return ", ".join(finding.question.experiments)


@sides.register
def _(finding: TwoSided) -> str:
    return f"{finding.a} → {finding.b}"


@sides.register
def _(finding: BestFinding) -> str:
    return ", ".join(one.name for one in finding.best)


@sides.register
def _(finding: InteractionFinding) -> str:
    return f"{finding.a}, {finding.b}"
