from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data import npz
from paribus.data.npz import channels_first
from paribus.data.sources import load
from paribus.errors import UserError

IMAGES = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
LABELS = np.array([0, 1, 2, 0], np.uint8)
KERAS: dict[str, Any] = {
    "x_train": IMAGES,
    "y_train": LABELS,
    "x_test": IMAGES[:2],
    "y_test": LABELS[:2],
}
LAYOUTS = "needs uint8 of shape (N, H, W), or (N, H, W, C) or (N, C, H, W) with C = 1 or 3 channels"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


def refusal(file: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(str(file))
    return str(caught.value)


def refusal_of(file: Path, **changes: Any) -> str:
    np.savez(file, **(KERAS | changes))
    return refusal(file)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_keys_of_keras(file: Path, save: Any) -> None:
    save(file, **KERAS)
    dataset = load(str(file))
    assert dataset.image_shape == (1, 5, 6)
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.train_labels.tolist() == [0, 1, 2, 0]
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES)
    np.testing.assert_array_equal(dataset.test_images[:, 0], IMAGES[:2])


def test_our_keys(file: Path) -> None:
    np.savez(
        file,
        train_images=IMAGES,
        train_labels=LABELS,
        test_images=IMAGES[:2],
        test_labels=LABELS[:2],
        more=np.zeros(3),
    )
    assert load(str(file)).classes == 3


def test_layouts() -> None:
    gray = np.arange(2 * 4 * 5, dtype=np.uint8).reshape(2, 4, 5)
    for images in (gray, gray[:, None], gray[..., None]):
        np.testing.assert_array_equal(channels_first("x", images)[:, 0], gray)
    color = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    np.testing.assert_array_equal(channels_first("x", color)[:, 2], color[..., 2])
    first = np.ascontiguousarray(color.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(channels_first("x", first), first)


def test_labels_as_a_column(file: Path) -> None:
    np.savez(file, **(KERAS | {"y_train": LABELS[:, None].astype(np.int32)}))
    assert load(str(file)).train_labels.tolist() == [0, 1, 2, 0]


def test_layout_that_may_be_either(file: Path) -> None:
    assert refusal_of(file, x_train=np.zeros((4, 3, 8, 3), np.uint8)) == (
        f"{file}, x_train: of shape (4, 3, 8, 3), either axis 1 or axis 3 may be the channels; "
        f"{LAYOUTS}, but not both at once."
    )


@pytest.mark.parametrize("shape", [(4, 30), (4,), (), (4, 5, 6, 4), (4, 1, 5, 6, 1)])
def test_other_shapes(file: Path, shape: tuple[int, ...]) -> None:
    assert refusal_of(file, x_train=np.zeros(shape, np.uint8)) == (
        f"{file}, x_train: has shape {shape}; {LAYOUTS}."
    )


def test_images_that_are_not_bytes(file: Path) -> None:
    assert refusal_of(file, x_test=IMAGES[:2] / 255) == (
        f"{file}, x_test: is float64; {LAYOUTS}, so convert pixels to 0 to 255, e.g. with "
        '(255 * x).round().astype("uint8"), as they are 0 to 1.'
    )


def test_labels_that_are_no_whole_numbers(file: Path) -> None:
    assert refusal_of(file, y_train=LABELS.astype(np.float32)) == (
        f"{file}, y_train: is float32; needs integers, 0 for the first class, 1 for the next, "
        'e.g. with astype("int64").'
    )


ONE_HOT = np.eye(3, dtype=np.int64)[[0, 1, 2, 0]]
SEVERAL = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        (ONE_HOT, ", e.g. argmax(1) of these one-hot labels"),
        (ONE_HOT.astype(np.float32), ", e.g. argmax(1) of these one-hot labels"),
        (ONE_HOT.astype(bool), ", e.g. argmax(1) of these one-hot labels"),
        (
            0.9 * ONE_HOT + 0.1 / 3,
            ", e.g. argmax(1) of these probabilities, the most probable class of each image",
        ),
        (SEVERAL, "; these are several labels an image, and Paribus trains one"),
        (SEVERAL.astype(bool), "; these are several labels an image, and Paribus trains one"),
        (ONE_HOT * 2, "; Paribus trains one"),
        (np.array([[2.0, -1.0, 0.0]] * 4), "; Paribus trains one"),
        (np.array([[np.nan, 1.0, 0.0]] * 4), "; Paribus trains one"),
        (ONE_HOT[:, None], ""),
    ],
)
def test_labels_of_several_columns(file: Path, labels: npt.NDArray[Any], hint: str) -> None:
    assert refusal_of(file, y_train=labels) == (
        f"{file}, y_train: has shape {labels.shape}; needs one integer for each image, shape (N,)"
        f"{hint}."
    )


