"""The kernels under sanitizers, and what is loaded of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paribus.engines.native import build
from paribus.engines.native import library as native
from paribus.errors import ParibusError, UserError
from tests.support.kernels import Build, program

COMPILER = build.find_compiler()
RUNNING = [name for name in build.INSTRUCTION_SETS if native.runs_here(name)]

pytestmark = pytest.mark.skipif(
    COMPILER is None or native.library_path() is None, reason="there is no C++ compiler"
)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("instruction_set", RUNNING)
@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_find_nothing(sanitizers: str, instruction_set: str) -> None:
    flags = ("-O0", "-g1", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all")
    command = program("exercise", Build(instruction_set, str(COMPILER), flags))
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr or ran.stdout


def test_a_library_of_other_sources_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which says what to do."""
    path = native.library_path()
    assert path is not None
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


@pytest.mark.parametrize("instruction_set", RUNNING)
def test_an_instruction_set_by_name(instruction_set: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.INSTRUCTIONS, instruction_set)
    path = native.library_path()
    assert path == native.library_of(instruction_set)
    lanes = native.describe(native.load(path))["lanes"]
    assert lanes == {"avx512": "16", "avx2": "8", "neon": "4"}[instruction_set]


def test_an_instruction_set_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.INSTRUCTIONS, "mmx")
    with pytest.raises(UserError, match=r"^PARIBUS_INSTRUCTIONS=mmx: there are no such kernels"):
        native.library_path()


def test_a_processor_without_multiply_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries are there, and none of them is loaded."""
    monkeypatch.setattr(native, "runs_here", lambda instruction_set: False)
    assert native.library_path() is None
    native.load.cache_clear()
    with pytest.raises(UserError) as error:
        native.load()
    native.load.cache_clear()
    assert str(error.value) == (
        'the engine "native" needs a processor with fused multiply-adds in vectors (AVX2 and FMA, '
        "or NEON), and this one has none"
    )
