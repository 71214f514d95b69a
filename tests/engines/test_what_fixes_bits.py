"""What engines say fixes their bits: where it is another, no run is resumed."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.engines.numpy.engine import NumpyEngine
from paribus.engines.numpy.threads import blas_kernels
from paribus.processor import processor


def test_those_of_numpy_depend_on_version_and_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    here = NumpyEngine().bits
    assert here.startswith(f"NumPy {np.__version__}, ")
    assert here.endswith(f"{blas_kernels()}, {processor()}")
    monkeypatch.setattr("paribus.engines.numpy.engine.processor", lambda: "another")
    assert NumpyEngine().bits != here


def test_those_of_pytorch_depend_on_version_and_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from paribus.engines.torch.engine import TorchEngine

    here = TorchEngine("cpu").bits
    assert here.startswith(f"PyTorch {torch.__version__}, ")
    assert here.endswith(processor())
    monkeypatch.setattr("paribus.engines.torch.engine.processor", lambda: "another")
    assert TorchEngine("cpu").bits != here
    monkeypatch.setattr(TorchEngine, "gpu", "a GPU")
    assert TorchEngine("cpu").bits == f"PyTorch {torch.__version__}, a GPU"
