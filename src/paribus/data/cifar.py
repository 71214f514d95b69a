"""CIFAR-10 and CIFAR-100 from their binary versions.

The format (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html): a gzipped tar archive of files
of records. A record of CIFAR-10 is the label, a byte, then 32 × 32 bytes of red, of green and of
blue, row by row; one of CIFAR-100 has the label of the superclass before that of the class.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from paribus.data.dataset import Dataset, Images, Labels
from paribus.data.memory import Memory
from paribus.data.reading import damaged
from paribus.errors import UserError

CLASSES_10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CLASSES_100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
    "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
    "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
    "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
    "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
    "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
    "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
    "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
    "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
    "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip

_SHAPE = (3, 32, 32)


@dataclass(frozen=True)
class _Layout:
    """The files of an archive."""

    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    labels: int
    """Bytes of labels in a record; the last is the class."""


_LAYOUTS = {
    "cifar-10-binary.tar": _Layout(
        "cifar-10-batches-bin",
        tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        ("test_batch.bin",),
        labels=1,
    ),
    "cifar-100-binary.tar": _Layout("cifar-100-binary", ("train.bin",), ("test.bin",), labels=2),
}


def assemble(
    name: str,
    files: Mapping[str, tuple[str, bytes]],
    *,
    class_names: tuple[str, ...],
    attribution: str = "",
) -> Dataset:
    """Return the dataset in one archive.

    files: of "cifar-10-binary.tar" or "cifar-100-binary.tar" where it lies, for messages, and its
    gzipped content. Raises `UserError` if it is damaged or too large.
    """
    ((file, (where, raw)),) = files.items()
    layout = _LAYOUTS[file]
    content = _members(where, raw, layout)
    train_images, train_labels = _records(where, content, layout.train, layout.labels)
    test_images, test_labels = _records(where, content, layout.test, layout.labels)
    return Dataset(
        name=name,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=class_names,
        attribution=attribution,
    )


def _members(where: str, raw: bytes, layout: _Layout) -> dict[str, bytes]:
    """Return the content of the files that are needed, by their names; nothing is extracted."""
    memory = Memory()
    wanted = {f"{layout.folder}/{file}": file for file in (*layout.train, *layout.test)}
    found = {}
    try:
        with tarfile.open(fileobj=BytesIO(raw), mode="r:gz") as archive:
            for member in archive:
                if member.name in wanted and member.isfile():
                    # Once as a file and once as arrays.
                    memory.take(where, 2 * member.size)
                    stream = archive.extractfile(member)
                    found[wanted[member.name]] = b"" if stream is None else stream.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise damaged(where, "get the file again") from error
    if missing := [path for path, file in wanted.items() if file not in found]:
        raise UserError(f"{where}: {missing[0]} is missing in it; get the file again.")
    return found


def _records(
    where: str, content: Mapping[str, bytes], files: tuple[str, ...], labels: int
) -> tuple[Images, Labels]:
    """Return the images, (N, 3, 32, 32), and the labels, (N,), of some files."""
    length = labels + int(np.prod(_SHAPE))
    for file in files:
        if len(content[file]) % length:
            raise UserError(
                f"{where}: {file} has {len(content[file]):,} bytes, which is not a multiple of "
                f"{length:,}, the bytes of an image with its label; get the file again."
            )
    records = np.concatenate(
        [np.frombuffer(content[file], np.uint8).reshape(-1, length) for file in files]
    )
    images = np.ascontiguousarray(records[:, labels:]).reshape(-1, *_SHAPE)
    return images, records[:, labels - 1].astype(np.int64)
