"""The kernels compiled in other ways than they are installed, once as long as nothing changes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from paribus.engines.native import build, library

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "tests/engines/native"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wno-missing-field-initializers")
# In .ci/run the kernels are compiled by all compilers, for all instruction sets, with sanitizers;
# else the installed ones are tried alone.
THOROUGH = bool(os.environ.get("PARIBUS_THOROUGH"))
CROSS_COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"


@dataclass(frozen=True)
class Build:
    """The kernels for one instruction set, by one compiler; as installed if it names none."""

    instruction_set: str
    compiler: str = ""
    flags: tuple[str, ...] = ()
    """Besides what the instruction set needs."""

    @property
    def emulated(self) -> bool:
        return self.compiler == CROSS_COMPILER

    def __str__(self) -> str:
        return "-".join([self.instruction_set, self.compiler or "installed", *self.flags])


def builds() -> list[Build]:
    """One of every instruction set and compiler at hand. What is compiled for a test is compiled
    without much optimization, which must not matter, and in half the time."""
    usable = [name for name in build.INSTRUCTION_SETS if library.runs_here(name)]
    installed = [Build(name) for name in usable if library.library_of(name).exists()]
    compilers = [name for name in ("clang++", "g++") if shutil.which(name)]
    compiled = [Build(name, compiler, ("-O1",)) for name in usable for compiler in compilers]
    if shutil.which(CROSS_COMPILER) and shutil.which(EMULATOR):
        compiled.append(Build("neon", CROSS_COMPILER, ("-O1",)))
    return installed + (compiled if THOROUGH else [])


def program(source: str, chosen: Build) -> list[str]:
    """The command that runs a program of tests/engines/native with the kernels of a build.

    Fails the test if a compiler has a warning to give; skips it if it lacks a sanitizer.
    """
    compiler = chosen.compiler or build.find_compiler()
    assert compiler is not None
    kernels = library.library_of(chosen.instruction_set)
    if chosen.compiler:
        needed = build.INSTRUCTION_SETS.get(chosen.instruction_set, ())
        kernels = _made(f"kernels-{chosen}", compiler, (*chosen.flags, *needed, "-shared"))
    linked = [str(kernels), f"-Wl,-rpath,{kernels.parent}"]
    flags = ("-O1", f"-I{build.KERNELS}", *(f for f in chosen.flags if "sanitize" in f))
    made = _made(
        f"{source}-{chosen}", compiler, flags, sources=[SOURCES / f"{source}.cpp"], linked=linked
    )
    prefix = [EMULATOR, "-L", "/usr/aarch64-linux-gnu"] if chosen.emulated else []
    return [*prefix, str(made)]


def _made(
    name: str,
    compiler: str,
    flags: Sequence[str],
    *,
    sources: Sequence[Path] = (),
    linked: Sequence[str] = (),
) -> Path:
    """The file of a name in build/kernels, made anew if it, the compiler or the kernels changed."""
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(version + f"{flags} {linked} {build.sources_digest()}".encode())
    for source in sources:
        key.update(source.read_bytes())
    folder = ROOT / "build/kernels"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}.so"
    mark = path.with_suffix(".key")
    with FileLock(path.with_suffix(".lock")):
        if path.exists() and mark.exists() and mark.read_text() == key.hexdigest():
            return path
        mark.unlink(missing_ok=True)
        used = sources or sorted(build.KERNELS.glob("*.cpp"))
        command = [compiler, *build.FLAGS, *WARNINGS, *flags, *map(str, used), *linked]
        ran = subprocess.run([*command, "-o", str(path)], capture_output=True, text=True)
        if ran.returncode and "cannot find" in ran.stderr and "-fsanitize" in str(flags):
            pytest.skip(f"{compiler} lacks a sanitizer")
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        mark.write_text(key.hexdigest())
    return path
