"""Where a report is written that no folder is named for."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.present.own_folder import (
    keep_mark,
    keep_mark_of_files,
    own_folder,
    own_folder_of_files,
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(study: str, folder: Path = Path(), *, preview: bool = False) -> str:
    chosen = own_folder(study, folder, preview=preview)
    keep_mark(study, folder, chosen, preview=preview)
    (chosen / "index.html").write_text(study, "utf-8")
    return str(chosen)


def test_no_study_takes_the_folder_of_another() -> None:
    studies = [
        ("a.toml", Path()), ("b.toml", Path()), ("sub/b.toml", Path("sub")), ("mnist", Path()),
        ("A title / of mine", Path()),
    ]  # fmt: skip
    expected = ["report", "report-b", "report-b-2", "report-mnist", "report--of-mine"]
    for _ in range(2):  # Each finds its own again.
        assert [write(name, folder) for name, folder in studies] == expected


def test_a_preview_leaves_the_report_of_the_full_study() -> None:
    assert write("a.toml", preview=True) == "report"
    assert write("a.toml", preview=True) == "report"
    assert write("a.toml") == "report"
    assert write("a.toml", preview=True) == "report-a-preview"
    assert write("a.toml", preview=True) == "report-a-preview"
    assert write("a.toml") == "report"


def test_a_study_is_one_from_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write("a.toml") == "report"
    assert write(str(tmp_path / "a.toml"), tmp_path) == "report"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert write("../a.toml", Path("..")) == "report"


def test_a_report_of_before_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    assert own_folder("a.toml", Path()) == Path("report")


def test_both_can_be_moved_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tmp_path / "first"
    first.mkdir()
    monkeypatch.chdir(first)
    assert write("a.toml") == "report"
    monkeypatch.chdir(tmp_path)
    first.rename("second")
    monkeypatch.chdir(tmp_path / "second")
    assert own_folder("a.toml", Path()) == Path("report")


def write_files(*files: str) -> str:
    chosen = own_folder_of_files(list(map(Path, files)))
    keep_mark_of_files(list(map(Path, files)), chosen)
    return str(chosen)


def test_files_together_have_a_report_of_their_own() -> None:
    for _ in range(2):  # Each finds its own again, whatever the order of its files.
        assert write_files("a.csv", "b.csv") == "report"
        assert write_files("a.csv") == "report-a"
        assert write_files("b.csv", "a.csv") == "report"
        assert write_files("b.csv") == "report-b"
        assert write_files(*(f"{name}.csv" for name in "badce")) == "report-b-a-d-and-2-more"
    assert write("a.toml") == "report-a-2"
