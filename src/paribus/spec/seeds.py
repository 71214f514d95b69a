"""The seeds of a study: how they are written, a number or a table with the first one or with looks,
and which of them a shard has."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from paribus.spec.bounds import FEWEST_AT_FIRST_LOOK, HIGHEST_SEED, MOST_LOOKS, MOST_SEEDS

_FORMS = "write e.g. { first = 5, count = 20 } or { looks = [5, 10, 20] }"


def fields_of(seeds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Study` that a table `seeds` stands for.

    Raises ValueError with every error of its keys and looks, one per line.

    >>> fields_of({"looks": [5, 10]})
    {'seeds': 10, 'looks': (5, 10)}
    """
    first = {"first_seed": _first(seeds["first"])} if "first" in seeds else {}
    match sorted(set(seeds) - {"first"}):
        case ["count"] if first:
            return {"seeds": seeds["count"], **first}
        case ["looks"]:
            looks = seeds["looks"]
            if problems := problems_of_looks(looks):
                raise ValueError("\n".join(f"seeds.looks: {problem}" for problem in problems))
            return {"seeds": looks[-1], "looks": tuple(looks), **first}
    raise ValueError(f"seeds: needs the keys first and count, or looks; {_FORMS}")


def problems_of_looks(looks: object) -> list[str]:
    """Return the error in looks as they are written."""
    integers = isinstance(looks, list | tuple) and all(type(n) is int for n in looks)
    if not isinstance(looks, list | tuple) or not integers:
        return [f"must be a list of integers, got {looks!r}; write e.g. looks = [5, 10]"]
    if len(looks) < 2:
        one = f"for a single number write seeds = {looks[0]}" if looks else "write e.g. [5, 10]"
        return [f"needs at least 2 numbers of seeds, got {list(looks)}; {one}"]
    problems = [
        f"each look needs more seeds than the one before, got {later} after {earlier}"
        for earlier, later in pairwise(looks[: MOST_LOOKS + 1])
        if later <= earlier
    ]
    if looks[0] < FEWEST_AT_FIRST_LOOK:
        problems.append(
            f"the first look needs at least {FEWEST_AT_FIRST_LOOK} seeds, got {looks[0]}: "
            "with fewer it could decide next to nothing"
        )
    if looks[-1] > MOST_SEEDS:
        problems.append(f"must be at most {MOST_SEEDS:,} seeds, got {looks[-1]:,}")
    if len(looks) > MOST_LOOKS:
        problems.append(f"has {len(looks):,} looks; write at most {MOST_LOOKS}")
    return problems


def _first(seed: object) -> object:
    if type(seed) is int and 0 <= seed <= HIGHEST_SEED:
        return seed
    raise ValueError(f"seeds.first: must be an integer from 0 to {HIGHEST_SEED:,}, got {seed!r}")


def seeds_of_shard(seeds: range, number: int, of: int) -> range:
    """Return the seeds of a study that a shard has, the `number`-th of `of` from 1.

    >>> seeds_of_shard(range(10), 2, 3)
    range(1, 10, 3)
    """
    return seeds[number - 1 :: of]
