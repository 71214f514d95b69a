"""The compiled kernels: which of them runs here, loaded with ctypes, their interface checked."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.engines.native import build
from paribus.errors import ParibusError, UserError

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

INTERFACE = 9
"""The version of kernels/api.h that this file speaks."""

INSTRUCTIONS = "PARIBUS_INSTRUCTIONS"
"""The environment variable that names an instruction set; results do not depend on it."""


class Operation(IntEnum):
    """Kinds of records of a network's program."""

    CONV = 0  # outputs, size, stride
    MAX_POOL = 1  # size
    AVERAGE_POOL = 2  # size
    RELU = 3
    TANH = 4
    SIGMOID = 5
    GELU = 6
    BATCH_NORM = 7
    DROPOUT = 8  # probability
    FLATTEN = 9
    LINEAR = 10  # outputs
    RESIDUAL_BEGIN = 11
    RESIDUAL_END = 12
    LEAKY_RELU = 13  # negative_slope
    SILU = 14
    GLOBAL_AVERAGE_POOL = 15
    RESIDUAL_SKIP = 16  # between the body of a residual block and what is past it
    CONCAT_BEGIN = 17
    CONCAT_NEXT = 18  # between two branches
    CONCAT_END = 19
    GROUP_NORM = 20  # groups
    GROUPED_CONV = 21  # outputs, size, stride, groups


class Method(IntEnum):
    SGD = 0
    ADAM = 1
    ADAMW = 2
    RMSPROP = 3


class TensorKind(IntEnum):
    """Families of tensors. All but those of STATISTICS are indexed like the parameters."""

    PARAMETERS = 0
    GRADIENTS = 1
    STATISTICS = 2  # running mean and variance of each batch normalization
    FIRST_MOMENTS = 3  # SGD's and RMSprop's momentum, Adam's first moment
    SECOND_MOMENTS = 4
    AVERAGES = 5  # moving averages of the parameters
    STATISTICS_AVERAGES = 6


@dataclass(frozen=True)
class Optimizer:
    method: Method = Method.SGD
    momentum: float = 0.0
    nesterov: bool = False
    beta1: float = 0.9
    beta2: float = 0.999
    """Adam's, and RMSprop's alpha."""
    epsilon: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Record:
    """One layer of a network's program."""

    operation: Operation
    outputs: int = 0
    """Channels of a convolution, features of a linear layer."""
    size: int = 0
    """Rows and columns of a convolution's kernel or a pooling's window."""
    stride: int = 1
    """Of a convolution."""
    probability: float = 0.0
    """Of dropout, that a value becomes zero."""
    negative_slope: float = 0.0
    """Of a leaky ReLU, below zero."""
    groups: int = 1
    """Of channels, that are normalized together, or convolved apart."""


def library_path() -> Path | None:
    """The library of the best instruction set that this processor has, or of the one that the
    environment's PARIBUS_INSTRUCTIONS names; None if there is none (see `was_built`).

    Raises `UserError` if a set is named that this processor cannot run.
    """
    usable = [
        name for name in build.INSTRUCTION_SETS if library_of(name).exists() and runs_here(name)
    ]
    named = os.environ.get(INSTRUCTIONS)
    if named and named not in usable:
        raise UserError(
            f"{INSTRUCTIONS}={named}: there are no such kernels that this processor can run; "
            f"there are: {', '.join(usable) or 'none'}"
        )
    return library_of(named or usable[0]) if usable else None


def was_built() -> bool:
    """Whether there is a library, if only for another processor."""
    return any(library_of(name).exists() for name in build.INSTRUCTION_SETS)


def library_of(instruction_set: str) -> Path:
    """Where the library for an instruction set is, if it was built."""
    return build.FOLDER / build.library_name(instruction_set)


@cache
def runs_here(instruction_set: str) -> bool:
    """Whether this processor and its operating system run an instruction set."""
    probe = library_of("probe")
    if not probe.exists():
        return False
    has = ctypes.CDLL(str(probe)).paribus_has
    has.restype, has.argtypes = ctypes.c_int32, [ctypes.c_char_p]
    return bool(has(instruction_set.encode()))


class RecordStruct(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("operation", "outputs", "size", "stride")),
        *((name, ctypes.c_double) for name in ("probability", "negative_slope")),
        ("groups", ctypes.c_int32),
    ]


