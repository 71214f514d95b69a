"""Small experiments to choose an engine for."""

from __future__ import annotations

from paribus.engines.choose import choose
from paribus.spec.experiment import Experiment
from paribus.spec.plan import plan_of
from paribus.spec.recipe import Sgd

PLAIN = ("flatten", "linear 3")
MODULE = ("nets:Small",)


def small_experiment(*network: str, engine: str = "auto") -> Experiment:
    written = network[0] if ":" in network[0] else network
    return Experiment.model_validate(
        {"network": written, "optimizer": Sgd(lr=0.1), "epochs": 1, "engine": engine}
    )


def chosen(*network: str, engine: str = "auto") -> str:
    experiment = small_experiment(*network, engine=engine)
    return choose(plan_of(experiment, (1, 7, 7), 3), experiment)
