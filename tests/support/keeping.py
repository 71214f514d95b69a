"""A study of seconds in which runs keep an epoch before their last one."""

from __future__ import annotations

from pathlib import Path

from tests.support.commands import train_here

KEEPING = """
title = "Keeping"
data = "digits"
seeds = 4
validation = 300

[experiments.patient]
network = ["flatten", "linear 16", "relu", "linear 10"]
optimizer = { name = "sgd", lr = 0.5, momentum = 0.9 }
epochs = 12
engine = "numpy"
best_by = "validation_loss"
patience = 2

[experiments.last]
from = "patient"
best_by = "none"
patience = "none"
"""


def train_keeping(folder: Path) -> None:
    """Write and train the study in a folder."""
    path = folder / "study.toml"
    path.write_text(KEEPING)
    train_here(path)
