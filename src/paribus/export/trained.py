"""A finished run with all that an export of it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.data.batches import prepare
from paribus.data.dataset import Dataset
from paribus.data.sources import find
from paribus.engines.normalized import Normalization, split_off
from paribus.errors import UserError
from paribus.spec.code import import_code
from paribus.spec.experiment import Experiment
from paribus.spec.functions import UNTRUSTED
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan, plan_of
from paribus.store.known import present_code
from paribus.store.reader import Reader
from paribus.store.rows import StoredRun

# N images, C channels, H rows, W columns, K classes


@dataclass(frozen=True)
class TrainedRun:
    """A finished run: its network, its tensors, and what it answers for the test images."""

    run: StoredRun
    names: tuple[str, ...]
    """Names of the experiment in studies."""
    experiment: Experiment
    network: Plan | ModuleNetwork
    tensors: dict[str, NDArray[np.generic]]
    """The network's, by name."""
    normalization: Normalization | None
    """Normalization of its images."""
    image_shape: tuple[int, int, int]
    """(C, H, W)."""
    class_names: tuple[str, ...]
    test_images: NDArray[np.float32]
    """(N, C, H, W), pixels in 0..1."""
    probabilities: NDArray[np.float32]
    """(N, K), as they were stored when the run finished."""
    code_changed: str = ""
    """Warning if a custom module's code has changed since."""

    @property
    def title(self) -> str:
        """The run in words.

        It goes into every file, so that a file found in a year says where it is from.
        """
        return f"{', '.join(self.names)}, seed {self.run.seed}: run {self.run.id}"

    def check_code(self) -> None:
        """Raise `UserError` if a custom module's code has changed since it was trained."""
        if self.code_changed:
            raise UserError(
                f"{self.code_changed} This format needs the code that was trained: restore it, or "
                "take another format with --to"
            )


def read_trained(run: StoredRun, store: Reader, trusted: Path | None = None) -> TrainedRun:
    """A finished run of a store. Raises `UserError` if it has not finished, if the data that it
    was trained on is not to be found, or if it is a custom module that is not trusted.

    trusted: the folder of the study that the user has named, None if there is none.
    """
    tensors, probabilities = store.weights(run.id), store.probabilities(run.id)
    if tensors is None and store.is_unpacked(run.id):
        raise UserError(
            f"{store.folder}: was unpacked, and a pack has no weights; export run {run.id} from "
            "the store that it was trained in, or train it in another store"
        )
    if run.status != "finished" or tensors is None or probabilities is None:
        raise UserError(
            f"run {run.id} has not finished ({run.reason or run.status}); there are no weights "
            "to export"
        )
    experiment = store.experiment(run.experiment)
    network = experiment.network
    if isinstance(network, ModuleNetwork) and trusted is None:
        raise UserError(
            f"run {run.id} is of the custom module {network.module}, whose code an export "
            f"executes, and {UNTRUSTED} with --study"
        )
    own, normalization = split_off(tensors)
    data = _data_of(run, store, trusted)
    code = present_code(run.experiment, store)
    if isinstance(network, ModuleNetwork) and trusted is not None:
        import_code(network, trusted)
    return TrainedRun(
        run=run,
        names=tuple(store.names(run.experiment)),
        experiment=experiment,
        network=plan_of(experiment, data.image_shape, data.classes),
        tensors=own,
        normalization=normalization,
        image_shape=data.image_shape,
        class_names=data.class_names,
        test_images=prepare(data, images=1).test_images,
        probabilities=probabilities,
        code_changed=code.changed,
    )


def _data_of(run: StoredRun, store: Reader, trusted: Path | None) -> Dataset:
    """The dataset of a run, found where the studies that have it found it."""
    places = [(place.source, place.folder) for place in store.places(run.experiment)]
    try:
        return find(store.identity(run.experiment).data, places, trusted=trusted)
    except UserError as error:
        raise UserError(
            f"{error} (the network's shapes come from its data: call `paribus export` from the "
            "folder that the study was run from)"
        ) from None
