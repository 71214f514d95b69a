"""Hansen, Lunde & Nason's model confidence set by `arch` 8, beside our set of the best.

Writes model_confidence_set.json beside it. Not a dependency of Paribus: in an environment of its
own, pip install arch, then python tests/stats/oracles/model_confidence_set.py (a minute or two).
For many seeds the two agree; for three, its bootstrap is far too sure.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np

MEANS = [0.0, 0.01, 0.05, 0.15, 0.3, 0.6]
SEEDS = 1000


def main() -> None:
    arch = importlib.import_module("arch.bootstrap")

    def kept(loss_SE: np.ndarray, seed: int, draws: int) -> list[int]:
        mcs = arch.MCS(loss_SE, size=0.05, reps=draws, block_size=1, method="R", seed=seed)
        mcs.compute()
        return sorted(int(i) for i in mcs.included)

    rng = np.random.default_rng(7)
    sets = [
        kept(rng.normal(size=(SEEDS, 6)) + rng.normal(size=(SEEDS, 1)) + MEANS, seed, 2000)
        for seed in range(10)
    ]
    rng = np.random.default_rng(8)
    missed = {
        str(k): float(
            np.mean([0 not in kept(rng.normal(size=(3, k)), s, 300) for s in range(1000)])
        )
        for k in (3, 8)
    }
    path = Path(__file__).with_suffix(".json")
    golden = {"sets": sets, "missed a tied best with 3 seeds": missed}
    path.write_text(json.dumps(golden) + "\n", "utf-8")


if __name__ == "__main__":
    main()
