"""The classes of a dataset: which names can be used, and which classes have no images."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from paribus.errors import UserError
from paribus.text import count, listed, plural, shown

_BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def check_class_names(where: str, names: Sequence[str]) -> None:
    """Raise `UserError` if a name cannot be written in a report, or stands for two classes."""
    for name in names:
        if problem := not_writable(name):
            raise UserError(f'{where}: the class name "{shown(name)}" {problem}; rename the class.')
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UserError(f'{where}: two classes are called "{shown(name)}"; rename one.')
        seen.add(name)


def not_writable(name: str) -> str | None:
    """Return why a name cannot be written in a report, as the end of a sentence; None if it can.

    >>> not_writable("caf\\udce9")
    'is not valid UTF-8'
    """
    if not name.strip():
        return "is empty"
    for character in name:
        category = unicodedata.category(character)
        if category == "Cs":
            return "is not valid UTF-8"
        # XML, and so SVG, can hold neither control characters nor noncharacters.
        point = ord(character)
        if category in ("Cc", "Zl", "Zp") or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
            return "contains a control character"
        # They turn around what stands behind them, in a terminal and on a page.
        if character in _BIDIRECTIONAL:
            return "contains a control character for the direction of writing"
    return None


def normal(name: str) -> str:
    """Return the form in which class names are compared and shown: Unicode's NFC.

    >>> normal("cafe\\u0301") == "café"
    True
    """
    return unicodedata.normalize("NFC", name)


# Letters of Cyrillic and Greek that look as Latin ones do, from Unicode's list of confusables.
_LATIN = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u03bf\u03b1\u03bd\u03c1",
    "aeopcyxijsdqwoavp",
)


def appearance(name: str) -> str:
    """Return what is alike for names that readers could take for one another.

    >>> appearance("Cat ") == appearance("cat"), appearance("01") == appearance("1")
    (True, True)
    >>> appearance("c\u0430t") == appearance("cat")
    True
    """
    compatible = unicodedata.normalize("NFKC", name).casefold().translate(_LATIN)
    visible = "".join(c for c in compatible if unicodedata.category(c) != "Cf")
    words = " ".join(visible.split())
    return str(int(words)) if words.isascii() and words.isdigit() else words


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of names that differ but look alike.

    >>> look_alikes(["Cat", "cat", "dog"])
    [['Cat', 'cat']]
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[appearance(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def class_notes(
    train_labels: npt.NDArray[np.int64],
    test_labels: npt.NDArray[np.int64],
    class_names: Sequence[str],
) -> tuple[str, ...]:
    """Return a clause for each way in which classes lack images.

    >>> class_notes(np.array([1, 2]), np.array([1, 2]), ["0", "1", "2"])
    ('no training image of class 0; do labels begin at 1?',)
    """
    classes = len(class_names)
    train = np.bincount(train_labels, minlength=classes)
    test = np.bincount(test_labels, minlength=classes)
    empty = np.flatnonzero((train == 0) & (test == 0))
    untrained = np.flatnonzero((train == 0) & (test > 0))
    untested = np.flatnonzero((train > 0) & (test == 0))
    notes = []
    if empty.size:
        notes.append(f"no training image of {class_list(empty, class_names)}{_meant(train + test)}")
    if untrained.size:
        notes.append(
            f"no training image of {class_list(untrained, class_names)}, but "
            f"{count(int(test[untrained].sum()), 'test image')}, which no network can learn to "
            "classify"
        )
    if untested.size:
        notes.append(
            f"no test image of {class_list(untested, class_names)}, so test accuracy says nothing "
            "about it"
        )
    return tuple(notes)


def _meant(images: npt.NDArray[np.int64]) -> str:
    """Return a question about an error that could explain classes without images, or ""."""
    used = np.flatnonzero(images)
    if np.array_equal(used, np.arange(1, len(images))):
        return "; do labels begin at 1?"
    largest, before = int(used[-1]), int(used[-2]) if used.size > 1 else 0
    if largest - before > 1:
        many = int(images[largest])
        have = f"{count(many, 'image')} {plural(many, 'has', 'have')}"
        return f"; is label {largest} meant, which {have}?"
    return ""


def class_list(labels: npt.NDArray[np.int64], class_names: Sequence[str]) -> str:
    """Return classes in words: numbers as ranges, names in quotes.

    >>> class_list(np.array([0, 2, 3, 4]), [*"01234"])
    'classes 0 and 2 to 4'
    """
    if all(class_names[label] == str(label) for label in labels):
        parts = []
        for run in np.split(labels, np.flatnonzero(np.diff(labels) > 1) + 1):
            ends = [str(run[0]), str(run[-1])]
            parts += [" to ".join(ends)] if len(run) > 2 else ends[: len(run)]
    else:
        parts = [f'"{shown(class_names[label])}"' for label in labels]
    return f"{plural(len(labels), 'class', 'classes')} {listed(parts)}"
