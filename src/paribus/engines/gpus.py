"""The GPUs that PyTorch trains on."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_AMD_DRIVER = Path("/dev/kfd")
_VISIBLE = "CUDA_VISIBLE_DEVICES"


@cache
def gpus() -> int:
    """Return how many GPUs there are to train on: 0 too where PyTorch is not installed."""
    if not may_have_gpus():
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def only_gpu(number: int) -> dict[str, str]:
    """Return the variables with which a process sees one of the GPUs alone, by its number; they are
    counted around where there are fewer. Nothing where there is none, or only one."""
    if gpus() < 2:
        return {}
    seen = os.environ.get(_VISIBLE, "")
    names = seen.split(",") if seen else [str(gpu) for gpu in range(gpus())]
    return {_VISIBLE: names[number % gpus()]}


def may_have_gpus() -> bool:
    """Whether PyTorch and a driver of a GPU are installed; PyTorch, which knows whether there is
    one, takes a second to load."""
    if find_spec("torch") is None:
        return False
    try:
        ctypes.CDLL(_CUDA_DRIVER)
    except OSError:
        return _AMD_DRIVER.exists()
    return True
