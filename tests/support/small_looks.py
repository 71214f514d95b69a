"""A small study with looks: one question ends at the first, another goes on to the second."""

from __future__ import annotations

LOOKS_BEGIN = """
title = "Looks"
data = "small.npz"
seeds = { looks = [5, 10] }

[experiments.mlp]
network = ["flatten", "linear 8", "relu", "linear 3"]
optimizer = { name = "sgd", lr = 0.1, momentum = 0.9 }
batch_size = 16
epochs = 1
engine = "numpy"

[experiments.still]
from = "mlp"
optimizer = { lr = 1e-6 }
"""
"""A network and one that learns next to nothing, with looks."""

LOOKS_STUDY = (
    LOOKS_BEGIN
    + """
[experiments.adam]
from = "mlp"
optimizer = { name = "adam", lr = 0.01 }

[[questions]]
ask = "Does it learn without learning?"
compare = ["mlp", "still"]
about = ["optimizer"]
metric = "test_loss"
matters = 0.01

[[questions]]
ask = "Is Adam better?"
compare = ["mlp", "adam"]
about = ["optimizer"]
matters = 0.3

[[questions]]
ask = "Is a step of Adam slower?"
compare = ["mlp", "adam"]
about = ["optimizer"]
metric = "step_time"
matters = 0.05
"""
)
"""Of the small data. The third question is not judged at looks."""
