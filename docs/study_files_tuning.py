"""Text of docs/study-files.md on experiments whose settings are tuned."""

TUNING = """## Tuning

An experiment with a table `tune` has its settings searched:

```toml
title = "Adam or SGD, each tuned"
images = 12_000
validation = 3_000
seeds = 5

[experiments.sgd]
network = ["conv 8", "relu", "maxpool 2", "flatten", "linear 10"]
optimizer = { name = "sgd" }
epochs = 5

[experiments.sgd.tune]
trials = 10
optimizer.lr = { log = [0.001, 1.0] }
optimizer.momentum = { linear = [0.0, 0.99] }

[experiments.adam]
from = "sgd"
optimizer = { name = "adam" }

[experiments.adam.tune]
trials = 10
optimizer.lr = { log = [0.0001, 0.1] }
batch_size = { choice = [32, 64, 128] }

[[questions]]
ask = "Is Adam better than SGD?"
compare = ["sgd", "adam"]
about = ["optimizer", "tune.space"]
matters = 0.001
```

"""

TUNING_END = """
Beside `trials` stands a space for each setting that is tuned: any of the optimizer or the schedule,
`batch_size`, `label_smoothing` or `initialisation`. The value of such a setting need not be written
elsewhere, and has no effect there. `space = { "optimizer.lr" = { log = [0.001, 1.0] } }` is the
same, as Python writes it.

`log` draws a number from the first to the second, uniform on a logarithmic scale; `linear` one that
is uniform; `choice` one of the values, each as likely.

Each seed of the study is a *replicate*, a whole tuning run. It draws `trials` settings anew, holds
out other validation images, trains each trial, and chooses the trial with the highest accuracy on
the validation images; of equal ones the first, and never one that diverged. That setting, the
*winner*, is trained once more with a fresh seed, and its result is what questions compare. Test
images have no part in the choice. A study that tunes needs validation images and at least 5 seeds.

[Replicates share nothing](statistics-further.md#tuned-comparisons-tuningpy); within one, a setting
that is drawn twice is trained once.

A question is about tuned experiments alone, or none. Spaces and numbers of trials that differ are
confounds unless `about` has `tune.space`, `tune.trials` or `tune`. A preview has at most 5 trials.

"""
