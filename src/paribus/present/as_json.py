"""A finding as plain JSON types, for `--json` and for tables.

What a kind of finding has is found by its type. Another package registers the numbers of its own
with `@numbers.register`, and may with the others.
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

from paribus.present import wording
from paribus.present.look_text import is_futile, look_of
from paribus.present.tuning import curve_rows
from paribus.present.what_differs import consequence_words, difference_words
from paribus.questions import original
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import (
    CountFinding,
    Finding,
    InteractionFinding,
    PairFinding,
    StepTimeFinding,
    TwoSided,
)
from paribus.questions.tuned_finding import ByBudget, TunedFinding, TunedSide
from paribus.questions.unpaired_finding import UnpairedFinding
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
    "raised_from",
)

Number = float | int | None


def plain(finding: Finding) -> dict[str, Any]:
    """Return all that a finding says; None where there is nothing.

    Differences are in the metric's raw unit (shares, nats, epochs), those of step times are ratios.
    """
    question = finding.question
    return {
        "ask": question.ask,
        **terms(finding),
        "verdict": wording.verdict_words(finding.verdict),
        "less_than_matters": finding.less_than_matters,
        "sentence": wording.sentence(finding),
        "reasons": list(wording.reasons(finding)),
        "noise": wording.noise(finding),
        **what_differs(finding),
        "original": question.original,
        "agrees": original.agreement(finding).agrees,
        "agreement": wording.agreement(finding),
        **all_numbers(finding),
        "looks": planned_looks(finding),
        "stopped_as_futile": is_futile(finding),
        **flips(finding),
        **of_its_kind(finding),
    }


@singledispatch
def of_its_kind(finding: Finding) -> dict[str, Any]:
    """Return what no other kind of finding has."""
    return {}


@of_its_kind.register
def _(finding: InteractionFinding) -> dict[str, Any]:
    return {
        "change": list(map(difference_words, finding.changes[0].differences)),
        "cells": [{"experiment": cell.name, **_mean_and_sd(cell.level)} for cell in finding.cells],
        "near_ceiling": list(finding.near_ceiling),
    }


@of_its_kind.register
def _(finding: TunedFinding) -> dict[str, Any]:
    return {"tuning": list(map(_tuned, finding.sides)), "by_trials": _by_trials(finding.by_budget)}


def _tuned(side: TunedSide) -> dict[str, Any]:
    rows = curve_rows(side)
    return {
        "experiment": side.name,
        "trials": side.trials,
        "space": {name: one.model_dump(exclude_none=True) for name, one in side.space.items()},
        "runs": side.runs,
        "seconds": side.seconds,
        "diverged": side.diverged,
        "winners": [
            {
                "replicate": one.seed,
                "trial": one.trial + 1,
                "settings": dict(one.settings),
                "validation_accuracy": _bound(one.validation),
                "result": _bound(one.result),
            }
            for one in side.winners
        ],
        "at_edge": [vars(edge) for edge in side.edges],
        "curve": [dict(zip(("trials", "mean", "low", "high"), row, strict=True)) for row in rows],
    }


def _by_trials(found: ByBudget | None) -> dict[str, Any] | None:
    """How the two differ by the number of trials."""
    if found is None:
        return None
    at = found.difference.at
    return {
        "trials": list(found.trials),
        **{key: getattr(at, key).tolist() for key in ("mean", "low", "high")},
        "crosses": found.difference.crosses,
        "changes_sign": found.difference.changes_sign,
    }


@of_its_kind.register
def _(finding: BestFinding) -> dict[str, Any]:
    return {
        "may_be_best": [one.name for one in finding.best],
        "all_within_matters": finding.all_within,
        "contenders": [
            {
                "experiment": one.name,
                "may_be_best": one.may_be_best,
                "compared": one.compared,
                "n": one.seeds,
                "without_value": one.missing,
                **_mean_and_sd(one.level),
                "to_best": one.to_best,
                "low": _bound(one.low),
                "high": _bound(one.high),
                "first_rank": one.first_rank,
                "last_rank": one.last_rank,
            }
            for one in finding.contenders
        ],
    }


def _mean_and_sd(level: tuple[float, float] | None) -> dict[str, Number]:
    mean, sd = level or (None, None)
    return {"mean": mean, "sd": sd}


def _bound(end: float | None) -> Number:
    """The end of an interval; None where there is none, as JSON has no infinite numbers."""
    return end if end is not None and math.isfinite(end) else None


def planned_looks(finding: Finding) -> list[int]:
    """Return the numbers of seeds at all planned looks; empty where there are none."""
    look = look_of(finding)
    return [] if look is None else list(look.plan)


@singledispatch
def flips(finding: Finding) -> dict[str, Any]:
    """Return how many test images changed, and which; None where that is not known."""
    return {"flips": None, "flipped_images": None}


@flips.register
def _(finding: PairFinding) -> dict[str, Any]:
    ledger = finding.ledger
    if ledger is None:
        return {"flips": None, "flipped_images": None}
    images = {
        str(category): ledger.images(category).tolist()
        for category in (Flip.ALWAYS_WRONG, Flip.FIXED, Flip.BROKEN)
    }
    return {"flips": counts(ledger), "flipped_images": images}


def counts(ledger: FlipLedger) -> dict[str, int | None]:
    """Return how many test images each category has; None for what so few seeds cannot tell."""
    untold = () if ledger.enough_runs else (Flip.FIXED, Flip.BROKEN)
    return {
        str(category): None if category in untold else n for category, n in ledger.counts().items()
    }


@singledispatch
def terms(finding: Finding) -> dict[str, Any]:
    """Return A, B, the metric and what matters; None where a question has no such thing."""
    return {"a": None, "b": None, "metric": None, "matters": None}


@terms.register
def _(finding: TwoSided) -> dict[str, Any]:
    return {
        "a": finding.a,
        "b": finding.b,
        "metric": finding.question.metric,
        "matters": finding.matters,
    }


@terms.register
def _(finding: BestFinding) -> dict[str, Any]:
    question = finding.question
    matters = question.matters or None
    return {"a": None, "b": None, "metric": question.metric, "matters": matters}


def all_numbers(finding: Finding) -> dict[str, Number]:
    """Return the numbers of a finding; None for those of `NUMBERS` that it lacks."""
    return {**dict.fromkeys(NUMBERS), **numbers(finding)}


@singledispatch
def numbers(finding: Finding) -> dict[str, Number]:
    """Return the numbers that a finding has, by the names in `NUMBERS` or by its own; intervals are
    95%. `look`: the planned look (from 1) that the rest is of, 0 before the first.
    `raised_from`: the seeds that were planned, where more were trained without a plan."""
    return {}


@numbers.register
def _(finding: CountFinding) -> dict[str, Number]:
    before, after = finding.count_a, finding.count_b
    if before is None or after is None:
        return {}
    return {"mean_a": before, "mean_b": after, "estimate": after - before}


@numbers.register
def _(finding: StepTimeFinding) -> dict[str, Number]:
    if (ratio := finding.ratio) is None:
        return {}
    return {
        "estimate": ratio.ratio,
        "low": ratio.low,
        "high": ratio.high,
        "n": ratio.n,
        "p_adjusted": finding.adjusted_p,
    }


@numbers.register
def _(finding: BestFinding) -> dict[str, Number]:
    look = finding.look
    return {"n": finding.seeds_of_each[0], "look": None if look is None else look.taken}


@numbers.register
def _(finding: PairFinding) -> dict[str, Number]:
    evidence = finding.evidence
    found: dict[str, Number] = {
        "estimate": evidence.mean,
        "n": evidence.n,
        "p_adjusted": evidence.adjusted_p,
        "seeds_to_decide": evidence.seeds_to_decide,
        "seeds_if_spread_holds": evidence.seeds_if_spread_holds,
        "seeds_as_seen": evidence.seeds_as_seen,
    }
    if evidence.look is not None:
        found["look"] = evidence.look.taken
    if evidence.raised is not None:
        found["raised_from"] = evidence.raised.planned
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


@numbers.register
def _(finding: UnpairedFinding) -> dict[str, Number]:
    evidence = finding.evidence
    found: dict[str, Number] = {
        "estimate": evidence.mean,
        "n": min(evidence.a.n, evidence.b.n),
        "n_a": evidence.a.n,
        "n_b": evidence.b.n,
        "p_adjusted": evidence.adjusted_p,
    }
    if evidence.replay is not None:
        found["opposite_share"] = evidence.replay.opposite_share
    for side, level in (("a", evidence.a.level), ("b", evidence.b.level)):
        if level is not None:
            found[f"mean_{side}"], found[f"sd_{side}"] = level
    if (measured := evidence.measured) is not None:
        found |= {"low": float(measured.low), "high": float(measured.high)}
        found["df"] = float(measured.df)
    return found


@singledispatch
def what_differs(finding: Finding) -> dict[str, Any]:
    """Return in what the experiments differ, in words; empty where it is not about two."""
    return {"differences": [], "confounds": [], "consequences": []}


@what_differs.register
def _(finding: TwoSided) -> dict[str, Any]:
    return {
        "differences": list(map(difference_words, finding.pair.differences)),
        "confounds": list(map(difference_words, finding.pair.confounds)),
        "consequences": list(map(consequence_words, finding.pair.consequences)),
    }


@what_differs.register
def _(finding: BestFinding) -> dict[str, Any]:
    confounds = [
        f"{one.name}: {'; '.join(map(difference_words, one.differences))}"
        for one in finding.confounds
    ]
    return {"differences": [], "confounds": confounds, "consequences": []}
