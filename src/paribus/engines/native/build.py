"""Compile the kernels into a library beside this file: `python -m paribus.engines.native.build`.

Standard library only: setup.py runs this file before Paribus is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).parent
KERNELS = FOLDER / "kernels"
LIBRARY = "_kernels.so"
COMMAND = "python -m paribus.engines.native.build"

# Nothing of -ffast-math: it would hide a NaN, or let the order of sums depend on the compiler.
FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-pthread",
)
OPTIMIZED = ("-O3", "-march=native")


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
    if not KERNELS.is_dir():
        return None
    digest = hashlib.sha256()
    for path in [*sorted(KERNELS.glob("*.cpp")), *sorted(KERNELS.glob("*.h")), Path(__file__)]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def is_fresh(library: Path) -> bool:
    """Whether a library is there and was compiled from the sources as they are now."""
    return library.exists() and f"sources={sources_digest()};".encode() in library.read_bytes()


def compile_library(
    library: Path, compiler: str, flags: Sequence[str] = OPTIMIZED, *, jobs: int | None = None
) -> str:
    """Compile the kernels into a shared library, and return the compiler's warnings.

    Raises `CompilationError` where the compiler fails; a library that was there stays then.
    """
    define = f'-DPARIBUS_SOURCES="{sources_digest()}"'
    with tempfile.TemporaryDirectory() as folder:

        def compile_one(source: Path) -> str:
            made = [str(source), "-c", "-o", f"{folder}/{source.stem}.o"]
            return _run([compiler, *FLAGS, *flags, define, *made])

        sources = sorted(KERNELS.glob("*.cpp"))
        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
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


def _run(command: Sequence[str]) -> str:
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise CompilationError(ran.stderr)
    return ran.stderr


def main() -> int:
    """Compile what is not fresh; return the exit status."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--force", action="store_true", help="compile what is fresh, too")
    parser.add_argument("--optional", action="store_true", help="do nothing without a compiler")
    arguments = parser.parse_args()
    library = FOLDER / LIBRARY
    if is_fresh(library) and not arguments.force:
        return 0
    compiler = find_compiler()
    if compiler is None:
        print("There is no C++ compiler; install g++ or clang.", file=sys.stderr)
        return 0 if arguments.optional else 1
    try:
        sys.stderr.write(compile_library(library, compiler))
    except CompilationError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Compiled {library}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
