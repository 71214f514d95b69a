"""Where all randomness comes from: one independent stream for each (seed, purpose, name).

No global generator is used anywhere in Paribus. A stream depends on its three keys alone, so that
adding a layer, a metric or a worker shifts no other stream.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, purpose: str, name: str = "") -> np.random.Generator:
    """A fresh generator for one purpose of one seed, e.g. the initial values of one tensor.

    The two texts enter by SHA-256, as eight further words of entropy, so any two different keys
    give streams that are independent for all that is known of SeedSequence and Philox
    (Salmon et al. 2011).

    >>> stream(0, "initial", "conv1.weight").random() == stream(0, "initial", "conv1.bias").random()
    False
    >>> stream(3, "batches", "1").permutation(5).tolist()
    [3, 0, 1, 2, 4]
    """
    digest = hashlib.sha256(f"{purpose}\0{name}".encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *words])))
