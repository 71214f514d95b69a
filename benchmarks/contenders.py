"""The trainings that benchmarks/epoch.py measures: ours, and the same written with other tools.

Each function takes a case and its images, and returns a function that trains one epoch over them
and returns its seconds. All train with SGD, images shuffled anew. N images.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.cases import BLOCKS, CLASSES, Case
from paribus.engines.base import Engine, Split, Task
from paribus.randomness import Randomness
from paribus.spec.recipe import Constant, Sgd

Turn = Callable[[], float]


def engine(name: str) -> Callable[[Case, Split], Turn]:
    """A run of one of Paribus's engines, on one thread, going on by an epoch each time."""

    def make(case: Case, train: Split) -> Turn:
        plan, randomness = case.plan, Randomness(0)
        task = Task(
            network=plan,
            classes=CLASSES,
            optimizer=Sgd(lr=case.rate),
            schedule=Constant(),
            epochs=1000,
            batch_size=case.batch,
            label_smoothing=0.0,
            train=train,
            test=Split(train.images[:1], train.labels[:1]),
            validation=None,
            randomness=randomness,
            initial=randomness.initial_tensors(plan, "torch"),
        )
        training = _engine(name).start(task)
        return lambda: training.run_epoch().train_seconds

    return make


def _engine(name: str) -> Engine:
    from paribus.engines.choose import make_engine  # loads no engine but the one asked for

    return make_engine(name)


def timed(work: Callable[[], object]) -> Turn:
    """The seconds that some work takes."""

    def turn() -> float:
        start = perf_counter()
        work()
        return perf_counter() - start

    return turn


