"""Tries a custom module before it is trained: for what a run, its resume or its export would
meet later.

A run must have the same bits whenever it is trained, interrupted or not. So a module that is made
twice with one seed must be the same; what it gives must follow from its tensors, the images and the
seed; and it must have all its tensors from the beginning. Three copies of it show that on two
images, in training mode as well. What shows only after some steps cannot be seen here; a training
compares once more after its first epoch (`check_resumed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from paribus.engines.torch.exact import exact
from paribus.engines.torch.module import SHAPED, check_logits, make_module, told
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork

_MAKING, _STEP, _ANEW = 1, 2, 3
"""Seeds of a module's making, of a step, and of the making of one that is filled."""

_DRAWS = (
    "draw at random with torch, numpy.random or random, which are seeded for each run, and not "
    "from a generator of its own"
)


@dataclass(frozen=True)
class Probed:
    """Observable properties of a module."""

    parameters: int
    """How many numbers are trained."""


def probe(network: ModuleNetwork, images: Tensor, classes: int, *, single: bool = False) -> Probed:
    """Try a module on two images (2, C, H, W), in evaluation and in training mode.

    single: whether the last batch of an epoch is one image. Raises `UserError` with what is wrong.
    """
    with exact(images.device), told(network):
        return _Probe(network, images, classes).run(single=single)


def check_resumed(network: ModuleNetwork, module: nn.Module, images: Tensor) -> None:
    """Raise `UserError` unless a module that has been trained gives the same as one that is made
    anew and filled with its tensors. Afterwards the module has the tensors that it had before."""
    trained = _copies(module)
    with exact(images.device, _ANEW):
        again = make_module(network, images.clone(), None).to(images.device)
    _fill(again, trained)
    logits, others = (_forward(one, images, _STEP) for one in (module, again))
    same = _same(logits, others) and _same_gradients(module, logits, again, others)
    # The step in training mode may have changed buffers.
    same &= _same(*(_forward(one, images, _STEP, training=False) for one in (module, again)))
    _fill(module, trained)
    if not same:
        raise _kept_elsewhere(network)


