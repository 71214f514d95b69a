from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paribus.data import idx
from paribus.data.sources import load
from paribus.errors import UserError


def encode(values: npt.NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


IMAGES = np.arange(36, dtype=np.uint8).reshape(6, 3, 2)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.uint8)
GOOD = {
    idx.TRAIN_IMAGES: encode(IMAGES),
    idx.TRAIN_LABELS: encode(LABELS),
    idx.TEST_IMAGES: encode(IMAGES[:2]),
    idx.TEST_LABELS: encode(LABELS[:2]),
}


def write(folder: Path) -> Path:
    for name, raw in GOOD.items():
        (folder / name).write_bytes(raw)
    return folder


def refusal(where: str, raw: bytes, kind: str = "images") -> str:
    with pytest.raises(UserError) as caught:
        (idx.read_images if kind == "images" else idx.read_labels)(where, raw)
    return str(caught.value)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3)), st.booleans())
def test_images_come_back(images: npt.NDArray[np.uint8], compressed: bool) -> None:
    raw = gzip.compress(encode(images), 1) if compressed else encode(images)
    read = idx.read_images("a.gz" if compressed else "a", raw)
    assert read.shape == (len(images), 1, *images.shape[1:])
    np.testing.assert_array_equal(read[:, 0], images)


@given(hnp.arrays(np.uint8, st.integers(1, 50)))
def test_labels_come_back(labels: npt.NDArray[np.uint8]) -> None:
    read = idx.read_labels("a", encode(labels))
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, labels)


# Headers of the right kind with any lengths reach further than bytes at random.
HEADERS = st.tuples(
    st.sampled_from([0x801, 0x803]), st.lists(st.integers(0, 2**32 - 1), max_size=3)
).map(lambda parts: struct.pack(f">{1 + len(parts[1])}I", parts[0], *parts[1]))


@given(
    st.sampled_from(["a", "a.gz"]),
    st.one_of(
        st.binary(max_size=60),
        st.tuples(HEADERS, st.binary(max_size=30)).map(b"".join),
        st.binary(max_size=60).map(gzip.compress),
        st.binary(max_size=60).map(lambda rest: b"\x1f\x8b\x08\x00" + rest),
    ),
)
@example("a", struct.pack(">4I", 0x803, 0, 2**32 - 1, 2**32 - 1))
def test_arbitrary_bytes_give_an_array_or_a_user_error(where: str, raw: bytes) -> None:
    for read in (idx.read_images, idx.read_labels):
        try:
            values = read(where, raw)
        except UserError as error:
            message = str(error)
        else:
            assert len(values) > 0
            continue
        assert message.startswith(f"{where}: ")


@given(st.data())
def test_any_cut_and_any_flipped_byte_of_a_gzip_file_are_noticed(data: st.DataObject) -> None:
    raw = gzip.compress(encode(IMAGES))
    cut = data.draw(st.integers(0, len(raw) - 1))
    assert refusal("a.gz", raw[:cut]).startswith("a.gz: is ")
    # The header's time, flags for text and system (bytes 4 to 9) are no part of the data.
    at = data.draw(st.integers(10, len(raw) - 1))
    flipped = bytearray(raw)
    flipped[at] ^= data.draw(st.integers(1, 255))
    try:
        read = idx.read_images("a.gz", bytes(flipped))
    except UserError as error:
        assert str(error).startswith("a.gz: ")
    else:
        # The last bits of the compressed data only fill up their byte.
        np.testing.assert_array_equal(read[:, 0], IMAGES)


def test_empty_file() -> None:
    assert refusal("a", b"") == "a: is empty; get the file again."
    assert refusal("a.gz", b"") == "a.gz: is empty; get the file again."


def test_cut_off_in_the_header() -> None:
    assert refusal("a", encode(IMAGES)[:7]) == (
        "a: is cut off: it has 7 bytes, and its header alone takes 16; get the file again."
    )
    assert refusal("a", b"\0") == (
        "a: is cut off: it has 1 bytes, and its header alone takes 16; get the file again."
    )


def test_cut_off_in_the_pixels() -> None:
    assert refusal("a", encode(IMAGES)[:-2]) == (
        "a: is cut off: its header promises 6 × 3 × 2 = 36 bytes of images, and 34 follow; get "
        "the file again."
    )


def test_trailing_bytes() -> None:
    assert refusal("a", encode(LABELS) + b"abc", "labels") == (
        "a: has 3 bytes too many: its header promises 6 = 6 bytes of labels, and 9 follow; get the "
        "file again."
    )


