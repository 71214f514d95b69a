"""The probabilities of a run are those that were written, or damaged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.store.files import RunFiles, digests_in, settle_files
from paribus.store.predictions import PROBABILITIES

SHARES_NK = np.random.default_rng(1).random((5, 3), np.float32)


def saved(array: NDArray[np.generic], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def read(folder: Path, content: bytes) -> NDArray[np.float32] | None:
    (folder / PROBABILITIES).write_bytes(content)
    return RunFiles(folder, {}).probabilities()


@pytest.mark.parametrize("array", [SHARES_NK, np.asfortranarray(SHARES_NK), SHARES_NK[:1]])
def test_probabilities_are_read_as_they_were_written(
    array: NDArray[np.float32], tmp_path: Path
) -> None:
    found = read(tmp_path, saved(array))
    assert found is not None
    assert found.dtype == np.float32
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize(
    "content",
    [
        saved(SHARES_NK)[:-4],
        saved(SHARES_NK) + b"more",
        saved(SHARES_NK)[:30],
        b"",
        saved(SHARES_NK, (2, 0)),
        saved(SHARES_NK.astype(np.float64)),
        saved(SHARES_NK.astype(">f4")),
        saved(SHARES_NK.ravel()),
        saved(np.array([["a"]], object)),
    ],
)
def test_other_content_is_damaged(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParibusError, match=r"probabilities.npy: is damaged"):
        read(tmp_path, content)


def test_files_that_are_not_what_training_wrote_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / PROBABILITIES).write_bytes(saved(SHARES_NK))
    trained = digests_in(tmp_path)
    assert settle_files(tmp_path, trained) == trained
    (tmp_path / PROBABILITIES).write_bytes(saved(SHARES_NK + 1))
    with pytest.raises(ParibusError, match="what was copied is not what training wrote"):
        settle_files(tmp_path, trained)
    with pytest.raises(ParibusError, match="what was copied is not what training wrote"):
        settle_files(tmp_path / "nothing", trained)
