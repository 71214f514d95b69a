"""Which engine trains each experiment, and whether each fits its data: from plans and counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paribus.data.batches import check_counts
from paribus.data.facts import DataFacts
from paribus.engines.checks import check_batches
from paribus.engines.choose import choose, choose_common, make_engine, misses_native
from paribus.engines.gpus import may_have_gpus
from paribus.engines.native.library import was_built
from paribus.errors import NotInstalledError, UserError
from paribus.spec.augment import misfit
from paribus.spec.code import import_code
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan, plan_of
from paribus.text import plural

_NOT_BUILT = (
    "Warning: the native engine is not available, because its C++ kernels were not compiled when "
    "Paribus was installed. Training takes about 2 to 4 times as long. Install g++ or clang, then "
    "reinstall Paribus."
)
_OLD_PROCESSOR = (
    "The native engine needs fused multiply-adds in vectors, which this processor lacks: training "
    "takes about two to four times as long."
)
_NOT_ON_GPU = (
    'The engine "native" trains on the cores. --engine torch trains on the GPU, which is faster '
    "for large networks only."
)


@dataclass(frozen=True)
class Engines:
    """The engine of every experiment, "auto" decided."""

    names: Mapping[str, str]
    """By the experiment's name."""
    absent: frozenset[str]
    """The experiments that cannot be trained here: the engine that they name is not installed."""
    note: str
    """What there is to say of the choice; "" if nothing."""


def fitting_networks(
    experiments: Mapping[str, Experiment], facts: DataFacts, where: str = ""
) -> dict[str, Plan | ModuleNetwork]:
    """Return the network of each experiment.

    where: the study's file or name, for messages. Raises `UserError` with every experiment that
    does not fit the data; an error that several share is one line.
    """
    found: dict[str, Plan | ModuleNetwork] = {}
    problems: dict[_Problem, list[str]] = {}
    for name, experiment in experiments.items():

        @contextmanager
        def told(setting: str, name: str = name) -> Iterator[None]:
            try:
                yield
            except UserError as error:
                problems.setdefault(_Problem(setting, str(error)), []).append(name)

        with told("images"):
            check_counts(facts.name, facts.train_images, experiment.images, experiment.validation)
        with told("network"):
            found[name] = plan_of(experiment, facts.image_shape, facts.classes)
            check_batches(found[name], images_of(experiment, facts), experiment.batch_size)
        with told("best_by"):
            _check_validation(experiment, facts)
        with told("augment"):
            if problem := misfit(experiment.augment, facts.image_shape):
                raise UserError(problem)
    _raise(problems, where)
    return found


def _check_validation(experiment: Experiment, facts: DataFacts) -> None:
    """Raise `UserError` if an epoch is chosen and there are no validation images for it."""
    held_out = experiment.validation or facts.validation_images
    if experiment.best_by != "none" and not held_out:
        raise UserError(
            f'"{experiment.best_by}" needs validation images, and {facts.name} has none; hold out '
            f"training images, e.g. with validation = {max(1, facts.train_images // 10)}"
        )


def _raise(problems: Mapping[_Problem, list[str]], where: str) -> None:
    if problems:
        raise UserError("\n".join(problem.of(where, names) for problem, names in problems.items()))


@dataclass(frozen=True)
class _Problem:
    """An error of one experiment or several."""

    setting: str
    message: str

    def of(self, where: str, names: list[str]) -> str:
        """One line for it and all experiments that take it over from another."""
        place = f"{where}, experiments" if where else "experiments"
        also = f" (so too {', '.join(names[1:])})" if names[1:] else ""
        return f"{place}.{names[0]}.{self.setting}: {self.message}{also}"


def probed_modules(
    networks: Mapping[str, ModuleNetwork],
    experiments: Mapping[str, Experiment],
    engines: Mapping[str, str],
    facts: DataFacts,
    *,
    folder: Path,
    where: str = "",
) -> dict[str, int | None]:
    """Return how many parameters the custom modules among the networks train, after trying them;
    None where an engine tries none, or is not installed.

    engines: of each experiment. folder: the study's. where: its file or name, for messages. Raises
    `UserError` with every module that training would refuse.
    """
    found: dict[str, int | None] = {}
    problems: dict[_Problem, list[str]] = {}
    for name, network in networks.items():
        single = _last_batch(experiments[name], facts) == 1
        try:
            import_code(network, folder)
            found[name] = make_engine(engines[name]).probe(
                network, facts.image_shape, facts.classes, single=single
            )
        except NotInstalledError:
            found[name] = None
        except UserError as error:
            problems.setdefault(_Problem("network", str(error)), []).append(name)
    _raise(problems, where)
    return found


def _last_batch(experiment: Experiment, facts: DataFacts) -> int:
    """How many images the last batch of an epoch has."""
    return (images_of(experiment, facts) - 1) % experiment.batch_size + 1


def images_of(experiment: Experiment, facts: DataFacts) -> int:
    """Return how many training images an epoch of an experiment has."""
    return experiment.images or facts.train_images - experiment.validation


def choose_engines(
    networks: Mapping[str, Plan | ModuleNetwork], experiments: Mapping[str, Experiment]
) -> Engines:
    """Return the engine of every experiment.

    All that leave it to "auto" are given one engine, so that no difference between them is the
    engine's. Raises `UserError` where an engine does not support its experiment, and
    `NotInstalledError` where no experiment's engine is installed.
    """
    free = {name: e for name, e in experiments.items() if e.engine == "auto"}
    names = {name: e.engine for name, e in experiments.items() if name not in free}
    absent: dict[str, NotInstalledError] = {}
    for name in names:
        try:
            choose(networks[name], experiments[name])
        except NotInstalledError as error:
            absent[name] = error
    if absent and len(absent) == len(experiments):
        raise next(iter(absent.values()))
    notes = [_absent(absent)] if absent else []
    if not free:
        return Engines(names, frozenset(absent), "\n".join(notes))
    common = choose_common({name: networks[name] for name in free}, free)
    missed = all(misses_native(networks[name], experiment) for name, experiment in free.items())
    notes += [_OLD_PROCESSOR if was_built() else _NOT_BUILT] if missed else []
    notes += [_NOT_ON_GPU] if common.engine == "native" and may_have_gpus() else []
    if common.passed_over and len(free) > 1:
        notes.append(
            f'"{common.engine}" trains all experiments that name no engine, so that no difference '
            f"is the engine's: {common.passed_over}. It may take several times as long; an "
            'experiment that nothing is compared with can name its own, e.g. engine = "native".'
        )
    chosen = {name: names.get(name, common.engine) for name in experiments}
    return Engines(chosen, frozenset(absent), "\n".join(notes))


def _absent(absent: Mapping[str, NotInstalledError]) -> str:
    """Return what to say of experiments whose engines are not installed."""
    why = "; ".join(dict.fromkeys(map(str, absent.values())))
    return (
        f"Warning: {', '.join(absent)} cannot be trained here, and questions about "
        f"{plural(len(absent), 'it', 'them')} get no verdict: {why}"
    )