def test_wrong_dimensions_are_a_wrong_length() -> None:
    raw = bytearray(encode(IMAGES))
    raw[8:16] = struct.pack(">II", 28, 28)
    assert refusal("a", bytes(raw)) == (
        "a: is cut off: its header promises 6 × 28 × 28 = 4,704 bytes of images, and 36 follow; "
        "get the file again."
    )


def test_no_images() -> None:
    assert refusal("a", encode(IMAGES[:0])) == "a: holds no images: its header says 0 × 3 × 2."


def test_labels_where_images_are_expected_and_the_other_way_round() -> None:
    assert refusal("a", encode(LABELS)) == (
        "a: is a file of labels, where one of images is expected; give each file its own name "
        "again."
    )
    assert refusal("a", encode(IMAGES), "labels") == (
        "a: is a file of images, where one of labels is expected; give each file its own name "
        "again."
    )


def test_another_format() -> None:
    assert refusal("a", b"\1\2\3\4") == (
        "a: is not an IDX file of images: it begins with 0x01020304, where 0x00000803 (unsigned "
        "bytes, axes: 3) is expected; get the file again."
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html>", "a web page"),
        (b"\n <html><body>", "a web page"),
        (b"PK\3\4" + bytes(40), "a zip archive"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x93NUMPY\1\0", "a NumPy array (.npy)"),
        (bytes([120] * 257) + b"ustar", "a tar archive"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, not the file itself"),
    ],
)
def test_other_kinds_of_files_are_named(content: bytes, what: str) -> None:
    rest = (
        f"{what}, where an IDX file of images is expected; unpack or convert it, or get the right "
        "file."
    )
    assert refusal("a", content) == f"a: is {rest}"
    assert refusal("a.gz", gzip.compress(content)) == f"a.gz: is {rest}"
    if content[:2] == b"PK":
        assert refusal("a.gz", content) == (
            "a.gz: is a zip archive, not compressed with gzip, though its name ends in .gz; get "
            "the file again, or take .gz off its name."
        )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x09, "signed bytes"),
        (0x0B, "16-bit integers"),
        (0x0C, "32-bit integers"),
        (0x0D, "32-bit floats"),
        (0x0E, "64-bit floats"),
    ],
)
def test_other_types_are_named(code: int, name: str) -> None:
    images, labels = bytearray(encode(IMAGES)), bytearray(encode(LABELS))
    images[2] = labels[2] = code
    says = f"holds {name} (IDX type 0x{code:02x}), and Paribus reads unsigned bytes (0x08)"
    assert refusal("a", bytes(images)) == (
        f"a: {says}; convert the pixels to 0 to 255, as unsigned bytes."
    )
    assert refusal("a", bytes(labels), "labels") == (
        f"a: {says}; convert the labels to 0, 1, 2 and so on, as unsigned bytes."
    )


def test_other_numbers_of_axes_are_named() -> None:
    assert refusal("a", encode(np.zeros((2, 3, 3, 3), np.uint8))) == (
        "a: has 4 axes, where images have 3 (images, rows, columns); give images in color as an "
        ".npz file or a folder."
    )
    assert refusal("a", encode(np.zeros((6, 2), np.uint8)), "labels") == (
        "a: has 2 axes, where labels have 1 (images)."
    )


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("magic_too", [False, True])
def test_little_endian_headers_are_named(magic_too: bool, compressed: bool) -> None:
    def turned(values: npt.NDArray[np.uint8]) -> bytes:
        magic = struct.pack("<BBBB", values.ndim, 8, 0, 0) if magic_too else encode(values)[:4]
        raw = magic + struct.pack(f"<{values.ndim}I", *values.shape) + values.tobytes()
        return gzip.compress(raw) if compressed else raw

    name = "a.gz" if compressed else "a"
    for kind, values in (("images", IMAGES), ("labels", LABELS)):
        said = refusal(name, turned(values), kind)
        if magic_too:
            assert said.startswith(f"{name}: its header is little-endian, and IDX files are big-")
        else:
            meant = " × ".join(map(str, values.shape))
            assert f"little-endian: {values.shape[0] << 24:,}" in said
            assert said.endswith(
                f'where {meant} is meant; write them big-endian, e.g. with struct.pack(">I", '
                "length)."
            )


