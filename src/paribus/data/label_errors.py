"""Test images whose labels people have rejected, by their index in the test set, from 0."""

from __future__ import annotations

# Northcutt, Athalye & Mueller 2021, Pervasive label errors in test sets destabilize machine
# learning benchmarks: the images of which most of its annotators did not confirm the label.
MNIST = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
