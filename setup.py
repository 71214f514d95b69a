"""Compile the native engine's kernels as part of an installation.

Everything else about the package stands in pyproject.toml. Without a C++ compiler the package
installs all the same, and the native engine says that it was not built.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# Run by its path: the package itself cannot be imported before its dependencies are installed.
BUILD = runpy.run_path(str(Path(__file__).with_name("src") / "paribus/engines/native/build.py"))
LIBRARY = "paribus.engines.native." + BUILD["LIBRARY"].removesuffix(".so")


class BuildKernels(build_ext):
    """Compiles a library by build.py instead of as a module of Python."""

    def get_ext_filename(self, fullname: str) -> str:
        return f"{fullname.replace('.', '/')}.so"

    def build_extension(self, extension: Extension) -> None:
        compiler = BUILD["find_compiler"]()
        if compiler is None:
            self.warn("there is no C++ compiler: the native engine is not built")
            return
        library = Path(self.get_ext_fullpath(extension.name))
        library.parent.mkdir(parents=True, exist_ok=True)
        try:
            BUILD["compile_library"](library, compiler)
        except BUILD["CompilationError"] as error:
            self.warn(f"the native engine is not built: {error}")


setup(
    cmdclass={"build_ext": BuildKernels},
    ext_modules=[Extension(LIBRARY, sources=[], optional=True)],
)