def test_argmax_is_no_advice_if_a_single_row_has_another_sum(file: Path) -> None:
    labels = np.eye(300, dtype=np.uint8)[np.arange(70_000) % 300]
    labels[-1, :2] = 1
    assert "several labels an image" in refusal_of(file, y_train=labels)


@pytest.mark.parametrize(("odd", "shown"), [(0.5, "0.5"), (np.nan, "nan"), (np.inf, "inf")])
def test_labels_that_are_fractions(file: Path, odd: float, shown: str) -> None:
    assert refusal_of(file, y_train=np.array([0, 1, odd, 0])) == (
        f"{file}, y_train: holds numbers that are not integers, e.g. {shown}; needs the number of "
        "each image's class, 0 for the first class, 1 for the next."
    )


def test_labels_that_are_text(file: Path) -> None:
    assert refusal_of(file, y_train=np.array(["cat", "dog", "cat", "cat"])) == (
        f"{file}, y_train: is text; needs integers, so number the classes 0, 1, 2 and so on, alike "
        "in both parts."
    )


@pytest.mark.parametrize(
    ("images", "hint"),
    [
        (IMAGES.astype(np.float32), 'x.round().astype("uint8"), as they are 0 to 255'),
        (IMAGES.astype(np.int64), 'x.astype("uint8"), as they are 0 to 255'),
        (IMAGES > 50, '(255 * x).round().astype("uint8"), as they are 0 to 1'),
        (IMAGES / 60.0 - 1, '(127.5 * (x + 1)).round().astype("uint8"), as they are -1 to 1'),
        (
            IMAGES.astype(np.uint16) * 500,
            '(x / 257).round().astype("uint8") if they are 0 to 65,535; the largest is 59,500',
        ),
    ],
)
def test_pixels_of_other_types(file: Path, images: npt.NDArray[Any], hint: str) -> None:
    assert refusal_of(file, x_train=images) == (
        f"{file}, x_train: is {images.dtype}; {LAYOUTS}, so convert pixels to 0 to 255, e.g. with "
        f"{hint}."
    )


def test_pixels_of_other_ranges(file: Path) -> None:
    assert refusal_of(file, x_train=IMAGES / 10 - 2.5).endswith(
        "so convert pixels to 0 to 255; these are -2.5 to 9.4."
    )
    assert refusal_of(file, x_train=np.where(IMAGES > 5, np.nan, 0)).endswith(
        "and it holds values that are not finite; convert pixels to 0 to 255."
    )


def test_arrays_that_are_not_read_are_told(file: Path) -> None:
    np.savez(file, **KERAS, x_val=IMAGES)
    assert load(str(file)).remarks == (
        "x_val is not used; `validation = N` in the study holds out training images",
    )
    ours = dict(zip(npz.KEYS, KERAS.values(), strict=True))
    np.savez(file, **KERAS, **ours)
    assert load(str(file)).remarks == ("x_train, y_train, x_test and y_test are not used",)


def test_validation_part_is_read(file: Path) -> None:
    # As MedMNIST has it: a column of labels.
    ours = dict(zip(npz.KEYS, KERAS.values(), strict=True))
    np.savez(file, **ours)
    without = load(str(file))
    np.savez(file, **ours, val_images=IMAGES[1:3], val_labels=LABELS[1:3, np.newaxis])
    dataset = load(str(file))
    assert dataset.validation_images is not None
    assert dataset.validation_labels is not None
    np.testing.assert_array_equal(dataset.validation_images[:, 0], IMAGES[1:3])
    assert dataset.validation_labels.tolist() == [1, 2]
    assert dataset.remarks == ()
    assert (dataset.facts.validation_images, without.facts.validation_images) == (2, 0)
    # Other validation images are other data.
    np.savez(file, **ours, val_images=IMAGES[2:4], val_labels=LABELS[1:3])
    assert len({without.fingerprint, dataset.fingerprint, load(str(file)).fingerprint}) == 3


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"x_val": IMAGES[:, :4], "y_val": LABELS}, "but the validation images 4 × 6 pixels"),
        ({"x_val": IMAGES[:1], "y_val": LABELS}, "1 validation images but 4 validation labels"),
        ({"x_val": IMAGES[:0], "y_val": LABELS[:0]}, "has no validation images"),
        ({"x_val": IMAGES / 255, "y_val": LABELS}, "x_val: is float64"),
    ],
)
def test_faulty_validation_part(file: Path, part: dict[str, Any], message: str) -> None:
    assert message in refusal_of(file, **part)