class _Probe:
    def __init__(self, network: ModuleNetwork, images: Tensor, classes: int) -> None:
        self._network, self._images, self._classes = network, images, classes
        self._where = f'network "{network.module}"'

    def run(self, *, single: bool) -> Probed:
        module, twin = self._made(), self._made()
        self._check_equal(module, twin)
        names, parameters = set(_tensors(module)), dict(module.named_parameters())
        before = _copies(module)
        logits, others = _forward(module, self._images, _STEP), self._forward(twin, _STEP)
        check_logits(self._network, logits, len(self._images), self._classes)
        if late := sorted(set(_tensors(module)) - names):
            raise UserError(
                f'{self._where}: its tensor "{late[0]}" comes only in training; register it in '
                "__init__"
            )
        for name, tensor in _tensors(module).items():
            if tensor.shape != before[name].shape:
                raise UserError(
                    f'{self._where}: the shape of its tensor "{name}" changes in training, from '
                    f"{tuple(before[name].shape)} to {tuple(tensor.shape)}; {SHAPED}"
                )
        for name, parameter in module.named_parameters():
            if parameter is not parameters[name]:
                raise UserError(
                    f'{self._where}: replaces its parameter "{name}" in training, so that no '
                    "optimizer would train it; change it in place, under torch.no_grad()"
                )
        if not _same(logits, others):
            raise UserError(
                f"{self._where}: gives other logits for the same seed, tensors and images; {_DRAWS}"
            )
        self._step(module, logits)
        if single:
            self._try_single()
        check_resumed(self._network, module, self._images)
        self._check_evaluation(module)
        trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
        return Probed(trained)

    def _made(self) -> nn.Module:
        with exact(self._images.device, _MAKING):
            made = make_module(self._network, self._images.clone(), self._classes)
        return made.to(self._images.device)

    def _forward(self, module: nn.Module, seed: int) -> Tensor:
        return _forward(module, self._images, seed)

    def _check_equal(self, module: nn.Module, twin: nn.Module) -> None:
        tensors, others = _tensors(module), _tensors(twin)
        if tensors.keys() != others.keys():
            name = min(tensors.keys() ^ others.keys())
            raise UserError(
                f'{self._where}: its tensor "{name}" is not there each time that it is made'
            )
        for name, tensor in tensors.items():
            if not _same(tensor, others[name]):
                raise UserError(
                    f'{self._where}: its tensor "{name}" is another each time that it is made with '
                    f"the same seed; {_DRAWS}"
                )

    def _step(self, module: nn.Module, logits: Tensor) -> None:
        """See that there are gradients."""
        if not logits.requires_grad:
            raise UserError(
                f"{self._where}: its logits have no gradient; compute them in forward without "
                "torch.no_grad, detach or NumPy"
            )
        _loss(logits).backward()  # type: ignore[no-untyped-call]
        for name, parameter in module.named_parameters():
            if parameter.grad is not None and parameter.grad.is_sparse:
                raise UserError(
                    f'{self._where}: its parameter "{name}" gets a sparse gradient, which the '
                    "optimizers do not support; make it without sparse=True"
                )

    def _check_evaluation(self, module: nn.Module) -> None:
        tensors = _copies(module)
        given = []
        for seed in (_STEP, _STEP, _ANEW):
            _fill(module, tensors)
            given.append(_forward(module, self._images, seed, training=False))
        if not _same(given[0], given[1]):
            raise _kept_elsewhere(self._network)
        if not _same(given[0], given[2]):
            raise UserError(
                f"{self._where}: draws at random in evaluation mode too, so its accuracy would be "
                "another each time; do it only if self.training, e.g. "
                "F.dropout(x, training=self.training)"
            )

    def _try_single(self) -> None:
        try:
            with told(self._network):
                _forward(self._made(), self._images[:1], _STEP)
        except UserError as error:
            raise UserError(
                f"{error}; that was a batch of one image, as the last of an epoch is: choose "
                "another batch size"
            ) from None


def _forward(module: nn.Module, images: Tensor, seed: int, *, training: bool = True) -> Tensor:
    """Logits, drawn with a seed. The images are the module's own."""
    module.train(training)
    with exact(images.device, seed):
        logits: Tensor = module(images.clone())
    return logits


def _same_gradients(module: nn.Module, logits: Tensor, again: nn.Module, others: Tensor) -> bool:
    """Whether two modules give the same gradients for what they gave: hooks may change them."""
    if not (logits.requires_grad and others.requires_grad):
        return logits.requires_grad == others.requires_grad
    found = []
    for one, given in ((module, logits), (again, others)):
        kept = [parameter.grad for parameter in one.parameters()]
        one.zero_grad()
        with exact(given.device, _STEP):
            _loss(given).backward()  # type: ignore[no-untyped-call]
        found.append([parameter.grad for parameter in one.parameters()])
        for parameter, gradient in zip(one.parameters(), kept, strict=True):
            parameter.grad = gradient
    return all(
        (a is None) == (b is None) and (a is None or b is None or _same(a, b))
        for a, b in zip(*found, strict=True)
    )


def _loss(logits: Tensor) -> Tensor:
    labels = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    return F.cross_entropy(logits, labels)


def _kept_elsewhere(network: ModuleNetwork) -> UserError:
    return UserError(
        f'network "{network.module}": what it gives depends on more than its parameters and '
        "buffers, so it could be neither resumed nor exported; keep what changes in training with "
        "register_buffer"
    )


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _copies(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in _tensors(module).items()}


def _fill(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in _tensors(module).items():
            tensor.copy_(tensors[name])


def _same(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors are bit-identical, NaN included."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    return bool(
        torch.equal(
            first.detach().contiguous().view(-1).view(torch.uint8),
            second.detach().contiguous().view(-1).view(torch.uint8),
        )
    )
