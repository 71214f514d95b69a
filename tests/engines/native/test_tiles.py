"""Every layer with batches of one tile and of several, the last one full or not, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.engines.native.engine import NativeEngine
from paribus.engines.native.library import library_path
from tests.support.cases import assert_close, digits, judge, make_task, noise, tensors
from tests.support.networks import NETWORKS, network

pytestmark = pytest.mark.skipif(library_path() is None, reason="the kernels were not built")


@pytest.mark.parametrize("images", [16, 37])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_step(name: str, images: int) -> None:
    task = make_task(network(name, 2), noise(images, (2, 9, 7)), batch_size=images)
    judged, native = judge(task), NativeEngine(threads=2).start(task)
    right, got = judged.run_epoch(), native.run_epoch()
    assert got.train.loss == pytest.approx(right.train.loss, rel=1e-5)

    def change(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {key: value - task.initial[key] for key, value in values.items()}

    assert_close(change(tensors(native)), change(tensors(judged)), 5e-5, 1e-6)
    np.testing.assert_allclose(native.probabilities(), judged.probabilities(), atol=2e-5)


@pytest.mark.parametrize(
    "first",
    ["residual [linear 784]", "concat [[linear 16], []]", "residual [linear 5] skip=[linear 5]"],
)
def test_images_that_are_mostly_zero_and_used_twice(first: str) -> None:
    """Kernels that leave out what is 0 load no images, which the skip connection must have."""
    task = make_task(["flatten", first, "linear 10"], digits(40), batch_size=20)
    judged, native = judge(task), NativeEngine().start(task)
    right, got = judged.run_epoch(), native.run_epoch()
    assert got.train.loss == pytest.approx(right.train.loss, rel=1e-5)
    assert_close(tensors(native), tensors(judged), 1e-5, 1e-6)
