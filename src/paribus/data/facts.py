"""Facts about a dataset whose images are not in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
