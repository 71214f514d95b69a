"""The chance that |t| crosses a boundary at one of several looks, without simulation.

Where nothing differs, differences are Normal(0, σ²), and the t statistics of growing samples are a
Markov chain: t_n is a function of the direction of the data in n dimensions, which is independent
of their length and so of all that comes later. With y the cosine of the angle between the data
and the vector of ones, t = y √((n-1)/(1-y²)), and for m more differences

    y' = √(n/n') √R y + √(m/n') √(1-R) z,   n' = n + m

R ~ Beta(n/2, m/2) the first n's share of the sum of squares, z the cosine of the m new differences
with density proportional to (1-z²)^((m-3)/2), all independent. The density of y on the part where
no boundary was crossed is carried from look to look by quadrature. After Armitage, McPherson &
Rowe 1969, who did so for a known variance, which is the limit of large n.
"""

# Axes: L looks, Y nodes of y before, X nodes of y after, B nodes of R.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

SHARES = 40


def crossing_chances(seeds: Sequence[int], critical_t: Sequence[float], nodes: int = 160) -> Floats:
    """The chance to have crossed ±critical_t at some look up to each, (L,); no true difference.

    `seeds`: n at each look, each at least 5 more than the one before. `nodes`: more are needed
    where looks are close to each other, a few percent of the seeds apart.

    >>> float(crossing_chances([10], [2.262157163])[0].round(9))
    0.05
    """
    node_Y, weight_Y = np.polynomial.legendre.leggauss(nodes)
    crossed = []
    density_Y: Floats | None = None
    at_Y: Floats = node_Y
    before = 0
    for n, t in zip(seeds, critical_t, strict=True):
        # |t| < critical is |y| < this.
        edge = t / np.sqrt(n - 1 + t**2)
        x_X = edge * node_Y
        if density_Y is None:
            density_X = _cosine_density(x_X, n)
        else:
            density_X = _step(density_Y * at_Y[1], at_Y[0], x_X, n=before, m=n - before)
        crossed.append(1 - float(edge * weight_Y @ density_X))
        density_Y, at_Y, before = density_X, np.stack([x_X, edge * weight_Y]), n
    return np.array(crossed)


def _cosine_density(y: Floats, n: int) -> Floats:
    """Of the cosine between n normal values and the vector of ones."""
    log_constant = -special.betaln(0.5, (n - 1) / 2)
    inside = np.maximum(1 - y**2, 1e-300)
    return np.asarray(np.exp(log_constant + (n - 3) / 2 * np.log(inside)))


def _step(mass_Y: Floats, y_Y: Floats, x_X: Floats, *, n: int, m: int) -> Floats:
    """The density after m more values, at x_X, of what has mass_Y at y_Y."""
    if m < 5:
        # The density of z has corners, which the quadrature would not follow.
        raise ValueError(f"looks must be at least 5 seeds apart; got {m}")
    # Gauss-Jacobi for Beta(n/2, m/2): on (-1, 1) the weight is (1-u)^(m/2-1) (1+u)^(n/2-1).
    u_B, weight_B = special.roots_jacobi(SHARES, m / 2 - 1, n / 2 - 1)
    share_B, weight_B = (1 + u_B) / 2, weight_B / weight_B.sum()
    density_X = np.zeros_like(x_X)
    for share, weight in zip(share_B, weight_B, strict=True):
        scale = np.sqrt(m / (n + m) * (1 - share))
        z_XY = (x_X[:, None] - np.sqrt(n / (n + m) * share) * y_Y) / scale
        density_X += weight / scale * (_cosine_density(z_XY, m) @ mass_Y)
    return density_X
