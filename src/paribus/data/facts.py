"""Facts about a dataset whose images are not in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from paribus.text import shown


@dataclass(frozen=True)
class DataFacts:
    """A dataset without its arrays."""

    name: str
    """As the user wrote it."""
    fingerprint: str
    """SHA-256 over the arrays, see `Dataset.fingerprint`."""
    image_shape: tuple[int, int, int]
    """(C, H, W)."""
    class_names: tuple[str, ...]
    train_images: int
    test_images: int
    validation_images: int = 0
    """Those that it brings; a study may hold out training images if there are none."""
    notes: tuple[str, ...] = ()
    """Notes for the user before training, see `Dataset.notes`."""

    @property
    def classes(self) -> int:
        return len(self.class_names)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes as commands print them, a line each."""
        return warnings(self.name, self.notes)


def warnings(name: str, notes: Iterable[str]) -> tuple[str, ...]:
    """Return the notes on a dataset as commands print them, a line each."""
    return tuple(f"Warning: {shown(name)}: {note}" for note in notes)


def facts(source: str, relative_to: Path | None = None, cache: Path | None = None) -> DataFacts:
    """Return the facts of the dataset that `source` names, as `sources.load` takes it.

    Of a dataset that comes with the package nothing is read; any other is loaded.
    Raises what `sources.load` raises.

    >>> facts("mnist").image_shape
    (1, 28, 28)
    """
    # `Dataset.facts` is made of this module.
    from paribus.data.sources import load

    known = known_facts(source)
    return load(source, relative_to, cache).facts if known is None else known


def known_facts(source: str) -> DataFacts | None:
    """Return the facts of a dataset that comes with the package; None for any other."""
    from paribus.data.named import NAMED

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
