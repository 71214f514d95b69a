"""A trained network for PyTorch: its state dict, and the source of the module that loads it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from paribus.engines.scoring import probabilities
from paribus.errors import lacking
from paribus.export.formats import NotRecomputed, Recomputed, RunFormat
from paribus.export.source import module_source
from paribus.export.trained import TrainedRun
from paribus.spec.network import ModuleNetwork

WEIGHTS, SOURCE = "weights.safetensors", "network.py"

# PyTorch's names of the tensors of normalization.
_RENAMED = {"scale": "weight", "shift": "bias"}
_AT_ONCE = 1000


def write(trained: TrainedRun, path: Path) -> None:
    """Write a folder with `weights.safetensors` and `network.py`, which needs nothing of ours."""
    own = isinstance(trained.network, ModuleNetwork)
    if own:
        trained.check_code()
    path.mkdir()
    tensors = {
        name if own else _torch_name(name): np.asarray(array, order="C")
        for name, array in trained.tensors.items()
    }
    if trained.normalization is not None:
        for kept, array in trained.normalization.tensors().items():
            name = kept if own else kept.rpartition("/")[2]
            tensors[name] = array if own else array[:, None, None]
    metadata = {"format": "pt", "run": trained.run.id}
    (path / WEIGHTS).write_bytes(safetensors.numpy.save(tensors, metadata))
    (path / SOURCE).write_text(module_source(trained), "utf-8")


def recompute(path: Path, images: NDArray[np.float32]) -> Recomputed | NotRecomputed:
    """Compute the probabilities of images (N, C, H, W) with the folder's own source."""
    if error := lacking("torch", "the check"):
        return NotRecomputed(str(error))
    import torch

    model = _load(path / SOURCE)
    with torch.no_grad():
        parts = [model(torch.from_numpy(np.array(images[i : i + _AT_ONCE]))).numpy()
                 for i in range(0, len(images), _AT_ONCE)]  # fmt: skip
    return Recomputed("PyTorch", probabilities(np.concatenate(parts)))


def _load(source: Path) -> Any:
    """The network that a source file loads. Nothing stays behind, no byte code either."""
    specification = importlib.util.spec_from_file_location("paribus_exported_network", source)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        specification.loader.exec_module(module)
        return module.load()
    finally:
        sys.dont_write_bytecode = before


def _torch_name(name: str) -> str:
    layer, _, tensor = name.rpartition(".")
    return f"{layer}.{_RENAMED.get(tensor, tensor)}"


FORMAT = RunFormat("-torch", write, recompute)
