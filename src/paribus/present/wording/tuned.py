"""Words of findings about two tuned experiments: those of a pair, and how both were tuned."""

# Axes: T budgets.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paribus.present.what_differs import setting_name, settings_range, space_words
from paribus.present.wording.generic import reasons, sentence
from paribus.present.wording.pair import pair_sentence
from paribus.present.wording.pair_reasons import pair_reasons
from paribus.questions.tuned_finding import ByBudget, TunedFinding, TunedSide
from paribus.text import count, duration, listed, percent, plural

_CHANCE_AT_EDGE = 0.1
"""The share of a range that is its edge, at both ends together."""


@sentence.register
def tuned_sentence(finding: TunedFinding) -> str:
    """Return what to believe of two tuned experiments, and with which budget and spaces."""
    words = f"{pair_sentence(finding)} {_tuned(finding.sides)}"
    if finding.by_budget is not None and finding.by_budget.difference.crosses:
        words += f" {_crossing(finding, finding.by_budget)}"
    return words


def _tuned(sides: tuple[TunedSide, TunedSide]) -> str:
    a, b = sides
    if a.trials == b.trials and a.space == b.space:
        return f"Each was tuned with {a.trials} settings from {space_words(a.space)}."
    if a.trials == b.trials:
        return (
            f"Each was tuned with {a.trials} settings: {a.name} from {space_words(a.space)}; "
            f"{b.name} from {space_words(b.space)}."
        )
    first, second = (
        f"{s.name} with {s.trials} settings from {space_words(s.space)}" for s in sides
    )
    return f"Tuned: {first}; {second}."


@reasons.register
def tuned_reasons(finding: TunedFinding) -> tuple[str, ...]:
    """Return what the verdict on two tuned experiments rests on."""
    replicate = (
        f"Each of the {count(finding.evidence.runs, 'replicate')} is a whole tuning run of both: "
        "each draws settings of its own, and both hold out the same validation images. The setting "
        "with the highest accuracy on them is trained again with a fresh seed, and that run is "
        "compared; the test images have no part in the choice."
    )
    lines: list[str] = []
    for side in finding.sides:
        lines += _of_side(side)
    lines += _budgets(finding)
    return (replicate, *pair_reasons(finding), *lines)


def _of_side(side: TunedSide) -> list[str]:
    n = len(side.winners)
    lines = [
        f"{side.name}: {count(side.runs, 'run')} in {duration(side.seconds)} of training and "
        f"evaluation. Its winners: "
        f"{'; '.join(_won(side, name) for name in side.space)}."
    ]
    if side.diverged:
        lines.append(
            f"{count(side.diverged, 'trial')} of {side.name} diverged, which counts as worse than "
            "any other."
        )
    for edge in side.edges:
        ends = [
            f"{times} at the {end}"
            for end, times in (("lower end", edge.lower), ("upper end", edge.upper))
            if times
        ]
        lines.append(
            f"At the edge of its space: the {setting_name(edge.setting)} of {side.name}, with "
            f"{listed(ends)} of {n} winners (by chance {percent(_CHANCE_AT_EDGE)}). Better "
            "settings may lie outside the space."
        )
    return lines


def _won(side: TunedSide, setting: str) -> str:
    return f"{setting_name(setting)} {settings_range([w.settings[setting] for w in side.winners])}"


def _budgets(finding: TunedFinding) -> list[str]:
    by_budget = finding.by_budget
    if by_budget is None:
        return []
    difference, trials = by_budget.difference, by_budget.trials
    if difference.crosses:
        return []  # The sentence says so.
    if difference.changes_sign:
        at = [
            later
            for sign, following, later in zip(
                np.sign(difference.at.mean), np.sign(difference.at.mean[1:]), trials[1:],
                strict=False,
            )
            if sign * following < 0
        ]  # fmt: skip
        return [
            f"The two tuning curves cross at about {listed([str(n) for n in at])} "
            f"{plural(at[-1] if at else 2, 'trial')}, which is not shown to be more than chance."
        ]
    if len(trials) == 1:
        return []
    return [
        f"On average the same of the two is ahead at every number of trials from {trials[0]} to "
        f"{trials[-1]}."
    ]


def _crossing(finding: TunedFinding, by_budget: ByBudget) -> str:
    at, trials = by_budget.difference.at, np.array(by_budget.trials)
    higher = finding.metric.higher_is_better
    b_T, a_T = (at.low > 0, at.high < 0) if higher else (at.high < 0, at.low > 0)
    parts = [
        f"{name} is ahead with {_spans(trials[ahead_T].tolist())}"
        for name, ahead_T in ((finding.a, a_T), (finding.b, b_T))
    ]
    return f"Which is ahead depends on the budget: {', '.join(parts)} a replicate."


def _spans(trials: Sequence[int]) -> str:
    """Numbers of trials, those that follow one another together.

    >>> _spans([1, 2, 3, 7])
    '1–3 and 7 trials'
    """
    spans: list[list[int]] = []
    for n in trials:
        if spans and spans[-1][-1] == n - 1:
            spans[-1].append(n)
        else:
            spans.append([n])
    texts = [f"{s[0]}–{s[-1]}" if len(s) > 1 else f"{s[0]}" for s in spans]
    return f"{listed(texts, len(texts))} {plural(trials[-1], 'trial')}"
