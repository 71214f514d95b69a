"""How differences, their intervals and p values are printed."""

from __future__ import annotations

import math

from paribus.measure.metric import Metric
from paribus.stats.step_times import Ratio
from paribus.text import MINUS, percent, with_unit

EXTRA_DECIMALS = 4
_MOST_DECIMALS_OF_RATIOS = 3


def amount(metric: Metric, value: float) -> str:
    """Return a size without a sign, such as the smallest difference that matters.

    >>> from paribus.measure.metric import named
    >>> amount(named("test_accuracy"), 0.001)
    '0.10 points'
    """
    scaled = abs(value) * metric.scale
    return _with_unit(metric, _fixed(scaled, _decimals_to_see(metric, scaled)))


def difference(metric: Metric, value: float) -> str:
    """Return a difference with its sign.

    >>> from paribus.measure.metric import named
    >>> difference(named("test_accuracy"), 0.0041)
    '+0.41 points'
    """
    return _with_unit(metric, number(metric, value))


def level(metric: Metric, mean: float, sd: float) -> str:
    """Return where runs lie: their mean, and their SD to two figures.

    >>> from paribus.measure.metric import named
    >>> level(named("test_accuracy"), 0.9822, 0.005)
    '98.22% (SD 0.50)'
    """
    shown_sd = _fixed(sd * metric.scale, _decimals_for(metric, -sd, sd))
    return f"{mean_level(metric, mean, sd)} (SD {shown_sd})"


def mean_level(metric: Metric, mean: float, sd: float) -> str:
    """Return the mean of `level` alone, as exact as it is there.

    >>> from paribus.measure.metric import named
    >>> mean_level(named("test_accuracy"), 0.9822, 0.005)
    '98.22%'
    """
    number = _fixed(mean * metric.scale, _decimals_for(metric, -sd, sd))
    return with_unit(number, "%" if metric.is_share else metric.unit)


def mean_levels(metric: Metric, a: tuple[float, float], b: tuple[float, float]) -> tuple[str, str]:
    """Return the means of two experiments alone, each given with its SD: both as exact as the
    larger SD allows, and with one more digit where they would look alike.

    >>> from paribus.measure.metric import named
    >>> mean_levels(named("test_accuracy"), (0.98622, 0.0007), (0.98951, 0.0008))
    ('98.62%', '98.95%')
    """
    sd, decimals = max(a[1], b[1]) * metric.scale, metric.decimals
    if sd > 0:
        # To two figures of the SD. Of shares, which begin with the same digits, one is enough.
        figures = 1 if metric.is_share else 2
        decimals = max(decimals, figures - 1 - math.floor(math.log10(sd)))
    shown = [_fixed(mean * metric.scale, decimals) for mean, _ in (a, b)]
    if shown[0] == shown[1]:
        closer = [_fixed(mean * metric.scale, decimals + 1) for mean, _ in (a, b)]
        shown = closer if closer[0] != closer[1] else shown
    unit = "%" if metric.is_share else metric.unit
    return with_unit(shown[0], unit), with_unit(shown[1], unit)


def interval(metric: Metric, low: float, high: float) -> str:
    """Return both ends in brackets, to two figures of the half-width; no unit.

    >>> from paribus.measure.metric import named
    >>> interval(named("test_loss"), -0.0023, 0.0105)
    '[−0.0023, 0.0105]'
    """
    decimals = _decimals_for(metric, low, high)
    return f"[{_fixed(low * metric.scale, decimals)}, {_fixed(high * metric.scale, decimals)}]"


def estimate(metric: Metric, mean: float, low: float, high: float) -> str:
    """Return a mean difference with its sign, as exact as the interval that it stands beside."""
    return _with_unit(metric, number_beside(metric, mean, low, high))


def number(metric: Metric, value: float) -> str:
    """Return a difference with its sign, without its unit."""
    scaled = value * metric.scale
    return _signed(scaled, _decimals_to_see(metric, scaled))


def number_beside(metric: Metric, mean: float, low: float, high: float) -> str:
    """Return a mean difference as `estimate` does, without its unit."""
    return _signed(mean * metric.scale, _decimals_for(metric, low, high))


def with_interval(
    metric: Metric, mean: float, low: float, high: float, *, confidence: float, n: str
) -> str:
    """Return the mean difference, its interval, the confidence and from how many seeds it is.

    >>> from paribus.measure.metric import named
    >>> with_interval(named("test_accuracy"), 0.0041, 0.0018, 0.0063, confidence=0.95, n="20 seeds")
    '+0.41 points [0.18, 0.63], 95%, n = 20 seeds'
    """
    return (
        f"{estimate(metric, mean, low, high)} {interval(metric, low, high)}, "
        f"{percent(confidence)}, n = {n}"
    )


def ratio(found: Ratio, confidence: float = 0.95) -> str:
    """Return a ratio of times, as exact as the interval that it stands beside."""
    return f"{found.ratio:.{_decimals_of_ratio(*_ends(found, confidence))}f}"


def ratio_interval(found: Ratio, confidence: float = 0.95) -> str:
    """Return both ends in brackets, to two figures of the half-width."""
    low, high = _ends(found, confidence)
    decimals = _decimals_of_ratio(low, high)
    return f"[{low:.{decimals}f}, {high:.{decimals}f}]"


def ratio_with_interval(found: Ratio, confidence: float = 0.95) -> str:
    """Return the ratio, its interval, the confidence and the number of processes.

    >>> ratio_with_interval(Ratio(5, 1.124, 1.101, 1.147, 1.105, 1.143, 0.0))
    'time ratio 1.124 [1.101, 1.147], 95%, n = 5 processes'
    """
    return (
        f"time ratio {ratio(found, confidence)} {ratio_interval(found, confidence)}, "
        f"{percent(confidence)}, n = {found.n} processes"
    )


def p_value(p: float) -> str:
    """Return a p value to two figures.

    >>> p_value(0.0123), p_value(1e-9)
    ('p = 0.012', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def _ends(found: Ratio, confidence: float) -> tuple[float, float]:
    return (found.low, found.high) if confidence == 0.95 else (found.low_90, found.high_90)


def _decimals_of_ratio(low: float, high: float) -> int:
    half_width = (high - low) / 2
    if half_width <= 0:
        return _MOST_DECIMALS_OF_RATIOS
    return min(_MOST_DECIMALS_OF_RATIOS, max(2, 1 - math.floor(math.log10(half_width))))


def _with_unit(metric: Metric, number: str) -> str:
    return with_unit(number, metric.unit)


def _decimals_for(metric: Metric, low: float, high: float) -> int:
    half_width = (high - low) / 2 * metric.scale
    decimals = metric.decimals
    if half_width > 0:
        decimals = max(decimals, 1 - math.floor(math.log10(half_width)))
    most = decimals + 2
    # An end that is not zero must not be printed as one: whether the interval reaches zero is what
    # a reader looks at.
    while decimals < most and any(
        end != 0 and float(_plain(end * metric.scale, decimals)) == 0 for end in (low, high)
    ):
        decimals += 1
    return decimals


def _decimals_to_see(metric: Metric, scaled: float) -> int:
    decimals = metric.decimals
    while (
        decimals < metric.decimals + EXTRA_DECIMALS
        and scaled != 0
        and abs(float(_plain(scaled, decimals)) - scaled) > 0.05 * abs(scaled)
    ):
        decimals += 1
    # Of what is still zero then, more zeros would say nothing.
    return decimals if float(_plain(scaled, decimals)) else metric.decimals


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
