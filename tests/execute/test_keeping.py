"""The best epoch by the validation images: kept, waited for, and found again by whoever reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus import load_study
from paribus.data.dataset import Dataset
from paribus.engines.base import State
from paribus.execute.protocol import DataSource, EpochDone, Finished, Job
from paribus.execute.tasks import TaskMaker
from paribus.execute.train import train
from paribus.measure.metric import named
from paribus.spec.experiment import Experiment
from paribus.spec.kept import kept_epoch
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Sgd
from tests.support.cases import Candidate, assert_same, every_engine
from tests.support.small import SMALL_STUDY, Small

Floats = NDArray[np.float64]
RNG = np.random.default_rng(8)
# Labels at random: the network learns its training images by heart, and no others.
DATA = Dataset(
    name="made",
    train_images=RNG.integers(0, 256, (60, 1, 6, 6), dtype=np.uint8),
    train_labels=np.concatenate([np.arange(3), RNG.integers(0, 3, 57)]),
    test_images=RNG.integers(0, 256, (30, 1, 6, 6), dtype=np.uint8),
    test_labels=np.arange(30) % 3,
    class_names=("a", "b", "c"),
)
BASE = Experiment(
    network=parse_layers(["flatten", "linear 16", "batchnorm", "tanh", "linear 3"]),
    optimizer=Sgd(lr=0.1, momentum=0.5),
    epochs=12,
    batch_size=10,
    validation=20,
    best_by="validation_loss",
)


def trained(
    engine: Candidate, experiment: Experiment, done: int = 0, state: State | None = None
) -> tuple[list[EpochDone], Finished]:
    """The events of a run, resumed from a state if there is one."""
    task = TaskMaker(DATA).make(experiment, 3)
    source = DataSource("made", Path(), "")
    job = Job("run", experiment, 3, engine.name, done, state, source, code="", bits="")
    *epochs, last = train(engine.engine(task), [job], [task])
    assert isinstance(last, Finished)
    return [event for event in epochs if isinstance(event, EpochDone)], last


def curves(epochs: Sequence[EpochDone]) -> tuple[list[float], list[float]]:
    scores = [event.epoch.validation for event in epochs]
    return [s.loss for s in scores if s], [s.accuracy for s in scores if s]


def validated(loss_E: Sequence[float], accuracy_E: Sequence[float]) -> dict[str, Floats]:
    """The columns of a run's epochs that decide which it keeps."""
    return {
        "validation_loss": np.array(loss_E, np.float64),
        "validation_accuracy": np.array(accuracy_E, np.float64),
    }


@every_engine
@pytest.mark.parametrize("by", ["validation_loss", "validation_accuracy"])
def test_the_network_of_the_best_epoch_is_kept(engine: Candidate, by: str) -> None:
    experiment = BASE.but(best_by=by)
    epochs, last = trained(engine, experiment)
    assert len(epochs) == 12
    loss_E, accuracy_E = curves(epochs)
    best = loss_E.index(min(loss_E)) if by.endswith("loss") else accuracy_E.index(max(accuracy_E))
    assert kept_epoch(experiment, validated(loss_E, accuracy_E)) == best + 1 < 12
    # As if it had been trained so long and no longer.
    _, shorter = trained(engine, experiment.but(epochs=best + 1, best_by="none"))
    assert_same(last.tensors, shorter.tensors)
    assert last.probabilities.tobytes() == shorter.probabilities.tobytes()
    _, whole = trained(engine, experiment.but(best_by="none"))
    assert whole.probabilities.tobytes() != last.probabilities.tobytes()


@every_engine
def test_training_ends_when_patience_does(engine: Candidate) -> None:
    loss_E, _ = curves(trained(engine, BASE)[0])
    for patience in (1, 2, 3):
        # The plain rule, over the whole curve.
        best, ends = 0, 12
        for epoch in range(12):
            if loss_E[epoch] < loss_E[best]:
                best = epoch
            elif epoch - best >= patience:
                ends = epoch + 1
                break
        epochs, last = trained(engine, BASE.but(patience=patience))
        assert len(epochs) == ends
        assert curves(epochs)[0] == loss_E[:ends]
        _, shorter = trained(engine, BASE.but(epochs=best + 1, best_by="none"))
        assert_same(last.tensors, shorter.tensors)
    assert ends < 12


@every_engine
def test_resumed_is_as_never_stopped(engine: Candidate) -> None:
    experiment = BASE.but(patience=2)
    epochs, last = trained(engine, experiment)
    for done in range(1, len(epochs) + 1):
        rest, again = trained(engine, experiment, done, epochs[done - 1].state)
        # Of a run that was stopped after its last epoch, nothing is left to train.
        assert len(rest) == len(epochs) - done
        for event, right in zip(rest, epochs[done:], strict=True):
            assert_same(event.state, right.state)
        assert_same(again.tensors, last.tensors)
        assert again.probabilities.tobytes() == last.probabilities.tobytes()


def test_a_value_that_is_not_finite_is_never_the_best() -> None:
    nan = math.nan
    assert kept_epoch(BASE, validated([nan, 0.5, math.inf, 0.5], [0.1] * 4)) == 2
    assert kept_epoch(BASE, validated([nan, nan], [0.1, 0.2])) == 2
    rising = validated([1, 2, 3], [0.5, 0.7, 0.7])
    assert kept_epoch(BASE.but(best_by="validation_accuracy"), rising) == 2
    assert kept_epoch(BASE.but(best_by="none"), rising) == 3


STUDY = SMALL_STUDY.replace(
    "[experiments.mlp]", 'validation = 30\n\n[experiments.mlp]\nbest_by = "validation_loss"'
).replace("epochs = 4", "epochs = 30\npatience = 1").replace("lr = 0.1,", "lr = 0.5,")  # fmt: skip


@pytest.mark.slow
def test_results_are_those_of_the_kept_epoch(small: Small, tmp_path: Path) -> None:
    path = small(STUDY)
    study, folder = load_study(str(path))
    results = study.run(store=tmp_path / "runs", relative_to=folder, jobs=1, quiet=True)
    runs = [run for e in results._result.experiments.values() for run in e.finished]
    assert len(runs) == 6
    assert any(run.epochs < 30 for run in runs)
    for run in runs:
        loss_E = run.curves.validation_loss
        assert run.kept_epoch == loss_E.argmin() + 1
        assert run.epochs in (30, run.kept_epoch + 1)
        # What is stored of the test images is of the same epoch.
        assert run.predictions is not None
        share = run.predictions.correct.mean()
        assert share == pytest.approx(run.curves.test_accuracy[run.kept_epoch - 1])
    table = results.runs()
    assert sorted(table["test_accuracy"]) == sorted(
        run.curves.test_accuracy[run.kept_epoch - 1] for run in runs
    )
    for one in results._result.experiments.values():
        wanted = [run.curves.test_accuracy[run.kept_epoch - 1] for run in one.finished]
        np.testing.assert_allclose(one.final("test_accuracy"), wanted)
        best = [
            run.curves.test_accuracy[run.curves.validation_accuracy[: run.kept_epoch].argmax()]
            for run in one.finished
        ]
        assert [named("best_validation_test_accuracy").value(run) for run in one.finished] == best
