"""Parts are found by name: built in, or registered by another installed package."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.registry import Registry


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package that registers two parts, one of which cannot be loaded."""
    (tmp_path / "other_package.py").write_text("PART = 'theirs'\n")
    info = tmp_path / "other_package-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[paribus.things]\nmine = other_package:PART\nours = other_package:PART\n"
        "broken = other_package:MISSING\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "other_package", raising=False)


def things() -> Registry[str]:
    return Registry("things", "thing", {"ours": "string:ascii_lowercase"})


@pytest.mark.usefixtures("installed")
def test_part_of_another_package_is_found_by_its_entry_point() -> None:
    assert things().names() == ["ours", "broken", "mine"]
    assert things().get("mine") == "theirs"


@pytest.mark.usefixtures("installed")
def test_built_in_name_cannot_be_taken() -> None:
    assert things().get("ours").startswith("abc")


@pytest.mark.usefixtures("installed")
def test_part_that_cannot_be_loaded_is_reported_in_one_line() -> None:
    with pytest.raises(UserError, match=r'thing "broken": cannot be loaded from other_package'):
        things().get("broken")


def test_unknown_name_suggests_a_known_one() -> None:
    with pytest.raises(UserError, match=re.escape('there is no thing "our"; did you mean "ours"?')):
        things().get("our")
