"""How long an epoch takes, from what the epochs so far have taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.spec.experiment import Experiment


def epoch_seconds(
    name: str, works: Mapping[str, float], seconds: Mapping[str, Sequence[float]]
) -> float:
    """Measured for the experiment, or else in proportion to the work of those measured.

    works: of an epoch of every experiment; seconds: of each epoch seen, by the experiment's name.
    0 where nothing has been measured.
    """
    if seen := seconds.get(name):
        return sum(seen) / len(seen)
    spent = sum(sum(seen) for seen in seconds.values())
    done = sum(works[other] * len(seen) for other, seen in seconds.items())
    return works[name] * spent / done if done else 0.0


def work(experiment: Experiment) -> float:
    """A guess at the relative cost of an epoch, until epochs have been measured: multiply-adds
    would need the shape of the data, convolutions are nearly all of the work."""
    text = str(experiment.settings()["network"])
    return (1 + 8 * text.count("conv")) * (experiment.images or 60_000)
