"""Which engine trains a task. PyTorch is imported only where it is asked for or looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec

from paribus.engines.base import Engine, Task
from paribus.errors import UserError, did_you_mean


def _numpy(cores: int) -> Engine:
    from paribus.engines.numpy import NumpyEngine

    return NumpyEngine()


def _torch(cores: int) -> Engine:
    from paribus.engines.torch import TorchEngine

    return TorchEngine()


def _native(cores: int) -> Engine:
    from paribus.engines.native.engine import NativeEngine
    from paribus.engines.native.library import load

    load()
    return NativeEngine(threads=cores)


_ENGINES: dict[str, Callable[[int], Engine]] = {"numpy": _numpy, "torch": _torch, "native": _native}

# The order in which "auto" takes them, without a GPU and with one.
_PREFERRED = ("native", "torch", "numpy")
_PREFERRED_ON_GPU = ("torch", "native", "numpy")


def engine_names() -> list[str]:
    """The engines that can be asked for by name."""
    return list(_ENGINES)


def make_engine(name: str, cores: int = 1) -> Engine:
    """The engine of a name. Raises `UserError` if there is none, or if it is not installed.

    cores: for one run. Only an engine whose results do not depend on them uses more than one.
    """
    if name not in _ENGINES:
        raise UserError(f'there is no engine "{name}"; {did_you_mean(name, ["auto", *_ENGINES])}')
    return _ENGINES[name](cores)


def choose(name: str, task: Task) -> Engine:
    """The engine for a task: the one named, or for "auto" the fastest that can run it.

    Raises `UserError` if the engine named, or with "auto" every engine, cannot run it.
    """
    if name == "auto":
        return choose_common({"this network": task})[0]
    engine = make_engine(name)
    if reason := engine.refuses(task):
        raise UserError(
            f'engine "{name}" cannot run this network because {reason}; use engine = "torch"'
        )
    return engine


def misses_native(task: Task) -> bool:
    """Whether "auto" would take the native engine for a task, had it been built."""
    from paribus.engines.native.engine import NativeEngine
    from paribus.engines.native.library import library_path

    return library_path() is None and not _gpu() and NativeEngine().refuses(task) is None


def choose_common(tasks: Mapping[str, Task]) -> tuple[Engine, str]:
    """The fastest engine that can run every one of some named tasks, and why no faster one that is
    installed and can run some of them was taken; "" if there is none.

    Raises `UserError` if no engine can run them all.
    """
    missing: list[str] = []
    refused: list[str] = []
    passed_over: list[str] = []
    for name in _PREFERRED_ON_GPU if _gpu() else _PREFERRED:
        try:
            engine = make_engine(name)
        except UserError as error:
            missing.append(str(error))
            continue
        reasons = {task: reason for task in tasks if (reason := engine.refuses(tasks[task]))}
        if not reasons:
            return engine, "; ".join(passed_over)
        task, reason = next(iter(reasons.items()))
        refused.append(f'the engine "{name}" cannot run {task} because {reason}')
        if len(reasons) < len(tasks):
            passed_over.append(refused[-1])
    what = "this network" if len(tasks) == 1 else "all of these networks"
    raise UserError(f"no engine can run {what}: {'; '.join([*missing, *refused])}")


@cache
def _gpu() -> bool:
    """Whether PyTorch is installed and has a GPU to train on."""
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
