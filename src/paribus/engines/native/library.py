"""The compiled kernels, loaded with ctypes: arrays in, arrays out, nothing decided here.

N images, C channels, H height, W width, K classes. Calls release Python's lock, so runs in several
threads of one process train side by side.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Sequence
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

INTERFACE = 3
"""The version of kernels/api.h that this file speaks."""

INSTRUCTIONS = "PARIBUS_INSTRUCTIONS"
"""The environment variable that names an instruction set; results do not depend on it."""


class Operation(IntEnum):
    """What a record of a network's program is."""

    CONV = 0  # outputs, size
    MAX_POOL = 1
    AVERAGE_POOL = 2
    RELU = 3
    TANH = 4
    SIGMOID = 5
    BATCH_NORM = 6
    FLATTEN = 7
    LINEAR = 8  # outputs
    RESIDUAL_BEGIN = 9
    RESIDUAL_END = 10


class Method(IntEnum):
    SGD = 0
    ADAM = 1
    ADAMW = 2


class Kind(IntEnum):
    """Families of tensors. All but STATISTICS are indexed like the parameters."""

    PARAMETERS = 0
    GRADIENTS = 1
    STATISTICS = 2  # running mean and variance of each batch normalisation
    FIRST_MOMENTS = 3  # SGD's momentum, Adam's first moment
    SECOND_MOMENTS = 4


@dataclass(frozen=True)
class Optimizer:
    method: Method = Method.SGD
    momentum: float = 0.0
    nesterov: bool = False
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Record:
    """One layer of a network's program."""

    operation: Operation
    outputs: int = 0
    """Channels of a convolution, features of a linear layer."""
    size: int = 0
    """Rows and columns of a convolution's kernel."""


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
    """Whether there is a library, be it for another processor."""
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


class _Record(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("operation", "outputs", "size")]


class _Settings(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("channels", "height", "width", "threads")),
        *((name, ctypes.c_int32) for name in ("method", "nesterov")),
        *((name, ctypes.c_double) for name in ("momentum", "beta1", "beta2", "epsilon")),
        *((name, ctypes.c_double) for name in ("weight_decay", "label_smoothing")),
    ]


class _Images(ctypes.Structure):
    _fields_ = [
        ("pixels", ctypes.c_void_p),
        ("labels", ctypes.c_void_p),
        ("count", ctypes.c_int64),
    ]


class _Steps(ctypes.Structure):
    _fields_ = [
        ("order", ctypes.c_void_p),
        ("order_size", ctypes.c_int64),
        ("first", ctypes.c_int64),
        ("steps", ctypes.c_int32),
        ("batch_size", ctypes.c_int32),
        ("learning_rates", ctypes.c_void_p),
    ]


