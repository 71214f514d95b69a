"""`paribus report` from a store."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray

from paribus.store.files import RunFiles
from tests.support.commands import call


def test_report_command_reads_each_file_once(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Counter[str]()
    read = RunFiles.probabilities

    def counted(self: RunFiles) -> NDArray[np.float32] | None:
        reads[self.folder.name] += 1
        return read(self)

    monkeypatch.setattr(RunFiles, "probabilities", counted)
    monkeypatch.chdir(trained)
    assert call("report", "small.toml", "--report", str(tmp_path / "report")).exit_code == 0
    assert len(reads) == 6
    assert set(reads.values()) == {1}


def page_of(result: Result) -> Path:
    """The page that a command has named."""
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("Report: "))
    return Path(line.removeprefix("Report: "))


@pytest.mark.usefixtures("undrawn")
def test_two_studies_in_one_folder_have_a_report_each(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained, tmp_path / "both")
    monkeypatch.chdir(tmp_path / "both")
    first = Path("report/index.html").read_bytes()
    text = Path("small.toml").read_text("utf-8").replace('"Small"', '"Another"')
    Path("other.toml").write_text(text, "utf-8")
    assert page_of(call("report", "other.toml")) == Path("report-other/index.html").resolve()
    assert Path("report/index.html").read_bytes() == first
    assert "Another" in Path("report-other/index.html").read_text("utf-8")
    assert page_of(call("report", "small.toml")) == Path("report/index.html").resolve()
