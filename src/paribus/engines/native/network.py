"""A network in the compiled kernels: arrays in, arrays out, nothing decided here.

N images, C channels, H height, W width, K classes. Calls release Python's lock, so runs in several
threads of one process train side by side.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from paribus.engines.native.library import (
    FloatArray,
    ImagesStruct,
    IntArray,
    Optimizer,
    Record,
    RecordStruct,
    SettingsStruct,
    StepsStruct,
    TensorKind,
    load,
)
from paribus.errors import ParibusError


class NativeNetwork:
    """One network with its optimizer. Not to be used by two threads at once."""

    def __init__(
        self,
        program: Sequence[Record],
        input_CHW: tuple[int, int, int],
        optimizer: Optimizer | None = None,
        *,
        label_smoothing: float = 0.0,
        ema: float = 0.0,
        threads: int = 1,
        library: ctypes.CDLL | None = None,
    ) -> None:
        self._library = library or load()
        optimizer = optimizer or Optimizer()
        channels, height, width = input_CHW
        settings = SettingsStruct(
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
            ema=ema,
        )
        records = (RecordStruct * len(program))(
            *(RecordStruct(**vars(record)) for record in program)
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

    def size(self, kind: TensorKind, index: int) -> int:
        """How many floats a tensor has; IndexError if there is none of that index."""
        size: int = self._library.paribus_tensor_size(self._handle, kind, index)
        if size < 0:
            raise IndexError(f"{kind.name.lower()} has no tensor {index}")
        return size

    def read(self, kind: TensorKind, index: int) -> FloatArray:
        """A copy of a tensor, flat, in PyTorch's order of elements."""
        tensor = np.empty(self.size(kind, index), dtype=np.float32)
        self._library.paribus_read_tensor(self._handle, kind, index, tensor.ctypes.data)
        return tensor

    def write(self, kind: TensorKind, index: int, tensor: npt.NDArray[np.floating]) -> None:
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

    def set_dropout(self, index: int, generator: np.random.Generator) -> None:
        """Say from which generator, fresh, dropout layer number `index` of the program draws the
        masks of an epoch: number for number as `generator.random` would, batch after batch."""
        state = generator.bit_generator.state
        if state["bit_generator"] != "Philox" or state["state"]["counter"].any():
            raise ValueError("dropout needs a fresh generator of NumPy's Philox")
        key = (ctypes.c_uint64 * 2)(*state["state"]["key"].tolist())
        self._library.paribus_set_dropout_key(self._handle, index, key)

    def prepare(self, images_NCHW: FloatArray) -> None:
        """Register the images that `train` will be called with repeatedly, so that work needed only
        once is done only once.

        They must not change afterwards. Results differ from those without it by rounding only.
        """
        self._check(images_NCHW, None)
        self._prepared = images_NCHW  # kept, so that no other array comes to lie at its address
        self._library.paribus_prepare(self._handle, _images(images_NCHW))

    def train(
        self,
        images_NCHW: FloatArray,
        labels_N: IntArray,
        order_N: IntArray,
        *,
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
        steps = StepsStruct(
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
        """Mean loss of one batch, in training mode; its gradient is then in GRADIENTS."""
        self._check(images_NCHW, labels_N)
        images = _images(images_NCHW, labels_N)
        loss: float = self._library.paribus_gradient(self._handle, images)
        return loss / len(images_NCHW)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it, parameters and statistics are their moving averages, if there are any."""
        self._library.paribus_exchange_averages(self._handle)
        try:
            yield
        finally:
            self._library.paribus_exchange_averages(self._handle)

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


def _images(images_NCHW: FloatArray, labels_N: IntArray | None = None) -> ImagesStruct:
    """The arrays must outlive the call that this is for."""
    labels = None if labels_N is None else labels_N.ctypes.data
    return ImagesStruct(images_NCHW.ctypes.data, labels, len(images_NCHW))
