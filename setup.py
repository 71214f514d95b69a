"""Compile the native engine's kernels as part of an installation, and make the readme.

Everything else about the package stands in pyproject.toml. Without a C++ compiler the package
installs all the same, and the native engine says that it was not built.
"""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
# Run by its path: the package itself cannot be imported before its dependencies are installed.
BUILD = runpy.run_path(str(ROOT / "src/paribus/engines/native/build.py"))
PACKAGE = "paribus.engines.native"
NAMES = ["probe", *BUILD["INSTRUCTION_SETS"]]


class BuildKernels(build_ext):
    """Compiles libraries by build.py instead of modules of Python."""

    def get_ext_filename(self, fullname: str) -> str:
        return f"{fullname.replace('.', '/')}.so"

    def run(self) -> None:
        folder = Path(self.get_ext_fullpath(f"{PACKAGE}.library")).parent
        try:
            BUILD["build"](folder)
        except BUILD["CompilationError"] as error:
            self.warn(f"the native engine is not built: {error}")


class Wheel(bdist_wheel):
    """A wheel for every version of Python: the libraries are loaded with ctypes."""

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", super().get_tag()[2])


def repository() -> str:
    """Return the repository's public address; "" if there is none yet."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    address: str = project.get("urls", {}).get("Repository", "")
    return address


def readme(repository: str) -> str:
    """Return README.md with absolute links: a package index shows it without its neighbors.

    repository: its public address. Without one, pictures are left out, and of relative links all
    but their texts.
    """
    package = (ROOT / "src/paribus/__init__.py").read_text("utf-8")
    version = re.findall(r'^__version__ = "(.+)"$', package, re.M)[0]

    def absolute(link: re.Match[str]) -> str:
        if not repository:
            return "" if link["image"] else link["text"][1:-1]
        view = "raw" if link["image"] else "blob"
        return f"{link['text']}({repository}/{view}/v{version}/{link['path']})"

    text = r"(?P<text>(?P<image>!?)\[(?:[^][]|\[[^]]*\])*\])"
    relative = text + r"\((?!https?:|#)(?P<path>[^)]+)\)"
    return re.sub(relative, absolute, (ROOT / "README.md").read_text("utf-8"))


setup(
    long_description=readme(repository()),
    long_description_content_type="text/markdown",
    cmdclass={"build_ext": BuildKernels, "bdist_wheel": Wheel},
    ext_modules=[
        Extension(f"{PACKAGE}.{BUILD['library_name'](name)[:-3]}", sources=[], optional=True)
        for name in NAMES
    ],
)