def test_gzip_in_gzip() -> None:
    assert refusal("a.gz", gzip.compress(gzip.compress(encode(IMAGES)))) == (
        "a.gz: is compressed with gzip twice; unpack it once, e.g. with gunzip, and keep the .gz "
        "of its name."
    )


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "val-images-idx3-ubyte").touch()
    (tmp_path / "train").mkdir()
    (tmp_path / f"{idx.TRAIN_LABELS}.gz").touch()
    (tmp_path / "README").touch()
    assert load(str(tmp_path)).remarks == (
        "train/, train-labels-idx1-ubyte.gz and val-images-idx3-ubyte are not used; "
        "`validation = N` in the study holds out training images",
    )


def test_labels_that_begin_at_one(tmp_path: Path) -> None:
    for name, raw in GOOD.items():
        shifted = raw[:8] + bytes(label + 1 for label in raw[8:]) if "labels" in name else raw
        (tmp_path / name).write_bytes(shifted)
    assert load(str(tmp_path)).notes[0] == "no training image of class 0; do labels begin at 1?"


def test_gzip_by_name_but_not_by_content() -> None:
    assert refusal("a.gz", encode(IMAGES)) == (
        "a.gz: is not compressed with gzip, though its name ends in .gz; get the file again, or "
        "take .gz off its name."
    )


def test_gzip_by_content_but_not_by_name() -> None:
    assert refusal("a", gzip.compress(encode(IMAGES))) == (
        "a: is compressed with gzip; add .gz to its name."
    )


def test_truncated_gzip() -> None:
    assert refusal("a.gz", gzip.compress(encode(IMAGES))[:-9]) == (
        "a.gz: is cut off: its compressed data end too soon; get the file again."
    )


def test_damaged_gzip() -> None:
    raw = bytearray(gzip.compress(encode(IMAGES)))
    raw[-6] ^= 1  # in the checksum
    assert refusal("a.gz", bytes(raw)) == (
        "a.gz: is damaged: it cannot be unpacked (CRC check failed "
        "0x75942abc != 0x75952abc); get the file again."
    )


@pytest.mark.parametrize("dot", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_both_spellings_gzipped_or_not(tmp_path: Path, dot: bool, compressed: bool) -> None:
    for name, raw in GOOD.items():
        spelt = name.replace("-idx", ".idx") if dot else name
        if compressed:
            (tmp_path / f"{spelt}.gz").write_bytes(gzip.compress(raw))
        else:
            (tmp_path / spelt).write_bytes(raw)
    dataset = load(str(tmp_path))
    assert dataset.name == str(tmp_path)
    assert dataset.image_shape == (1, 3, 2)
    assert dataset.class_names == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES)
    np.testing.assert_array_equal(dataset.test_labels, [0, 1])


def test_uncompressed_file_is_preferred_over_gzipped(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / f"{idx.TRAIN_LABELS}.gz").write_bytes(b"")
    assert load(str(tmp_path)).classes == 3


def test_missing_files_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / idx.TEST_LABELS).unlink()
    with pytest.raises(UserError) as caught:
        load(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: t10k-labels-idx1-ubyte is missing; a folder of IDX files holds "
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
        "t10k-labels-idx1-ubyte, each gzipped (.gz) or not."
    )
    (tmp_path / idx.TRAIN_IMAGES).unlink()
    with pytest.raises(
        UserError, match=": train-images-idx3-ubyte, t10k-labels-idx1-ubyte are missing; "
    ):
        load(str(tmp_path))


def test_counts_that_differ(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / idx.TRAIN_LABELS).write_bytes(encode(LABELS[:5]))
    with pytest.raises(UserError) as caught:
        load(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: has 6 training images but 5 training labels; every image needs one label."
    )


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / idx.TEST_IMAGES).unlink()
    (tmp_path / idx.TEST_IMAGES).mkdir()
    with pytest.raises(UserError) as caught:
        load(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/t10k-images-idx3-ubyte: is a folder where a file is expected."
    )


def test_messages_name_the_file(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / idx.TRAIN_IMAGES).write_bytes(GOOD[idx.TRAIN_LABELS])
    with pytest.raises(UserError, match=f"^{tmp_path}/train-images-idx3-ubyte: is a file of label"):
        load(str(tmp_path))


def test_the_largest_test_label_counts_as_a_class(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / idx.TEST_LABELS).write_bytes(encode(np.array([1, 9], np.uint8)))
    assert load(str(tmp_path)).classes == 10
