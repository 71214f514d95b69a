"""An experiment: all that one training needs but its seed, and a hash of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Self, get_args

from pydantic import Field

from paribus.spec.bounds import MOST_EPOCHS, MOST_IMAGES
from paribus.spec.model import Spec
from paribus.spec.network import Network
from paribus.spec.recipe import Constant, Initialisation, Optimizer, Schedule

EngineName = Literal["auto", "numpy", "torch", "native"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

# Raised when the same words begin to mean another training; hashes then differ from older ones.
_FORMAT = 1


class Experiment(Spec):
    """A network, a data set and a training recipe.

    >>> from paribus.spec.recipe import Sgd
    >>> Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2).hash[:12]
    '9d494117e82f'
    """

    network: Network
    """Its layers, or a module of your own."""
    optimizer: Optimizer
    """What makes steps of gradients."""
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    """Passes over the training images."""
    batch_size: int = Field(default=128, ge=1, le=MOST_IMAGES)
    """Images a step; the last batch of an epoch may be smaller."""
    schedule: Schedule = Constant()
    """How the learning rate changes over the steps."""
    initialisation: Initialisation = "torch"
    """What the weights are before training."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of the target that is spread evenly over all classes (Szegedy et al. 2016)."""
    data: str = "mnist"
    """A named data set, a folder of IDX files, a folder of images per class, or an .npz file; a
    path starts from the study file's folder."""
    images: int | None = Field(default=None, ge=1, le=MOST_IMAGES)
    """Training images used, chosen the same for every seed; all of them unless given."""
    validation: int = Field(default=0, ge=0, le=MOST_IMAGES)
    """Training images held out to choose by, the same for every seed."""
    engine: EngineName = "auto"
    """What trains it. "auto": the fastest engine that can run all experiments of the study which
    leave it to "auto", so that no difference between them is the engine's. Not part of the hash:
    every engine is to train the same thing."""

    def settings(self) -> dict[str, Any]:
        """Return everything but the engine in plain JSON types, defaults written out."""
        return self.model_dump(mode="json", exclude={"engine"})

    def canonical(self) -> dict[str, Any]:
        """Everything that the hash covers, in plain JSON types, defaults written out."""
        return {"format": _FORMAT, **self.model_dump(mode="json", exclude={"engine"})}

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, in hex. The same in Python and from a file."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def step_hash(self) -> str:
        """The hash of what a training step takes its time from: how long and on how many images
        it is trained does not matter."""
        alike = {"epochs": 1, "images": None, "validation": 0, "schedule": Constant()}
        return self.but(**alike, initialisation="torch").hash

    def but(self, **changes: Any) -> Self:
        """A variant: this experiment with some settings changed, validated anew.

        >>> from paribus.spec.recipe import Sgd
        >>> base = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
        >>> base.but(epochs=3).epochs
        3
        """
        return type(self)(**{**dict(self), **changes})
