"""Settings of PyTorch under which the same training gives the same bits every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock, RLock
from typing import Any

import numpy as np
import torch

_lock = Lock()
_inside = 0
_threads = 1

# The generators and most settings are one for the whole process: what draws from them, or may
# change them, takes turns.
_turn = RLock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold PyTorch to one thread on the CPU: its results differ between numbers of threads.

    A thread of Python has a number of its own, and new ones begin with the one set last. Runs may
    overlap; each thread that leaves gets the number that held before the first one came.
    """
    global _inside, _threads
    with _lock:
        if _inside == 0:
            _threads = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            torch.set_num_threads(_threads)


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """On a GPU: no TF32, no choice of algorithms by a race. On the CPU this is always so."""
    if device.type != "cuda":
        yield
        return
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """The generators of PyTorch, NumPy and Python begun at `seed`, for this block alone, and given
    back as they were: a user's module may draw from any of them."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with _turn, torch.random.fork_rng(devices):
        of_python, of_numpy = random.getstate(), np.random.get_state()
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)


def _keeps_denormals() -> bool:
    """Whether this thread keeps numbers that are too small for all their digits; PyTorch sets it,
    but does not say it."""
    return bool((torch.tensor([1e-38]) * 1e-2).item())


@dataclass(frozen=True)
class _Settings:
    """Settings of the process, or of this thread."""

    dtype: torch.dtype
    device: torch.device
    gradients: bool
    precision: str
    algorithms: bool
    flushed: bool
    numbers: dict[str, Any]
    """How NumPy takes overflows and the like."""

    @classmethod
    def now(cls) -> _Settings:
        return cls(
            dtype=torch.get_default_dtype(),
            device=torch.get_default_device(),
            gradients=torch.is_grad_enabled(),
            precision=torch.get_float32_matmul_precision(),
            algorithms=torch.are_deterministic_algorithms_enabled(),
            flushed=not _keeps_denormals(),
            numbers=dict(np.geterr()),
        )

    def apply(self) -> None:
        torch.set_default_dtype(self.dtype)
        if torch.get_default_device() != self.device:
            torch.set_default_device(self.device)
        torch.set_grad_enabled(self.gradients)
        torch.set_float32_matmul_precision(self.precision)
        if torch.are_deterministic_algorithms_enabled() != self.algorithms:  # It loads a compiler.
            torch.use_deterministic_algorithms(self.algorithms)
        if self.flushed == _keeps_denormals():
            torch.set_flush_denormal(self.flushed)
        np.seterr(**self.numbers)


_before: _Settings | None = None
"""Those of the first block of `own_settings` that a thread is in."""


@contextmanager
def own_settings() -> Iterator[None]:
    """Give back the settings that a user's module may change, as it is made or called: of another
    run beside it, or of another module that is made in a block within, they would change the
    results. Threads take turns."""
    global _before
    with _turn:
        is_first = _before is None
        settings = _before = _before or _Settings.now()
        try:
            settings.apply()
            yield
        finally:
            settings.apply()
            if is_first:
                _before = None


@contextmanager
def exact(device: torch.device, seed: int | None = None) -> Iterator[None]:
    """All of the above; `seed` only for what draws from the process's generators."""
    drawing = nullcontext() if seed is None else seeded(seed, device)
    with one_thread(), deterministic(device), own_settings(), drawing:
        yield
