"""Settings of PyTorch under which the same training gives the same bits every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock, RLock

import torch

_lock = Lock()
_inside = 0
_threads = 1

# PyTorch's generator is one for the whole process: what draws from it must take turns.
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
    """PyTorch's generator begun at `seed`, for this block alone, and given back as it was."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with _generator, torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def exact(device: torch.device, seed: int | None = None) -> Iterator[None]:
    """All of the above; `seed` only for what draws from PyTorch's generator."""
    drawing = nullcontext() if seed is None else seeded(seed, device)
    with one_thread(), deterministic(device), drawing:
        yield
