"""Where a best set and the pairs of the same report seem to disagree, in words."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import Finding, PairFinding, Verdict
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.stats.limits import VERDICT_LEVEL
from paribus.text import listed, percent, plural


def sets_note(findings: Sequence[Finding]) -> str:
    """Return which pairs are undecided though one of the two is shown not to be the best, which
    experiments may be the best though one is shown to be better, and why both can be; "" if there
    are none."""
    undecided: dict[str, str] = {}
    decided: dict[str, str] = {}
    family = 1
    pairs = [one for one in findings if isinstance(one, PairFinding | UnpairedFinding)]
    sets = [one for one in findings if isinstance(one, BestFinding)]
    several = len({one.metric.key for one in sets}) > 1
    for best in sets:
        if best.contenders[0].low is None:
            continue  # There is no set yet.
        may = {one.name: one.may_be_best for one in best.contenders if one.compared}
        for pair in pairs:
            if pair.metric.key != best.metric.key or not {pair.a, pair.b} <= set(may):
                continue
            named = f"{pair.a} → {pair.b}" + (f" ({pair.metric.label})" if several else "")
            worse = {Verdict.BETTER: pair.a, Verdict.WORSE: pair.b}.get(pair.verdict)
            if pair.verdict is Verdict.UNDECIDED and may[pair.a] != may[pair.b]:
                undecided[named] = pair.b if may[pair.a] else pair.a
            elif worse is not None and may[worse]:
                decided[named] = worse
            else:
                continue
            family = max(family, pair.evidence.family)
    text = ""
    if undecided:
        text += (
            f"{_names(undecided)} {plural(len(undecided), 'is', 'are')} undecided, though "
            f"{_are(undecided, 'shown not to be the best')}. "
        )
    if decided:
        text += f"{_are(decided, 'not excluded from the best')}, though another one is better. "
    if not text:
        return ""
    pairs_have = f"the {family} questions share" if family > 1 else "the question has"
    return (
        f"{text}Both can be, as these are different tests: the set compares each experiment with "
        f"all others, and has an error of {percent(0.05)} for itself; {pairs_have} "
        f"{percent(VERDICT_LEVEL)}."
    )


def _are(about: dict[str, str], what: str) -> str:
    names = list(dict.fromkeys(about.values()))
    return f"{_names(names)} {plural(len(names), 'is', 'are')} {what}"


def _names(names: Sequence[str] | dict[str, str]) -> str:
    return listed(list(names), 3)
