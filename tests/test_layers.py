"""Imports point one way, and the light parts stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "paribus"

# What each part may import of ours, besides itself.
BASE = {"errors", "seeding", "registry", "text"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "seeding": set(),
    "text": set(),
    "registry": {"errors"},
    "spec": BASE,
    "randomness": BASE | {"spec"},
    "stats": BASE,
    "data": BASE,
    "engines": BASE | {"spec", "randomness"},
    "store": BASE | {"spec"},
    "execute": BASE | {"spec", "randomness", "data", "engines"},
    "runner": BASE | {"spec", "randomness", "data", "engines", "execute", "store"},
    "measure": BASE | {"spec", "data", "store", "stats"},
    "questions": BASE | {"spec", "measure", "stats"},
    "present": BASE | {"spec", "data", "store", "stats", "measure", "questions"},
    "export": BASE | {"spec", "data", "engines", "store"},
    "serve": BASE
    | {
        "spec",
        "randomness",
        "data",
        "engines",
        "store",
        "runner",
        "measure",
        "questions",
        "present",
    },
    "studies": set(),
    "results": BASE
    | {"spec", "data", "engines", "execute", "store", "runner", "measure", "questions"}
    | {"present", "export"},
    "__main__": {"cli"},
    "cli": BASE
    | {"spec", "data", "engines", "execute", "store", "runner", "measure", "questions"}
    | {"present", "export"}
    | {"serve"},
}


def _parts(path: Path) -> set[str]:
    """The parts of ours that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports out in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("paribus.")}


FILES = [path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert _parts(path) - {part} <= ALLOWED[part]


def _modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


HEAVY = {"torch", "matplotlib", "scipy", "pandas", "onnx", "onnxruntime", "tensorboard", "mlflow"}
HEAVY |= {"starlette", "uvicorn"}


def test_importing_paribus_loads_nothing_heavy() -> None:
    assert not _modules_after("import paribus") & HEAVY
    assert not _modules_after("from paribus import Study") & HEAVY
    assert not _modules_after("import paribus.cli.export, paribus.cli.serve") & HEAVY


def test_help_loads_next_to_nothing() -> None:
    code = "from paribus.cli.main import paribus\nparibus(['--help'], standalone_mode=False)"
    script = f"import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    {code}"
    loaded = _modules_after(script.replace("\nparibus(", "; paribus("))
    assert not loaded & (HEAVY | {"numpy", "pydantic", "rich"})
