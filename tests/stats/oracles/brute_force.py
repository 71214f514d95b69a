"""A million simulated studies for each boundary, judged by the definitions written out plainly.

Writes brute_force.json beside it. Needs NumPy and SciPy only, nothing of Paribus; takes some
minutes: python tests/stats/oracles/brute_force.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import stats

STUDIES, BATCH = 1_000_000, 10_000
LOOKS = np.array([10, 20, 40, 80])
MOST = 100
DELTA = 0.5


def main() -> None:
    rng = np.random.default_rng(20261126)
    w = np.diff((LOOKS / 80) ** 1.5, prepend=0)
    v = np.diff((LOOKS / 80) ** 2.0, prepend=0)
    t_difference = stats.t.isf(0.04 * w / 2, LOOKS - 1)
    t_hard = stats.t.isf(0.04 / 20 * w / 2, LOOKS - 1)
    t_equal = stats.t.isf(0.05 * v, LOOKS - 1)
    n = np.arange(1, MOST + 1)
    h = 1 + 0.5 * n
    counts = {
        "difference": np.zeros(4, int),
        "difference, 20 questions": np.zeros(4, int),
        "equality at delta": np.zeros(4, int),
        "interval misses": np.zeros(4, int),
        "e-process at 0.04": np.zeros(MOST, int),
        "e-process at 0.04, every fifth": np.zeros(19, int),
        "e-process at 0.01 after 5": np.zeros(MOST, int),
        "planned 5 or rescue": np.zeros(1, int),
    }
    t_interval = stats.t.isf(0.025 * w, LOOKS - 1)
    for _ in range(STUDIES // BATCH):
        d = rng.normal(size=(BATCH, MOST))
        total, square = d.cumsum(axis=1), (d**2).cumsum(axis=1)
        mean = total / n
        with np.errstate(divide="ignore", invalid="ignore"):
            sd = np.sqrt((square - n * mean**2) / (n - 1))
            t = mean * np.sqrt(n) / sd
            log_e = -0.5 * np.log(h) + n / 2 * (
                np.log1p(t**2 / (n - 1)) - np.log1p(t**2 / (n - 1) / h)
            )
        log_e[:, 0] = 0
        at = LOOKS - 1
        error = sd[:, at] / np.sqrt(LOOKS)
        reached = {
            "difference": np.abs(t[:, at]) >= t_difference,
            "difference, 20 questions": np.abs(t[:, at]) >= t_hard,
            # The true difference is DELTA: the mean is higher by that.
            "equality at delta": np.abs(mean[:, at] + DELTA) <= DELTA - t_equal * error,
            "interval misses": np.abs(mean[:, at]) > t_interval * error,
            "e-process at 0.04": log_e >= np.log(25),
            "e-process at 0.04, every fifth": log_e[:, 9::5] >= np.log(25),
        }
        late = log_e >= np.log(100)
        late[:, :5] = False
        reached["e-process at 0.01 after 5"] = late
        for name, hit in reached.items():
            counts[name] += np.maximum.accumulate(hit, axis=1).sum(axis=0)
        planned = np.abs(t[:, 4]) >= stats.t.isf(0.02, 4)
        counts["planned 5 or rescue"] += (planned | late.any(axis=1)).sum()
    rates = {name: (count / STUDIES).tolist() for name, count in counts.items()}
    keep = [9, 19, 39, 79, 99]
    for name in ("e-process at 0.04", "e-process at 0.01 after 5"):
        rates[name] = [rates[name][i] for i in keep]
    golden = {"studies": STUDIES, "looks": LOOKS.tolist(), "e-process seeds": [i + 1 for i in keep]}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden | {"rates": rates}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
