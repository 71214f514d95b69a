"""The datasets that are known by a name: one comes with the package, others are downloaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from paribus.data import idx, label_errors
from paribus.data.dataset import Dataset
from paribus.data.reading import read_bytes
from paribus.data.remote import Remote, RemoteFile, default_cache, fetch, is_present
from paribus.errors import ParibusError

MNIST_FILES = files("paribus.data") / "mnist"

_MNIST_SHA256 = {
    idx.TRAIN_IMAGES: "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
    idx.TRAIN_LABELS: "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
    idx.TEST_IMAGES: "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
    idx.TEST_LABELS: "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
}


@dataclass(frozen=True)
class Named:
    """What is known of a dataset without loading it."""

    name: str
    title: str
    train_images: int
    test_images: int
    image_shape: tuple[int, int, int]
    """(C, H, W)."""
    class_names: tuple[str, ...]
    licence: str
    attribution: str
    remote: Remote | None
    """Where its IDX files are to be had; None: they come with the package."""
    label_errors: tuple[int, ...] = ()
    fingerprint: str | None = None
    """Of its arrays, see `Dataset.fingerprint`, where it is known without loading them."""

    def folder(self, cache: Path | None) -> Path:
        """Where its files are, or would be after the download."""
        if self.remote is None:
            return Path(str(MNIST_FILES))
        return (cache or default_cache()) / self.name

    def is_present(self, cache: Path | None) -> bool:
        """Whether it can be loaded without a download."""
        return self.remote is None or is_present(self.remote, self.folder(cache))

    def load(self, cache: Path | None = None) -> Dataset:
        """The dataset, downloaded into `cache` first where needed.

        Raises `ParibusError` where the download fails or the package is damaged.
        """
        if self.remote is None:
            raw = _packaged()
        else:
            folder = self.folder(cache)
            fetch(self.remote, folder)
            raw = {
                file: (str(path), read_bytes(path))
                for file in idx.FILES
                for path in (folder / f"{file}.gz",)
            }
        dataset = idx.assemble(
            self.name, raw, class_names=self.class_names, attribution=self.attribution
        )
        return replace(dataset, label_errors=self.label_errors)


def _packaged() -> dict[str, tuple[str, bytes]]:
    """MNIST's files, as `idx.assemble` takes them."""
    content = {}
    for file, sha256 in _MNIST_SHA256.items():
        resource = MNIST_FILES / f"{file}.gz"
        try:
            raw = resource.read_bytes()
        except OSError as error:
            raise ParibusError(f"{resource}: cannot be read; install paribus again.") from error
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise ParibusError(f"{resource}: has been changed; install paribus again.")
        content[file] = (str(resource), raw)
    return content


# The downloads' checksums are those that TensorFlow Datasets and torchvision list, both alike;
# their sizes are those of TensorFlow Datasets.

MNIST = Named(
    name="mnist",
    title="handwritten digits",
    train_images=60_000,
    test_images=10_000,
    image_shape=(1, 28, 28),
    class_names=tuple("0123456789"),
    licence="CC BY-SA 3.0",
    attribution=(
        "MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0 "
        "(http://creativecommons.org/licenses/by-sa/3.0/)."
    ),
    remote=None,
    label_errors=label_errors.MNIST,
    fingerprint="161dcace219dfb88ab6f7453772016287aca31a8e383c4e7092f4db60aad5f66",
)

FASHION_MNIST = Named(
    name="fashion-mnist",
    title="articles of clothing",
    train_images=60_000,
    test_images=10_000,
    image_shape=(1, 28, 28),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    licence="MIT",
    attribution="Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, Zalando SE, MIT.",
    remote=Remote(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        (
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
)

KMNIST = Named(
    name="kmnist",
    title="cursive Japanese characters (Kuzushiji-MNIST)",
    train_images=60_000,
    test_images=10_000,
    image_shape=(1, 28, 28),
    class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    licence="CC BY-SA 4.0",
    attribution=(
        '"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and '
        "others), doi:10.20676/00000341, CC BY-SA 4.0."
    ),
    remote=Remote(
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        (
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                18_165_135,
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29_497,
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                3_041_136,
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_120,
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ),
        ),
    ),
)

NAMED = {named.name: named for named in (MNIST, FASHION_MNIST, KMNIST)}
