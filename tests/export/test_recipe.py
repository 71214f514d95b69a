"""Exports of runs whose recipe has more than a network: images that were normalized."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paribus import load_study
from paribus.export.formats import FORMATS, RunFormat
from paribus.export.run import export_run
from paribus.export.trained import TrainedRun, read_trained
from paribus.store.open import open_store
from tests.support.every_layer import write_colors
from tests.support.once import copied

STUDY = """
title = "Normalized"
data = "colors.npz"
seeds = 1

[experiments.layers]
network = ["conv 4", "relu", "flatten", "linear 3"]
optimizer = { name = "adam", lr = 0.01 }
batch_size = 16
epochs = 2
normalize = "channel"
augment = ["crop 1", "flip"]

[experiments.module]
from = "layers"
network = "own_nets:Net"
"""
MODULE = """from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(147, 3))
"""


def _train(folder: Path) -> None:
    write_colors(folder)
    (folder / "own_nets.py").write_text(MODULE, "utf-8")
    (folder / "study.toml").write_text(STUDY, "utf-8")
    study, _ = load_study(str(folder / "study.toml"))
    study.run(store=folder / "runs", relative_to=folder, jobs=1, quiet=True)


@pytest.fixture
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[TrainedRun]:
    folder = copied(tmp_path_factory, "recipe", _train)
    monkeypatch.chdir(folder)
    with open_store(Path("runs"), "read") as store:
        yield read_trained(store.find_runs(f"{request.param}/0")[0], store, folder)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["onnx", "torch", "numpy"])
@pytest.mark.parametrize("trained", ["layers", "module"], indirect=True)
def test_exports_take_images_as_they_are(trained: TrainedRun, form: str, tmp_path: Path) -> None:
    assert trained.normalization is not None
    found = FORMATS.get(form)
    assert isinstance(found, RunFormat)
    check = export_run(trained, found, tmp_path / f"run{found.suffix}")
    if form == "numpy" and trained.names == ("module",):
        assert check.not_checked
    else:
        assert check.images == 60
        assert check.difference < 1e-5


@pytest.mark.parametrize("trained", ["layers"], indirect=True)
def test_the_source_says_how_it_was_trained(trained: TrainedRun, tmp_path: Path) -> None:
    form = FORMATS.get("torch")
    assert isinstance(form, RunFormat)
    form.write(trained, tmp_path / "run")
    source = (tmp_path / "run" / "network.py").read_text("utf-8")
    settings = source.partition("Trained with\n\n")[2].partition('\n"""')[0].splitlines()
    assert "    augment = ['crop 1', 'flip']" in settings
    assert "    normalize = 'channel'" in settings
    assert "    epochs = 2" in settings
    assert "        x = (x - self.mean) / self.sd\n" in source


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["layers", "module"], indirect=True)
def test_the_source_reads_as_one_would_write_it(trained: TrainedRun, tmp_path: Path) -> None:
    form = FORMATS.get("torch")
    assert isinstance(form, RunFormat)
    form.write(trained, tmp_path / "run")
    for command in (["format", "--check"], ["check", "--select", "E,F,I,B,UP"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", *command[1:], str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
