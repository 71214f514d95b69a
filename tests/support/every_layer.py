"""A study with a small network for every layer in every place it can stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from paribus import load_study
from paribus.export.trained import TrainedRun
from paribus.seeding import stream
from tests.support.networks import NETWORKS

Read = Callable[[str], TrainedRun]
"""The fixture `read` of tests/export: the trained network of a name."""

RECIPE = """
title = "Every layer"
data = "colors.npz"
seeds = 1

[experiments.base]
network = ["flatten", "linear 3"]
optimizer = { name = "adam", lr = 0.01 }
batch_size = 16
epochs = 2
engine = "numpy"
"""


def slug(name: str) -> str:
    """The name of the experiment of a network."""
    return re.sub(r"[^a-z0-9]+", "-", name)


def networks() -> dict[str, list[str]]:
    return {
        name: [text.replace("CHANNELS", "3") for text in network]
        for name, network in NETWORKS.items()
    } | {"repeat": ["repeat 2 [conv 4, relu]", "flatten", "linear 3"]}


def write_colors(folder: Path) -> None:
    """Write `colors.npz`, images 3×7×7 of 3 classes."""
    rng = stream(0, "test", "export")
    patterns = rng.integers(0, 200, (3, 3, 7, 7))
    parts: dict[str, Any] = {}
    for part, count in (("train", 90), ("test", 60)):
        labels = np.arange(count) % 3
        images = patterns[labels] + rng.integers(0, 56, (count, 3, 7, 7))
        parts[f"x_{part}"] = images.astype(np.uint8)
        parts[f"y_{part}"] = labels
    np.savez(folder / "colors.npz", **parts)


def train_every_layer(folder: Path) -> None:
    """Write the study, of images 3×7×7 of 3 classes, and train it."""
    write_colors(folder)
    text = RECIPE + "".join(
        f'[experiments.{slug(name)}]\nfrom = "base"\nnetwork = {network}\n'
        for name, network in networks().items()
    )
    (folder / "study.toml").write_text(text, "utf-8")
    study, _ = load_study(str(folder / "study.toml"))
    study.run(store=folder / "runs", relative_to=folder, jobs=1, quiet=True)
