"""Trainings that run at once, a thread each, as Paribus trains runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from paribus.engines.base import Training


class AtOnce:
    """Trainings that go on by an epoch each time."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._trainings = trainings
        self._barrier = Barrier(len(trainings))

    def epoch(self) -> float:
        """Seconds for each, all of them at once."""

        def run(training: Training) -> float:
            self._barrier.wait()
            return training.run_epoch().train_seconds

        with ThreadPoolExecutor(len(self._trainings)) as pool:
            return max(pool.map(run, self._trainings)) / len(self._trainings)
