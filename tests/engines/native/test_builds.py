"""The kernels under sanitizers, and as other processors would have them built."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

from paribus.engines.native import build
from paribus.engines.native import library as native
from paribus.engines.native.library import Kind, NativeNetwork, Optimizer
from paribus.errors import ParibusError
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

COMPILER = build.find_compiler()

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_find_nothing(sanitizers: str, tmp_path: Path) -> None:
    program = tmp_path / "exercise"
    sources = [*sorted(build.KERNELS.glob("*.cpp")), Path(__file__).with_name("exercise.cpp")]
    built = subprocess.run(
        [
            *(str(COMPILER), *build.FLAGS, f"-I{build.KERNELS}", "-O1", "-g", "-march=native"),
            *(f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"),
            *(*map(str, sources), "-o", str(program)),
        ],
        capture_output=True,
        text=True,
    )
    if built.returncode and "cannot find" in built.stderr:
        pytest.skip(f"the compiler has no -fsanitize={sanitizers}")
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([str(program)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr or ran.stdout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are builds for x86 processors")
@pytest.mark.parametrize("march", ["x86-64", "haswell"])
def test_narrower_vectors(march: str, tmp_path: Path) -> None:
    """SSE and AVX2: without a warning, and right."""
    path = tmp_path / "kernels.so"
    flags = ("-O2", f"-march={march}", "-Wall", "-Wextra", "-Wpedantic")
    assert build.compile_library(path, str(COMPILER), flags) == ""
    library = native.load(path)
    assert native.describe(library)["lanes"] == {"x86-64": "4", "haswell": "8"}[march]
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


def test_a_library_of_other_sources_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which says what to do."""
    path = native.library_path()
    if path is None:
        pytest.skip("the kernels were not built")
    stale = tmp_path / path.name
    fresh = f"sources={build.sources_digest()};".encode()
    assert path.read_bytes().count(fresh) == 1
    stale.write_bytes(path.read_bytes().replace(fresh, b"sources=0123456789abcdef;"))
    assert build.is_fresh(path)
    assert not build.is_fresh(stale)
    with pytest.raises(ParibusError) as error:
        native.load(stale)
    assert str(error.value) == (
        f"{path.name}, the native engine's library, was built from other sources; "
        "rebuild it: python -m paribus.engines.native.build"
    )
    # Of another interface it is refused even where there are no sources to compare with.
    monkeypatch.setattr(build, "sources_digest", lambda: None)
    monkeypatch.setattr(native, "INTERFACE", native.INTERFACE + 1)
    with pytest.raises(ParibusError):
        native.load(stale)
