"""Which engine trains an experiment, decided from its plan: no array is made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.engines.base import Engine
from paribus.engines.gpus import gpus
from paribus.errors import UserError
from paribus.spec.experiment import ENGINES, Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

# Order of preference for "auto", with a GPU too: a study then has the same engine on every machine,
# and a GPU that trains one small network at a time is slower than some cores (benchmarks/gpu.py).
# Engines of other packages are taken by name only.
_PREFERRED = ("native", "torch", "numpy")

# All predict alike, to rounding; PyTorch takes a second to load.
_PREFERRED_TO_PREDICT = ("native", "numpy", "torch")


@dataclass(frozen=True)
class Common:
    """The engine for several experiments."""

    engine: str
    passed_over: str
    """Why no faster engine, which is installed and supports some of them, was taken; "" if there is
    none."""


def make_engine(name: str, cores: int = 1) -> Engine:
    """The engine of a name. Raises `UserError` if there is none, or if it is not installed.

    cores: for one run. Only an engine whose results do not depend on them uses more than one.
    """
    engine: Engine = ENGINES.get(name)(cores)
    return engine


def _refusal(engine: Engine, network: Plan | ModuleNetwork, experiment: Experiment) -> str | None:
    """Return None if an engine can train an experiment, else why not, after "because"."""
    wanted = {
        "augment": (bool(experiment.augment), "it does not augment images"),
        "ema": (bool(experiment.ema), "it does not average weights"),
        "rmsprop": (experiment.optimizer.name == "rmsprop", 'it has no optimizer "rmsprop"'),
    }
    for setting, (is_used, reason) in wanted.items():
        if is_used and setting not in engine.heeds:
            return reason
    return engine.supports(network, experiment)


def choose(network: Plan | ModuleNetwork, experiment: Experiment) -> str:
    """The engine of an experiment: the one that it names, or for "auto" the fastest that supports
    it.

    Raises `UserError` if the engine named, or with "auto" every engine, does not support it.
    """
    name = experiment.engine
    if name == "auto":
        return choose_common({"this network": network}, {"this network": experiment}).engine
    if reason := _refusal(make_engine(name), network, experiment):
        raise UserError(
            f'engine "{name}" does not support this network because {reason}; use engine = "torch"'
        )
    return name


def misses_native(network: Plan | ModuleNetwork, experiment: Experiment) -> bool:
    """Whether "auto" would take the native engine for an experiment, had it been built."""
    from paribus.engines.native.engine import NativeEngine
    from paribus.engines.native.library import library_path

    supported = _refusal(NativeEngine(), network, experiment) is None
    return library_path() is None and not gpus() and supported


def choose_common(
    networks: Mapping[str, Plan | ModuleNetwork], experiments: Mapping[str, Experiment]
) -> Common:
    """The fastest engine that supports every one of some named experiments.

    Raises `UserError` if no engine supports them all.
    """
    missing: list[str] = []
    refused: list[str] = []
    passed_over: list[str] = []
    for engine in _PREFERRED:
        try:
            made = make_engine(engine)
        except UserError as error:
            missing.append(str(error))
            continue
        reasons = {
            name: reason
            for name, network in networks.items()
            if (reason := _refusal(made, network, experiments[name]))
        }
        if not reasons:
            return Common(engine, "; ".join(passed_over))
        name, reason = next(iter(reasons.items()))
        refused.append(f'the engine "{engine}" does not support {name} because {reason}')
        if len(reasons) < len(networks):
            passed_over.append(refused[-1])
    what = "this network" if len(networks) == 1 else "all of these networks"
    raise UserError(f"no engine supports {what}: {'; '.join([*missing, *refused])}")


def choose_to_predict(network: Plan | ModuleNetwork, experiment: Experiment) -> Engine:
    """The engine that is asked for a trained network's predictions, whichever trained it.

    Raises `UserError` if none that is installed supports it.
    """
    problems: list[str] = []
    for name in _PREFERRED_TO_PREDICT:
        try:
            engine = make_engine(name)
        except UserError as error:
            problems.append(str(error))
            continue
        if engine.supports(network, experiment) is None:
            return engine
    raise UserError("; ".join(problems))
