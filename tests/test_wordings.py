"""Each wording stands once: whoever changes a sentence changes it wherever it is printed."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "paribus"

FEWEST_WORDS = 6
"""Of a clause. Shorter ones are phrases, such as "must be a finite number"."""

_QUERY = re.compile(r"\b(?:SELECT|FROM|INSERT|UPDATE|DELETE)\b")
_CLAUSE = re.compile(r"(?<=[.;:,?!])\s+|\n")
_JOINED = re.compile(r"^(?:and|but|or|so|which) ")
_WORD = re.compile(r"[A-Za-z’']{2,}")


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each text of a module with its line, {} in place of what an f-string fills in. Docstrings
    are no text: help of commands and settings is made of them, and stands once as they do."""
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {
        part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if node in docstrings or node in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                ),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _clauses(text: str) -> set[str]:
    clauses = {_JOINED.sub("", part.strip(" .;:,?!\"'`()")) for part in _CLAUSE.split(text)}
    return {
        clause
        for clause in clauses
        if len(_WORD.findall(clause)) >= FEWEST_WORDS and not _QUERY.search(clause)
    }


def doubled(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return the clauses that stand at several places of some sources, each with its places."""
    places = defaultdict(set)
    for name, source in sources.items():
        for line, text in _texts(ast.parse(source)):
            for clause in _clauses(text):
                places[clause].add(f"{name}:{line}")
    return {clause: found for clause, found in places.items() if len(found) > 1}


def test_no_wording_stands_twice() -> None:
    sources = {
        str(path.relative_to(SOURCE)): path.read_text("utf-8") for path in SOURCE.rglob("*.py")
    }
    assert doubled(sources) == {}, "word it in one place, and use that in both"


def test_what_counts_as_a_doubled_wording() -> None:
    clause = "it must be one of the metrics of the study"
    one = f'"""{clause}"""\nx = f"metric {{m}}: {clause}; write one"\nq = "SELECT a FROM {clause}"'
    assert doubled({"one": one}) == {}
    assert doubled({"one": one, "other": f'y = ("metric: {clause[:9]}"\n"{clause[9:]}")'}) == {
        clause: {"one:2", "other:1"}
    }
    assert doubled({"a": 'x = f"one {a} or more runs of {b} ended so"', "b": 'x = f"{b}"'}) == {}
    filled = 'x = f"only {} or more runs of {} ended so"'
    assert doubled({"a": filled.format("{a}", "{b}"), "b": filled.format("{c}", "{d!r}")}) == {
        "only {} or more runs of {} ended so": {"a:1", "b:1"}
    }
    short = 'x = "must be a finite number"'
    assert doubled({"a": short, "b": short}) == {}
