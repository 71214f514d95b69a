"""The source of custom modules: where it is, and a digest of it. Nothing of it is executed.

A custom module counts by its source and by the sources of the user's modules that it imports:
those in the study's folder, in the current folder, and in the top-level package of the module
itself. Libraries do not count.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork

_LIBRARIES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Source:
    """The source of a custom module."""

    digest: str
    """SHA-256, in hex, over the names and contents of its files."""
    files: tuple[Path, ...]


def find_source(network: ModuleNetwork, folder: Path) -> Source | None:
    """Return the source of a custom module as it is now, None if it is not found.

    folder: the study's, where modules are looked for first, as `import_from` has them imported.
    """
    importlib.invalidate_caches()
    finder = _Finder(folder, network.module.partition(":")[0])
    if finder.module not in finder.files:
        return None
    digest = hashlib.sha256()
    for name, path in sorted(finder.files.items()):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return Source(digest.hexdigest(), tuple(path for _, path in sorted(finder.files.items())))


def code_digest(experiment: Experiment, folder: Path) -> str:
    """Return the digest of a custom module's present code; "" for layers, or if not found."""
    if not isinstance(experiment.network, ModuleNetwork):
        return ""
    source = find_source(experiment.network, folder)
    return "" if source is None else source.digest


def import_from(folder: Path, digest: str = "") -> None:
    """Have this process import modules from a study's folder first.

    digest: of the source that is to be imported. What an earlier study's folder gave is forgotten,
    since two folders may each have a `nets.py`; so is what other source of the same folder gave.
    """
    chosen = os.path.abspath(folder)
    if _imported_from == [chosen] and digest in ("", *_digests):
        return
    _digests[:] = [digest] if digest else []
    for earlier in _imported_from:
        if earlier in sys.path:
            sys.path.remove(earlier)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            # Paribus itself may lie there, if it is started from its own repository.
            if name.partition(".")[0] in ("__main__", "paribus") or file is None:
                continue
            if _is_in(Path(file), Path(earlier)):
                del sys.modules[name]
    _imported_from[:] = [chosen]
    sys.path.insert(0, chosen)


_imported_from: list[str] = []
_digests: list[str] = []


class _Finder:
    """The files of a module and of the user's modules that it imports, by the modules' names."""

    def __init__(self, folder: Path, module: str) -> None:
        self.module, self.top = module, module.partition(".")[0]
        self.files: dict[str, Path] = {}
        here = Path(os.path.abspath(folder)), Path.cwd()
        self._users = {os.fspath(path) for path in here}
        others = [os.path.abspath(entry) for entry in sys.path]
        self._path = list(dict.fromkeys([os.fspath(here[0]), *others, os.fspath(here[1])]))
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
            file = Path(spec.origin) if spec.has_location and spec.origin else None
            if file is not None and current not in self.files:
                self.files[current] = file
                if file.suffix == ".py":
                    is_package = spec.submodule_search_locations is not None
                    package = current if is_package else current.rpartition(".")[0]
                    imported += _imports(file, package)
            if number < len(parts):
                inside = spec.submodule_search_locations
                name = f"{current}.{parts[number]}"
                spec = PathFinder.find_spec(name, inside) if inside else None
        return imported

    def _find_top(self, name: str) -> ModuleSpec | None:
        """The spec of a top-level module if it is the user's."""
        if name in sys.builtin_module_names or name == "paribus":
            return None
        for entry in self._path:
            spec = PathFinder.find_spec(name, [entry])
            if spec is not None and (spec.has_location or entry in self._users):
                users = name == self.top or entry in self._users
                return spec if users and not _is_library(entry, name == self.top) else None
        if name != self.top:
            return None
        try:
            # Installed so that an own finder is needed, e.g. as an editable package.
            return importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None


def _is_library(entry: str, own: bool) -> bool:
    return not own and any(part in _LIBRARIES for part in Path(entry).parts)


def _imports(file: Path, package: str) -> Iterator[str]:
    """The full names of all that a file may import, anywhere in it."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
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


def _is_in(file: Path, folder: Path) -> bool:
    return folder in file.parents and not any(part in _LIBRARIES for part in file.parts)
