"""What a comparison refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.judged import compared


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"b_S": [0.9]}, "one value per seed of each"),
        ({"planned": 1}, "planned: 1 seeds, but there are 2"),
        ({"a_SN": np.ones((2, 4))}, "give both or none"),
        ({"a_SN": np.ones((3, 4)), "b_SN": np.ones((3, 4))}, "a_SN: needs 2 seeds × images"),
        ({"a_SN": np.ones((2, 4)), "b_SN": np.ones((2, 4))}, "means over images are not b_S"),
    ],
)
def test_contradictions_are_refused(rest: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"a_S": [1.0, 1.0], "b_S": [0.5, 0.75], **rest}
    with pytest.raises(ValueError, match=message):
        compared(**given)


def test_diverged_runs_and_their_images_are_left_out_together() -> None:
    a_SN = np.array([[1.0, 1], [1, 0], [0, 0]])
    b_SN = np.array([[1.0, 1], [np.nan, np.nan], [0, 1]])
    comparison = compared(a_SN.mean(1), b_SN.mean(1), a_SN=a_SN, b_SN=b_SN)
    assert comparison.pairs()[1].tolist() == [1.0, 0.5]
    images = comparison.image_pairs()
    assert images is not None
    assert images[0].tolist() == [[1, 1], [0, 0]]
