"""A finding as plain JSON types, for `--json` and for tables."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from paribus.present import wording
from paribus.present.look_text import look_of
from paribus.present.what_differs import consequence_words, difference_words
from paribus.questions import original
from paribus.questions.finding import (
    CountFinding,
    Finding,
    PairFinding,
    StepTimeFinding,
    TwoSided,
)
from paribus.stats.flips import Flip, FlipLedger

NUMBERS = (
    "mean_a",
    "sd_a",
    "mean_b",
    "sd_b",
    "estimate",
    "low",
    "high",
    "n",
    "p_adjusted",
    "new_images_low",
    "new_images_high",
    "sign_flip_p",
    "opposite_share",
    "noise_floor",
    "seeds_to_decide",
    "seeds_if_spread_holds",
    "seeds_as_seen",
    "look",
)

Number = float | int | None


def plain(finding: Finding) -> dict[str, Any]:
    """Return all that a finding says; None where there is nothing.

    Differences are in the metric's raw unit (shares, nats, epochs), those of step times are ratios.
    """
    question = finding.question
    ledger = finding.ledger if isinstance(finding, PairFinding) else None
    return {
        "ask": question.ask,
        **terms(finding),
        "verdict": wording.verdict_words(finding.verdict),
        "less_than_matters": finding.less_than_matters,
        "sentence": wording.sentence(finding),
        "reasons": list(wording.reasons(finding)),
        "noise": wording.noise(finding),
        **_differences(finding),
        "original": question.original,
        "agrees": original.agreement(finding).agrees,
        "agreement": wording.agreement(finding),
        **numbers(finding),
        "looks": planned_looks(finding),
        "flips": (None if ledger is None else counts(ledger)),
        "flipped_images": (
            None
            if ledger is None
            else {
                str(category): ledger.images(category).tolist()
                for category in (Flip.ALWAYS_WRONG, Flip.FIXED, Flip.BROKEN)
            }
        ),
    }


def planned_looks(finding: Finding) -> list[int]:
    """Return the numbers of seeds at all planned looks; empty where there are none."""
    look = look_of(finding)
    return [] if look is None else list(look.plan)


def counts(ledger: FlipLedger) -> dict[str, int | None]:
    """Return how many test images each category has; None for what so few seeds cannot tell."""
    untold = () if ledger.enough_runs else (Flip.FIXED, Flip.BROKEN)
    return {
        str(category): None if category in untold else n for category, n in ledger.counts().items()
    }


def terms(finding: Finding) -> dict[str, Any]:
    """Return A, B, the metric and what matters; None where a question has no such thing."""
    if not isinstance(finding, TwoSided):
        return {"a": None, "b": None, "metric": None, "matters": None}
    return {
        "a": finding.a,
        "b": finding.b,
        "metric": finding.question.metric,
        "matters": finding.matters,
    }


@singledispatch
def numbers(finding: Finding) -> dict[str, Number]:
    """Return the numbers alone, by the names in `NUMBERS`; intervals are 95 %. `look`: the planned
    look (from 1) that the rest is of, 0 before the first."""
    return dict.fromkeys(NUMBERS)


@numbers.register
def _(finding: CountFinding) -> dict[str, Number]:
    before, after = finding.count_a, finding.count_b
    found: dict[str, Number] = dict.fromkeys(NUMBERS)
    if before is not None and after is not None:
        found |= {"mean_a": before, "mean_b": after, "estimate": after - before}
    return found


@numbers.register
def _(finding: StepTimeFinding) -> dict[str, Number]:
    found: dict[str, Number] = dict.fromkeys(NUMBERS)
    if (ratio := finding.ratio) is not None:
        found |= {"estimate": ratio.ratio, "low": ratio.low, "high": ratio.high, "n": ratio.n}
        found["p_adjusted"] = finding.adjusted_p
    return found


@numbers.register
def _(finding: PairFinding) -> dict[str, Number]:
    evidence = finding.evidence
    found: dict[str, Number] = dict.fromkeys(NUMBERS)
    found |= {
        "estimate": evidence.mean,
        "n": evidence.n,
        "p_adjusted": evidence.adjusted_p,
        "seeds_to_decide": evidence.seeds_to_decide,
        "seeds_if_spread_holds": evidence.seeds_if_spread_holds,
        "seeds_as_seen": evidence.seeds_as_seen,
    }
    if evidence.look is not None:
        found["look"] = evidence.look.taken
    if evidence.replay is not None:
        found["opposite_share"] = evidence.replay.opposite_share
    if finding.noise is not None:
        found["noise_floor"] = finding.noise.between_runs
    for side, level in (("a", evidence.level_a), ("b", evidence.level_b)):
        if level is not None:
            found[f"mean_{side}"], found[f"sd_{side}"] = level
    if (measured := evidence.measured) is not None:
        found |= {"low": measured.paired.low, "high": measured.paired.high}
        found["sign_flip_p"] = measured.sign_flip.p
        if measured.new_images is not None:
            found["new_images_low"] = measured.new_images.low
            found["new_images_high"] = measured.new_images.high
    return found


def _differences(finding: Finding) -> dict[str, Any]:
    if not isinstance(finding, TwoSided):
        return {"differences": [], "confounds": [], "consequences": []}
    return {
        "differences": list(map(difference_words, finding.pair.differences)),
        "confounds": list(map(difference_words, finding.pair.confounds)),
        "consequences": list(map(consequence_words, finding.pair.consequences)),
    }
