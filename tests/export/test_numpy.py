"""Exports of bare arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paribus.export.formats import Recomputed
from paribus.export.numpy import recompute, write
from tests.support.every_layer import Read, networks


@pytest.mark.parametrize("name", networks())
def test_every_layer_answers_as_it_did_when_trained(name: str, read: Read, tmp_path: Path) -> None:
    trained = read(name)
    write(trained, tmp_path / "run.npz")
    answer = recompute(tmp_path / "run.npz", trained.test_images)
    assert isinstance(answer, Recomputed)
    assert np.abs(answer.probabilities_NK - trained.probabilities).max() < 2e-6


def test_what_is_in_it(read: Read, tmp_path: Path) -> None:
    trained = read("mlp")
    write(trained, tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["network"].tolist() == networks()["mlp"]
    assert arrays["class_names"].tolist() == ["0", "1", "2"]
    assert arrays["linear1.weight"].shape == (8, 147)
    hidden = trained.test_images.reshape(len(trained.test_images), -1)
    for number in (1, 2, 3):
        hidden = hidden @ arrays[f"linear{number}.weight"].T + arrays[f"linear{number}.bias"]
        hidden = np.maximum(hidden, 0) if number < 3 else hidden
    np.testing.assert_array_equal(hidden.argmax(1), trained.probabilities.argmax(1))
