"""The engine itself: it can be asked what it supports without loading PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from paribus.engines.base import HEEDED, Engine, Floats, Predictor, State, Task
from paribus.engines.checks import check_batches
from paribus.engines.gpus import gpus
from paribus.errors import UserError
from paribus.processor import processor
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

if TYPE_CHECKING:
    import torch

    from paribus.engines.torch.training import TorchTraining


class TorchEngine(Engine):
    """Trains every network, a custom module too.

    device: "cpu", "cuda", or None for a GPU if there is one. dtype: float32 if None; float64 is
    there to be compared with other engines. A custom module always gets float32.
    """

    name = "torch"

    def __init__(self, device: str | None = None, dtype: torch.dtype | None = None) -> None:
        self._asked = device
        self._dtype = dtype

    @cached_property
    def device(self) -> torch.device:
        """Where it trains. Raises `UserError` if a GPU was asked for and there is none."""
        import torch

        gpu = torch.cuda.is_available()
        if self._asked == "cuda" and not gpu:
            raise UserError(
                "PyTorch finds no GPU that it can use; "
                "leave the device out, or install a PyTorch made for your GPU"
            )
        return torch.device(self._asked or ("cuda" if gpu else "cpu"))

    @property
    def gpu(self) -> str:
        """The name of the GPU that it computes on; "" where it computes on the processor."""
        import torch

        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else ""

    @property
    def bits(self) -> str:
        """PyTorch's version and the GPU or kind of processor, which fix the bits of results."""
        import torch

        here = self.gpu or f"{torch.backends.cpu.get_cpu_capability()}, {processor()}"
        return f"PyTorch {torch.__version__}, {here}"

    @property
    def on_gpu(self) -> bool:
        """Whether it trains on a GPU here; PyTorch is loaded only if there is a driver of one."""
        return self._asked != "cpu" and gpus() > 0

    @property
    def heeds(self) -> frozenset[str]:
        """The settings that it does something for."""
        return HEEDED

    def supports(self, network: Plan | ModuleNetwork, experiment: Experiment) -> str | None:
        """Return None: it can train every experiment. `start` reports a module that cannot be
        made."""
        return None

    def probe(
        self,
        network: ModuleNetwork,
        image_shape: tuple[int, int, int],
        classes: int,
        *,
        single: bool,
    ) -> int:
        """Try a custom module on two images of noise; return how many parameters it trains."""
        import torch

        from paribus.engines.torch.probe import probe

        generator = torch.Generator().manual_seed(0)
        images = torch.rand((2, *image_shape), generator=generator).to(self.device)
        return probe(network, images, classes, single=single).parameters

    def start(self, task: Task, state: State | None = None) -> TorchTraining:
        """Return a training from the beginning, or from the state that an earlier one gave."""
        from paribus.engines.torch.training import TorchTraining

        check_batches(task.network, len(task.train), task.batch_size)
        return TorchTraining(task, self.device, self.dtype, state)

    def predictor(self, network: Plan | ModuleNetwork, tensors: Mapping[str, Floats]) -> Predictor:
        """Return a predictor of a trained network. Raises `UserError` where a module cannot be
        made, or no longer has the tensors that were trained; for a module, when it is first asked.
        """
        from paribus.engines.torch.predicting import predictor

        return predictor(network, tensors, self.device, self.dtype)

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of its computations."""
        import torch

        return self._dtype or torch.float32
