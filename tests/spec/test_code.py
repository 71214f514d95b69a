"""The digest of a custom module's source: what counts, and what does not."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from collections.abc import Callable, Iterator
from importlib.util import spec_from_file_location
from pathlib import Path
from zipfile import ZipFile

import pytest

from paribus.errors import UserError
from paribus.spec import code
from paribus.spec.code import find_source, import_code
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
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(code, "_imported", code._Imported())
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
    assert {str(path.relative_to(folder)) for path in source.files.values()} == COUNT


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


def test_the_digest_is_the_same_from_any_current_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"nets.py": NETS + "import only_here\n"})
    current = write(tmp_path / "current", {"only_here.py": "", "only_there.py": ""})
    there = digest(folder)
    monkeypatch.chdir(current)
    for first in ([], [""]):  # As an interactive Python has it.
        monkeypatch.setattr(sys, "path", [*first, *sys.path])
        assert digest(folder) == there
        assert find_source(ModuleNetwork(module="only_there:f"), folder) is None


def editable_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """As a file of site-packages with the path does."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(source)])


def editable_finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """As setuptools does where one path would not do."""

    class Finder:
        @classmethod
        def find_spec(cls, name: str, path: object = None, target: object = None) -> object:
            if name != "lab":
                return None
            return spec_from_file_location(name, source / "lab" / "__init__.py")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])


Installed = Callable[[Path, pytest.MonkeyPatch, Path], None]


@pytest.mark.parametrize("install", [editable_path, editable_finder])
def test_the_users_modules_elsewhere_count(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Installed
) -> None:
    source = write(
        tmp_path / "project" / "src",
        {"lab/__init__.py": "", "lab/blocks.py": "from lab import deep\n", "lab/deep.py": ""},
    )
    write(folder, {"nets.py": "from lab.blocks import Block\n"})
    before = digest(folder)
    install(tmp_path, monkeypatch, source)
    found = find_source(NETWORK, folder)
    assert found is not None
    assert sorted(found.files) == ["lab", "lab.blocks", "lab.deep", "nets"]
    assert found.digest != before
    write(source, {"lab/deep.py": "# edited"})
    assert digest(folder) != found.digest


@pytest.mark.parametrize("place", ["lib/python3/dist-packages", "env/site-packages", "target"])
def test_installed_packages_do_not_count(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    installed = write(tmp_path / place, {"lab.py": "import deep\n", "deep.py": ""})
    if place == "target":  # As `pip install --target` makes it.
        (installed / "lab-1.0.dist-info").mkdir()
    write(folder, {"nets.py": "import lab, json, xml.dom, paribus, sys, torch\n"})
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed)])
    found = find_source(NETWORK, folder)
    assert found is not None
    assert list(found.files) == ["nets"]


def test_a_namespace_package_is_followed_wherever_its_parts_are(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write(tmp_path / "one", {"lab/mine.py": ""})
    other = write(tmp_path / "site-packages", {"lab/theirs.py": ""})
    monkeypatch.setattr(sys, "path", [*sys.path, str(other), str(one)])
    write(folder, {"nets.py": "from lab import mine, theirs\n"})
    found = find_source(NETWORK, folder)
    assert found is not None
    assert sorted(found.files) == ["lab.mine", "nets"]


def test_modules_in_an_archive_count(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ZipFile(tmp_path / "lab.zip", "w") as archive:
        archive.writestr("lab.py", "import deep")
        archive.writestr("deep.py", "")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "lab.zip")])
    write(folder, {"nets.py": "import lab\n"})
    found = find_source(NETWORK, folder)
    assert found is not None
    assert sorted(found.files) == ["deep", "lab", "nets"]


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
    assert [path.name for _, path in sorted(source.files.items())] == [
        "__init__.py",
        "base.py",
        "nets.py",
    ]


def test_what_is_not_there_and_what_cannot_be_parsed(folder: Path) -> None:
    assert find_source(ModuleNetwork(module="nothing_here:Net"), folder) is None
    assert find_source(ModuleNetwork(module="parts.nothing:Net"), folder) is None
    write(folder, {"wrong.py": "def f(:\n"})
    assert find_source(ModuleNetwork(module="wrong:f"), folder) is not None


def test_modules_are_imported_from_the_study_that_was_named_last(tmp_path: Path) -> None:
    network = ModuleNetwork(module="own_nets:Net")
    for name in ("one", "two"):
        write(tmp_path / name, {"own_nets.py": f"import own_helper\nNAME = '{name}'\n"})
        write(tmp_path / name, {"own_helper.py": ""})
        import_code(network, tmp_path / name)
        import_code(network, tmp_path / name)
        assert name == importlib.import_module("own_nets").NAME
    assert str(tmp_path / "one") not in sys.path
    assert sys.path.count(str(tmp_path / "two")) == 1


def test_edited_modules_are_imported_anew_wherever_they_are(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = ModuleNetwork(module="own_nets:Net")
    elsewhere = write(tmp_path / "elsewhere", {"own_width.py": "WIDTH = 3\n"})
    monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere)])
    write(folder, {"own_nets.py": "from own_width import WIDTH\n", "own_other.py": ""})
    import_code(network, folder)
    first = importlib.import_module("own_nets")
    # Another module of the same study does not make this one another.
    import_code(ModuleNetwork(module="own_other:Net"), folder)
    assert importlib.import_module("own_nets") is first
    write(elsewhere, {"own_width.py": "WIDTH = 50\n"})
    import_code(network, folder)
    assert importlib.import_module("own_nets").WIDTH == 50


def test_what_is_imported_is_the_source_whatever_was_compiled_before(folder: Path) -> None:
    """After an edit within a second, or one with a clock that was set back, Python would take the
    compiled code of another source for that of this one."""
    write(folder, {"own_nets.py": "from own_part import layers\n", "own_part/__init__.py": "",
                   "own_part/layers.py": "WIDTH = 8\n"})  # fmt: skip
    path = folder / "own_part" / "layers.py"
    py_compile.compile(str(path))
    before = path.stat()
    path.write_text("WIDTH = 9\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    import_code(ModuleNetwork(module="own_nets:Net"), folder)
    assert importlib.import_module("own_nets").layers.WIDTH == 9


def test_other_code_than_is_meant_is_not_imported(folder: Path) -> None:
    import_code(NETWORK, folder, digest(folder))
    with pytest.raises(UserError, match="its code has changed since the command began"):
        import_code(NETWORK, folder, "0" * 64, since="the command began")
