"""What chance can do to the runs of a study, as it is shown on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from paribus.measure.suspects import FEWEST_RUNS, LEAST_ACCURACY, Suspects
from paribus.present.as_json import counts
from paribus.present.findings import Fact
from paribus.questions.finding import Finding, PairFinding
from paribus.text import count, percent, plural, points

_SUSPECTS_NAMED = 40


@dataclass(frozen=True)
class NoiseFloorView:
    """How far runs of an experiment lie apart by the seed alone."""

    experiment: str
    floor: str
    single_images: str
    """What chance on single images alone would make."""
    n: int


@dataclass(frozen=True)
class LedgerRow:
    """How many test images a change fixed, broke, and so on."""

    pair: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class LedgerView:
    """The ledger of all questions of accuracy."""

    categories: tuple[str, ...]
    rows: tuple[LedgerRow, ...]


@dataclass(frozen=True)
class LuckView:
    """What chance can do; empty tuples and None where nothing is known."""

    replays: tuple[Fact, ...]
    """For each question, what one training of each experiment would have told."""
    noise_floors: tuple[NoiseFloorView, ...]
    ledger: LedgerView | None
    suspects: str
    """The images that no run gets right; "" before any run has finished."""

    ABOUT_REPLAYS: ClassVar[str] = (
        "In how many of all pairs of one run of each were the two in the opposite order? A tie "
        f"counts half. Equal networks show about {percent(0.30)} with 3 seeds, {percent(0.35)} "
        f"with 5 and {percent(0.40)} with 10."
    )
    ABOUT_NOISE: ClassVar[str] = (
        "Two runs of one experiment, differing in nothing but the seed, lie within so many points "
        "of test accuracy of each other in 95 of 100 pairs. Single runs cannot tell a smaller "
        "difference from noise. Each floor is judged from as many seeds as the last column "
        "says: the fewer, the wider."
    )
    ABOUT_LEDGER: ClassVar[str] = (
        "What a change does to each test image, over all runs of both experiments: correct in all, "
        "misclassified in all, fixed or broken more clearly than chance would; the others vary "
        "from run to run, which these runs cannot tell from chance."
    )


def luck_view(findings: Sequence[Finding], suspects: Suspects | None) -> LuckView:
    """Return what chance can do, by a study's findings and the images that no run gets right."""
    pairs = [finding for finding in findings if isinstance(finding, PairFinding)]
    return LuckView(
        replays=tuple(
            Fact(
                pair.question.ask,
                f"{percent(replay.opposite_share)} of {count(replay.pairs, 'pair')} of runs",
            )
            for pair in pairs
            if (replay := pair.evidence.replay) is not None
        ),
        noise_floors=_noise_floors(pairs),
        ledger=_ledger(pairs),
        suspects="" if suspects is None else suspects_sentence(suspects),
    )


def _noise_floors(pairs: Sequence[PairFinding]) -> tuple[NoiseFloorView, ...]:
    """Of each experiment that a question of accuracy starts from."""
    found = {}
    for pair in pairs:
        noise = pair.noise
        if noise is not None and pair.metric.scores_are_correctness:
            single = "–" if noise.predicted is None else points(noise.predicted)
            floor = _floor(noise.between_runs)
            found[pair.a] = NoiseFloorView(pair.a, floor, single, noise.n)
    return tuple(found.values())


def _ledger(pairs: Sequence[PairFinding]) -> LedgerView | None:
    ledgers = [(pair, counts(pair.ledger)) for pair in pairs if pair.ledger is not None]
    if not ledgers:
        return None
    return LedgerView(
        categories=tuple(ledgers[0][1]),
        rows=tuple(
            LedgerRow(
                f"{pair.a}, {pair.b}",
                tuple("too few seeds" if n is None else f"{n:,}" for n in images.values()),
            )
            for pair, images in ledgers
        ),
    )


def suspects_sentence(found: Suspects) -> str:
    """Return what is to be said of the images that no run gets right."""
    least = percent(LEAST_ACCURACY)
    if not found.experiments:
        return (
            "No experiment is accurate enough to suspect labels by; that requires a mean test "
            f"accuracy of {least}."
        )
    n = len(found.experiments)
    of = "the one experiment" if n == 1 else f"the {n} experiments"
    if found.weak:
        of += f" with a mean test accuracy of {least} or more"
    if not found.telling:
        return (
            f"{count(found.runs, 'finished run', 'finished runs')} of {of} "
            f"{plural(found.runs, 'is', 'are')} too few to suspect labels by; that requires "
            f"{FEWEST_RUNS}."
        )
    runs = f"all {found.runs:,} finished runs of {of}"
    if not found.images:
        return f"No test image is misclassified in {runs}."
    n = len(found.images)
    shown = ", ".join(map(str, found.images[:_SUSPECTS_NAMED]))
    more = f" and {n - _SUSPECTS_NAMED} more" if n > _SUSPECTS_NAMED else ""
    text = (
        f"{count(n, 'test image is', 'test images are')} misclassified in {runs}: either hard for "
        f"these networks, or mislabeled (indices start at 0): {shown}{more}."
    )
    if found.rejected:
        text += (
            f" Of the {len(found.rejected)} test images whose label the annotators of "
            f"Northcutt et al. 2021 rejected, {len(found.known)} "
            f"{plural(len(found.known), 'is', 'are')} among these"
            f"{': ' + ', '.join(map(str, found.known)) if found.known else ''}; getting one of "
            "them “right” may be an error."
        )
    return text


def _floor(share: float) -> str:
    if share == 0:
        return "cannot be told"
    return "no limit" if share >= 1 else points(share)
