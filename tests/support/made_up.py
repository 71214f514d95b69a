"""Studies with made-up curves: what a report looks like is tested here, not what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.measure.predictions import reader
from paribus.measure.runs import Curves, ExperimentResult, Run, StudyResult
from paribus.seeding import stream
from paribus.spec.files import load_study
from paribus.spec.identity import step_keys
from paribus.spec.plan import Plan, plan_of
from paribus.spec.study import Study
from paribus.store.rows import Status

Make = Callable[..., StudyResult]


def dataset(images: int = 200, channels: int = 1, names: Sequence[str] = ()) -> Dataset:
    rng = stream(0, "test", "report")
    classes = len(names) or 10
    pictures = rng.integers(0, 256, (images, channels, 28, 28), dtype=np.uint8)
    labels = np.arange(images) % classes
    return Dataset(
        name="made-up",
        train_images=pictures,
        train_labels=labels,
        test_images=pictures,
        test_labels=labels,
        class_names=tuple(names) or tuple(map(str, range(10))),
        attribution="Nobody's <digits>.",
    )


def run(
    seed: int,
    epochs: int,
    status: Status,
    data: Dataset,
    *,
    read_probabilities: Callable[[], NDArray[np.float32] | None] | None = None,
    **changes: Any,
) -> Run:
    rng = stream(seed, "test", "run")
    falling = np.exp(-np.arange(epochs) / 3) + 0.05 * rng.random(epochs)
    probabilities = rng.dirichlet(np.ones(data.classes), len(data.test_labels))
    curves = Curves(
        train_loss=falling,
        train_accuracy=1 - falling / 2,
        test_loss=falling + 0.1,
        test_accuracy=0.95 - falling / 2,
        validation_loss=np.full(epochs, np.nan),
        validation_accuracy=np.full(epochs, np.nan),
        train_seconds=np.full(epochs, 0.5),
        test_seconds=np.full(epochs, 0.1),
    )
    made = Run(
        id=f"run-{seed}",
        seed=seed,
        engine="numpy",
        bits="",
        status=status,
        reason="",
        curves=curves,
        environment={"python": "3", "load before": str(seed)},
        read_predictions=reader(
            read_probabilities or (lambda: probabilities.astype(np.float32)), data.test_labels
        ),
    )
    return replace(made, **changes)


def make_result(
    names: Sequence[str] = (),
    *,
    seeds: int = 3,
    epochs: int = 4,
    runs: Callable[[str, int], Run | None] | None = None,
    data: Dataset | None = None,
    study: Study | None = None,
) -> StudyResult:
    """Return a result of (some of) the built-in study: `runs(name, seed)` gives a run or None."""
    data = data or dataset()
    study = (study or load_study("mnist")[0]).with_seeds(seeds)
    if names:
        study = study.only(tuple(names))
    found: dict[str, ExperimentResult] = {}
    for name, experiment in study.experiments.items():
        plan = plan_of(experiment, data.image_shape, data.classes)
        made = [
            runs(name, seed) if runs else run(seed, epochs, "finished", data)
            for seed in range(seeds)
        ]
        found[name] = ExperimentResult(
            name=name,
            experiment=experiment,
            plan=plan if isinstance(plan, Plan) else None,
            parameters=plan.parameters if isinstance(plan, Plan) else None,
            base=study.bases.get(name),
            reported=study.reported.get(name),
            runs=tuple(one for one in made if one is not None),
            step_keys=step_keys(experiment, data.image_shape),
        )
    options = ("--preview",) if study.preview else ()
    return StudyResult(study, "mnist", found, data, options=options)


DATA = dataset()


def trained(name: str, seed: int, right: float, status: Status = "finished") -> Run:
    """A run that gets a share of the test images right: those of its seed and the easy ones."""
    rng = np.random.default_rng([seed, *name.encode()])
    labels = DATA.test_labels
    correct = np.arange(len(labels)) < right * len(labels)
    correct ^= rng.random(len(labels)) < 0.02
    probabilities = np.full((len(labels), 10), 0.01, np.float32)
    probabilities[np.arange(len(labels)), np.where(correct, labels, (labels + 1) % 10)] = 0.91
    made = run(seed, 4, status, DATA, id=f"{name}-{seed}", read_probabilities=lambda: probabilities)
    curve = made.curves.test_accuracy.copy()
    curve[-1] = correct.mean()
    return replace(made, curves=replace(made.curves, test_accuracy=curve))