class SettingsStruct(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("channels", "height", "width", "threads")),
        *((name, ctypes.c_int32) for name in ("method", "nesterov")),
        *((name, ctypes.c_double) for name in ("momentum", "beta1", "beta2", "epsilon")),
        *((name, ctypes.c_double) for name in ("weight_decay", "label_smoothing", "ema")),
    ]


class ImagesStruct(ctypes.Structure):
    _fields_ = [
        ("pixels", ctypes.c_void_p),
        ("labels", ctypes.c_void_p),
        ("count", ctypes.c_int64),
    ]


class StepsStruct(ctypes.Structure):
    _fields_ = [
        ("order", ctypes.c_void_p),
        ("order_size", ctypes.c_int64),
        ("first", ctypes.c_int64),
        ("steps", ctypes.c_int32),
        ("batch_size", ctypes.c_int32),
        ("learning_rates", ctypes.c_void_p),
    ]


_POINTER = ctypes.c_void_p
_IMAGES = ctypes.POINTER(ImagesStruct)
_TENSOR = [_POINTER, ctypes.c_int32, ctypes.c_int32]
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "paribus_create": (
        _POINTER,
        [
            ctypes.POINTER(RecordStruct),
            ctypes.c_int32,
            ctypes.POINTER(SettingsStruct),
            ctypes.c_char_p,
            ctypes.c_int32,
        ],
    ),
    "paribus_destroy": (None, [_POINTER]),
    "paribus_classes": (ctypes.c_int32, [_POINTER]),
    "paribus_tensor_size": (ctypes.c_int64, _TENSOR),
    "paribus_read_tensor": (None, [*_TENSOR, _POINTER]),
    "paribus_write_tensor": (None, [*_TENSOR, _POINTER]),
    "paribus_updates": (ctypes.c_int64, [_POINTER]),
    "paribus_set_updates": (None, [_POINTER, ctypes.c_int64]),
    "paribus_exchange_averages": (None, [_POINTER]),
    "paribus_set_dropout_key": (None, [_POINTER, ctypes.c_int32, ctypes.POINTER(ctypes.c_uint64)]),
    "paribus_prepare": (None, [_POINTER, _IMAGES]),
    "paribus_train": (None, [_POINTER, _IMAGES, ctypes.POINTER(StepsStruct), _POINTER, _POINTER]),
    "paribus_gradient": (ctypes.c_double, [_POINTER, _IMAGES]),
    "paribus_evaluate": (None, [_POINTER, _IMAGES, _POINTER, _POINTER]),
}


def _names(codes: type[IntEnum]) -> str:
    """As a library lists them."""
    assert [code.value for code in codes] == list(range(len(codes)))
    return "".join(f"{code.name.lower()}," for code in codes)


def _expected() -> dict[str, str]:
    """What `describe` of a library must return, so that this file can use it."""
    structures = (RecordStruct, SettingsStruct, ImagesStruct, StepsStruct)
    expected = {
        "interface": str(INTERFACE),
        "operations": _names(Operation),
        "methods": _names(Method),
        "tensors": _names(TensorKind),
        "sizes": "".join(f"{ctypes.sizeof(structure)}," for structure in structures),
    }
    sources = build.sources_digest()
    return expected if sources is None else expected | {"sources": sources}


def describe(library: ctypes.CDLL) -> dict[str, str]:
    """Return the properties that a library reports, by name; empty if it is too old to report
    any."""
    try:
        function = library.paribus_describe
    except AttributeError:
        return {}
    function.restype = ctypes.c_char_p
    text: bytes = function()
    return dict(part.split("=", 1) for part in text.decode().split(";"))


@cache
def load(path: Path | None = None) -> ctypes.CDLL:
    """The library at `path`, by default that of `library_path`.

    Raises `UserError` if there is none, and `ParibusError` if it was built from other sources.
    """
    path = path or library_path()
    if path is None and was_built():
        raise UserError(
            'the engine "native" needs a processor with fused multiply-adds in vectors (AVX2 and '
            "FMA, or NEON), and this one has none"
        )
    if path is None:
        raise UserError(
            'the engine "native" was not built when Paribus was installed; install a C++17 '
            "compiler (g++ or clang), then install Paribus again"
        )
    library = ctypes.CDLL(str(path))
    if not _expected().items() <= describe(library).items():
        raise ParibusError(
            f"{path.name}, the native engine's library, was built from other sources; "
            f"rebuild it: {build.COMMAND}"
        )
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
