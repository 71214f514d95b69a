"""Estimates of the time per epoch, from the epochs measured so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.campaign.engines import images_of
from paribus.data.facts import DataFacts
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan


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


def works(
    experiments: Mapping[str, Experiment],
    networks: Mapping[str, Plan | ModuleNetwork],
    facts: DataFacts,
) -> dict[str, float]:
    """Guess the relative cost of an epoch of each experiment, until epochs have been measured: the
    multiply-adds of its training images. Of a custom module they are not known; it counts as much
    per image as the mean of the others.
    """
    # One more: a network may have nothing to multiply, and still takes its time.
    per_image = {
        name: network.multiply_adds + 1.0
        for name, network in networks.items()
        if isinstance(network, Plan)
    }
    mean = sum(per_image.values()) / len(per_image) if per_image else 1.0
    return {
        name: per_image.get(name, mean) * images_of(experiment, facts)
        for name, experiment in experiments.items()
    }
