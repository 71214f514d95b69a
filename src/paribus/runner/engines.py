"""Which engine trains each experiment of a study."""

from __future__ import annotations

from collections.abc import Mapping

from paribus.data.dataset import Dataset
from paribus.engines.choose import choose, choose_common, misses_native
from paribus.runner.tasks import TaskMaker
from paribus.spec.experiment import Experiment
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
    maker = TaskMaker(dataset)
    tasks = {name: maker.make(experiment, seed=0) for name, experiment in experiments.items()}
    free = {name: task for name, task in tasks.items() if experiments[name].engine == "auto"}
    engines = {
        name: choose(experiments[name].engine, task).name
        for name, task in tasks.items()
        if name not in free
    }
    if not free:
        return engines, ""
    common, passed_over = choose_common(free)
    said = [_WITHOUT_NATIVE] if all(map(misses_native, free.values())) else []
    if passed_over and len(free) > 1:
        said.append(
            f'"{common.name}" trains all experiments that name no engine, so that no difference is '
            f"the engine's: {passed_over}. It may take several times as long; an experiment that "
            'nothing is compared with can name its own, e.g. engine = "native".'
        )
    return {name: engines.get(name, common.name) for name in experiments}, "\n".join(said)
