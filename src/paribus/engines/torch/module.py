"""A user's own `torch.nn.Module`, found by its import path and checked before it is trained."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from paribus.engines.torch.exact import seeded
from paribus.errors import UserError
from paribus.spec.code import is_users
from paribus.spec.functions import imported, in_one_line, set_apart
from paribus.spec.network import ModuleNetwork

SHAPED = "give it its shape in __init__"


def make_module(network: ModuleNetwork, images: Tensor, classes: int | None) -> nn.Module:
    """The module, made and tried on a few `images` (N, C, H, W). It draws from PyTorch's generator.

    classes: None if not known. Raises `UserError` if it cannot be imported or made, or does not
    give logits (N, classes).
    """
    where = f'network "{network.module}"'
    # What it draws as it is imported is the same in every process, whichever run comes first.
    with seeded(0, images.device):
        make = imported(network.module, where)
    if not makes_modules(make):
        raise UserError(
            f"{where}: is neither a class of torch.nn.Module nor a function annotated to return "
            "one; it is not called"
        )
    with told(network):
        module = make(**network.arguments)
    if not isinstance(module, nn.Module):
        raise UserError(f"{where}: gives a {type(module).__name__}; it must give a torch.nn.Module")
    if type(module).__hash__ is None:
        raise UserError(
            f"{where}: cannot be hashed, as PyTorch must; write @dataclass(eq=False), or no __eq__"
        )
    with told(network), torch.no_grad():
        logits = module.eval()(images)
    check_logits(network, logits, len(images), classes)
    _check_tensors(where, module)
    return module


def makes_modules(make: object) -> bool:
    """Return whether something may be called to make a module: a class of them; a function of the
    user's own; or one of a library that says that it returns one. Any other could do anything."""
    if isinstance(make, type):
        return issubclass(make, nn.Module)
    if not inspect.isfunction(make):
        return False
    if is_users(make.__code__.co_filename):
        return True
    try:
        returned = inspect.signature(make, eval_str=True).return_annotation
    except Exception:  # An annotation is evaluated, and may fail in any way.
        return False
    return isinstance(returned, type) and issubclass(returned, nn.Module)


def check_logits(network: ModuleNetwork, logits: object, images: int, classes: int | None) -> None:
    """Raise `UserError` unless a module's output is logits of the right shape.

    classes: None if not known.
    """
    shape = f"({images}, {'classes' if classes is None else classes})"
    wanted = f"it must return one logit a class, {shape}, for a batch of {images}"
    where = f'network "{network.module}"'
    if not isinstance(logits, Tensor):
        raise UserError(f"{where}: returns a {type(logits).__name__}; {wanted}")
    right = (images, logits.shape[-1] if classes is None and logits.ndim == 2 else classes)
    if logits.shape != right:
        raise UserError(f"{where}: returns the shape {tuple(logits.shape)}; {wanted}")
    if logits.dtype not in (torch.float32, torch.float64):
        raise UserError(f"{where}: returns {_dtype(logits)}; logits must be float32")


@contextmanager
def told(network: ModuleNetwork) -> Iterator[None]:
    """Turn what a user's own code raises into a `UserError` that says what and where."""
    try:
        with set_apart():
            yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f'network "{network.module}": raised {in_one_line(error)}') from error


def _check_tensors(where: str, module: nn.Module) -> None:
    for name, tensor in chain(module.named_parameters(), module.named_buffers()):
        if is_lazy(tensor):
            raise UserError(
                f'{where}: its tensor "{name}" has no shape yet after a first forward pass in '
                f"evaluation mode; {SHAPED}"
            )
        if tensor.layout != torch.strided or tensor.is_meta:
            kind = "has no values yet (device meta)" if tensor.is_meta else "is sparse"
            raise UserError(
                f'{where}: its tensor "{name}" {kind}, which cannot be kept; use a dense tensor'
            )
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise UserError(
                f'{where}: several elements of its tensor "{name}" are one place in memory, as '
                "expand() leaves them; call .clone() on it"
            )
    trained = [p for p in module.parameters() if p.requires_grad]
    if not trained:
        raise UserError(f"{where}: has no parameters to train")
    for name, parameter in module.named_parameters():
        if parameter.dtype != torch.float32:
            raise UserError(
                f'{where}: its parameter "{name}" is {_dtype(parameter)}; it must be float32'
            )
    for name, buffer in module.named_buffers():
        # Weights are kept as float32, which has all values of float16 and of counts.
        kept = buffer.dtype not in (torch.bfloat16, torch.float64) and _fits_float32(buffer)
        if not kept or buffer.is_complex() or buffer.is_quantized:
            large = "" if _fits_float32(buffer) else " with values beyond 16,777,216"
            raise UserError(
                f'{where}: its buffer "{name}" is {_dtype(buffer)}{large}, which cannot be kept; '
                "use float32"
            )


def _fits_float32(buffer: Tensor) -> bool:
    """Whether float32 has all its values: it has integers up to 2^24 = 16,777,216."""
    if buffer.is_floating_point() or buffer.is_complex() or buffer.is_quantized:
        return True
    return torch.equal(buffer.float().to(buffer.dtype), buffer)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
