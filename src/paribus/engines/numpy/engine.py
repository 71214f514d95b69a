"""The engine itself: it can be asked what it supports without loading what it trains with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from paribus.engines.base import HEEDED, OWN_LAYERS_ONLY, Engine, Floats, Predictor, State, Task
from paribus.engines.checks import check_batches
from paribus.processor import processor
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

if TYPE_CHECKING:
    from paribus.engines.numpy.training import NumpyTraining


class NumpyEngine(Engine):
    """Trains any network of Paribus's own layers, in float32 or, to judge others by, in float64."""

    name = "numpy"

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def bits(self) -> str:
        """NumPy's version and the kind of processor, which fix the bits of results."""
        from paribus.engines.numpy.threads import blas_kernels

        return ", ".join(filter(None, (f"NumPy {np.__version__}", blas_kernels(), processor())))

    @property
    def heeds(self) -> frozenset[str]:
        """The settings that it does something for."""
        return HEEDED

    def supports(self, network: Plan | ModuleNetwork, experiment: Experiment) -> str | None:
        """Return None if it can train an experiment, else why not, after "because"."""
        if not isinstance(network, Plan):
            return OWN_LAYERS_ONLY
        return None

    def start(self, task: Task, state: State | None = None) -> NumpyTraining:
        """Return a training from the beginning, or from the state that an earlier one gave."""
        from paribus.engines.numpy.training import NumpyTraining

        check_batches(task.network, len(task.train), task.batch_size)
        return NumpyTraining(task, self.dtype, state)

    def predictor(self, network: Plan | ModuleNetwork, tensors: Mapping[str, Floats]) -> Predictor:
        """Return a predictor of a trained network."""
        from paribus.engines.numpy.training import predictor

        assert isinstance(network, Plan)
        return predictor(network, tensors, self.dtype)
