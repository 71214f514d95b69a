"""Compile the kernels into libraries beside this file: `python -m paribus.engines.native.build`.

There is a library for each instruction set that processors of this kind may have, and a probe that
says which of them the processor at hand has. Standard library only: setup.py runs this file before
Paribus is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).parent
KERNELS = FOLDER / "kernels"
PROBE = FOLDER / "probe.cpp"
COMMAND = "python -m paribus.engines.native.build"

# For each kind of processor its instruction sets, the best first. Without fused multiply-adds in
# vectors (x86 before 2013) there is none.
_X86 = {
    "avx512": (
        *("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"),
        "-mprefer-vector-width=512",
    ),
    "avx2": ("-mavx2", "-mfma"),
}
_ARM: dict[str, tuple[str, ...]] = {"neon": ()}
INSTRUCTION_SETS = {"x86_64": _X86, "amd64": _X86, "aarch64": _ARM, "arm64": _ARM}.get(
    platform.machine().lower(), {}
)

# Results must not depend on the compiler: no multiply-adds but those that are written, and nothing
# of -ffast-math.
FLAGS = (
    "-std=c++17",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    *(() if sys.platform == "win32" else ("-fvisibility=hidden", "-fPIC", "-pthread")),
)
OPTIMIZED = "-O3"


def library_name(instruction_set: str) -> str:
    """The file name of the kernels' library for an instruction set, or of the "probe"."""
    return f"_kernels_{instruction_set}.so"


class CompilationError(Exception):
    """The compiler's own words."""


def find_compiler() -> str | None:
    """The C++ compiler: the one that the environment's CXX names, or the first that is found."""
    named = os.environ.get("CXX")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _COMPILERS)), None)


_COMPILERS = ("c++", "g++", "clang++")


def sources_digest() -> str | None:
    """A digest of all that a library is made from; None where there are no sources, as in an
    installed wheel."""
    if not (KERNELS.is_dir() and PROBE.exists()):
        return None
    digest = hashlib.sha256()
    for path in [
        *sorted(KERNELS.glob("*.cpp")),
        *sorted(KERNELS.glob("*.h")),
        PROBE,
        Path(__file__),
    ]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def is_fresh(library: Path) -> bool:
    """Whether a library is there and was compiled from the sources as they are now."""
    return library.exists() and f"sources={sources_digest()};".encode() in library.read_bytes()


def compile_library(
    library: Path, compiler: str, flags: Sequence[str], *, probe: bool = False
) -> str:
    """Compile the kernels, or the probe, into a shared library; return the compiler's warnings.

    Raises `CompilationError` where the compiler fails; a library that was there stays then.
    """
    define = f'-DPARIBUS_SOURCES="{sources_digest()}"'
    with tempfile.TemporaryDirectory() as folder:

        def compile_one(source: Path) -> str:
            made = [str(source), "-c", "-o", f"{folder}/{source.stem}.o"]
            return _run([compiler, *FLAGS, *flags, define, *made])

        sources = [PROBE] if probe else sorted(KERNELS.glob("*.cpp"))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            warnings = "".join(pool.map(compile_one, sources))
        # Replaced in one go: who has the old library loaded keeps it.
        fresh = library.with_name(f".{library.name}.{os.getpid()}")
        objects = [f"{folder}/{source.stem}.o" for source in sources]
        try:
            warnings += _run([compiler, *FLAGS, *flags, "-shared", *objects, "-o", str(fresh)])
            os.replace(fresh, library)
        finally:
            fresh.unlink(missing_ok=True)
    return warnings


def build(folder: Path, *, force: bool = False) -> list[Path]:
    """Compile all libraries that are not fresh into a folder, and return them.

    Raises `CompilationError` where there is no compiler, or it fails.
    """
    if not INSTRUCTION_SETS:
        raise CompilationError(f"The kernels have no instruction set of {platform.machine()}.")
    flags: dict[str, Sequence[str]] = {"probe": (), **INSTRUCTION_SETS}
    stale = [name for name in flags if force or not is_fresh(folder / library_name(name))]
    if not stale:
        return []
    compiler = find_compiler()
    if compiler is None:
        raise CompilationError("There is no C++ compiler; install g++ or clang.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        library = folder / library_name(name)
        sys.stderr.write(
            compile_library(library, compiler, (OPTIMIZED, *flags[name]), probe=name == "probe")
        )
    return [folder / library_name(name) for name in stale]


def _run(command: Sequence[str]) -> str:
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise CompilationError(ran.stderr)
    return ran.stderr


def main() -> int:
    """Compile what is not fresh; return the exit status."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--force", action="store_true", help="compile what is fresh, too")
    parser.add_argument("--optional", action="store_true", help="succeed without a compiler, too")
    arguments = parser.parse_args()
    try:
        for library in build(FOLDER, force=arguments.force):
            print(f"Compiled {library}")
    except CompilationError as error:
        print(error, file=sys.stderr)
        return 0 if arguments.optional and find_compiler() is None else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
