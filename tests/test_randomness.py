"""The random choices of a run: what they depend on, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.randomness import Randomness
from paribus.seeding import stream
from paribus.spec.notation import parse_layers
from paribus.spec.plan import make_plan
from paribus.spec.recipe import Initialisation

PLAIN = make_plan(parse_layers(["conv 4", "relu", "conv 6", "flatten", "linear 3"]), (1, 8, 8), 3)
WITH_BN = make_plan(
    parse_layers(["conv 4", "batchnorm", "relu", "conv 6", "batchnorm", "flatten", "linear 3"]),
    (1, 8, 8),
    3,
)


@pytest.mark.parametrize("initialisation", ["torch", "he", "glorot"])
def test_batch_normalization_leaves_the_other_tensors_and_the_order_untouched(
    initialisation: Initialisation,
) -> None:
    randomness = Randomness(7)
    plain = randomness.initial_tensors(PLAIN, initialisation)
    with_bn = randomness.initial_tensors(WITH_BN, initialisation)
    for name, tensor in plain.items():
        np.testing.assert_array_equal(tensor, with_bn[name])
    np.testing.assert_array_equal(randomness.batch_order(2, 100), Randomness(7).batch_order(2, 100))


@pytest.mark.parametrize(
    ("initialisation", "sd"),
    [
        ("torch", 1 / np.sqrt(3 * 1000)),
        ("he", np.sqrt(2 / 1000)),
        ("glorot", np.sqrt(2 / (1000 + 500))),
    ],
)
def test_weights_are_spread_as_their_source_says(initialisation: Initialisation, sd: float) -> None:
    plan = make_plan(parse_layers(["flatten", "linear 500"]), (1000, 1, 1), 500)
    weights = Randomness(0).initial_tensors(plan, initialisation)["linear1.weight"]
    assert weights.mean() == pytest.approx(0, abs=0.01 * sd)
    assert weights.std() == pytest.approx(sd, rel=0.01)


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(1, 300))
def test_every_epoch_goes_through_all_images_in_its_own_order(
    seed: int, epoch: int, images: int
) -> None:
    order = Randomness(seed).batch_order(epoch, images)
    assert sorted(order) == list(range(images))


def test_seeds_epochs_and_names_have_streams_of_their_own() -> None:
    keys = [(s, p, n) for s in range(3) for p in ("a", "b", "a\0") for n in ("", "a", "b")]
    assert len({stream(*key).random() for key in keys}) == len(keys)
