from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from paribus.data.dataset import Dataset
from paribus.data.sources import load
from paribus.data.split import HINT
from paribus.errors import UserError

LAYOUT = "train/<class>/ and test/<class>/, each with image files"


def pixels(value: int, color: bool = False) -> npt.NDArray[np.uint8]:
    """3 × 2 pixels, all different."""
    size = 18 if color else 6
    return np.arange(value, value + size, dtype=np.uint8).reshape((3, 2, 3) if color else (3, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two grayscale images of each of two classes to train on, one to test."""
    for part, count in (("train", 2), ("test", 1)):
        for label, class_name in enumerate(("cat", "dog")):
            (tmp_path / part / class_name).mkdir(parents=True)
            for number in range(count):
                image = Image.fromarray(pixels(100 * label + 10 * number))
                image.save(tmp_path / part / class_name / f"{number}.png")
    return tmp_path


def read(folder: Path) -> Dataset:
    return load(str(folder))


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(folder)
    return str(caught.value)


def assert_loads_or_refuses(folder: Path) -> None:
    try:
        dataset = read(folder)
    except UserError as error:
        message = str(error)
    else:
        assert dataset.classes == 2
        return
    assert message.startswith(str(folder))


def test_grayscale(folder: Path) -> None:
    dataset = read(folder)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (1, 3, 2)
    assert dataset.train_labels.tolist() == [0, 0, 1, 1]
    assert dataset.test_labels.tolist() == [0, 1]
    np.testing.assert_array_equal(dataset.train_images[3, 0], pixels(110))
    np.testing.assert_array_equal(dataset.test_images[1, 0], pixels(100))


def test_color(folder: Path) -> None:
    for file in folder.rglob("*.png"):
        Image.fromarray(pixels(7, color=True)).save(file)
    dataset = read(folder)
    assert dataset.image_shape == (3, 3, 2)
    np.testing.assert_array_equal(dataset.train_images[0].transpose(1, 2, 0), pixels(7, True))


@pytest.mark.parametrize("place", ["train/cat/0.png", "train/dog/1.png", "test/dog/0.png"])
def test_one_in_color_gives_all_three_channels(folder: Path, place: str) -> None:
    gray = read(folder)
    Image.fromarray(pixels(7, color=True)).save(folder / place)
    color = read(folder)
    assert color.image_shape == (3, 3, 2)
    place_is_first = place == "train/cat/0.png"
    other = 1 if place_is_first else 0
    for channel in range(3):
        np.testing.assert_array_equal(
            color.train_images[other, channel], gray.train_images[other, 0]
        )


@pytest.mark.parametrize("suffix", ["bmp", "gif", "tif", "webp", "pgm"])
def test_other_formats(folder: Path, suffix: str) -> None:
    (folder / "train/cat/0.png").unlink()
    Image.fromarray(pixels(50)).save(folder / f"train/cat/0.{suffix}", lossless=True)
    dataset = read(folder)
    np.testing.assert_array_equal(dataset.train_images[0, 0], pixels(50))


def test_black_and_white(folder: Path) -> None:
    Image.fromarray(pixels(0) > 2).save(folder / "train/cat/0.png")
    np.testing.assert_array_equal(read(folder).train_images[0, 0], np.where(pixels(0) > 2, 255, 0))


def test_opaque_alpha_is_dropped(folder: Path) -> None:
    Image.fromarray(pixels(5)).convert("LA").save(folder / "train/cat/0.png")
    np.testing.assert_array_equal(read(folder).train_images[0], [pixels(5)])


def test_transparent_pixels(folder: Path) -> None:
    Image.new("RGBA", (2, 3), (1, 2, 3, 254)).save(folder / "train/cat/0.png")
    assert refusal(folder) == (
        f"{folder}/train/cat/0.png: has transparent pixels; put it on a background of one color."
    )


def test_sixteen_bits(folder: Path) -> None:
    Image.fromarray(pixels(5).astype(np.uint16) * 100).save(folder / "train/cat/1.png")
    assert refusal(folder) == (
        f'{folder}/train/cat/1.png: has pixels of mode "I;16" (Pillow); needs 8 bits per channel, '
        "grayscale or color, so convert it."
    )


def test_sizes_that_differ(folder: Path) -> None:
    Image.new("L", (4, 3)).save(folder / "test/dog/0.png")
    assert refusal(folder) == (
        f"{folder}/test/dog/0.png is 3 × 4 pixels (rows × columns), but {folder}/train/cat/0.png "
        "is 3 × 2 pixels (rows × columns); all images of a dataset must be of one size, so resize "
        "or crop them."
    )


def test_classes_that_are_numbers_come_in_their_order(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for number in (10, 9, 1):
            (tmp_path / part / str(number)).mkdir(parents=True)
            Image.fromarray(pixels(number)).save(tmp_path / part / str(number) / "a.png")
    dataset = read(tmp_path)
    assert dataset.class_names == ("1", "9", "10")
    assert dataset.train_images[:, 0, 0, 0].tolist() == [1, 9, 10]


def test_hidden_files_are_left_out(folder: Path) -> None:
    (folder / ".DS_Store").touch()
    (folder / "train/.DS_Store").touch()
    (folder / "train/cat/.hidden.png").touch()
    (folder / "train/cat/Thumbs.db").touch()
    assert len(read(folder).train_labels) == 4


@pytest.mark.parametrize(("less", "more"), [("test", "train"), ("train", "test")])
def test_classes_that_differ(folder: Path, less: str, more: str) -> None:
    shutil.rmtree(folder / less / "dog")
    assert refusal(folder) == (
        f'{folder}: {more} has the class "dog", which {less} lacks; both must have the same '
        "classes."
    )


def test_many_classes_that_differ(folder: Path) -> None:
    for number in range(7):
        (folder / f"train/x{number}").mkdir()
    assert refusal(folder) == (
        f'{folder}: train has the classes "x0", "x1", "x2", "x3", "x4" and 2 more, which test '
        "lacks; both must have the same classes."
    )


def test_no_test_folder(folder: Path) -> None:
    shutil.rmtree(folder / "test")
    assert refusal(folder) == (
        f"{folder}/test: there is no such folder; a folder of images holds {LAYOUT}, or {HINT}."
    )


def test_parts_with_a_capital(folder: Path) -> None:
    (folder / "train").rename(folder / "Train")
    (folder / "test").rename(folder / "Test")
    assert refusal(folder).endswith('or an .npz file; rename "Test" to "test".')


def test_empty_part(folder: Path) -> None:
    shutil.rmtree(folder / "train")
    (folder / "train").mkdir()
    assert refusal(folder) == f"{folder}/train: is empty; a folder of images holds {LAYOUT}."


def test_empty_class(folder: Path) -> None:
    (folder / "test/dog/0.png").unlink()
    assert refusal(folder) == (
        f"{folder}/test/dog: is empty; every class needs at least one image file."
    )


def test_one_class(folder: Path) -> None:
    shutil.rmtree(folder / "train/cat")
    shutil.rmtree(folder / "test/cat")
    assert refusal(folder) == (f"{folder}: has 1 class; a classifier needs at least 2 classes.")


def test_file_outside_of_a_class(folder: Path) -> None:
    (folder / "train/labels.csv").touch()
    assert refusal(folder) == (
        f"{folder}/train/labels.csv: lies outside of any class; move it into "
        f"{folder}/train/<class>/, or away."
    )


def test_folder_in_a_class(folder: Path) -> None:
    (folder / "train/cat/more").mkdir()
    assert refusal(folder) == (f"{folder}/train/cat/more: is a folder where a file is expected.")


def test_unreadable_images(folder: Path) -> None:
    file = folder / "train/cat/1.png"
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:40]):
        file.write_bytes(content)
        assert refusal(folder) == (
            f"{file}: is damaged and cannot be read; replace it, or take it away."
        )


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["valid/"], "valid/ is not used; `validation = N` in the study holds out training images"),
        (["b.csv", "unlabeled/"], "b.csv and unlabeled/ are not used"),
        (["README.md", "LICENSE", ".git/", "study.toml", "__MACOSX/"], None),
    ],
)
def test_parts_that_are_not_read_are_told(folder: Path, names: list[str], note: str | None) -> None:
    for name in names:
        if name.endswith("/"):
            (folder / name).mkdir()
        else:
            (folder / name).touch()
    assert read(folder).remarks == ((note,) if note else ())


@pytest.mark.parametrize("name", ["val", "validation"])
def test_validation_folder(folder: Path, name: str) -> None:
    without = read(folder)
    (folder / name / "dog").mkdir(parents=True)
    Image.fromarray(pixels(200)).save(folder / name / "dog" / "0.png")
    dataset = read(folder)
    assert dataset.validation_images is not None
    assert dataset.validation_labels is not None
    np.testing.assert_array_equal(dataset.validation_images[:, 0], [pixels(200)])
    assert dataset.validation_labels.tolist() == [1]
    np.testing.assert_array_equal(dataset.train_images, without.train_images)
    np.testing.assert_array_equal(dataset.test_images, without.test_images)
    assert dataset.remarks == ()
    assert dataset.fingerprint != without.fingerprint
    (folder / name / "dgo").mkdir()
    assert refusal(folder) == f'{folder}: {name} has the class "dgo", which train lacks.'


def test_images_beyond_the_first_of_a_file_are_told(folder: Path) -> None:
    frames = [Image.fromarray(pixels(value)) for value in (50, 60)]
    frames[0].save(folder / "train/cat/0.gif", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "test/dog/9.tif", save_all=True, append_images=frames[1:])
    dataset = read(folder)
    np.testing.assert_array_equal(dataset.train_images[0, 0], pixels(50))
    assert dataset.remarks == (
        "2 files hold several images, of which only the first is read: 0.gif and 9.tif",
    )


@given(st.data())
def test_damaged_images_give_an_image_or_a_user_error(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels(9)).save(buffer, data.draw(st.sampled_from(["png", "bmp", "tiff"])))
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as name:
        for class_name in ("a", "b"):
            for part in ("train", "test"):
                (Path(name) / part / class_name).mkdir(parents=True)
                (Path(name) / part / class_name / "image").write_bytes(raw)
        assert_loads_or_refuses(Path(name))
