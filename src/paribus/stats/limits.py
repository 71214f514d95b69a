"""The limits that verdicts are given by, and that values are held to."""

from __future__ import annotations

FEWEST_SEEDS = 3
"""Under this many pairs there is no test: two differences say next to nothing of their spread."""

VERDICT_LEVEL = 0.04
"""A study says "better" or "worse" at this Holm-adjusted p or below.

Not 0.05: where one experiment's runs are skewed and the other's are not, the t test's error is up
to a fifth above its level (docs/statistics.md, "The level"); at 0.04 it stays under 5%.
"""

NOT_FINITE = "values must be finite; count the runs without a value separately"
"""Error for values that are NaN or infinite."""
