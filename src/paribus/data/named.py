"""The datasets that are known by a name: some come with the package, others are downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from paribus.data import cifar, idx, label_errors
from paribus.data.dataset import Dataset
from paribus.data.facts import DataFacts
from paribus.data.reading import read_bytes
from paribus.data.remote import Remote, RemoteFile, default_cache, fetch, is_present
from paribus.errors import ParibusError

PACKAGED_FILES = files("paribus.data")


@dataclass(frozen=True)
class Packaged:
    """IDX files that come with the package."""

    folder: str
    """In `PACKAGED_FILES`."""
    sha256: Mapping[str, str]
    """In hex, of each of `idx.FILES`, gzipped."""


@dataclass(frozen=True)
class Named:
    """Facts about a dataset that is not loaded."""

    name: str
    title: str
    train_images: int
    test_images: int
    image_shape: tuple[int, int, int]
    """(C, H, W)."""
    class_names: tuple[str, ...]
    license: str
    attribution: str
    files: Packaged | Remote
    """Where to get its files."""
    assemble: Callable[..., Dataset] = idx.assemble
    """Makes the dataset of the content of its files, as `idx.assemble` does."""
    label_errors: tuple[int, ...] = ()
    fingerprint: str | None = None
    """Of its arrays, see `Dataset.fingerprint`, where it is known without loading them."""

    def folder(self, cache: Path | None) -> Path:
        """Where its files are, or would be after the download."""
        if isinstance(self.files, Packaged):
            return Path(str(PACKAGED_FILES / self.files.folder))
        return (cache or default_cache()) / self.name

    def is_present(self, cache: Path | None) -> bool:
        """Whether it can be loaded without a download."""
        return isinstance(self.files, Packaged) or is_present(self.files, self.folder(cache))

    def load(self, cache: Path | None = None) -> Dataset:
        """The dataset, downloaded into `cache` first where needed.

        Raises `ParibusError` where the download fails or the package is damaged.
        """
        if isinstance(self.files, Packaged):
            raw = _packaged(self.files)
        else:
            folder = self.folder(cache)
            fetch(self.files, folder)
            raw = {
                file.name.removesuffix(".gz"): (str(path), read_bytes(path))
                for file in self.files.files
                for path in (folder / file.name,)
            }
        dataset = self.assemble(
            self.name, raw, class_names=self.class_names, attribution=self.attribution
        )
        return replace(dataset, label_errors=self.label_errors)


def _packaged(of: Packaged) -> dict[str, tuple[str, bytes]]:
    """Files of the package, as `idx.assemble` takes them."""
    content = {}
    for file, sha256 in of.sha256.items():
        resource = PACKAGED_FILES / of.folder / f"{file}.gz"
        try:
            raw = resource.read_bytes()
        except OSError as error:
            raise ParibusError(f"{resource}: cannot be read; install paribus again.") from error
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise ParibusError(f"{resource}: has been changed; install paribus again.")
        content[file] = (str(resource), raw)
    return content


# The downloads' checksums and sizes are those that TensorFlow Datasets lists. CIFAR's authors
# publish the MD5 of the same files.

MNIST = Named(
    name="mnist",
    title="handwritten digits",
    train_images=60_000,
    test_images=10_000,
    image_shape=(1, 28, 28),
    class_names=tuple("0123456789"),
    license="CC BY-SA 3.0",
    attribution=(
        "MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0 "
        "(http://creativecommons.org/licenses/by-sa/3.0/)."
    ),
    files=Packaged(
        "mnist",
        {
            idx.TRAIN_IMAGES: "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
            idx.TRAIN_LABELS: "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
            idx.TEST_IMAGES: "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
            idx.TEST_LABELS: "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
        },
    ),
    label_errors=label_errors.MNIST,
    fingerprint="161dcace219dfb88ab6f7453772016287aca31a8e383c4e7092f4db60aad5f66",
)

DIGITS = Named(
    name="digits",
    title="small handwritten digits",
    train_images=1_437,
    test_images=360,
    image_shape=(1, 8, 8),
    class_names=tuple("0123456789"),
    license="CC BY 4.0",
    attribution=(
        "Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak, "
        "doi:10.24432/C50P49, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); the 1,797 "
        "images that scikit-learn has, pixels scaled from 0 to 16 to 0 to 255."
    ),
    files=Packaged(
        "digits",
        {
            idx.TRAIN_IMAGES: "e8dfca21bdca064e4331d00d56fba7a6d22263a16f0ff9d56a76bed42f69dc2c",
            idx.TRAIN_LABELS: "8497fc208baa52cab1ef13a493ce8b2f543b066a9a40e399f24fc43f049689c4",
            idx.TEST_IMAGES: "2a46d42973ca45d7c3438e3bd3db34a0ca569df849c33f56c0231d97b611b1da",
            idx.TEST_LABELS: "acfdd225ce72ff6559ea11e8001154f81237ad60706b75e2ace039d82b3e8526",
        },
    ),
    fingerprint="f1af8eb648deac8e802551163d1b41f5e12ff59b07e22aec2242c876f179d483",
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
    license="MIT",
    attribution="Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, Zalando SE, MIT.",
    files=Remote(
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
    license="CC BY-SA 4.0",
    attribution=(
        '"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and '
        "others), doi:10.20676/00000341, CC BY-SA 4.0."
    ),
    files=Remote(
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


def _cifar(name: str, class_names: tuple[str, ...], file: RemoteFile) -> Named:
    return Named(
        name=name,
        title="small photographs in color",
        train_images=50_000,
        test_images=10_000,
        image_shape=(3, 32, 32),
        class_names=class_names,
        license="no license stated",
        attribution=(
            f"{name.upper()} by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton: Learning Multiple "
            "Layers of Features from Tiny Images, 2009 "
            "(https://www.cs.toronto.edu/~kriz/cifar.html)."
        ),
        files=Remote("https://www.cs.toronto.edu/~kriz/", (file,)),
        assemble=cifar.assemble,
    )


CIFAR_10 = _cifar(
    "cifar-10",
    cifar.CLASSES_10,
    RemoteFile(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
)

CIFAR_100 = _cifar(
    "cifar-100",
    cifar.CLASSES_100,
    RemoteFile(
        "cifar-100-binary.tar.gz",
        168_513_733,
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
)

NAMED = {named.name: named for named in (MNIST, DIGITS, FASHION_MNIST, KMNIST, CIFAR_10, CIFAR_100)}


def known_facts(source: str) -> DataFacts | None:
    """Return the facts of a dataset that comes with the package, of which nothing is read; None for
    any other.

    >>> known_facts("mnist").image_shape
    (1, 28, 28)
    """
    named = NAMED.get(source)
    if named is None or named.fingerprint is None:
        return None
    return DataFacts(
        name=named.name,
        fingerprint=named.fingerprint,
        image_shape=named.image_shape,
        class_names=named.class_names,
        train_images=named.train_images,
        test_images=named.test_images,
    )
