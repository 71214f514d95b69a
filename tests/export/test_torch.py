"""Exported PyTorch sources, run as their users run them: in a process that knows no Paribus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from paribus.engines.scoring import probabilities
from paribus.export.formats import Recomputed
from paribus.export.torch import recompute, write
from tests.support.every_layer import Read, networks


@pytest.mark.parametrize("name", networks())
def test_every_layer_answers_as_it_did_when_trained(name: str, read: Read, tmp_path: Path) -> None:
    trained = read(name)
    write(trained, tmp_path / "run")
    answer = recompute(tmp_path / "run", trained.test_images)
    assert isinstance(answer, Recomputed)
    assert answer.tool == "PyTorch"
    assert np.abs(answer.probabilities_NK - trained.probabilities).max() < 2e-6
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == [
        "network.py",
        "weights.safetensors",
    ]


def test_it_needs_nothing_of_ours(read: Read, tmp_path: Path) -> None:
    trained = read("residual with batchnorm")
    write(trained, tmp_path / "run")
    np.save(tmp_path / "images.npy", trained.test_images)
    script = (
        "import sys, numpy, torch\n"
        "from network import CLASSES, load\n"
        "logits = load()(torch.from_numpy(numpy.load('../images.npy')))\n"
        "assert CLASSES == ('0', '1', '2'), CLASSES\n"
        "assert 'paribus' not in sys.modules\n"
        "numpy.save('../logits.npy', logits.detach().numpy())\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path / "run", check=True)
    answers = probabilities(np.load(tmp_path / "logits.npy"))
    assert np.abs(answers - trained.probabilities).max() < 2e-6


def test_the_source_reads_as_one_would_write_it(read: Read, tmp_path: Path) -> None:
    for name in networks():
        write(read(name), tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lint = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I,B,UP"]
    done = subprocess.run([*lint, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    source = (tmp_path / "residual in residual" / "network.py").read_text("utf-8")
    assert source.partition("        super().__init__()\n")[2].partition("\n\n\n")[0] == (
        "        self.conv1 = nn.Conv2d(3, 2, kernel_size=3, padding=1)\n"
        "        self.conv2 = nn.Conv2d(2, 2, kernel_size=3, padding=1)\n"
        "        self.conv3 = nn.Conv2d(2, 2, kernel_size=3, padding=1)\n"
        "        self.linear1 = nn.Linear(98, 3)\n"
        "\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        x = self.conv1(x)\n"
        "        y = F.tanh(x)\n"
        "        z = F.gelu(self.conv2(y))\n"
        "        y = y + z\n"
        "        y = self.conv3(y)\n"
        "        x = x + y\n"
        "        x = x.flatten(1)\n"
        "        return self.linear1(x)"
    )


def test_the_state_dict_is_the_one_of_such_a_module(read: Read, tmp_path: Path) -> None:
    write(read("batchnorm of maps"), tmp_path / "run")
    names = set(load_file(tmp_path / "run" / "weights.safetensors"))
    module = torch.nn.ModuleDict(
        {
            "conv1": torch.nn.Conv2d(3, 2, 3),
            "batchnorm1": torch.nn.BatchNorm2d(2),
            "linear1": torch.nn.Linear(98, 3),
        }
    )
    assert names == set(module.state_dict()) - {"batchnorm1.num_batches_tracked"}