def test_class_names(file: Path) -> None:
    np.savez(file, **KERAS, class_names=["a", "b", "c"])
    assert load(str(file)).class_names == ("a", "b", "c")
    assert refusal_of(file, class_names=[1, 2, 3]) == (
        f"{file}, class_names: is int64 of shape (3,); needs one text for each class, shape "
        "(classes,)."
    )
    assert "label 2 of image 2" in refusal_of(file, class_names=["a", "b"])


def test_a_header_that_disagrees_with_the_archive(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for key, values in KERAS.items():
            with archive.open(f"{key}.npy", "w") as stream:
                np.lib.format.write_array(stream, values)
                if key == "x_test":
                    stream.write(b"more")
    assert refusal(file) == f"{file}, x_test: is damaged and cannot be read; write the file again."


@pytest.mark.parametrize(
    ("label", "shown"), [(-1, "-1"), (1000, "1000"), (2**64 - 1, str(2**63 - 1))]
)
def test_labels_out_of_range(file: Path, label: int, shown: str) -> None:
    labels = np.array([0, 1, label, 0], np.uint64 if label > 2**63 else np.int64)
    most = 999 if label > 0 else 1
    limit = ", at most 1000" if label > 0 else ""
    assert refusal_of(file, y_train=labels) == (
        f"{file}: training labels out of range: label {shown} of image 2, counted from 0, is not "
        f"in 0 to {most}; label the classes 0, 1, 2 and so on{limit}."
    )


def test_a_thousand_classes_are_accepted(file: Path) -> None:
    np.savez(file, **(KERAS | {"y_train": np.array([0, 1, 999, 0])}))
    assert load(str(file)).classes == 1000


def test_one_class(file: Path) -> None:
    zeros = np.zeros(4, np.int64)
    assert refusal_of(file, y_train=zeros, y_test=zeros[:2]) == (
        f"{file}: every training label is 0; a classifier needs training images of at least 2 "
        "classes."
    )


def test_missing_keys(file: Path) -> None:
    np.savez(file, x_train=IMAGES, labels=LABELS)
    assert refusal(file) == (
        f"{file}: holds x_train and labels; needs train_images, train_labels, test_images, "
        "test_labels, or x_train, y_train, x_test, y_test."
    )


class Trap:
    """Sets a mark when it is unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Any, ...]:
        return (setattr, (Trap, "sprung", True))


def test_pickles_are_never_loaded(file: Path) -> None:
    array = np.array([Trap(), Trap(), Trap(), Trap()], dtype=object)
    assert refusal_of(file, y_train=array) == (
        f"{file}, y_train: holds Python objects, which are never loaded from a file; save it as an "
        "array of numbers."
    )
    file.write_bytes(pickle.dumps(Trap()))
    assert refusal(file) == f"{file}: is no .npz file; write it with numpy.savez."
    assert not Trap.sprung


def test_an_archive_of_nothing(file: Path) -> None:
    zipfile.ZipFile(file, "w").close()
    assert refusal(file).startswith(f"{file}: holds nothing; needs train_images, ")


def test_a_single_array(file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, IMAGES)
    assert refusal(file) == (
        f"{file}: holds a single array (.npy); write all four into one file with numpy.savez."
    )


def test_members_that_are_no_arrays(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for key in KERAS:
            archive.writestr(key, b"text")
    assert refusal(file) == f"{file}, x_train: is not an array; write the file with numpy.savez."


def test_empty_and_cut_off(file: Path) -> None:
    np.savez(file, **KERAS)
    whole = file.read_bytes()
    for content in (b"", b"text", whole[:-30]):
        file.write_bytes(content)
        assert refusal(file) == f"{file}: is no .npz file; write it with numpy.savez."


def test_damaged_member(file: Path) -> None:
    np.savez(file, **KERAS)
    raw = bytearray(file.read_bytes())
    raw[raw.index(IMAGES.tobytes())] ^= 1
    file.write_bytes(raw)
    assert refusal(file) == (
        f"{file}, x_train: is damaged and cannot be read; write the file again."
    )


def test_folder_named_npz(file: Path) -> None:
    file.mkdir()
    assert refusal(file).startswith(f"{file}: holds no dataset; needs a folder of the IDX files ")


@given(st.data())
def test_any_damage_gives_a_data_set_or_a_user_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **KERAS)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    file = tmp_path_factory.getbasetemp() / "damaged.npz"
    file.write_bytes(raw)
    try:
        dataset = load(str(file))
    except UserError as error:
        message = str(error)
    else:
        assert dataset.classes >= 2
        return
    assert message.startswith(str(file))
