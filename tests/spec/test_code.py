"""The digest of a custom module's source: what counts, and what does not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paribus.spec import code
from paribus.spec.code import find_source, import_from
from paribus.spec.network import ModuleNetwork

NETS = """
import math
import numpy
from torch import nn
from parts.blocks import Block
import helpers

class Small(nn.Module):
    def forward(self, x):
        from late import value
        return Block(value)
"""

FILES = {
    "nets.py": NETS,
    "helpers.py": "import os\nWIDTH = 3\n",
    "late.py": "value = 1\n",
    "unused.py": "x = 1\n",
    "parts/__init__.py": "",
    "parts/blocks.py": "from .base import Base\nfrom . import other\nclass Block(Base): pass\n",
    "parts/base.py": "class Base: pass\n",
    "parts/other.py": "raise RuntimeError('it was executed')\n",
    "parts/unused.py": "x = 1\n",
}
NETWORK = ModuleNetwork(module="nets:Small")
COUNT = {"nets.py", "helpers.py", "late.py", "parts/__init__.py", "parts/blocks.py",
         "parts/base.py", "parts/other.py"}  # fmt: skip

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "study", FILES)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def clean_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(code, "_imported_from", [])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def digest(folder: Path, network: ModuleNetwork = NETWORK) -> str:
    source = find_source(network, folder)
    assert source is not None
    return source.digest


def test_the_module_and_what_it_imports_of_the_users_count(folder: Path) -> None:
    source = find_source(NETWORK, folder)
    assert source is not None
    assert {str(path.relative_to(folder)) for path in source.files} == COUNT


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_edit_changes_the_digest_of_what_counts(folder: Path, name: str) -> None:
    before = digest(folder)
    with open(folder / name, "a", encoding="utf-8") as file:
        file.write("\n# edited\n")
    assert (digest(folder) != before) == (name in COUNT)


def test_neither_the_place_nor_line_ends_count(folder: Path, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", FILES)
    (elsewhere / "nets.py").write_bytes(NETS.replace("\n", "\r\n").encode())
    assert digest(elsewhere) == digest(folder)


def test_the_same_code_gives_two_modules_of_it_the_same_digest(folder: Path) -> None:
    assert digest(folder, ModuleNetwork(module="nets:Other")) == digest(folder)
    assert digest(folder, ModuleNetwork(module="helpers:f")) != digest(folder)


def test_the_current_folder_is_searched_after_the_studys(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = write(tmp_path / "current", FILES | {"nets.py": "import only_here\n"})
    write(current, {"only_here.py": ""})
    monkeypatch.chdir(current)
    there = digest(folder)
    assert digest(tmp_path) != there
    monkeypatch.chdir(tmp_path)
    assert digest(folder) == there
    assert find_source(ModuleNetwork(module="only_here:f"), folder) is None


def test_a_package_that_is_installed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "lib" / "site-packages"
    write(installed, {
        "mine/__init__.py": "", "mine/nets.py": "import mine.base, library\n", "mine/base.py": "",
        "library/__init__.py": "",
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(installed))
    source = find_source(ModuleNetwork(module="mine.nets:Net"), folder)
    assert source is not None
    assert [path.name for path in source.files] == ["__init__.py", "base.py", "nets.py"]


def test_what_is_not_there_and_what_cannot_be_parsed(folder: Path) -> None:
    assert find_source(ModuleNetwork(module="nothing_here:Net"), folder) is None
    assert find_source(ModuleNetwork(module="parts.nothing:Net"), folder) is None
    write(folder, {"wrong.py": "def f(:\n"})
    assert find_source(ModuleNetwork(module="wrong:f"), folder) is not None


def test_modules_are_imported_from_the_study_that_was_named_last(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, {"own_nets.py": f"import own_helper\nNAME = '{name}'\n"})
        write(tmp_path / name, {"own_helper.py": ""})
        import_from(tmp_path / name)
        import_from(tmp_path / name)
        assert name == importlib.import_module("own_nets").NAME
    assert str(tmp_path / "one") not in sys.path
    assert sys.path.count(str(tmp_path / "two")) == 1
