"""A small study of two tuned experiments."""

from __future__ import annotations

TUNED_STUDY = """
title = "Tuned"
data = "small.npz"
validation = 30
seeds = 5

[experiments.sgd]
network = ["flatten", "linear 3"]
optimizer = { name = "sgd" }
batch_size = 30
epochs = 2
engine = "numpy"

[experiments.sgd.tune]
trials = 3
optimizer.lr = { log = [0.001, 10.0] }

[experiments.adam]
from = "sgd"
optimizer = { name = "adam" }

[experiments.adam.tune]
trials = 3
optimizer.lr = { log = [1e-5, 0.1] }
initialisation = { choice = ["torch", "he"] }

[[questions]]
ask = "Is Adam better?"
compare = ["sgd", "adam"]
about = ["optimizer", "tune.space"]
matters = 0.3
"""
"""Of the small data, `tests.support.small`."""
