"""Imports point one way, as docs/architecture.md has it, and the light parts stay light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Set
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "paribus"

BASE = {"errors", "seeding", "text", "registry"}
"""What every part may import, these among themselves excepted."""


def _table(heading: str, base: Set[str]) -> dict[str, set[str]]:
    """What each part may import of ours, besides itself, by the first table below a heading of
    docs/architecture.md. base: what every part may import."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition(f"\n## {heading}\n")[2].partition("\n| --- ")[2].partition("\n\n")[0]
    allowed = {}
    for line in table.splitlines()[1:]:
        part, _, imports = (cell.strip() for cell in line.strip("|").split(" | "))
        name = part.strip("`/ ")
        allowed[name] = set(re.findall(r"`([a-z_]+)`", imports)) | (base - {name})
    return allowed


ALLOWED = _table("The parts", BASE) | {"studies": set()}
ELSEWHERE = SOURCE / "elsewhere"
WAY = _table("The way of a table", set())
"""The parts of `elsewhere`, lower ones first."""


def test_the_table_has_all_parts() -> None:
    for folder, table in ((SOURCE, ALLOWED), (ELSEWHERE, WAY)):
        packages = {path.parent.name for path in folder.glob("*/__init__.py")}
        assert set(table) == packages | {path.stem for path in folder.glob("*.py")} - {"__init__"}


FOR_TYPES_ALONE = {("spec", "results")}
"""`Study.run` is found by name, but its result has a type."""


def _imports(path: Path) -> Iterator[tuple[list[str], bool]]:
    """What a file imports of ours, as a path of names from the part on, "" for `import paribus`
    itself, which may load any; and whether for types alone."""
    tree = ast.parse(path.read_text("utf-8"))
    types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports out in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            # The version is a constant of `paribus` itself, and loads no part.
            if f"{name}.".startswith("paribus.") and name != "paribus.__version__":
                yield f"{name}.".split(".")[1:], node in types


FILES = [path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    for (imported, *_), for_types in _imports(path):
        if for_types and (part, imported) in FOR_TYPES_ALONE:
            continue
        assert imported in ALLOWED[part] | {part}, f"{path}: imports {imported or 'paribus'}"


def _modules_of_ours() -> dict[str, set[str]]:
    """Those that each module imports, for types alone as well."""

    def name(path: Path) -> str:
        return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)

    modules = {name(path): path for path in FILES if path.name != "__init__.py"}
    found = dict[str, set[str]]()
    for module, path in modules.items():
        named = set[str]()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named |= {f"{node.module}", *(f"{node.module}.{one.name}" for one in node.names)}
        found[module] = named & modules.keys() - {module}
    found["paribus.spec.study"].remove("paribus.results")  # See `FOR_TYPES_ALONE`.
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    """In a circle, none can be read, tested or moved without the others."""
    TopologicalSorter(_modules_of_ours()).prepare()  # Raises `CycleError` with a circle.


@pytest.mark.parametrize("path", sorted(ELSEWHERE.rglob("*.py")), ids=lambda path: path.stem)
def test_a_table_from_elsewhere_goes_one_way(path: Path) -> None:
    part = path.relative_to(ELSEWHERE).parts[0].removesuffix(".py")
    for (imported, *inner), _ in _imports(path):
        if imported == "elsewhere":
            assert inner[0] in WAY[part] | {part}, f"{path}: imports {inner[0]}"
    for place, (name, imports) in enumerate(WAY.items()):
        assert imports <= set(list(WAY)[:place]), f"{name}: imports what stands below it"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_git_ignores_no_file_of_ours() -> None:
    """A folder called as one that commands write, such as runs/, would be missing in a clone."""
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "src", "tests"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in found.stdout.splitlines() if name.endswith(".py")] == []


def test_each_class_has_a_name_of_its_own() -> None:
    """A reader who finds a name in two parts takes one thing for the other. Engines have parts of
    their own for what a specification names, and by its name."""
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(SOURCE)))
    shared = {
        name: [place for place in places if not place.startswith("engines/")] or places[:1]
        for name, places in homes.items()
    }
    assert {name: places for name, places in shared.items() if len(places) > 1} == {}


def _modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


HEAVY = {"torch", "matplotlib", "scipy", "pandas", "onnx", "onnxruntime", "tensorboard", "mlflow"}
HEAVY |= {"starlette", "uvicorn", "ray"}


def test_importing_paribus_loads_nothing_heavy() -> None:
    assert not _modules_after("import paribus") & HEAVY
    assert not _modules_after("from paribus import Study") & HEAVY
    assert not _modules_after("import paribus.cli.export, paribus.cli.serve") & HEAVY


def _modules_after_command(*arguments: str) -> set[str]:
    call = f"paribus({list(arguments)!r}, standalone_mode=False)"
    return _modules_after(
        "import contextlib, io\nfrom paribus.cli.main import paribus\n"
        f"with contextlib.redirect_stdout(io.StringIO()): {call}"
    )


def test_checking_a_study_loads_nothing_heavy() -> None:
    """SciPy alone takes longer to load than the rest of the command takes."""
    assert not _modules_after_command("check", "mnist") & HEAVY


def test_judging_a_csv_file_loads_what_its_page_needs_alone(tmp_path: Path) -> None:
    csv = str(ROOT / "docs" / "ablation.csv")
    loaded = _modules_after_command("judge", csv, "--report", str(tmp_path / "out"))
    assert loaded & HEAVY == {"scipy", "matplotlib"}


def test_help_loads_next_to_nothing() -> None:
    assert not _modules_after_command("--help") & (HEAVY | {"numpy", "pydantic", "rich"})
