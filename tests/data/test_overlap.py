"""Test images that are trained on: told with their number, wherever results are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.overlap import Part, overlap_notes
from paribus.data.sources import load
from tests.support.commands import call, train_here
from tests.support.small import write_small

WARNING = (
    "Warning: small.npz: 5 of 40 test images are training images too, equal in every pixel (2 of "
    "them with another label), so test accuracy is optimistically biased; remove them from one part"
)


@pytest.fixture
def leaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small study, whose test images 10 to 14 are training images 30 to 34, two with another
    label."""
    study = write_small(tmp_path)
    with np.load(tmp_path / "small.npz") as found:
        parts = dict(found)
    parts["x_test"][10:15] = parts["x_train"][30:35]
    parts["y_test"][10:15] = parts["y_train"][30:35]
    parts["y_test"][10:12] = (parts["y_test"][10:12] + 1) % 3
    np.savez(tmp_path / "small.npz", **parts)
    monkeypatch.chdir(tmp_path)
    return study


def test_commands_tell_how_many(leaking: Path) -> None:
    assert WARNING in call("check", "small.toml").stderr.splitlines()
    assert WARNING in call("data", "small.npz").stderr.splitlines()


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_the_report_tells_it_too(leaking: Path) -> None:
    train_here(leaking, only=("mlp", "cnn"))
    assert call("report", "small.toml").exit_code == 0
    assert WARNING in Path("report/report.md").read_text("utf-8").splitlines()
    assert f'<p class="warning">{WARNING}</p>' in Path("report/index.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_what_comes_with_the_package_has_none(name: str) -> None:
    assert overlap_notes(load(name).parts) == ()


def test_validation_images_are_looked_at_too(tmp_path: Path) -> None:
    image_N = np.arange(12, dtype=np.uint8)[:, None, None]
    label_N = np.arange(12) % 2
    parts: dict[str, Any] = {}
    for part, chosen in (("train", [*range(6)]), ("val", [5, 6, 7, 8]), ("test", [8, 9, 10])):
        parts |= {f"x_{part}": image_N[chosen], f"y_{part}": label_N[chosen]}
    np.savez(tmp_path / "some.npz", **parts)
    assert load(str(tmp_path / "some.npz")).notes == (
        "1 of 4 validation images is a training image too, equal in every pixel, so validation "
        "accuracy is optimistically biased; remove it from one part",
        "1 of 3 test images is a validation image too, equal in every pixel, so what is chosen by "
        "validation images is partly chosen by test images; remove it from one part",
    )


def test_images_in_another_order_of_memory_and_no_images() -> None:
    image_CHWN = np.arange(24, dtype=np.uint8).reshape(1, 2, 3, 4)
    image_NCHW, label_N = image_CHWN.transpose(3, 0, 1, 2), np.zeros(4, np.int64)
    copy = ("test", np.ascontiguousarray(image_NCHW[1:3]), label_N[:2])
    (note,) = overlap_notes([("training", image_NCHW, label_N), copy])
    assert note.startswith("2 of 2 test images are training images too")
    none = ("validation", image_NCHW[:0], label_N[:0])
    assert len(overlap_notes([("training", image_NCHW, label_N), none, copy])) == 1


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1)


@given(PAIRS, PAIRS)
def test_numbers_are_those_of_comparing_every_pair(
    train: list[tuple[int, int]], test: list[tuple[int, int]]
) -> None:
    def part(name: str, pairs: list[tuple[int, int]]) -> Part:
        image, label = np.array(pairs, np.int64).reshape(-1, 2).T
        # One pixel of four differs.
        image_NCHW = np.zeros((len(pairs), 1, 2, 2), np.uint8)
        image_NCHW[:, 0, 1, 0] = image
        return name, image_NCHW, label

    both = sum(image in {one for one, _ in train} for image, _ in test)
    relabeled = both - sum(pair in train for pair in test)
    notes = overlap_notes([part("training", train), part("test", test)])
    assert bool(notes) == bool(both)
    if notes:
        assert notes[0].startswith(f"{both} of {len(test)} test image")
        assert (f"({relabeled} of them with another label)" in notes[0]) == bool(relabeled)
