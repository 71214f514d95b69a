"""A million simulated studies for the set of the best and for Hájek's rule, judged by the
definitions written out plainly.

Writes brute_force_best.json beside it. Needs NumPy and SciPy only, nothing of Paribus; takes some
seconds: python tests/stats/oracles/brute_force_best.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import stats

STUDIES, BATCH = 1_000_000, 50_000
RUNS = [(3, 3, 1.0), (5, 5, 1.0), (3, 20, 1 / 3), (3, 20, 1.0), (3, 20, 3.0)]
"""Runs of both experiments, and how many times as much those of the second vary."""
SETS = [(2, 5), (3, 3), (3, 5), (8, 5)]
"""Experiments and seeds."""


def hajek(rng: np.random.Generator, n: int, m: int, ratio: float) -> int:
    """How many studies claim a difference at 0.04, where there is none."""
    a, b = rng.normal(size=(BATCH, n)), ratio * rng.normal(size=(BATCH, m))
    error = np.sqrt(a.var(axis=1, ddof=1) / n + b.var(axis=1, ddof=1) / m)
    t = (b.mean(axis=1) - a.mean(axis=1)) / error
    return int((np.abs(t) >= stats.t.isf(0.02, min(n, m) - 1)).sum())


def missed(rng: np.random.Generator, k: int, seeds: int) -> int:
    """How many sets miss the first of k experiments that are equally good; runs of a seed correlate
    by a half."""
    value = rng.normal(size=(BATCH, k, seeds)) + rng.normal(size=(BATCH, 1, seeds))
    out = np.zeros(BATCH, bool)
    for other in range(1, k):
        d = value[:, other] - value[:, 0]
        t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / seeds**0.5)
        out |= t > stats.t.isf(0.05 / (k - 1), seeds - 1)
    return int(out.sum())


def main() -> None:
    rng = np.random.default_rng(20261127)
    batches = range(STUDIES // BATCH)
    golden = {
        "studies": STUDIES,
        "hajek": [
            {"runs": [n, m], "ratio": ratio, "rate": rate}
            for n, m, ratio in RUNS
            for rate in [sum(hajek(rng, n, m, ratio) for _ in batches) / STUDIES]
        ],
        "best set": [
            {"k": k, "seeds": seeds, "rate": rate}
            for k, seeds in SETS
            for rate in [sum(missed(rng, k, seeds) for _ in batches) / STUDIES]
        ],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden) + "\n", "utf-8")


if __name__ == "__main__":
    main()
