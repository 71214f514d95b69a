"""The source of custom modules: where it is, and a digest of it. Nothing of it is executed.

A custom module counts by its own source and by the sources of the user's modules that it imports.
They are looked for where Python imports them from: in the study's folder, then on `sys.path`. A
module is the user's unless it is installed, in the standard library, or part of Paribus. An
editable install points out of site-packages: its modules are the user's. The current folder has no
part in it, so a study has the same digest from wherever it is called.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from paribus.errors import UserError
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork

NOT_FOUND = "not found"
"""In place of a digest, where there is no source: a module may come from something else."""

_INSTALLED = ("site-packages", "dist-packages")
_STANDARD = {
    Path(os.path.realpath(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib")
} | {Path(os.path.realpath(os.__file__)).parent}


@dataclass(frozen=True)
class Source:
    """The source of a custom module."""

    files: Mapping[str, Path]
    """Its files and those of the user's modules that it imports, by the modules' names."""
    contents: Mapping[str, str]
    """SHA-256 of each, in hex, whatever its line ends are."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over the modules' names and contents."""
        lines = (f"{name} {content}\n" for name, content in sorted(self.contents.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def find_source(network: ModuleNetwork, folder: Path) -> Source | None:
    """Return the source of a custom module as it is now, None if it is not found.

    folder: the study's, where modules are looked for first, as `import_code` has them imported.
    Raises `UserError` if a file of it cannot be read.
    """
    return _source_of(network.module, folder)


def _source_of(path: str, folder: Path) -> Source | None:
    importlib.invalidate_caches()
    finder = _Finder(folder, path.partition(":")[0])
    if finder.module not in finder.files:
        return None
    return Source(finder.files, finder.contents)


def code_digest(experiment: Experiment, folder: Path) -> str:
    """Return the digest of a custom module's present code, or `NOT_FOUND`; "" for layers."""
    if not isinstance(experiment.network, ModuleNetwork):
        return ""
    return _digest(find_source(experiment.network, folder))


def _digest(source: Source | None) -> str:
    return NOT_FOUND if source is None else source.digest


def import_code(
    network: ModuleNetwork, folder: Path, digest: str = "", *, since: str = "it was trained"
) -> None:
    """Have this process import a custom module's present code, from a study's folder first.

    What was imported before of other code is forgotten, since two folders may each have a
    `nets.py`. digest: that of the code that is meant; "": the present one, whatever it is. Raises
    `UserError`, with `since` when, if the present code is another.
    """
    source = find_source(network, folder)
    if digest and _digest(source) != digest:
        raise UserError(f"its code has changed since {since}")
    _imported.prepare(os.path.abspath(folder), source)


def import_module_of(path: str, folder: Path) -> None:
    """The same for the module of any import path, such as "my_package.data:load"."""
    _imported.prepare(os.path.abspath(folder), _source_of(path, folder))


class _FromSource(SourceFileLoader):
    """Compiles a module from its source, which is what counts. Python would take compiled code from
    `__pycache__` for it if size and time of change are as they were: after an edit within a second,
    or with a clock that was set back, it is that of another source."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError  # Then compiled code is neither read nor written.


class _Imported(MetaPathFinder):
    """Modules that this process has imported for custom code."""

    def __init__(self) -> None:
        self._folder = ""
        self._contents: dict[str, str] = {}
        self._files: dict[str, Path] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the user's is imported; None for any other, or in an archive."""
        file = self._files.get(fullname)
        if file is None or file.suffix != ".py" or not file.is_file():
            return None
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(
            fullname, file, loader=_FromSource(fullname, str(file)),
            submodule_search_locations=inside,
        )  # fmt: skip

    def prepare(self, folder: str, source: Source | None) -> None:
        """Import from a folder first, and nothing that was imported with other content."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        known, contents = self._contents, {} if source is None else source.contents
        if folder != self._folder or any(
            known.get(name, content) != content for name, content in contents.items()
        ):
            self._forget()
            if self._folder in sys.path:
                sys.path.remove(self._folder)
            sys.path.insert(0, folder)
            self._folder = folder
        self._contents.update(contents)
        self._files.update({} if source is None else source.files)

    def _forget(self) -> None:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            # Paribus itself may lie there, if it is started from its own repository.
            if name.partition(".")[0] in ("__main__", "paribus") or file is None:
                continue
            folder = Path(self._folder) if self._folder else None
            theirs = name in self._contents or folder in Path(file).parents
            if theirs and not _is_library(Path(file), folder):
                del sys.modules[name]
        self._contents.clear()
        self._files.clear()


_imported = _Imported()


class _Finder:
    """The files of a module and of the user's modules that it imports, by the modules' names."""

    def __init__(self, folder: Path, module: str) -> None:
        self.module, self.top = module, module.partition(".")[0]
        self.files: dict[str, Path] = {}
        self.contents: dict[str, str] = {}
        self._folder = Path(os.path.abspath(folder))
        # An empty entry is the current folder, as an interactive Python has it.
        others = [os.path.abspath(entry) for entry in sys.path if entry]
        self._path = list(dict.fromkeys([os.fspath(self._folder), *others]))
        self._seen: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name not in self._seen:
                self._seen.add(name)
                waiting += self._add(name)

    def _add(self, name: str) -> list[str]:
        """Note the files of a module and its packages; return the names that they import."""
        imported: list[str] = []
        parts = name.split(".")
        spec = self._find_top(parts[0])
        for number in range(1, len(parts) + 1):
            if spec is None:
                break  # The rest is an attribute, or missing.
            current = ".".join(parts[:number])
            if spec.has_location and spec.origin:
                file = Path(spec.origin)
                if parts[0] != self.top and _is_library(file, self._folder):
                    break
                if current not in self.files:
                    is_package = spec.submodule_search_locations is not None
                    imported += self._note(current, file, spec, is_package=is_package)
            if number < len(parts):
                inside = spec.submodule_search_locations
                spec = (
                    PathFinder.find_spec(f"{current}.{parts[number]}", inside) if inside else None
                )
        return imported

    def _note(self, name: str, file: Path, spec: ModuleSpec, *, is_package: bool) -> list[str]:
        try:
            # Through its loader: it may lie in an archive.
            read = getattr(spec.loader, "get_data", lambda path: Path(path).read_bytes())
            content: bytes = read(str(file))
        except OSError as error:
            raise UserError(f"{file}: cannot be read: {error.strerror or error}") from None
        self.files[name] = file
        content = content.replace(b"\r\n", b"\n")
        self.contents[name] = hashlib.sha256(content).hexdigest()
        if file.suffix != ".py":
            return []
        return list(_imported_names(content, name if is_package else name.rpartition(".")[0]))

    def _find_top(self, name: str) -> ModuleSpec | None:
        """Return the spec of a top-level module, None if there is none or it cannot be the
        user's."""
        if name in sys.builtin_module_names or name == "paribus":
            return None
        if (spec := PathFinder.find_spec(name, self._path)) is not None:
            return spec
        if PathFinder.find_spec(name) is not None:
            return None  # It is in the current folder alone.
        # An editable install may have brought a finder.
        for finder in sys.meta_path:
            if finder is _imported:
                continue  # It has what another study imported.
            try:
                spec = finder.find_spec(name, None)
            except (ImportError, ValueError, AttributeError):
                continue
            if spec is not None:
                return spec
        return None


def is_users(file: str) -> bool:
    """Return whether a source file is the user's: neither installed nor of the standard library."""
    return os.path.isfile(file) and not _is_library(Path(file), None)


def _is_library(file: Path, folder: Path | None) -> bool:
    """Whether a file is installed or of the standard library. folder: the study's, in which only
    the folders below it can say so."""
    if any(parent in _STANDARD for parent in Path(os.path.realpath(file)).parents):
        return True
    parents = list(file.parents)
    if folder in parents:
        parents = parents[: parents.index(folder)]
    return any(_is_installed(parent) for parent in parents)


@lru_cache(maxsize=1024)
def _is_installed(folder: Path) -> bool:
    # `pip install --target` makes such a folder anywhere.
    return folder.name in _INSTALLED or next(folder.glob("*.dist-info"), None) is not None


@lru_cache(maxsize=1024)
def _imported_names(content: bytes, package: str) -> tuple[str, ...]:
    """Return the full names of all that a file may import, anywhere in it.

    The live page asks once a second, so files that have not changed are not parsed again.
    """
    return tuple(_imports(content, package))


def _imports(content: bytes, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return  # Importing it will say so.
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".") if package else []
                kept = parts[: len(parts) - node.level + 1]
                base = ".".join([*kept, *([base] if base else [])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
