"""A whole store in other tools' formats, read back with those tools' own readers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE
from tensorboard.util.tensor_util import make_ndarray

from paribus.errors import UserError
from paribus.export import csv as to_csv
from paribus.export import mlflow as to_mlflow
from paribus.export import tensorboard as to_tensorboard
from paribus.export.csv import write as write_csv
from paribus.export.formats import StoreFormat
from paribus.export.tables import store_rows
from paribus.export.whole_store import ExportedStore, export_store
from paribus.spec.experiment import Experiment
from paribus.spec.identity import identity
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Adam, Sgd
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from paribus.store.writer import Writer

ADAM = Experiment(
    network=parse_layers(["conv 8", "residual [relu, conv 8]", "flatten", "linear 10"]),
    optimizer=Adam(lr=0.001),
    epochs=3,
    images=500,
)
SGD = ADAM.but(optimizer=Sgd(lr=1e30))


def values(epoch: int) -> dict[str, float]:
    numbers = {column: epoch + i / 16 for i, column in enumerate(EPOCH_COLUMNS)}
    return numbers | {"validation_loss": math.nan, "validation_accuracy": math.nan}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Writer]:
    """Two runs: one after two of three epochs, one that diverged."""
    with open_store(tmp_path / "runs", "create") as opened:
        identities = {"adam": identity(ADAM, "f00d"), "sgd": identity(SGD, "f00d")}
        opened.keep_study("study.toml", identities, data="mnist")
        going = opened.begin(identities["adam"].hash, 3, "torch", {})
        for epoch in (1, 2):
            opened.add_epoch(going.id, epoch, values(epoch), {})
        lost = opened.begin(identities["sgd"].hash, 0, "numpy", {})
        opened.diverge(lost.id, 1, values(1) | {"train_loss": math.nan}, "diverged at epoch 1")
        yield opened


def test_csv(store: Writer, tmp_path: Path) -> None:
    exported = export_store(store, to_csv.FORMAT, tmp_path / "out")
    assert exported == ExportedStore(2, "pandas.read_csv, R's read.csv or any spreadsheet")
    runs = pd.read_csv(tmp_path / "out" / "runs.csv")
    assert runs["experiment"].tolist() == ["adam", "sgd"]
    adam, sgd = runs.to_dict("records")
    assert adam["network"] == "conv 8, residual [relu, conv 8], flatten, linear 10"
    assert (adam["optimizer"], adam["optimizer.lr"]) == ("adam", 0.001)
    assert adam["optimizer.betas"] == "0.9, 0.999"
    assert (adam["seed"], adam["engine"], adam["status"]) == (3, "torch", "running")
    assert (adam["epochs"], adam["epochs_trained"]) == (3, 2)
    assert adam["test_accuracy"] == values(2)["test_accuracy"]
    assert adam["train_seconds"] == values(1)["train_seconds"] + values(2)["train_seconds"]
    assert math.isnan(adam["validation_loss"])
    assert (sgd["status"], sgd["reason"]) == ("diverged", "diverged at epoch 1")
    assert math.isnan(sgd["optimizer.betas"])
    assert math.isnan(sgd["train_loss"])

    epochs = pd.read_csv(tmp_path / "out" / "epochs.csv")
    assert epochs[["experiment", "epoch"]].to_numpy().tolist() == [
        ["adam", 1],
        ["adam", 2],
        ["sgd", 1],
    ]
    for column in ("train_loss", "test_loss", "test_seconds"):
        assert epochs[column][1] == values(2)[column]
    page = (tmp_path / "out" / "README.md").read_text("utf-8")
    for column in (*runs.columns, *epochs.columns):
        assert f"| `{column}` | " in page


def test_tensorboard(store: Writer, tmp_path: Path) -> None:
    exported = export_store(store, to_tensorboard.FORMAT, tmp_path / "out")
    assert exported == ExportedStore(2, f"tensorboard --logdir {tmp_path / 'out'}")
    folders = sorted(file.parent for file in (tmp_path / "out").rglob("events.out.tfevents*"))
    assert [folder.parent.name for folder in folders] == ["adam", "sgd"]
    events = EventAccumulator(str(folders[0])).Reload()
    scalar_tags = set(events.Tags()["tensors"]) - {"_hparams_/session_start_info"}
    assert sorted(scalar_tags) == [
        "accuracy/test",
        "accuracy/train",
        "loss/test",
        "loss/train",
    ]
    scalars = events.Tensors("accuracy/test")
    assert [scalar.step for scalar in scalars] == [1, 2]
    doubles = [make_ndarray(scalar.tensor_proto) for scalar in scalars]
    assert [double.dtype for double in doubles] == ["float64"] * 2
    assert [double.item() for double in doubles] == [values(k)["test_accuracy"] for k in (1, 2)]
    plugin = events.SummaryMetadata("accuracy/test").plugin_data.plugin_name
    assert plugin == "scalars"
    one, two = (values(k)["train_seconds"] + values(k)["test_seconds"] for k in (1, 2))
    assert [scalar.wall_time for scalar in scalars] == [one, one + two]
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    settings = data.session_start_info.hparams
    assert settings["optimizer"].string_value == "adam"
    assert settings["optimizer.lr"].number_value == 0.001
    assert settings["seed"].number_value == 3
    diverged = EventAccumulator(str(folders[1])).Reload()
    assert "loss/train" not in diverged.Tags()["tensors"]
    content = diverged.SummaryMetadata("_hparams_/session_end_info").plugin_data.content
    ended = plugin_data_pb2.HParamsPluginData.FromString(content)
    assert ended.session_end_info.status == STATUS_FAILURE


@pytest.mark.thorough
def test_mlflow(store: Writer, tmp_path: Path) -> None:
    exported = export_store(store, to_mlflow.FORMAT, tmp_path / "out")
    uri = f"sqlite:///{tmp_path}/out/mlflow.db"
    assert exported == ExportedStore(2, f"mlflow ui --backend-store-uri {uri}")
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("paribus")
    assert experiment is not None
    assert experiment.artifact_location == (tmp_path / "out" / "artifacts").as_uri()
    runs = client.search_runs([experiment.experiment_id])
    found = {run.info.run_name: run for run in runs}
    assert set(found) == {"adam, seed 3", "sgd, seed 0"}
    adam, sgd = found["adam, seed 3"], found["sgd, seed 0"]
    assert (adam.info.status, sgd.info.status) == ("RUNNING", "FAILED")
    assert sgd.data.tags["paribus.status"] == "diverged at epoch 1"
    assert adam.data.params["optimizer.lr"] == "0.001"
    assert adam.data.params["network"] == "conv 8, residual [relu, conv 8], flatten, linear 10"
    assert "images" in adam.data.params
    history = client.get_metric_history(adam.info.run_id, "test_loss")
    assert [(metric.step, metric.value) for metric in history] == [
        (epoch, values(epoch)["test_loss"]) for epoch in (1, 2)
    ]
    assert "train_loss" not in sgd.data.metrics
    assert "validation_loss" not in adam.data.metrics


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41"])
def test_mlflow_is_not_written_to_another_place(store: Writer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="MLflow takes the path for an address, in which"):
        export_store(store, to_mlflow.FORMAT, tmp_path / name / "out")
    assert [path.name for path in tmp_path.iterdir() if path.name[0] == "a"] == [name]
    assert not list((tmp_path / name).iterdir())


@pytest.mark.thorough
def test_mlflow_of_more_epochs_than_fit_into_one_request(store: Writer, tmp_path: Path) -> None:
    long = ADAM.but(epochs=300)
    known = identity(long, "f00d")
    store.keep_study("study.toml", {"long": known}, data="mnist")
    run = store.begin(known.hash, 0, "torch", {})
    for epoch in range(1, 301):
        store.add_epoch(run.id, epoch, values(epoch), {})
    export_store(store, to_mlflow.FORMAT, tmp_path / "out")
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/out/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paribus'")
    (found,) = client.search_runs(
        [experiment.experiment_id],
        filter_string="attributes.run_name = 'long, seed 0'",
    )
    history = client.get_metric_history(found.info.run_id, "test_accuracy")
    assert sorted(metric.step for metric in history) == list(range(1, 301))


@pytest.mark.parametrize(
    "form",
    [to_csv.FORMAT, to_tensorboard.FORMAT, to_mlflow.FORMAT],
    ids=["csv", "tensorboard", "mlflow"],
)
def test_nothing_is_written_over(form: StoreFormat, store: Writer, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("my thesis")
    with pytest.raises(UserError, match="out: already exists and is not overwritten"):
        export_store(store, form, tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out", "runs"]


def test_an_empty_store(tmp_path: Path) -> None:
    with (
        open_store(tmp_path / "runs", "create") as empty,
        pytest.raises(
            UserError, match=r"has no runs yet; `paribus run STUDY --store .*runs` trains some"
        ),
    ):
        export_store(empty, to_csv.FORMAT, tmp_path / "out")


def test_a_failure_leaves_nothing(
    store: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        write_csv(store_rows(store), tmp_path / "unused", tmp_path / "unused")
        raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="out: the disk is full; make room and export again"):
        export_store(store, replace(to_csv.FORMAT, write=fail), tmp_path / "out")
    assert not (tmp_path / "out").exists()
