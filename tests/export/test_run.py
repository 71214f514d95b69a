"""Exporting a run: checked, whole or not at all, over nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import ParibusError, UserError
from paribus.export import numpy as to_numpy
from paribus.export import onnx as to_onnx
from paribus.export import torch as to_torch
from paribus.export.formats import RunFormat
from paribus.export.run import Check, export_run
from paribus.export.trained import read_trained
from paribus.store.open import open_store
from tests.support.commands import train
from tests.support.every_layer import Read

each_format = pytest.mark.parametrize(
    "form",
    [to_onnx.FORMAT, to_torch.FORMAT, to_numpy.FORMAT],
    ids=["onnx", "torch", "numpy"],
)


@each_format
def test_an_export_is_checked(form: RunFormat, read: Read, tmp_path: Path) -> None:
    target = tmp_path / "new" / f"run{form.suffix}"
    check = export_run(read("cnn"), form, target)
    assert (check.images, check.not_checked) == (60, "")
    assert check.difference < 2e-6
    assert list(target.parent.iterdir()) == [target]


@each_format
def test_export_fails_and_leaves_no_file_if_probabilities_differ(
    form: RunFormat, read: Read, tmp_path: Path
) -> None:
    trained = read("cnn")
    bias = np.asarray(trained.tensors["conv1.bias"], np.float32) + np.float32(0.5)
    weights = {**trained.tensors, "conv1.bias": bias}
    with pytest.raises(ParibusError, match=r"not exported, because .* gives other probabilities"):
        export_run(replace(trained, tensors=weights), form, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@each_format
def test_nothing_is_written_over(form: RunFormat, read: Read, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.write_text("my thesis")
    with pytest.raises(UserError, match="mine: already exists and is not overwritten"):
        export_run(read("cnn"), form, target)
    assert target.read_text() == "my thesis"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_to(read: Read, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written: .*; name another place with --output"):
        export_run(read("cnn"), to_numpy.FORMAT, tmp_path / "file" / "run.npz")


def test_the_sentence() -> None:
    assert Check(10_000, "onnxruntime", 6.3e-7).sentence == (
        "Checked with onnxruntime on 10,000 test images: no probability differs from the stored "
        "one by more than 6.3e-07."
    )
    assert Check(not_checked="PyTorch is not installed").sentence == (
        "Not checked, because PyTorch is not installed."
    )


def test_data_that_is_not_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    with open_store(tmp_path / "runs", "write") as store, pytest.raises(UserError) as told:
        read_trained(store.find_runs("cnn/0")[0], store)
    assert 'data "colors.npz": there is no dataset of that name' in str(told.value)
    assert "call `paribus export` from the folder that the study was run from" in str(told.value)


@pytest.mark.thorough
def test_a_module_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights, a source that loads them, and a model by PyTorch's exporter."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "nets_to_export.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self, width):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(784, width), nn.BatchNorm1d(width),\n"
        "                         nn.ReLU(), nn.Linear(width, 10))\n"
    )
    (tmp_path / "study.toml").write_text(
        'title = "Own"\nseeds = 1\nimages = 300\n[experiments.own]\n'
        'network = { module = "nets_to_export:Net", arguments = { width = 5 } }\n'
        'optimizer = { name = "sgd", lr = 0.1 }\nepochs = 1\n'
    )
    train(tmp_path, "study.toml")
    with open_store(Path("runs"), "write") as store:
        trained = read_trained(store.find_runs("own/0")[0], store, tmp_path)
    check = export_run(trained, to_torch.FORMAT, tmp_path / "torch")
    assert (check.images, check.tool) == (10_000, "PyTorch")
    check = export_run(trained, to_numpy.FORMAT, tmp_path / "own.npz")
    assert check.not_checked == "the module that it is the weights of is yours"
    check = export_run(trained, to_onnx.FORMAT, tmp_path / "own.onnx")
    assert (check.images, check.tool, check.difference < 1e-6) == (10_000, "onnxruntime", True)
