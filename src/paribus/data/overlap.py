"""Images that two parts of a dataset share: what was trained on says nothing about what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from paribus.text import count, plural

# N images, C channels, H rows, W columns
Part = tuple[str, npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""What a part is called, its images (N, C, H, W) and labels (N,)."""

_CONSEQUENCES = {
    ("training", "test"): "test accuracy is optimistically biased",
    ("training", "validation"): "validation accuracy is optimistically biased",
    ("validation", "test"): "what is chosen by validation images is partly chosen by test images",
}
_BYTES = 8
"""Of a digest: two among 70,000 images are alike by chance in one dataset of ten billion."""


def overlap_notes(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return a clause for every two parts that have images in common, equal in every pixel.

    >>> images, labels = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1), np.array([0, 1, 0, 1])
    >>> overlap_notes([("training", images, labels), ("test", images[2:], np.array([0, 0]))])
    ('2 of 2 test images are training images too, equal in every pixel (1 of them with another \
label), so test accuracy is optimistically biased; remove them from one part',)
    """
    digests = {name: _digests(images, labels) for name, images, labels in parts}
    return tuple(
        note
        for (first, second), consequence in _CONSEQUENCES.items()
        if first in digests and second in digests
        for note in _note(first, second, digests, consequence)
    )


def _note(
    first: str, second: str, digests: dict[str, npt.NDArray[np.uint64]], consequence: str
) -> Iterator[str]:
    shared, alike = (
        int(np.isin(of_second, of_first).sum())
        for of_first, of_second in zip(digests[first], digests[second], strict=True)
    )
    if shared:
        others = f" ({shared - alike:,} of them with another label)" if shared > alike else ""
        yield (
            f"{shared:,} of {count(digests[second].shape[1], f'{second} image')} "
            f"{plural(shared, f'is a {first} image', f'are {first} images')} too, equal in every "
            f"pixel{others}, so {consequence}; remove {plural(shared, 'it', 'them')} from one part"
        )


def _digests(
    images_NCHW: npt.NDArray[np.uint8], label_N: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint64]:
    """(2, N): of each image, and of each image with its label."""
    digest_N2 = bytearray()
    for image_CHW, label in zip(images_NCHW, label_N, strict=True):
        # Each for itself: of images that lie in another order, all would be copied at once.
        digest = hashlib.blake2b(np.ascontiguousarray(image_CHW).data, digest_size=_BYTES)
        digest_N2 += digest.digest()
        digest.update(label.tobytes())
        digest_N2 += digest.digest()
    return np.frombuffer(digest_N2, np.uint64).reshape(-1, 2).T
