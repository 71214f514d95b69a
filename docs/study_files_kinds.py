"""Texts of docs/study-files.md on questions about more than two experiments."""

PAIRS = """### Does a change help as much elsewhere?

Two pairs ask whether the same change does as much in a second place as in the first:

```toml
title = "Batch normalization, with SGD and with Adam"

[experiments.sgd]
network = ["conv 8", "relu", "maxpool 2", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.05 }
epochs = 5

[experiments.sgd-bn]
from = "sgd"
network = ["conv 8", "batchnorm", "relu", "maxpool 2", "flatten", "linear 10"]

[experiments.adam]
from = "sgd"
optimizer = { name = "adam", lr = 0.001 }

[experiments.adam-bn]
from = "sgd-bn"
optimizer = { name = "adam", lr = 0.001 }

[[questions]]
ask = "Does batch normalization help with Adam as much as with SGD?"
compare = [["sgd", "sgd-bn"], ["adam", "adam-bn"]]
about = ["network", "optimizer"]
matters = 0.001

[[questions]]
ask = "Which of the four should one take?"
best = ["sgd", "sgd-bn", "adam", "adam-bn"]
about = ["network", "optimizer"]
matters = 0.001
```

Each pair is without and with the change. The difference asked about is what it does in the second
place minus what it does in the first, seed by seed. `about` names the change and the places. A
question whose two changes are not the same is confounded. The other keys are those above; the
metric is one that runs have.

"""

BEST = """### Which is best?

`best` in place of `compare`, as above, asks which of several experiments may be the best. The
answer is a set that holds the best one in at least 95 of 100 studies, with intervals to the best
and ranks. With planned looks, what a look excludes is not trained further for this question.
`about` names all in which any two may differ.

"""
