"""Make the files of the dataset `digits` from scikit-learn's copy of it.

    pip install scikit-learn==1.9.1
    python docs/make_digits.py

Paribus does not need scikit-learn: the files lie in src/paribus/data/digits. Pixels are counts from
0 to 16 and become 0 to 255. The first 1,437 images are the training images, the last 360 the test
images, as `train_test_split(…, test_size=0.2, shuffle=False)` takes them.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parents[1] / "src/paribus/data/digits"
TEST_IMAGES = 360


def main() -> None:
    """Write the four IDX files and print their checksums."""
    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    for part, chosen in (
        ("train", slice(None, -TEST_IMAGES)),
        ("t10k", slice(-TEST_IMAGES, None)),
    ):
        _write(f"{part}-images-idx3-ubyte.gz", pixels[chosen])
        _write(f"{part}-labels-idx1-ubyte.gz", labels[chosen])


def _write(name: str, array: npt.NDArray[np.uint8]) -> None:
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    content = gzip.compress(header + array.tobytes(), mtime=0)
    (FOLDER / name).write_bytes(content)
    print(name, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
