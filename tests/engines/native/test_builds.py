"""The kernels under sanitizers, and as other processors would have them built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from paribus.engines.native import library as native
from paribus.engines.native.library import Kind, NativeNetwork, Optimizer
from tests.support.reference import (
    BATCH_NORM,
    FLATTEN,
    MAX_POOL,
    RELU,
    Reference,
    conv,
    linear,
    residual,
)

KERNELS = Path(native.__file__).with_name("kernels")
COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


def compile_kernels(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    sources = [str(path) for path in sorted(KERNELS.glob("*.cpp"))]
    # Hidden, as in setup.py: else two builds loaded into one process would share their tables.
    flags = ["-std=c++17", "-pthread", "-fvisibility=hidden"]
    command = [str(COMPILER), *flags, *arguments, *sources, "-o", str(output)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_find_nothing(sanitizers: str, tmp_path: Path) -> None:
    program = tmp_path / "exercise"
    built = compile_kernels(
        program,
        *("-O1", "-g", "-march=native", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"),
        str(Path(__file__).with_name("exercise.cpp")),
    )
    if built.returncode and "cannot find" in built.stderr:
        pytest.skip(f"the compiler has no -fsanitize={sanitizers}")
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([str(program)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr or ran.stdout


@pytest.mark.skipif(
    "x86_64" not in str(native.library_path()), reason="these are builds for x86 processors"
)
@pytest.mark.parametrize("march", ["x86-64", "haswell"])
def test_narrower_vectors(march: str, tmp_path: Path) -> None:
    """SSE and AVX2: without a warning, and right."""
    path = tmp_path / "kernels.so"
    built = compile_kernels(
        path, "-O2", f"-march={march}", "-ffp-contract=fast", "-fPIC", "-shared", "-Wall", "-Wextra"
    )
    assert built.returncode == 0, built.stderr
    assert not built.stderr
    library = native.load(path)
    assert library.paribus_lanes() == {"x86-64": 4, "haswell": 8}[march]
    program = [
        *(conv(6, 5), RELU, MAX_POOL, conv(8), RELU, conv(16)),
        *residual(BATCH_NORM, RELU, conv(16)),
        *residual(RELU, conv(16)),
        *(FLATTEN, linear(33), RELU, linear(5)),
    ]
    judge = Reference(program, (2, 15, 14))
    judge.initialise(seed=7)
    network = NativeNetwork(program, (2, 15, 14), Optimizer(), threads=2, library=library)
    for index, tensor in enumerate(judge.parameters):
        network.write(Kind.PARAMETERS, index, tensor)
    random = np.random.default_rng(3)
    images = random.normal(size=(37, 2, 15, 14)).astype(np.float32)
    labels = random.integers(0, 5, 37)
    network.gradient(images, labels)
    judge.gradient(images.astype(np.float64), labels)
    for index, gradient in enumerate(judge.gradients):
        got = network.read(Kind.GRADIENTS, index)
        scale = max(np.abs(gradient).max(), 1e-2)
        assert np.abs(got - gradient.ravel()).max() / scale < 2e-4, f"tensor {index}"
