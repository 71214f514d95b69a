"""In what more than two experiments differ, and which differences a question is not about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from paribus.spec.diff import (
    Difference,
    LayersChanged,
    LayersReplaced,
    SkipsChanged,
    differences,
)
from paribus.spec.experiment import Experiment


def differ(first: Experiment, second: Experiment) -> tuple[Difference, ...]:
    """Return in what two experiments differ; not in engines, where nobody knows yet what will train
    one of them."""
    unknown = "auto" in (first.engine, second.engine)
    return tuple(
        difference
        for difference in differences(first, second)
        if not (unknown and difference.aspect == "engine")
    )


@dataclass(frozen=True)
class TwoChanges:
    """A change in two places.

    `places`: in what the two without it differ. `first`, `second`: what is changed in either.
    `confounds`: what the question is not about, and what is changed in one place alone.
    """

    places: tuple[Difference, ...]
    first: tuple[Difference, ...]
    second: tuple[Difference, ...]
    confounds: tuple[Difference, ...]


def two_changes(experiments: Sequence[Experiment], about: Sequence[str]) -> TwoChanges:
    """Return what is changed from the first to the second of four experiments, and from the third
    to the fourth.

    The changes must be the same. Where the networks differ without them, it does not matter how
    many layers were changed in the same way: a network of more blocks gets more of them.
    """
    a_1, b_1, a_2, b_2 = experiments
    places, first, second = differ(a_1, a_2), differ(a_1, b_1), differ(a_2, b_2)
    count = not any(difference.aspect == "network" for difference in places)
    found = [d for d in (*places, *first, *second) if not d.is_about(about)]
    found += [*_without(first, second, count), *_without(second, first, count)]
    return TwoChanges(places, first, second, tuple(dict.fromkeys(found)))


def confounds_with_first(
    experiments: Mapping[str, Experiment], about: Sequence[str]
) -> dict[str, tuple[Difference, ...]]:
    """Return in what each experiment differs from the first that a question is not about, by name.

    Where none does, no two of them do.
    """
    first, *others = experiments.items()
    found = {
        name: tuple(d for d in differ(first[1], experiment) if not d.is_about(about))
        for name, experiment in others
    }
    return {name: confounds for name, confounds in found.items() if confounds}


def _without(
    ours: Sequence[Difference], theirs: Sequence[Difference], count: bool
) -> Iterator[Difference]:
    """What is among ours and not among theirs. count: whether the number of layers matters."""
    known = {_kind(difference, count) for difference in theirs}
    return (difference for difference in ours if _kind(difference, count) not in known)


def _kind(difference: Difference, count: bool) -> Difference:
    match difference:
        case LayersChanged() | LayersReplaced() if not count:
            return replace(difference, times=1)
        case SkipsChanged() if not count:
            return replace(difference, number=1)
    return difference
