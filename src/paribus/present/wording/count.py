"""Words of findings about counts."""

from __future__ import annotations

from paribus.present.wording.generic import sentence
from paribus.questions.finding import CountFinding, Verdict


@sentence.register
def count_sentence(finding: CountFinding) -> str:
    """Return what to believe of two counts."""
    a, b, metric = finding.a, finding.b, finding.metric
    if finding.count_a is None or finding.count_b is None:
        which = a if finding.count_a is None else b
        return (
            f"No verdict: {which} is a module of your own, whose {metric.label.split()[-1]} "
            "Paribus does not count."
        )
    if finding.verdict is Verdict.EQUAL:
        return (
            f"{a} and {b} have the same {metric.label}: {finding.count_a:,}. "
            "A count needs no seeds."
        )
    has = metric.better if finding.verdict is Verdict.BETTER else metric.worse
    return (
        f"{b} has {has} than {a}: {finding.count_b:,} against {finding.count_a:,}. "
        "A count needs no seeds."
    )
