"""ONNX files against the probabilities that were stored, read by onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from paribus.errors import UserError
from paribus.export.formats import NotRecomputed
from paribus.export.onnx import recompute, write
from tests.support.every_layer import Read, networks


@pytest.mark.parametrize("name", networks())
def test_every_layer_answers_as_it_did_when_trained(name: str, read: Read, tmp_path: Path) -> None:
    trained = read(name)
    write(trained, tmp_path / "run.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "run.onnx")
    logits_NK, probabilities_NK = session.run(
        ["logits", "probabilities"], {"images": trained.test_images}
    )
    assert np.abs(probabilities_NK - trained.probabilities).max() < 2e-6
    assert np.ptp(probabilities_NK, axis=0).max() > 1e-4  # It tells images apart at all.
    np.testing.assert_array_equal(logits_NK.argmax(1), probabilities_NK.argmax(1))


def test_images_may_come_one_by_one(read: Read, tmp_path: Path) -> None:
    trained = read("cnn")
    write(trained, tmp_path / "run.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "run.onnx")
    one = session.run(["probabilities"], {"images": trained.test_images[7:8]})[0]
    np.testing.assert_allclose(one, trained.probabilities[7:8], atol=2e-6)


def test_a_file_says_what_it_is(read: Read, tmp_path: Path) -> None:
    trained = read("cnn")
    write(trained, tmp_path / "run.onnx")
    model = onnx.load(str(tmp_path / "run.onnx"))
    facts = {prop.key: prop.value for prop in model.metadata_props}
    assert facts["run"] == trained.run.id
    assert json.loads(facts["class_names"]) == ["0", "1", "2"]
    assert json.loads(facts["experiment"]) == trained.experiment.settings()
    assert model.doc_string == f"cnn, seed 0: run {trained.run.id}. Input: pixels in 0..1."
    assert "conv1.weight" in {tensor.name for tensor in model.graph.initializer}


def test_without_onnx_it_says_what_to_install(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = read("cnn")
    monkeypatch.setattr("paribus.errors.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"^the format \"onnx\" needs the package onnx, which is"):
        write(trained, tmp_path / "run.onnx")


def test_without_onnxruntime_it_is_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paribus.errors.find_spec", lambda name: None)
    images = np.zeros((1, 1, 1, 1), np.float32)
    assert recompute(tmp_path / "run.onnx", images) == NotRecomputed(
        "the check needs the package onnxruntime, which is not installed; install it with: "
        'pip install "paribus[onnx]"'
    )
