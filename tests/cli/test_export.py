"""`paribus export` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from paribus.cli.main import paribus
from paribus.data.batches import prepare
from paribus.data.sources import load
from paribus.errors import UserError
from tests.support.commands import train

STUDY = """
title = "On MNIST"
seeds = 1
images = 2000

[experiments.cnn]
network = ["conv 8", "batchnorm", "relu", "maxpool 2", "residual [conv 8, tanh]", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 1
"""  # noqa: E501


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    (folder / "study.toml").write_text(STUDY, "utf-8")
    train(folder, "study.toml")
    return folder


@pytest.fixture(autouse=True)
def _there(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)


def call(*arguments: str) -> str:
    result = CliRunner().invoke(paribus, ["export", *arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.exception or result.output
    return result.stdout


@pytest.mark.thorough
def test_a_run_to_onnx_on_all_of_mnist(trained: Path) -> None:
    facts = json.loads(call("cnn/0", "--json"))
    assert facts["path"] == f"export/{facts['run']}.onnx"
    assert facts["check"]["tool"] == "onnxruntime"
    assert facts["check"]["images"] == 10_000
    assert facts["check"]["difference"] < 1e-5
    images = prepare(load("mnist")).test_images
    answers = onnxruntime.InferenceSession(facts["path"]).run(["probabilities"], {"images": images})
    stored = np.load(trained / "runs" / "runs" / facts["run"] / "probabilities.npy")
    assert np.abs(answers[0] - stored).max() < 1e-5
    with pytest.raises(UserError, match="already exists"):
        call("cnn/0")


@pytest.mark.thorough
def test_a_run_for_people() -> None:
    told = call("cnn/0", "--to", "torch", "--output", "mine").splitlines()
    assert told[0].endswith("-0: mine")
    assert told[1].startswith("Checked with PyTorch on 10,000 test images: no probability differs")


@pytest.mark.thorough
def test_a_store_for_people() -> None:
    assert call("--to", "csv") == (
        "1 run: export/csv\nRead it with pandas.read_csv, R's read.csv or any spreadsheet.\n"
    )
    assert Path("export/csv/runs.csv").is_file()


def test_a_run_is_needed_or_has_no_effect() -> None:
    with pytest.raises(UserError, match="--to onnx writes the network of one run; name it as"):
        call()
    with pytest.raises(UserError, match="exports the whole store and takes no RUN"):
        call("cnn/0", "--to", "csv")
    with pytest.raises(UserError, match='there is no run "cnn/7"'):
        call("cnn/7")
