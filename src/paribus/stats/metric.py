"""What is compared, and how numbers are printed."""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUS = "−"
EXTRA_DECIMALS = 4


@dataclass(frozen=True)
class Metric:
    """A number that each run ends with.

    `name` is what a sentence calls it. Values are kept as measured (an accuracy as 0.9874);
    `scale` turns a difference of them into the printed `unit` (100 makes points of accuracies).
    `decimals` is the fewest that a printed difference has. `widest`: the largest difference there
    can be, as measured. `takes`: what it takes for every run to have a value. `lacks`: what a
    run without one did, after "2 runs"; "{}" stands for the name.

    >>> accuracy = Metric("test accuracy", higher_is_better=True, unit="points", scale=100)
    >>> accuracy.amount(0.001)
    '0.10 points'
    >>> accuracy.difference(0.0041)
    '+0.41 points'
    >>> accuracy.evidence(0.0041, 0.0018, 0.0063, confidence=0.95, n=20)
    '+0.41 points [0.18, 0.63], 95 %, n = 20 seeds'
    """

    name: str
    higher_is_better: bool
    unit: str = ""
    scale: float = 1.0
    decimals: int = 2
    widest: float = math.inf
    takes: str = "runs that all end"
    lacks: str = "gave no {}"

    def amount(self, value: float) -> str:
        """A size without a sign, such as the smallest difference that matters."""
        scaled = abs(value) * self.scale
        return self._with_unit(_fixed(scaled, self._decimals_to_see(scaled)))

    def difference(self, value: float) -> str:
        """A difference with its sign."""
        scaled = value * self.scale
        return self._with_unit(_signed(scaled, self._decimals_to_see(scaled)))

    def level(self, mean: float, sd: float) -> str:
        """Where runs lie: their mean, and their SD to two figures.

        >>> Metric("test accuracy", True, unit="points", scale=100).level(0.9822, 0.005)
        '98.22 % (SD 0.50)'
        """
        decimals = self._decimals_for(-sd, sd)
        unit = " %" if self.unit == "points" else f" {self.unit}" * bool(self.unit)
        return (
            f"{_fixed(mean * self.scale, decimals)}{unit} (SD {_fixed(sd * self.scale, decimals)})"
        )

    def interval(self, low: float, high: float) -> str:
        """Both ends in brackets, to two figures of the half-width; no unit.

        >>> Metric("test loss", higher_is_better=False).interval(-0.0023, 0.0105)
        '[−0.0023, 0.0105]'
        """
        decimals = self._decimals_for(low, high)
        return f"[{_fixed(low * self.scale, decimals)}, {_fixed(high * self.scale, decimals)}]"

    def estimate(self, mean: float, low: float, high: float) -> str:
        """A mean difference with its sign, as exact as the interval that it stands beside."""
        return self._with_unit(_signed(mean * self.scale, self._decimals_for(low, high)))

    def evidence(self, mean: float, low: float, high: float, confidence: float, n: int) -> str:
        """The mean difference, its interval, the confidence and the number of seeds."""
        return (
            f"{self.estimate(mean, low, high)} {self.interval(low, high)}, "
            f"{confidence * 100:.0f} %, n = {n} seeds"
        )

    def _with_unit(self, number: str) -> str:
        return f"{number} {self.unit}" if self.unit else number

    def _decimals_for(self, low: float, high: float) -> int:
        half_width = (high - low) / 2 * self.scale
        decimals = self.decimals
        if half_width > 0:
            decimals = max(decimals, 1 - math.floor(math.log10(half_width)))
        most = decimals + 2
        # An end that is not zero must not be printed as one: whether the interval reaches zero
        # is what a reader looks at.
        while decimals < most and any(
            end != 0 and float(_plain(end * self.scale, decimals)) == 0 for end in (low, high)
        ):
            decimals += 1
        return decimals

    def _decimals_to_see(self, scaled: float) -> int:
        decimals = self.decimals
        while (
            decimals < self.decimals + EXTRA_DECIMALS
            and scaled != 0
            and abs(float(_plain(scaled, decimals)) - scaled) > 0.05 * abs(scaled)
        ):
            decimals += 1
        # Of what is still zero then, more zeros would say nothing.
        return decimals if float(_plain(scaled, decimals)) else self.decimals


def shown_p(p: float) -> str:
    """A p value to two figures.

    >>> shown_p(0.0123), shown_p(1e-9)
    ('p = 0.012', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def _plain(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _fixed(value: float, decimals: int) -> str:
    text = _plain(value, decimals)
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)


def _signed(value: float, decimals: int) -> str:
    text = _fixed(value, decimals)
    return text if text.startswith(MINUS) or float(text) == 0 else "+" + text
