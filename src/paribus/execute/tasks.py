"""Makes of an experiment and a seed the task that an engine is given."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from paribus.data.batches import Arrays, channel_statistics, prepare
from paribus.data.dataset import Dataset
from paribus.engines.base import Split, Task
from paribus.engines.normalized import Normalization
from paribus.execute.augmented import AugmentedImages
from paribus.randomness import Randomness
from paribus.spec.experiment import Experiment
from paribus.spec.plan import Plan, plan_of


class TaskMaker:
    """Makes tasks on one dataset, whose arrays all of them share."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        # A study's experiments mostly use the same images; two sets at most are kept in memory.
        self._arrays = lru_cache(maxsize=2)(self._prepare)

    def _prepare(
        self, images: int | None, validation: int, split: int, normalize: str
    ) -> tuple[Arrays, Normalization | None]:
        arrays = prepare(self.dataset, images, validation, split)
        if normalize == "none":
            return arrays, None
        trained_on = self.dataset.train_images[arrays.train_indices]
        normalization = Normalization(*channel_statistics(trained_on))
        normalized = replace(
            arrays,
            train_images=normalization(arrays.train_images),
            test_images=normalization(arrays.test_images),
            validation_images=normalization(arrays.validation_images),
        )
        return normalized, normalization

    def make(self, experiment: Experiment, seed: int) -> Task:
        """The task of one run. Raises `UserError` where the network does not fit the data."""
        network = plan_of(experiment, self.dataset.image_shape, self.dataset.classes)
        arrays, normalization = self._arrays(
            experiment.images,
            experiment.validation,
            experiment.validation_split,
            experiment.normalize,
        )
        randomness = Randomness(seed)
        initial = (
            randomness.initial_tensors(network, experiment.initialisation)
            if isinstance(network, Plan)
            else {}
        )
        return Task(
            network=network,
            classes=self.dataset.classes,
            optimizer=experiment.optimizer,
            schedule=experiment.schedule,
            epochs=experiment.epochs,
            batch_size=experiment.batch_size,
            label_smoothing=experiment.label_smoothing,
            ema=experiment.ema,
            train=Split(arrays.train_images, arrays.train_labels),
            test=Split(arrays.test_images, arrays.test_labels),
            validation=(
                Split(arrays.validation_images, arrays.validation_labels)
                if len(arrays.validation_labels)
                else None
            ),
            randomness=randomness,
            initial=initial,
            augmented=(
                AugmentedImages(
                    self.dataset.train_images,
                    arrays.train_indices,
                    experiment.augment,
                    seed=seed,
                    normalized=normalization,
                )
                if experiment.augment
                else None
            ),
            kept={} if normalization is None else normalization.tensors(),
        )
