"""Predictions are read once, and only what is small is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.measure.predictions import reader
from paribus.measure.runs import Run
from paribus.present.write import write_report
from tests.support.made_up import Make, dataset, run

Read = Callable[[], NDArray[np.float32]]


def test_what_is_kept_of_probabilities() -> None:
    probability_NK = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]], np.float32)
    predictions = reader(lambda: probability_NK, np.array([0, 1]))()
    assert predictions is not None
    assert predictions.class_N.tolist() == [0, 2]
    assert predictions.correct.tolist() == [True, False]
    np.testing.assert_array_equal(predictions.of_truth_N, np.array([0.9, 0.3], np.float32))


@pytest.mark.slow
def test_report_reads_each_runs_probabilities_once(make: Make, tmp_path: Path) -> None:
    data = dataset(40)
    reads = Counter[str]()

    def made(name: str, seed: int) -> Run:
        probability_NK = np.random.default_rng([seed, len(name)]).dirichlet(np.ones(10), 40)

        def read() -> NDArray[np.float32]:
            reads[f"{name}-{seed}"] += 1
            return probability_NK.astype(np.float32)

        return run(seed, 2, "finished", data, id=f"{name}-{seed}", read_probabilities=read)

    write_report(make(["cnn", "cnn-adam", "mlp"], runs=made, data=data), tmp_path)
    assert reads == {f"{n}-{s}": 1 for n in ("cnn", "cnn-adam", "mlp") for s in range(3)}
