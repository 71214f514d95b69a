"""One store with a small trained network for every layer in every place it can stand."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus.export.trained import Trained, read_trained
from paribus.seeding import stream
from paribus.store.store import Store
from tests.conformance.networks import NETWORKS

Read = Callable[[str], Trained]

RECIPE = """
title = "Every layer"
data = "colours.npz"
seeds = 1

[experiments.base]
network = ["flatten", "linear 3"]
optimizer = { name = "adam", lr = 0.01 }
batch_size = 16
epochs = 2
engine = "numpy"
"""


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name)


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of images 3×7×7 of 3 classes, trained."""
    folder = tmp_path_factory.mktemp("every-layer")
    rng = stream(0, "test", "export")
    patterns = rng.integers(0, 200, (3, 3, 7, 7))
    parts: dict[str, Any] = {}
    for part, count in (("train", 90), ("test", 60)):
        labels = np.arange(count) % 3
        images = patterns[labels] + rng.integers(0, 56, (count, 3, 7, 7))
        parts[f"x_{part}"] = images.astype(np.uint8)
        parts[f"y_{part}"] = labels
    np.savez(folder / "colours.npz", **parts)
    study = RECIPE + "".join(
        f'[experiments.{slug(name)}]\nfrom = "base"\nnetwork = {network}\n'
        for name, network in networks().items()
    )
    (folder / "study.toml").write_text(study, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "paribus", "run", "study.toml", "--jobs", "1"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def networks() -> dict[str, list[str]]:
    return {
        name: [text.replace("CHANNELS", "3") for text in network]
        for name, network in NETWORKS.items()
    } | {"repeat": ["repeat 2 [conv 4, relu]", "flatten", "linear 3"]}


@pytest.fixture
def read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """Reads the run of a network by its name."""
    monkeypatch.chdir(folder)
    with Store.open(Path("runs")) as store:
        yield lambda name: read_trained(store.find_runs(f"{slug(name)}/0")[0], store)
