"""Settings of PyTorch under which the same training gives the same bits every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock, RLock

import numpy as np
import torch

_lock = Lock()
_inside = 0
_threads = 1

# These generators are one for the whole process: what draws from them must take turns.
_generator = RLock()


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
    with _generator, torch.random.fork_rng(devices):
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


@contextmanager
def own_settings() -> Iterator[None]:
    """Give back the settings of the process that a user's module may change, as it is made or
    called: of another run beside it they would change the results."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    gradients, precision = torch.is_grad_enabled(), torch.get_float32_matmul_precision()
    algorithms = torch.are_deterministic_algorithms_enabled()
    numbers, flushed = np.geterr(), not _keeps_denormals()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        torch.set_grad_enabled(gradients)
        torch.set_float32_matmul_precision(precision)
        if torch.are_deterministic_algorithms_enabled() != algorithms:  # It loads a compiler.
            torch.use_deterministic_algorithms(algorithms)
        if flushed == _keeps_denormals():
            torch.set_flush_denormal(flushed)
        np.seterr(**numbers)


@contextmanager
def exact(device: torch.device, seed: int | None = None) -> Iterator[None]:
    """All of the above; `seed` only for what draws from the process's generators."""
    drawing = nullcontext() if seed is None else seeded(seed, device)
    with one_thread(), deterministic(device), own_settings(), drawing:
        yield
