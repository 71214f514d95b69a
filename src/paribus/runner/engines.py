"""Which engine trains each experiment of a study."""

from __future__ import annotations

from paribus.data.dataset import Dataset
from paribus.engines.choose import choose
from paribus.runner.tasks import TaskMaker
from paribus.spec.study import Study


def choose_engines(study: Study, dataset: Dataset) -> dict[str, str]:
    """The engine of every experiment, "auto" decided. Raises `UserError` where one refuses."""
    tasks = TaskMaker(dataset)
    return {
        name: choose(experiment.engine, tasks.make(experiment, seed=0)).name
        for name, experiment in study.experiments.items()
    }