_POINTER = ctypes.c_void_p
_IMAGES = ctypes.POINTER(_Images)
_TENSOR = [_POINTER, ctypes.c_int32, ctypes.c_int32]
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "paribus_create": (
        _POINTER,
        [
            ctypes.POINTER(_Record),
            ctypes.c_int32,
            ctypes.POINTER(_Settings),
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
    "paribus_prepare": (None, [_POINTER, _IMAGES]),
    "paribus_train": (None, [_POINTER, _IMAGES, ctypes.POINTER(_Steps), _POINTER, _POINTER]),
    "paribus_gradient": (ctypes.c_double, [_POINTER, _IMAGES]),
    "paribus_evaluate": (None, [_POINTER, _IMAGES, _POINTER, _POINTER]),
}


def _names(codes: type[IntEnum]) -> str:
    """As a library lists them."""
    assert [code.value for code in codes] == list(range(len(codes)))
    return "".join(f"{code.name.lower()}," for code in codes)


def _expected() -> dict[str, str]:
    """What `describe` must say of a library, for this file to speak with it."""
    structures = (_Record, _Settings, _Images, _Steps)
    expected = {
        "interface": str(INTERFACE),
        "operations": _names(Operation),
        "methods": _names(Method),
        "tensors": _names(Kind),
        "sizes": "".join(f"{ctypes.sizeof(structure)}," for structure in structures),
    }
    sources = build.sources_digest()
    return expected if sources is None else expected | {"sources": sources}


def describe(library: ctypes.CDLL) -> dict[str, str]:
    """What a library says of itself, by name; nothing if it is too old to say."""
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


class NativeNetwork:
    """One network with its optimizer. Not to be used by two threads at once."""

    def __init__(
        self,
        program: Sequence[Record],
        input_CHW: tuple[int, int, int],
        optimizer: Optimizer | None = None,
        *,
        label_smoothing: float = 0.0,
        threads: int = 1,
        library: ctypes.CDLL | None = None,
    ) -> None:
        self._library = library or load()
        optimizer = optimizer or Optimizer()
        channels, height, width = input_CHW
        settings = _Settings(
            channels=channels,
            height=height,
            width=width,
            threads=threads,
            method=optimizer.method,
            nesterov=optimizer.nesterov,
            momentum=optimizer.momentum,
            beta1=optimizer.beta1,
            beta2=optimizer.beta2,
            epsilon=optimizer.epsilon,
            weight_decay=optimizer.weight_decay,
            label_smoothing=label_smoothing,
        )
        records = (_Record * len(program))(
            *(_Record(record.operation, record.outputs, record.size) for record in program)
        )
        error = ctypes.create_string_buffer(200)
        self._handle: int | None = self._library.paribus_create(
            records, len(program), settings, error, len(error)
        )
        if not self._handle:
            reason = error.value.decode()
            raise ParibusError(f"The native engine cannot build this network: {reason}.")
        self._prepared: FloatArray | None = None
        self._finalizer = weakref.finalize(self, self._library.paribus_destroy, self._handle)
        self.input_CHW = input_CHW
        self.classes: int = self._library.paribus_classes(self._handle)

    def size(self, kind: Kind, index: int) -> int:
        """How many floats a tensor has; IndexError if there is none of that index."""
        size: int = self._library.paribus_tensor_size(self._handle, kind, index)
        if size < 0:
            raise IndexError(f"{kind.name.lower()} has no tensor {index}")
        return size

    def read(self, kind: Kind, index: int) -> FloatArray:
        """A copy of a tensor, flat, in PyTorch's order of elements."""
        tensor = np.empty(self.size(kind, index), dtype=np.float32)
        self._library.paribus_read_tensor(self._handle, kind, index, tensor.ctypes.data)
        return tensor

    def write(self, kind: Kind, index: int, tensor: npt.NDArray[np.floating]) -> None:
        flat = np.ascontiguousarray(tensor, dtype=np.float32).reshape(-1)
        if len(flat) != self.size(kind, index):
            raise ValueError(
                f"{kind.name.lower()} {index} has {self.size(kind, index)} elements, "
                f"not {len(flat)}"
            )
        self._library.paribus_write_tensor(self._handle, kind, index, flat.ctypes.data)

    @property
    def updates(self) -> int:
        """Optimizer steps made so far."""
        count: int = self._library.paribus_updates(self._handle)
        return count

    @updates.setter
    def updates(self, count: int) -> None:
        self._library.paribus_set_updates(self._handle, count)

    def prepare(self, images_NCHW: FloatArray) -> None:
        """Say which images `train` will get, again and again: it then does once what it can.

        They must not change after. Results differ from those without it by rounding only.
        """
        self._check(images_NCHW, None)
        self._prepared = images_NCHW  # kept, so that no other array comes to lie at its address
        self._library.paribus_prepare(self._handle, _images(images_NCHW))

    def train(
        self,
        images_NCHW: FloatArray,
        labels_N: IntArray,
        order_N: IntArray,
        batch_size: int,
        learning_rates: Sequence[float] | npt.NDArray[np.float64],
        first_step: int = 0,
    ) -> tuple[npt.NDArray[np.float64], IntArray]:
        """As many updates as there are learning rates, from step `first_step` of an epoch on.

        Returns, for each, the sum of the losses over its batch and how many images it got right.
        """
        order_N = np.ascontiguousarray(order_N, dtype=np.int64)
        rates = np.ascontiguousarray(learning_rates, dtype=np.float64)
        if first_step < 0 or (first_step + len(rates) - 1) * batch_size >= len(order_N):
            raise ValueError("there are not that many batches in an epoch")
        used = order_N[first_step * batch_size : (first_step + len(rates)) * batch_size]
        if not 0 <= used.min(initial=0) <= used.max(initial=0) < len(images_NCHW):
            raise ValueError("the order names images that are not there")
        self._check(images_NCHW, labels_N, used)
        losses = np.empty(len(rates), dtype=np.float64)
        correct = np.empty(len(rates), dtype=np.int64)
        steps = _Steps(
            order=order_N.ctypes.data,
            order_size=len(order_N),
            first=first_step,
            steps=len(rates),
            batch_size=batch_size,
            learning_rates=rates.ctypes.data,
        )
        self._library.paribus_train(
            self._handle,
            _images(images_NCHW, labels_N),
            steps,
            losses.ctypes.data,
            correct.ctypes.data,
        )
        return losses, correct

    def gradient(self, images_NCHW: FloatArray, labels_N: IntArray) -> float:
        """Mean loss of one batch, in training mode; its gradient is then in Kind.GRADIENTS."""
        self._check(images_NCHW, labels_N)
        images = _images(images_NCHW, labels_N)
        loss: float = self._library.paribus_gradient(self._handle, images)
        return loss / len(images_NCHW)

    def evaluate(
        self, images_NCHW: FloatArray, labels_N: IntArray | None = None
    ) -> tuple[FloatArray, npt.NDArray[np.float64] | None]:
        """Probabilities (N, K) in evaluation mode, and each image's loss if labels are given."""
        self._check(images_NCHW, labels_N)
        probabilities = np.empty((len(images_NCHW), self.classes), dtype=np.float32)
        losses = None if labels_N is None else np.empty(len(images_NCHW), dtype=np.float64)
        self._library.paribus_evaluate(
            self._handle,
            _images(images_NCHW, labels_N),
            probabilities.ctypes.data,
            None if losses is None else losses.ctypes.data,
        )
        return probabilities, losses

    def _check(
        self,
        images_NCHW: FloatArray,
        labels_N: IntArray | None,
        used: IntArray | slice = slice(None),
    ) -> None:
        """The kernels trust their arguments, so nothing may pass that they could not read."""
        if images_NCHW.dtype != np.float32 or not images_NCHW.flags.c_contiguous:
            raise ValueError("images must be a contiguous array of float32")
        if images_NCHW.shape[1:] != self.input_CHW:
            raise ValueError(f"images must be (N, {', '.join(map(str, self.input_CHW))})")
        prepared = self._prepared
        if (
            prepared is not None
            and images_NCHW.ctypes.data == prepared.ctypes.data
            and len(images_NCHW) > len(prepared)
        ):
            raise ValueError("only the first of these images were prepared")
        if labels_N is None:
            return
        if labels_N.dtype != np.int64 or not labels_N.flags.c_contiguous:
            raise ValueError("labels must be a contiguous array of int64")
        if len(labels_N) != len(images_NCHW):
            raise ValueError("there must be as many labels as images")
        labels = labels_N[used]
        if not 0 <= labels.min(initial=0) <= labels.max(initial=0) < self.classes:
            raise ValueError(f"labels must lie between 0 and {self.classes - 1}")


def _images(images_NCHW: FloatArray, labels_N: IntArray | None = None) -> _Images:
    """The arrays must outlive the call that this is for."""
    labels = None if labels_N is None else labels_N.ctypes.data
    return _Images(images_NCHW.ctypes.data, labels, len(images_NCHW))
