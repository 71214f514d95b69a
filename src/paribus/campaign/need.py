"""What the runs of a schedule need of the machine that trains them."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from paribus.campaign.campaign import Campaign
from paribus.campaign.cells import Schedule
from paribus.campaign.engines import images_of
from paribus.data.facts import DataFacts
from paribus.engines.choose import make_engine
from paribus.execute.protocol import Order
from paribus.spec.plan import Plan

_MEGABYTE = 10**6
# Measured with the built-in study, on CPUs: the process without images, and how often it holds the
# activations of a batch. Of engines of other packages the worst is assumed.
_PROCESS = {"native": 80 * _MEGABYTE, "numpy": 80 * _MEGABYTE}
_OTHER_PROCESS = 450 * _MEGABYTE
_ACTIVATIONS = {"native": 1, "torch": 3}
_OTHER_ACTIVATIONS = 6
# Weights, gradients, at most two moments of the optimizer, and the state that is passed on.
_PARAMETERS = 5
# With an average of the weights: the average, and once more in that state.
_AVERAGE = 2
_FLOAT = 4


def order_of(schedule: Schedule, jobs: int | None = None, address: str = "") -> Order:
    """Return what an executor is to be made for.

    jobs: runs to train at once; None for as many as there is room for. address: where the executor
    is, of one that is elsewhere.
    """
    engines = {cell.engine for cell in schedule.missing}
    return Order(
        runs=len(schedule.missing),
        jobs=jobs,
        memory=memory_of_run(schedule.campaign, {cell.name for cell in schedule.missing}),
        gpu=any(make_engine(name).on_gpu for name in engines),
        address=address,
    )


def memory_of_run(campaign: Campaign, names: Iterable[str]) -> int:
    """Return how many bytes of memory the largest run of some experiments needs, estimated: a
    process with its images, parameters and, where it trains on no GPU, activations. What a custom
    module takes is not known, nor what a GPU's driver takes."""
    return max((_memory(campaign, name) for name in names), default=0)


def _memory(campaign: Campaign, name: str) -> int:
    network, engine = campaign.networks[name], campaign.engines.names[name]
    experiment = campaign.study.experiments[name]
    process = _PROCESS.get(engine, _OTHER_PROCESS)
    process += _images(campaign.facts, images_of(experiment, campaign.facts), experiment.validation)
    if not isinstance(network, Plan):
        return process
    outputs = sum(prod(node.output_shape) for node in network.walk())
    # On a GPU they are in its own memory.
    copies = 0 if make_engine(engine).on_gpu else _ACTIVATIONS.get(engine, _OTHER_ACTIVATIONS)
    held = _PARAMETERS + _AVERAGE * (experiment.ema > 0)
    floats = held * network.parameters + copies * outputs * experiment.batch_size
    return process + _FLOAT * floats


def _images(facts: DataFacts, trained_on: int, validation: int) -> int:
    """The dataset's images as bytes, and those in use as floats."""
    whole = facts.train_images + facts.test_images
    used = trained_on + facts.test_images + validation
    return prod(facts.image_shape) * (whole + _FLOAT * used)
