"""What a package index shows: no link that leads nowhere, and no placeholder."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def readme(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What setup.py makes of README.md for a repository's address."""

    def nothing(**_: Any) -> None:
        pass

    monkeypatch.setattr("setuptools.setup", nothing)
    made: Callable[[str], str] = runpy.run_path(str(ROOT / "setup.py"))["readme"]
    return made


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


def test_without_an_address_the_readme_links_to_no_file(readme: Callable[[str], str]) -> None:
    text = readme("")
    assert all(link.startswith(("http", "#")) for link in _links(text))
    assert "docs/statistics.md" in text
    assert "![" not in text


def test_with_an_address_its_links_are_absolute(readme: Callable[[str], str]) -> None:
    text = readme("https://forge.org/paribus")
    assert all(link.startswith(("http", "#")) for link in _links(text))
    assert re.search(r"\[docs/grid.md\]|\[`\[grid\]`\]\(https://forge.org/paribus/blob/v", text)
    assert re.search(r"!\[[^\]]*\]\(https://forge.org/paribus/raw/v[\d.]+/docs/", text)


def test_no_address_is_of_a_host_that_is_reserved_for_examples() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for address in project.get("urls", {}).values():
        assert address.startswith("https://")
        assert not re.search(r"\bexample\b", address)
