"""Words of findings about two experiments compared over seeds that have no verdict."""

from __future__ import annotations

from paribus.present.estimates import difference, mean_level
from paribus.present.wording.generic import differ_in
from paribus.present.wording.phrases import estimated, phrases, quantity, seeds, unit
from paribus.present.wording.shared import ENOUGH, planned, rounded, runs_of
from paribus.questions.finding import NoVerdict, PairFinding
from paribus.stats.failures import unseen_failure_rate
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count, percent, plural


def no_verdict(finding: PairFinding) -> str:
    """What there is, and what a verdict would take."""
    metric, evidence = finding.metric, finding.evidence
    n = seeds(finding, evidence.n)
    so_far = ""
    if evidence.mean is not None:
        so_far = f"{quantity(finding)} {difference(metric, evidence.mean)}, n = {n}"
    shown = f" ({so_far})" if so_far else ""
    match finding.why_none:
        case NoVerdict.UNFINISHED:
            return _unfinished(finding, shown)
        case NoVerdict.OPEN:
            return _open(finding, shown)
        case NoVerdict.MISSING_VALUES:
            numbers = f"; over the others {so_far}" if so_far else ""
            if evidence.measured is not None:
                numbers = f"; over the others {estimated(finding, evidence.measured)}"
            return (
                f"No verdict: {_missing(finding)} {metric.lacks}; excluding them would "
                f"bias the comparison{_in_favor(finding)}{numbers}; a verdict "
                f"requires {metric.without}."
            )
        case NoVerdict.TOO_FEW_SEEDS if finding.pair.recorded_only:
            return (
                f"No verdict: {finding.a} and {finding.b} have "
                f"{n if evidence.n else 'no seed'} in common{shown}; a verdict requires {ENOUGH}"
                f"{_and_no_confound(finding)}."
            )
        case NoVerdict.TOO_FEW_SEEDS:
            return (
                f"No verdict from {n}{shown}; a verdict requires {ENOUGH}"
                f"{_and_no_confound(finding)}."
            )
        case NoVerdict.ROUNDED:
            return f"No verdict: {rounded(metric, evidence.rounded_to, 'differences', shown)}."
    return _no_spread(finding)


def _no_spread(finding: PairFinding) -> str:
    """Every pair of runs shows exactly the same difference."""
    evidence, metric = finding.evidence, finding.metric
    assert evidence.mean is not None
    n, runs = seeds(finding, evidence.n), count(2 * evidence.n, "run")
    unseen = (
        f"what happens in up to {percent(unseen_failure_rate(evidence.n))} of runs can go unseen "
        f"with {n}"
    )
    if evidence.constant is None:
        return (
            f"No verdict: all {n} show exactly the same difference ({quantity(finding)} "
            f"{difference(metric, evidence.mean)}), so the spread between {unit(finding)}s "
            f"cannot be estimated, and {unseen}. A verdict requires more {unit(finding)}s or a "
            "finer metric."
        )
    value = mean_level(metric, *evidence.constant)
    return (
        f"No verdict: {quantity(finding)} is exactly {value} in all {runs} of {finding.a} and "
        f"{finding.b}. These runs show no difference, and cannot show that there is none: without "
        f"any spread the test has nothing to go by, and {unseen}."
    )


def _unfinished(finding: PairFinding, shown: str) -> str:
    evidence = finding.evidence
    takes = planned(evidence.planned)
    all_of = f"{evidence.planned} {unit(finding)}s"
    if (look := evidence.look) is not None:
        takes = planned(evidence.planned, look.plan)
        all_of += " of the first look"
    elif evidence.planned < FEWEST_SEEDS:
        takes = ENOUGH
    return (
        f"No verdict yet: {evidence.runs} of {all_of} "
        f"{plural(evidence.runs, 'is', 'are')} trained{shown}; a verdict requires {takes}"
        f"{_and_no_confound(finding)}."
    )


def _open(finding: PairFinding, shown: str) -> str:
    """Undecided at a planned look, with more to come."""
    look, measured = finding.evidence.look, finding.evidence.measured
    assert look is not None
    if measured is not None:
        shown = f" ({estimated(finding, measured)})"
    so_far = ""
    if look.trained > look.seeds:
        so_far = f", of which {look.trained} {plural(look.trained, 'is', 'are')} trained"
    return (
        f"No verdict yet: undecided {phrases(finding).undecided} at look {look.taken} of "
        f"{len(look.plan)}{shown}; the next verdict comes after "
        f"{seeds(finding, look.next_seeds)}{so_far}."
    )


def _and_no_confound(finding: PairFinding) -> str:
    if not finding.pair.confounds:
        return ""
    return (
        f", and a controlled question: {finding.a} and {finding.b} also differ in "
        f"{differ_in(finding)}"
    )


def _missing(finding: PairFinding) -> str:
    """The runs without a value, of the experiments that have any."""
    evidence = finding.evidence
    return " and ".join(
        f"{runs_of(missing, evidence.runs)} of {name}"
        for name, missing in ((finding.a, evidence.missing_a), (finding.b, evidence.missing_b))
        if missing
    )


def _in_favor(finding: PairFinding) -> str:
    """Whom it would favor to exclude the runs without a value."""
    if finding.evidence.missing_a and finding.evidence.missing_b:
        return ""
    return " in favor of " + (finding.a if finding.evidence.missing_a else finding.b)
