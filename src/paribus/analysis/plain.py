"""An answer as plain JSON types, for `--json` and for tables."""

from __future__ import annotations

from typing import Any

from paribus.analysis.findings import Answer
from paribus.stats import Flip, FlipLedger

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
    "seeds_as_seen",
)


def plain(answer: Answer) -> dict[str, Any]:
    """Everything there is to know of an answer; None where there is nothing.

    Differences are in the metric's raw unit (shares, nats, epochs), those of step times are ratios.
    """
    ledger = answer.ledger
    return {
        "ask": answer.question.ask,
        "a": answer.a,
        "b": answer.b,
        "metric": answer.question.metric,
        "matters": answer.question.matters or None,
        "verdict": str(answer.verdict),
        "less_than_matters": answer.less_than_matters,
        "sentence": answer.sentence,
        "reasons": list(answer.reasons),
        "noise": answer.noise_sentence,
        "differences": list(answer.differences),
        "confounds": list(answer.confounds),
        "consequences": list(answer.consequences),
        "original": answer.question.original,
        "agrees": answer.agrees,
        "agreement": answer.agreement,
        **numbers(answer),
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


def counts(ledger: FlipLedger) -> dict[str, int | None]:
    """How many test images each category has; None for what so few seeds cannot tell."""
    untold = () if ledger.enough_runs else (Flip.FIXED, Flip.BROKEN)
    return {
        str(category): None if category in untold else n for category, n in ledger.counts().items()
    }


def numbers(answer: Answer) -> dict[str, float | int | None]:
    """The numbers alone, by the names in `NUMBERS`; intervals are 95 %."""
    found: dict[str, float | int | None] = dict.fromkeys(NUMBERS)
    if answer.counts is not None:
        before, after = answer.counts
        found |= {"mean_a": before, "mean_b": after, "estimate": after - before}
    if answer.times is not None and answer.times.ratio is not None:
        ratio = answer.times.ratio
        found |= {"estimate": ratio.ratio, "low": ratio.low, "high": ratio.high, "n": ratio.n}
        found["p_adjusted"] = answer.times.adjusted_p
    if answer.replay is not None:
        found["opposite_share"] = answer.replay.opposite_share
    if answer.noise is not None:
        found["noise_floor"] = answer.noise.between_runs
    if answer.finding is None:
        return found
    evidence = answer.finding.evidence
    found |= {
        "estimate": evidence.mean,
        "n": evidence.n,
        "p_adjusted": evidence.adjusted_p,
        "seeds_to_decide": evidence.seeds_to_decide,
        "seeds_as_seen": evidence.seeds_as_seen,
    }
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
