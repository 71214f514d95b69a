"""Words of findings about a change in two places; the sentence is made of phrases, as in `pair`."""

from __future__ import annotations

from paribus.present.estimates import difference, level
from paribus.present.wording.generic import badge, reasons, subject, verdict_words
from paribus.present.wording.pair_reasons import levels, pair_reasons
from paribus.present.wording.phrases import MORE
from paribus.questions.finding import CellLevel, InteractionFinding
from paribus.text import listed, percent, plural


@badge.register
def interaction_badge(finding: InteractionFinding) -> str:
    """Return the verdict: which change gains more."""
    return MORE.get(finding.verdict, verdict_words(finding.verdict))


@subject.register
def interaction_subject(finding: InteractionFinding) -> str:
    """Return both changes and the metric."""
    return f"{finding.a}, {finding.b}, {finding.question.metric}"


@reasons.register
def interaction_reasons(finding: InteractionFinding) -> tuple[str, ...]:
    """Return what the verdict on a change in two places rests on."""
    names = finding.near_ceiling
    if not names:
        return pair_reasons(finding)
    return (
        *pair_reasons(finding),
        f"{listed(names)} {plural(len(names), 'has', 'have')} a mean above {percent(0.99)}: so "
        "near the most that there can be, the same gain in points is a larger one in log-odds, "
        "and the answer depends on which of them is meant.",
    )


@levels.register
def _(finding: InteractionFinding) -> str:
    cells, metric = finding.cells, finding.metric
    assert all(cell.level is not None for cell in cells)

    def gain(without: CellLevel, with_it: CellLevel) -> str:
        assert without.level is not None
        assert with_it.level is not None
        change = with_it.level[0] - without.level[0]
        a, b = (
            f"{one.name} {level(metric, *one.level)}" for one in (without, with_it) if one.level
        )
        return f"{a}, {b}: {difference(metric, change)}"

    seeds = finding.evidence.n
    return f"{gain(*cells[:2])}; {gain(*cells[2:])}; over the same {seeds} seeds."
