"""The pad's answers are the networks' own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus.store.open import open_store
from tests.support.commands import train
from tests.support.serving import Serving, serving


def test_test_images_get_the_stored_probabilities(server: Serving, trained: Path) -> None:
    for index in (0, 17, 9999):
        status, answer = server.ask({"test_image": index})
        assert status == 200
        assert answer["problems"] == []
        assert [one["name"] for one in answer["experiments"]] == ["mlp", "cnn"]
        for one in answer["experiments"]:
            with open_store(trained / "runs", "read") as store:
                found = {run.seed: store.probabilities(run.id) for run in store.find_runs(
                    f"{one['name']}/0") + store.find_runs(f"{one['name']}/1")}  # fmt: skip
            for seed, row in zip(one["seeds"], one["each"], strict=True):
                stored = found[seed]
                assert stored is not None
                assert np.abs(stored[index] - row).max() < 1e-3
            assert np.allclose(np.mean(one["each"], axis=0), one["mean"], atol=1e-3)
            if len({int(np.argmax(row)) for row in one["each"]}) == 1:
                assert one["words"] == f"both seeds say {np.argmax(one['mean'])}"


def test_the_label_and_the_image_come_along(server: Serving) -> None:
    _, answer = server.ask({"test_image": 0})
    assert answer["truth"] == "7"
    assert len(base64.b64decode(answer["image"])) == 28 * 28


def test_a_drawing_is_answered(server: Serving) -> None:
    drawing = np.zeros((280, 280), np.uint8)
    drawing[40:240, 130:155] = 255
    pixels = base64.b64encode(drawing.tobytes()).decode()
    _, answer = server.ask({"drawing": {"width": 280, "height": 280, "pixels": pixels}})
    assert answer["truth"] is None
    cnn = answer["experiments"][1]
    assert cnn["words"] == "both seeds say 1"


def test_images_most_often_wrong(server: Serving, trained: Path) -> None:
    _, _, body = server.request("/wrong")
    wrong = np.array(json.loads(body))
    assert 10 < len(wrong) <= 100
    status, answer = server.ask({"test_image": int(wrong[0])})
    assert status == 200
    taken = {int(np.argmax(row)) for one in answer["experiments"] for row in one["each"]}
    assert int(answer["truth"]) not in taken


@pytest.mark.thorough
def test_a_module_of_one_s_own_on_colored_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = rng.integers(0, 60, (90, 10, 12, 3)) + 90 * labels[:, None, None, None]
    arrays: dict[str, Any] = {"x_train": images.astype(np.uint8), "y_train": labels}
    arrays |= {"x_test": arrays["x_train"][:30], "y_test": labels[:30]}
    np.savez(tmp_path / "colors.npz", **arrays)
    (tmp_path / "nets.py").write_text(MODULE, "utf-8")
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    train(tmp_path, "own.toml", "--jobs", "1")
    with serving(tmp_path, "own.toml") as server:
        _, _, page = server.request("/pad")
        assert "12 × 10 pixels, the same gray in all 3 colors" in page.decode()
        status, answer = server.ask({"test_image": 4})
        assert status == 200
        assert answer["problems"] == []
        with open_store(tmp_path / "runs", "read") as store:
            for one in answer["experiments"]:
                stored = store.probabilities(store.find_runs(f"{one['name']}/0")[0].id)
                assert stored is not None
                assert np.abs(stored[4] - one["each"][0]).max() < 1e-3
        assert [one["name"] for one in answer["experiments"]] == ["own", "ours"]


MODULE = """
from torch import nn


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(320, 3)
        )
"""
OWN = """
title = "Own"
data = "colors.npz"
seeds = 1

[experiments.own]
network = "nets:Net"
optimizer = { name = "sgd", lr = 0.01 }
batch_size = 10
epochs = 2

[experiments.ours]
from = "own"
network = ["conv 4", "batchnorm", "gelu", "flatten", "linear 3"]
"""
