"""Training with PyTorch: tensors sliced by index, and nothing read back before an epoch's end."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from paribus.engines.base import Epoch, Floats, Score, Split, State, Task
from paribus.engines.checks import check_batches
from paribus.engines.scoring import probabilities, score
from paribus.engines.torch.exact import exact
from paribus.engines.torch.module import check_logits, make_module, told
from paribus.engines.torch.network import PlanNetwork
from paribus.engines.torch.optimizers import make_optimizer, memory, remember
from paribus.errors import UserError
from paribus.spec.layers import Conv
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

# N images, C channels, H rows, W columns, K classes

_EVALUATED_AT_ONCE = 500


class TorchEngine:
    """Trains every network, a user's own module too.

    device: "cpu", "cuda", or None for a GPU if there is one. dtype: float64 is there to be compared
    with other engines; a user's own module always gets float32.
    """

    name = "torch"

    def __init__(self, device: str | None = None, dtype: torch.dtype = torch.float32) -> None:
        gpu = torch.cuda.is_available()
        if device == "cuda" and not gpu:
            raise UserError(
                "PyTorch finds no GPU that it can use; "
                "leave the device out, or install a PyTorch made for your GPU"
            )
        self.device = torch.device(device or ("cuda" if gpu else "cpu"))
        self.dtype = dtype

    def refuses(self, task: Task) -> str | None:
        """None: it can run any task. A module that cannot be made is told by `start`."""
        return None

    def start(self, task: Task, state: State | None = None) -> TorchTraining:
        """A training from the beginning, or from the state that an earlier one gave."""
        check_batches(task)
        return TorchTraining(task, self.device, self.dtype, state)


class TorchTraining:
    """One run under way."""

    def __init__(
        self, task: Task, device: torch.device, dtype: torch.dtype, state: State | None
    ) -> None:
        self._task, self._device = task, device
        self._own = task.network if isinstance(task.network, ModuleNetwork) else None
        self._dtype = torch.float32 if self._own else dtype
        # Convolutions on the CPU are twice as fast where a pixel's channels lie side by side. A
        # user's module may count on the usual order, e.g. by calling `view`.
        self._channels_last = isinstance(task.network, Plan) and any(
            isinstance(node.layer, Conv) for node in task.network.walk()
        )
        self._train_images = self._tensor(task.train.images)
        self._test_images = self._tensor(task.test.images)
        self._validation_images = (
            None if task.validation is None else self._tensor(task.validation.images)
        )
        self._train_labels = torch.from_numpy(np.array(task.train.labels)).to(device)
        self._epoch = 0
        with self._exact(0):
            self._network = self._make_network()
            self._parameters = {
                name: value
                for name, value in self._network.named_parameters()
                if value.requires_grad
            }
            self._optimizer = make_optimizer(task.optimizer, list(self._parameters.values()))
            if state is not None:
                self._epoch = int(state["epoch"])
                for key, value in self._tensors().items():
                    _fill(value, state[key])
                remember(self._optimizer, self._parameters, state)

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        number = self._epoch + 1
        with self._exact(number), self._told():
            start = perf_counter()
            train = self._train(number)
            trained = perf_counter()
            test = self._evaluate(self._test_images, self._task.test)
            tested = perf_counter()
            validation = None
            if self._task.validation is not None and self._validation_images is not None:
                validation = self._evaluate(self._validation_images, self._task.validation)
        self._epoch = number
        return Epoch(number, train, test, validation, trained - start, tested - trained)

    def state(self) -> State:
        """All that is needed to go on from here, as copies."""
        kept = self._tensors() | dict(memory(self._optimizer, self._parameters))
        return {name: _array(value) for name, value in kept.items()} | {
            "epoch": np.array(self._epoch)
        }

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        return {
            name.partition("/")[2]: _array(value).astype(np.float32)
            for name, value in self._tensors().items()
        }

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        with self._exact(self._epoch), self._told():
            return probabilities(self._logits(self._test_images))

    def _train(self, epoch: int) -> Score:
        """One pass over the training images; the mean score of its batches."""
        task, network, optimizer = self._task, self._network, self._optimizer
        size, parameters = task.batch_size, list(self._parameters.values())
        network.train()
        if isinstance(network, PlanNetwork):
            network.begin_epoch(task.randomness, epoch)
        order = torch.from_numpy(np.concatenate(task.batches(epoch))).to(self._device)
        labels = self._train_labels.index_select(0, order)
        rates = task.learning_rates(epoch).tolist()
        losses, logits_of = [], []
        for batch, labels_N, rate in zip(
            torch.split(order, size), torch.split(labels, size), rates, strict=True
        ):
            logits_NK = self._forward(self._train_images.index_select(0, batch))
            loss = F.cross_entropy(logits_NK, labels_N, label_smoothing=task.label_smoothing)
            for parameter in parameters:
                parameter.grad = None
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
            losses.append(loss.detach())
            logits_of.append(logits_NK.detach())
        # Only now is anything read back: on a GPU, reading waits for all that was asked for.
        correct = (torch.cat(logits_of).argmax(1) == labels).cpu().numpy()
        shares = [
            correct[i : i + task.batch_size].mean() for i in range(0, len(correct), task.batch_size)
        ]
        mean_loss = torch.stack(losses).cpu().numpy().astype(np.float64).mean()
        return Score(float(mean_loss), float(np.mean(shares)))

    def _evaluate(self, images: Tensor, split: Split) -> Score:
        return score(self._logits(images), split.labels)

    def _logits(self, images: Tensor) -> NDArray[np.floating]:
        """(N, K), in evaluation mode."""
        self._network.eval()
        with torch.no_grad():
            parts = [self._forward(batch) for batch in torch.split(images, _EVALUATED_AT_ONCE)]
        logits: NDArray[np.floating] = torch.cat(parts).cpu().numpy()
        return logits

    def _forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images as `_tensor` gives them."""
        logits: Tensor = self._network(
            images.permute(0, 3, 1, 2) if self._channels_last else images
        )
        if self._own is not None:
            check_logits(self._own, logits, len(images), self._task.classes)
        return logits

    def _tensor(self, images: Floats) -> Tensor:
        """Images on the device: (N, C, H, W), or (N, H, W, C) where channels are to lie last."""
        if self._channels_last:
            images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        with warnings.catch_warnings():
            # Nothing here writes to images, and arrays that are shared may be read-only.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(images).to(self._device, self._dtype)

    def _make_network(self) -> nn.Module:
        task = self._task
        if isinstance(task.network, ModuleNetwork):
            module = make_module(task.network, self._train_images[:2], task.classes)
            return module.to(self._device)
        plan_network: nn.Module = PlanNetwork(task.network, self._dtype).to(self._device)
        if self._channels_last:
            plan_network = plan_network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name, value in plan_network.state_dict().items():
            _fill(value, task.initial[name])
        return plan_network

    def _exact(self, epoch: int) -> AbstractContextManager[None]:
        """Same bits every time; a user's module may also draw from PyTorch's generator."""
        seed = self._task.randomness.module_seed(epoch) if self._own else None
        return exact(self._device, seed)

    def _told(self) -> AbstractContextManager[None]:
        return nullcontext() if self._own is None else told(self._own)

    def _tensors(self) -> dict[str, Tensor]:
        """The network's tensors by their name in `state`."""
        network = self._network
        return {f"parameter/{name}": value for name, value in network.named_parameters()} | {
            f"buffer/{name}": value for name, value in network.named_buffers()
        }


def _fill(tensor: Tensor, array: NDArray[np.generic]) -> None:
    """Overwrite a tensor, which keeps its place and order in memory."""
    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.array(array)))


def _array(tensor: Tensor) -> NDArray[np.generic]:
    """A copy in the order of the axes."""
    return np.array(tensor.detach().cpu().numpy(), order="C")
