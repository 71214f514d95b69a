"""Training with PyTorch: tensors sliced by index, and nothing read back before an epoch's end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from paribus.engines.base import Epoch, Floats, Score, Split, State, Task
from paribus.engines.scoring import probabilities, score
from paribus.engines.torch.averages import Averages
from paribus.engines.torch.exact import exact
from paribus.engines.torch.loaded import Loaded, fill
from paribus.engines.torch.network import PlanNetwork
from paribus.engines.torch.optimizers import make_optimizer, memory, remember
from paribus.engines.torch.probe import check_resumed, probe
from paribus.spec.network import ModuleNetwork

# N images, K classes


class TorchTraining:
    """A run in progress."""

    def __init__(
        self, task: Task, device: torch.device, dtype: torch.dtype, state: State | None
    ) -> None:
        self._task, self._device = task, device
        self._own = isinstance(task.network, ModuleNetwork)
        self._epoch = 0
        if isinstance(task.network, ModuleNetwork) and state is None:
            _probe_once(task.network, task, device)
        with self._exact(0):
            self._network = Loaded(
                task.network, device, dtype, example=task.train.images[:2], classes=task.classes
            )
            if not self._own:
                self._network.fill(task.initial)
            self._parameters = {
                name: value
                for name, value in self._network.module.named_parameters()
                if value.requires_grad
            }
            self._optimizer = make_optimizer(task.optimizer, list(self._parameters.values()))
            self._averages = Averages(self._network.tensors(), task.ema)
            if state is not None:
                self._averages.resume(state)
                self._epoch = int(state["epoch"])
                self._network.check_fits(state)
                for key, value in self._network.tensors().items():
                    fill(value, state[key])
                remember(self._optimizer, self._parameters, state)
        self._train_images = (
            self._network.images(task.train.images) if task.augmented is None else None
        )
        self._test_images = self._network.images(task.test.images)
        self._validation_images = (
            None if task.validation is None else self._network.images(task.validation.images)
        )
        self._train_labels = torch.from_numpy(np.array(task.train.labels)).to(device)

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        number = self._epoch + 1
        with self._exact(number), self._network.told():
            start = perf_counter()
            train = self._train(number)
            trained = perf_counter()
            with self._averages.in_place():
                test = self._evaluate(self._test_images, self._task.test)
                tested = perf_counter()
                validation = None
                if self._task.validation is not None and self._validation_images is not None:
                    validation = self._evaluate(self._validation_images, self._task.validation)
            if isinstance(self._task.network, ModuleNetwork) and number == 1:
                check_resumed(self._task.network, self._network.module, self._test_images[:2])
        self._epoch = number
        return Epoch(number, train, test, validation, trained - start, tested - trained)

    def state(self) -> State:
        """Return a copy of all state needed to resume from here."""
        kept = (
            self._network.tensors()
            | self._averages.state()
            | dict(memory(self._optimizer, self._parameters))
        )
        return {name: _array(value) for name, value in kept.items()} | {
            "epoch": np.array(self._epoch)
        }

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        with self._averages.in_place():
            return {
                name.partition("/")[2]: _array(value).astype(np.float32)
                for name, value in self._network.tensors().items()
            }

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        with self._exact(self._epoch), self._network.told(), self._averages.in_place():
            return probabilities(self._network.logits(self._test_images))

    def _train(self, epoch: int) -> Score:
        """One pass over the training images; the mean score of its batches."""
        task, network, optimizer = self._task, self._network, self._optimizer
        size, parameters = task.batch_size, list(self._parameters.values())
        network.module.train()
        if isinstance(network.module, PlanNetwork):
            network.module.begin_epoch(task.randomness, epoch)
        order = torch.from_numpy(np.concatenate(task.batches(epoch))).to(self._device)
        labels = self._train_labels.index_select(0, order)
        rates = task.learning_rates(epoch).tolist()
        losses, logits_of = [], []
        images_of = self._images_of(epoch)
        step = (epoch - 1) * task.steps_per_epoch
        for batch, labels_N, rate in zip(
            torch.split(order, size), torch.split(labels, size), rates, strict=True
        ):
            logits_NK = network.forward(images_of(batch))
            loss = F.cross_entropy(logits_NK, labels_N, label_smoothing=task.label_smoothing)
            for parameter in parameters:
                parameter.grad = None
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
            step += 1
            self._averages.step(step)
            losses.append(loss.detach())
            logits_of.append(logits_NK.detach())
        # Only now is anything read back: on a GPU, reading waits for all that was asked for.
        correct = (torch.cat(logits_of).argmax(1) == labels).cpu().numpy()
        shares = [
            correct[i : i + task.batch_size].mean() for i in range(0, len(correct), task.batch_size)
        ]
        mean_loss = torch.stack(losses).cpu().numpy().astype(np.float64).mean()
        return Score(float(mean_loss), float(np.mean(shares)))

    def _images_of(self, epoch: int) -> Callable[[Tensor], Tensor]:
        """What gives the images of a batch, on the device, by their numbers."""
        if self._train_images is not None:
            return partial(self._train_images.index_select, 0)
        made = self._task.training_images(epoch)
        return lambda batch: self._network.images(made(batch.cpu().numpy()))

    def _evaluate(self, images: Tensor, split: Split) -> Score:
        return score(self._network.logits(images), split.labels)

    def _exact(self, epoch: int) -> AbstractContextManager[None]:
        """Same bits every time; a user's module may also draw from PyTorch's generator."""
        seed = self._task.randomness.module_seed(epoch) if self._own else None
        return exact(self._device, seed)


def _probe_once(network: ModuleNetwork, task: Task, device: torch.device) -> None:
    """Try a module, the first time that this process trains it so. Raises `UserError`."""
    images = torch.from_numpy(np.array(task.train.images[:2], np.float32)).to(device)
    single = len(task.train) % task.batch_size == 1 or task.batch_size == 1
    key = network.model_dump_json(), images.shape, task.classes, single
    if key not in _probed:
        probe(network, images, task.classes, single=single)
        _probed.add(key)


_probed: set[tuple[object, ...]] = set()


def _array(tensor: Tensor) -> NDArray[np.generic]:
    """A copy in the order of the axes."""
    return np.array(tensor.detach().cpu().numpy(), order="C")
