"""Builds the native engine's kernels, for the processor of this machine.

Everything else about the package stands in pyproject.toml. Without a C++ compiler the package
installs all the same, and the native engine says that it was not built.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import Extension, setup

KERNELS = Path("src/paribus/engines/native/kernels")

# Fused multiply-adds and free reordering of comparisons, but nothing of -ffast-math that would hide
# a NaN or let the order of sums depend on the compiler's mood.
FLAGS = [
    "-std=c++17",
    "-O3",
    os.environ.get("PARIBUS_MARCH", "-march=native"),
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-pthread",
    "-g0",
]

setup(
    ext_modules=[
        Extension(
            "paribus.engines.native._kernels",
            sources=[str(path) for path in sorted(KERNELS.glob("*.cpp"))],
            depends=[str(path) for path in sorted(KERNELS.glob("*.h"))],
            extra_compile_args=FLAGS,
            extra_link_args=["-pthread"],
            optional=True,
        )
    ]
)
