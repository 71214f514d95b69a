"""How tests stand to each other: what several need is in tests/support/, and no file is long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = list(TESTS.rglob("*.py"))


def _named(path: Path) -> Iterator[str]:
    """Every module of tests/ that a file imports, or names in a text of its own."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case ast.Constant(value=str(text)):
                # Code for another process; paths such as tests/support are not meant.
                yield from re.findall(r"\btests\.[\w.]+", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_imports_another(path: Path) -> None:
    ours = {name for name in _named(path) if name.startswith("tests.")}
    assert {name for name in ours if not name.startswith("tests.support.")} == set()


@pytest.mark.parametrize("path", sorted((TESTS / "support").rglob("*.py")), ids=lambda p: p.name)
def test_what_is_shared_has_no_tests(path: Path) -> None:
    names = [node.name for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.FunctionDef)]  # fmt: skip
    assert not [name for name in names if name.startswith("test_")]


def test_the_tests_that_the_readme_names_are_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (TESTS / "README.md").read_text("utf-8"))
    assert len(named) > 60
    for file, test in named:
        assert f"\ndef {test}(" in (TESTS / file).read_text("utf-8"), f"{file}::{test}"
