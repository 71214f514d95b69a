"""A custom module as an ONNX model, by PyTorch's exporter: its layers are not ours to know.

The exporter records what one forward pass does, so a module whose forward pass depends on its input
may become another network. That it is the same is not left to trust: the file is asked for the
probabilities of all test images, as every export is.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from paribus.engines.normalized import Normalization
from paribus.errors import UserError, need
from paribus.export.trained import TrainedRun
from paribus.spec.network import ModuleNetwork

if TYPE_CHECKING:
    import onnx

_NAMES = ("images", "logits", "probabilities")


def model_of(trained: TrainedRun, network: ModuleNetwork, opset: int) -> onnx.ModelProto:
    """Return the model, with the input and outputs that `onnx.write` describes.

    Raises `UserError` where the exporter does not know an operator of the module.
    """
    need("torch", f"the network {network.module}")
    import onnx
    import torch

    from paribus.engines.torch.exact import exact
    from paribus.engines.torch.loaded import Loaded

    trained.check_code()
    device, example = torch.device("cpu"), trained.test_images[:2]
    file = BytesIO()
    with exact(device, 0):
        loaded = Loaded(network, device, torch.float32, example=example)
        loaded.fill_trained(trained.tensors)
        with _quiet():
            try:
                torch.onnx.export(
                    _with_probabilities(loaded.module.eval(), trained.normalization),
                    (torch.tensor(example),),
                    file,  # type: ignore[arg-type]
                    input_names=list(_NAMES[:1]),
                    output_names=list(_NAMES[1:]),
                    dynamic_axes={name: {0: "N"} for name in _NAMES},
                    opset_version=opset,
                    dynamo=False,
                )
            except Exception as error:  # A user's own code, and an exporter's many ways to fail.
                line = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise UserError(
                    f"run {trained.run.id}: PyTorch's exporter cannot write {network.module}: "
                    f"{line}; take --to torch"
                ) from None
    return onnx.load_model_from_string(file.getvalue())


def _with_probabilities(module: Any, normalization: Normalization | None) -> Any:
    import torch
    from torch import Tensor, nn

    kept = [] if normalization is None else list(normalization.tensors().values())
    constants = [torch.tensor(value)[:, None, None] for value in kept]

    class WithProbabilities(nn.Module):
        """A network that gives probabilities beside its logits."""

        def __init__(self) -> None:
            super().__init__()
            self.network = module

        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            if constants:
                mean, sd = constants
                images = (images - mean) / sd
            logits = self.network(images)
            return logits, logits.softmax(1)

    return WithProbabilities().eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's advice: what it has written is checked. Without its graph, which it
    prints on standard output where it fails, whatever is set."""
    import torch

    log, within = logging.getLogger("torch.onnx"), torch._C
    before, prints = log.level, getattr(within, "_jit_onnx_log", None)
    log.setLevel(logging.ERROR)
    if prints is not None:
        setattr(within, "_jit_onnx_log", lambda *_: None)  # noqa: B010
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
        if prints is not None:
            setattr(within, "_jit_onnx_log", prints)  # noqa: B010
