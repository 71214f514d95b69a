"""How an experiment is trained, in a line."""

from __future__ import annotations

from collections.abc import Iterable

from paribus.present.what_differs import setting_name, space_words, value_words
from paribus.spec.experiment import Experiment
from paribus.spec.recipe import Optimizer, Schedule
from paribus.text import count


def recipe(experiment: Experiment) -> str:
    """Return all settings but the network and the data, defaults left out but for what everybody
    asks for.

    >>> from paribus.spec.recipe import Sgd
    >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
    >>> recipe(base.but(augment=["flip"]))
    'sgd, learning rate 0.01; batches of 128; 2 epochs; augmented by flip'
    """
    optimizer, tune = experiment.optimizer, experiment.tune
    tuned = () if tune is None else tuple(tune.space)
    rate = [] if "optimizer.lr" in tuned else [f"learning rate {optimizer.lr:g}"]
    own = _changed(optimizer, ("name", "lr", *_within("optimizer", tuned)))
    parts = [", ".join([optimizer.name, *rate, *own])]
    if tune is not None:
        parts.append(f"tuned in {tune.trials} trials, {space_words(tune.space)}")
    if "batch_size" not in tuned:
        parts.append(f"batches of {experiment.batch_size}")
    parts.append(f"{'at most ' if experiment.patience else ''}{count(experiment.epochs, 'epoch')}")
    if experiment.images is not None:
        parts.append(count(experiment.images, "training image"))
    if experiment.schedule.name != "constant":
        name = f"{experiment.schedule.name} schedule"
        own = _changed(experiment.schedule, ("name", *_within("schedule", tuned)))
        parts.append(", ".join([name, *own]))
    if experiment.initialisation != "torch" and "initialisation" not in tuned:
        parts.append(f"{experiment.initialisation} initialisation")
    if experiment.label_smoothing and "label_smoothing" not in tuned:
        parts.append(f"label smoothing {experiment.label_smoothing:g}")
    if experiment.best_by != "none":
        by = value_words("best_by", experiment.best_by)
        ends = (
            f", training ends after {count(experiment.patience, 'epoch')} without a better one"
            if experiment.patience
            else ""
        )
        parts.append(f"the epoch with the {by} is kept{ends}")
    if experiment.ema and "ema" not in tuned:
        parts.append(f"weights averaged with decay {experiment.ema:g}")
    if experiment.normalize != "none":
        parts.append(f"normalized by {experiment.normalize}")
    if experiment.augment:
        parts.append(f"augmented by {', '.join(experiment.augment)}")
    return "; ".join(parts)


def _changed(table: Optimizer | Schedule, but: Iterable[str]) -> list[str]:
    """The settings of an optimizer or schedule that are not its defaults, some left out."""
    return [
        f"{setting_name(key)} {value_words(key, value)}"
        for key, value in table
        if key not in but and value != type(table).model_fields[key].default
    ]


def _within(table: str, tuned: Iterable[str]) -> list[str]:
    """The settings of a table that are tuned."""
    return [name.removeprefix(f"{table}.") for name in tuned if name.startswith(f"{table}.")]
