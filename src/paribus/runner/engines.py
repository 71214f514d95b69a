"""Which engine trains each experiment of a study."""

from __future__ import annotations

from collections.abc import Mapping

from paribus.data.dataset import Dataset
from paribus.engines.checks import check_batches
from paribus.engines.choose import choose, choose_common, misses_native
from paribus.spec.experiment import Experiment
from paribus.spec.plan import plan_of
from paribus.spec.study import Study

_WITHOUT_NATIVE = (
    "The native engine was not built, for want of a C++ compiler: training takes about two to "
    "four times as long. Install g++ or clang, then install Paribus again."
)


def choose_engines(study: Study, dataset: Dataset) -> tuple[dict[str, str], str]:
    """The engine of every experiment, "auto" decided; and what there is to be said of it, or "".

    All that leave it to "auto" are given one engine, so that no difference between them is the
    engine's. Raises `UserError` where an engine refuses.
    """
    return engines_of(study.experiments, dataset)


def engines_of(
    experiments: Mapping[str, Experiment], dataset: Dataset
) -> tuple[dict[str, str], str]:
    """The same of experiments outside a study."""
    networks = {
        name: plan_of(experiment, dataset.image_shape, dataset.classes)
        for name, experiment in experiments.items()
    }
    for name, experiment in experiments.items():
        images = experiment.images or len(dataset.train_labels) - experiment.validation
        check_batches(networks[name], images, experiment.batch_size)
    free = {name: e for name, e in experiments.items() if e.engine == "auto"}
    engines = {
        name: choose(networks[name], experiment)
        for name, experiment in experiments.items()
        if name not in free
    }
    if not free:
        return engines, ""
    common = choose_common({name: networks[name] for name in free}, free)
    missed = all(misses_native(networks[name], experiment) for name, experiment in free.items())
    said = [_WITHOUT_NATIVE] if missed else []
    if common.passed_over and len(free) > 1:
        said.append(
            f'"{common.engine}" trains all experiments that name no engine, so that no difference '
            f"is the engine's: {common.passed_over}. It may take several times as long; an "
            'experiment that nothing is compared with can name its own, e.g. engine = "native".'
        )
    return {name: engines.get(name, common.engine) for name in experiments}, "\n".join(said)
