"""What is said of a dataset without its images is what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paribus.data import named
from paribus.data.facts import facts
from paribus.data.sources import load
from paribus.errors import UserError


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_the_constants_of_a_packaged_dataset_are_those_of_its_arrays(name: str) -> None:
    assert facts(name) == load(name).facts


def test_the_facts_of_mnist_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "_packaged", lambda of: pytest.fail("its files were read"))
    assert facts("mnist").train_images == 60_000


def test_the_facts_of_a_file(small: Callable[[], Path]) -> None:
    folder = small().parent
    found = facts("small.npz", folder)
    assert (found.image_shape, found.classes) == ((1, 6, 6), 3)
    assert (found.train_images, found.test_images) == (120, 40)
    assert found.fingerprint == load("small.npz", folder).fingerprint


def test_there_is_no_such_dataset() -> None:
    with pytest.raises(UserError, match="there is no dataset of that name"):
        facts("nothing-here")
