"""A trained network's tensors as an .npz file, by the plan's names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paribus.engines.normalized import predictor_of_run
from paribus.engines.numpy import NumpyEngine
from paribus.export.formats import NotRecomputed, Recomputed, RunFormat
from paribus.export.trained import TrainedRun
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer, parse_layers
from paribus.spec.plan import make_plan


def write(trained: TrainedRun, path: Path) -> None:
    """Write every tensor; beside them "network", the layers as study files have them (not of a
    custom module), and "class_names"; "input/mean" and "input/sd" if images were normalized."""
    layers = trained.experiment.network
    arrays: dict[str, NDArray[np.generic]] = dict(trained.tensors)
    if trained.normalization is not None:
        arrays |= trained.normalization.tensors()
    if not isinstance(layers, ModuleNetwork):
        arrays["network"] = np.array([format_layer(layer) for layer in layers])
    arrays["class_names"] = np.array(trained.class_names)
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def recompute(path: Path, images: NDArray[np.float32]) -> Recomputed | NotRecomputed:
    """Compute the probabilities of images (N, C, H, W) from the file, with the engine numpy."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    if "network" not in arrays:
        return NotRecomputed("the module that it is the weights of is yours")
    layers, classes = parse_layers(arrays["network"].tolist()), len(arrays["class_names"])
    plan = make_plan(layers, images.shape[1:], classes)
    predict = predictor_of_run(NumpyEngine(), plan, arrays)
    return Recomputed("the engine numpy", predict(images))


FORMAT = RunFormat(".npz", write, recompute)
