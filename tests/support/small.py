"""A small real study: images made from noise and a pattern per class, three networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from paribus.seeding import stream

Small = Callable[..., Path]
"""The fixture `small`: writes the study, or the text that it is given, and its data; gives the
path of its file."""


def mlp_study(*, seeds: int, epochs: int) -> str:
    """Return a study of one experiment without questions, to which others can be added."""
    return f"""
title = "Small"
data = "small.npz"
seeds = {seeds}

[experiments.mlp]
network = ["flatten", "linear 8", "relu", "linear 3"]
optimizer = {{ name = "sgd", lr = 0.1, momentum = 0.9 }}
batch_size = 16
epochs = {epochs}
engine = "numpy"
"""


SMALL_STUDY = f"""{mlp_study(seeds=2, epochs=4)}
[experiments.cnn]
from = "mlp"
network = ["conv 4", "batchnorm", "relu", "maxpool 2", "dropout 0.2", "flatten", "linear 3"]

[experiments.adam]
from = "mlp"
optimizer = {{ name = "adam", lr = 0.01 }}

[[questions]]
ask = "Is the CNN better?"
compare = ["mlp", "cnn"]
about = ["network"]
matters = 0.01
"""

TWO_LENGTHS = """
title = "Two lengths"
data = "digits"
seeds = 2

[experiments.short]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 1

[experiments.long]
from = "short"
epochs = 3
"""
"""A study of digits without questions."""


def lengths_question(metric: str = "test_accuracy") -> str:
    """Return a question about its two experiments."""
    return f"""
[[questions]]
ask = "Does it help by {metric}?"
compare = ["short", "long"]
about = ["epochs"]
metric = "{metric}"
matters = 0.01
"""


MORE = """
[experiments.wild]
from = "mlp"
optimizer = { name = "sgd", lr = 1e30 }

[[questions]]
ask = "Is the loss lower with Adam?"
compare = ["mlp", "adam"]
about = ["optimizer"]
metric = "test_loss"
matters = 0.01

[[questions]]
ask = "Is a step of the CNN slower?"
compare = ["mlp", "cnn"]
about = ["network"]
metric = "step_time"
matters = 0.05
"""
"""To be added to the study: an experiment that diverges, questions about test images and times."""


def write_small(folder: Path, study: str = SMALL_STUDY) -> Path:
    """Write a dataset of 3 classes, 1×6×6, 120 + 40 images, and a study file on it; return the
    file's path."""
    rng = stream(0, "test", "small")
    patterns = rng.integers(0, 200, (3, 6, 6))
    parts: dict[str, Any] = {}
    for part, count in (("train", 120), ("test", 40)):
        labels = np.arange(count) % 3
        noise = rng.integers(0, 56, (count, 6, 6))
        parts[f"x_{part}"] = (patterns[labels] + noise).astype(np.uint8)
        parts[f"y_{part}"] = labels
    np.savez(folder / "small.npz", **parts)
    path = folder / "small.toml"
    path.write_text(study, "utf-8")
    return path
