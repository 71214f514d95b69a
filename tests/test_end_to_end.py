"""A small study from its file to its page, by every engine. It is what `make quick` has of
training, but for PyTorch, which takes seconds to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus import load_study
from paribus.engines.native.library import library_path
from tests.support.small import SMALL_STUDY, Small

TORCH = pytest.param("torch", marks=pytest.mark.slow)
# Three seeds, so that its question gets a verdict.
STUDY = SMALL_STUDY.replace("seeds = 2", "seeds = 3").replace("dropout 0.2", "residual [relu]")


@pytest.mark.parametrize("engine", ["numpy", TORCH, "native"])
def test_from_file_to_page(engine: str, small: Small, tmp_path: Path) -> None:
    if engine == "native" and library_path() is None:
        pytest.skip("the kernels were not built")
    study, folder = load_study(str(small(STUDY.replace('"numpy"', f'"{engine}"'))))
    study = study.only(("mlp", "cnn"))
    results = study.run(store=tmp_path / "runs", relative_to=folder, jobs=1, quiet=True)
    assert results.failed == {}
    runs = results.runs()
    assert set(runs["engine"]) == {engine}
    # The images of a class are its pattern and a little noise.
    assert runs["test_accuracy"].min() > 0.9
    (verdict,) = results.findings()["verdict"]
    assert verdict != "no verdict"
    page = results.report(tmp_path / "report").read_text("utf-8")
    assert "Is the CNN better?" in page