def torch_module(case: Case) -> Any:
    """The network as plain PyTorch modules."""
    from torch import Tensor, nn

    class Residual(nn.Module):
        def __init__(self, *body: nn.Module) -> None:
            super().__init__()
            self.body = nn.Sequential(*body)

        def forward(self, x: Tensor) -> Tensor:
            body: Tensor = self.body(x)
            return x + body

    def conv(inputs: int, outputs: int) -> nn.Module:
        return nn.Conv2d(inputs, outputs, 3, padding=1)

    def block(width: int) -> nn.Module:
        norm = [nn.BatchNorm2d(width)] if case.network == "residual-bn" else []
        return Residual(*norm, nn.ReLU(), conv(width, width))

    layers: list[nn.Module] = []
    if case.network == "mlp":
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 50), nn.ReLU()),
            *(nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10)),
        )
    channels, rows, columns = case.shape
    for inputs, outputs in pairwise((channels, *case.widths)):
        layers.append(conv(inputs, outputs))
        layers += [nn.ReLU()] if case.network == "cnn" else [block(outputs) for _ in range(BLOCKS)]
        if outputs < case.widths[-1]:
            layers.append(nn.MaxPool2d(2))
    if case.network != "cnn":
        layers.append(nn.ReLU())
    features = case.widths[-1] * (rows // 4) * (columns // 4)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, CLASSES))


def tuned(
    threads: int, bfloat16: bool = False, compiled: bool = False
) -> Callable[[Case, Split], Turn]:
    """What one would write by hand in PyTorch for speed: tensors sliced by index, channels_last,
    the fused optimizer, nothing read back before the end; with torch.compile where asked."""

    def make(case: Case, train: Split) -> Turn:
        import torch
        from torch.nn import functional as F  # noqa: N812

        torch.set_num_threads(threads)
        images, labels = torch.from_numpy(train.images), torch.from_numpy(train.labels)
        module = torch_module(case)
        if case.network != "mlp":
            images = images.contiguous(memory_format=torch.channels_last)
            module = module.to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(module.parameters(), lr=case.rate, fused=True)
        if compiled:
            module = torch.compile(module)

        def epoch() -> None:
            losses, correct = [], []
            for batch in torch.randperm(len(labels)).split(case.batch):
                with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                    logits = module(images[batch])
                loss = F.cross_entropy(logits.float(), labels[batch])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
                correct.append((logits.detach().argmax(1) == labels[batch]).sum())
            torch.stack(losses).mean().item()
            torch.stack(correct).sum().item()

        return timed(epoch)

    return make


def data_loader(case: Case, train: Split) -> Turn:
    """The original's loop: a shuffling DataLoader over tensors, `.item()` for every batch."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(2)
    tensors = TensorDataset(torch.from_numpy(train.images), torch.from_numpy(train.labels))
    loader = DataLoader(tensors, batch_size=case.batch, shuffle=True)
    module, loss_of = torch_module(case), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(module.parameters(), lr=case.rate)

    def epoch() -> None:
        for images, labels in loader:
            logits = module(images)
            loss = loss_of(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            (logits.argmax(1) == labels).float().mean().item()

    return timed(epoch)


def lightning(case: Case, train: Split) -> Turn:
    """PyTorch Lightning's Trainer, its bars and loggers off."""
    import logging
    import warnings

    import torch
    from lightning.pytorch import LightningModule, Trainer  # type: ignore[import-not-found]
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    torch.set_num_threads(2)

    class Classifier(LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = torch_module(case)

        def training_step(self, batch: Any, _: int) -> Any:
            return torch.nn.functional.cross_entropy(self.module(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=case.rate)

    tensors = TensorDataset(torch.from_numpy(train.images), torch.from_numpy(train.labels))
    loader = DataLoader(tensors, batch_size=case.batch, shuffle=True)
    classifier = Classifier()

    def epoch() -> None:
        Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(classifier, loader)

    return timed(epoch)


def skorch(case: Case, train: Split) -> Turn:
    """skorch's NeuralNetClassifier, without validation."""
    import torch
    from skorch import NeuralNetClassifier  # type: ignore[import-not-found]

    torch.set_num_threads(2)
    net = NeuralNetClassifier(
        torch_module(case),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=case.rate,
        batch_size=case.batch,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    net.initialize()
    return timed(lambda: net.partial_fit(train.images, train.labels, epochs=1))


def keras(backend: str) -> Callable[[Case, Split], Turn]:
    """Keras's `fit`, channels last."""

    def make(case: Case, train: Split) -> Turn:
        os.environ["KERAS_BACKEND"] = backend
        from keras import Input, Model, layers, losses, optimizers  # type: ignore[import-not-found]

        def conv(width: int) -> Any:
            return layers.Conv2D(width, 3, padding="same")

        x = inputs = Input((*case.shape[1:], case.shape[0]))
        if case.network == "mlp":
            x = layers.Flatten()(x)
            for _ in range(2):
                x = layers.Dense(50, activation="relu")(x)
        else:
            for width in case.widths:
                x = conv(width)(x)
                if case.network == "cnn":
                    x = layers.ReLU()(x)
                else:
                    for _ in range(BLOCKS):
                        y = layers.BatchNormalization()(x) if case.network == "residual-bn" else x
                        x = layers.Add()([x, conv(width)(layers.ReLU()(y))])
                if width < case.widths[-1]:
                    x = layers.MaxPooling2D(2)(x)
            if case.network != "cnn":
                x = layers.ReLU()(x)
            x = layers.Flatten()(x)
        model = Model(inputs, layers.Dense(CLASSES)(x))
        model.compile(
            optimizers.SGD(case.rate),
            losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        images_NHWC = np.ascontiguousarray(train.images.transpose(0, 2, 3, 1))
        return timed(
            lambda: model.fit(images_NHWC, train.labels, batch_size=case.batch, epochs=1, verbose=0)
        )

    return make


def jax_scan(case: Case, train: Split) -> Turn:
    """JAX: one jitted scan over an epoch's batches (`mlp` and `cnn`)."""
    import jax  # type: ignore[import-not-found]
    import jax.numpy as jnp  # type: ignore[import-not-found]

    if case.network not in ("mlp", "cnn"):
        raise NotImplementedError(case.network)
    images, labels = jnp.asarray(train.images), jnp.asarray(train.labels)
    parameters = {
        name: jnp.asarray(value)
        for name, value in Randomness(0).initial_tensors(case.plan, "torch").items()
    }

    def logits_of(p: dict[str, Any], x: Any) -> Any:
        if case.network == "mlp":
            x = x.reshape(len(x), -1)
            for k in (1, 2):
                x = jax.nn.relu(x @ p[f"linear{k}.weight"].T + p[f"linear{k}.bias"])
            return x @ p["linear3.weight"].T + p["linear3.bias"]
        for k in (1, 2, 3):
            x = jax.lax.conv_general_dilated(x, p[f"conv{k}.weight"], (1, 1), "SAME")
            x = jax.nn.relu(x + p[f"conv{k}.bias"][None, :, None, None])
            if k < 3:
                shape = (1, 1, 2, 2)
                x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, shape, shape, "VALID")
        return x.reshape(len(x), -1) @ p["linear1.weight"].T + p["linear1.bias"]

    def loss_of(p: dict[str, Any], batch: Any) -> Any:
        log_p = jax.nn.log_softmax(logits_of(p, images[batch]))
        return -log_p[jnp.arange(len(batch)), labels[batch]].mean()

    def step(p: dict[str, Any], batch: Any) -> tuple[dict[str, Any], Any]:
        loss, gradient = jax.value_and_grad(loss_of)(p, batch)
        return {k: p[k] - case.rate * gradient[k] for k in p}, loss

    scan = jax.jit(lambda p, batches: jax.lax.scan(step, p, batches))
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal parameters
        order = rng.permutation(len(train))
        whole = len(train) // case.batch * case.batch
        parameters, losses = scan(parameters, jnp.asarray(order[:whole].reshape(-1, case.batch)))
        losses.block_until_ready()

    return timed(epoch)


def scikit_learn(case: Case, train: Split) -> Turn:
    """scikit-learn's MLPClassifier (`mlp` alone)."""
    from sklearn.neural_network import MLPClassifier

    if case.network != "mlp":
        raise NotImplementedError(case.network)
    flat = train.images.reshape(len(train), -1)
    net = MLPClassifier(
        (50, 50), solver="sgd", learning_rate_init=case.rate, momentum=0.0, alpha=0.0,
        batch_size=case.batch, nesterovs_momentum=False,
    )  # fmt: skip
    classes = np.arange(CLASSES)
    return timed(lambda: net.partial_fit(flat, train.labels, classes=classes))
