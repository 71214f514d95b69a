from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.batches import prepare, subset_notes
from paribus.data.dataset import Dataset
from paribus.errors import UserError

N = 200
LABELS = np.array([3, 4])


def make(n: int = N) -> Dataset:
    """Every training image tells its own index, in both of its pixels."""
    index = np.arange(n, dtype=np.uint8)
    return Dataset(
        name="small",
        train_images=np.stack([index, index], 1).reshape(n, 1, 1, 2),
        train_labels=(index % 10).astype(np.int64),
        test_images=np.array([0, 1, 51, 255, 2, 3], np.uint8).reshape(3, 1, 1, 2),
        test_labels=np.array([7, 8, 9]),
        class_names=tuple("0123456789"),
    )


def indices(images: npt.NDArray[np.float32]) -> list[int]:
    return [round(255 * float(pixel)) for pixel in images[:, 0, 0, 0]]


def test_all() -> None:
    arrays = prepare(make(), None, 0)
    assert indices(arrays.train_images) == list(range(N))
    assert arrays.train_labels.tolist() == [index % 10 for index in range(N)]
    assert arrays.test_labels.tolist() == [7, 8, 9]
    assert arrays.validation_images.shape == (0, 1, 1, 2)
    assert arrays.validation_images.dtype == np.float32
    assert arrays.validation_labels.shape == (0,)
    assert arrays.validation_labels.dtype == np.int64


def test_validation_images_of_its_own() -> None:
    own = dataclasses.replace(
        make(), validation_images=np.full((2, 1, 1, 2), 51, np.uint8), validation_labels=LABELS
    )
    arrays = prepare(own, images=20)
    assert arrays.validation_images.ravel().tolist() == [np.float32(0.2)] * 4
    assert arrays.validation_labels.tolist() == [3, 4]
    assert indices(arrays.train_images) == indices(prepare(make(), images=20).train_images)
    # What a study holds out comes in their place.
    held_out = prepare(own, None, 5)
    assert indices(held_out.validation_images) == indices(
        prepare(make(), None, 5).validation_images
    )


def test_another_split_holds_out_others_and_the_first_is_what_it_always_was() -> None:
    first, again, other = (prepare(make(), 20, 30, split) for split in (0, 0, 1))
    held = [indices(arrays.validation_images) for arrays in (first, again, other)]
    assert held[0] == held[1] == indices(prepare(make(), 20, 30).validation_images)
    assert len(set(held[2])) == 30
    # By chance 30 of 200 have 4.5 in common with 30 others.
    assert len(set(held[0]) & set(held[2])) < 15
    for arrays in (first, other):
        assert not set(indices(arrays.validation_images)) & set(indices(arrays.train_images))


def test_pixels_are_divided_by_255_in_float32() -> None:
    images = prepare(make()).test_images
    assert images.dtype == np.float32
    expected = [np.float32(value) / np.float32(255) for value in (0, 1, 51, 255, 2, 3)]
    assert images.ravel().tolist() == expected
    assert images.max() == 1


@pytest.mark.parametrize(("images", "validation"), [(None, 0), (None, 5), (20, 5)])
def test_arrays_are_as_pytorch_wants_them(images: int | None, validation: int) -> None:
    for array in vars(prepare(make(), images, validation)).values():
        assert array.flags.c_contiguous
        assert array.flags.writeable


@given(st.data())
def test_choices(data: st.DataObject) -> None:
    validation = data.draw(st.integers(0, N - 1))
    images = data.draw(st.none() | st.integers(1, N - validation))
    arrays = prepare(make(), images, validation)
    train, held_out = indices(arrays.train_images), indices(arrays.validation_images)
    assert len(train) == (N - validation if images is None else images)
    assert len(held_out) == validation
    for chosen in (train, held_out):
        assert chosen == sorted(set(chosen))
    assert not set(train) & set(held_out)
    assert arrays.train_labels.tolist() == [index % 10 for index in train]
    assert arrays.validation_labels.tolist() == [index % 10 for index in held_out]
    assert arrays.train_labels.dtype == arrays.validation_labels.dtype == np.int64
    # The validation set does not depend on how many images are trained on.
    assert held_out == indices(prepare(make(), None, validation).validation_images)
    # More images are the same images and more.
    if images is not None and images > 1:
        assert set(indices(prepare(make(), images - 1, validation).train_images)) < set(train)


def test_the_choice_is_fixed() -> None:
    arrays = prepare(make(20), 6, 4)
    assert indices(arrays.train_images) == [1, 6, 7, 12, 13, 17]
    assert indices(arrays.validation_images) == [0, 5, 14, 15]


def test_the_choice_is_at_random() -> None:
    train = np.array(indices(prepare(make(), 100, 0).train_images))
    assert 70 < train.mean() < 130
    assert train.tolist() != list(range(100))
    assert train.max() > 150


def test_too_many_images() -> None:
    with pytest.raises(UserError) as caught:
        prepare(make(), 150, 60)
    assert str(caught.value) == (
        "small: 150 to train on and 60 for validation were asked for, of 200 training images; ask "
        "for 10 fewer."
    )


def test_validation_that_leaves_nothing_to_train_on() -> None:
    with pytest.raises(UserError) as caught:
        prepare(make(), None, 200)
    assert str(caught.value) == (
        "small: at least 1 to train on and 200 for validation were asked for, of 200 training "
        "images; ask for 1 fewer."
    )


def test_numbers_without_sense() -> None:
    with pytest.raises(UserError) as caught:
        prepare(make(), 0, 0)
    assert str(caught.value) == "small: 0 images to train on were asked for; needs 1 or more."
    with pytest.raises(UserError) as caught:
        prepare(make(), None, -1)
    assert str(caught.value) == "small: -1 images for validation were asked for; needs 0 or more."


def test_classes_that_a_choice_lacks_are_told() -> None:
    dataset = make()
    assert subset_notes(dataset, None, 0) == ()
    assert subset_notes(dataset, 150, 50) == ()
    few = subset_notes(dataset, 3, 2)
    chosen = prepare(dataset, 3, 2)
    for note, labels, purpose in zip(
        few, (chosen.train_labels, chosen.validation_labels), ("train", "validate"), strict=True
    ):
        assert note.startswith(f"of the {len(labels)} images to {purpose} on, none is of classes ")
        for label in range(10):
            in_ranges = any(
                low <= label <= high
                for low, high in (
                    (int(part.split(" to ")[0]), int(part.split(" to ")[-1]))
                    for part in note.partition("classes ")[2].replace(" and ", ", ").split(", ")
                )
            )
            assert in_ranges == (label not in labels)


def test_classes_that_no_choice_could_have_are_not_told_twice() -> None:
    dataset = make()
    names = (*dataset.class_names, "never")
    assert subset_notes(dataclasses.replace(dataset, class_names=names), 150, 0) == ()
