"""All questions of a study together: their p values are adjusted once, then each is concluded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.measure.runs import StudyResult
from paribus.questions.finding import Finding
from paribus.questions.kind import Context, Prepared, kind_of
from paribus.spec.question import BaseQuestion
from paribus.stats.holm import holm


def judge_study(result: StudyResult) -> list[Finding]:
    """Return the findings of all questions of a study, in their order, judged as one family."""
    return judge(result.study.questions, Context.of(result))


def judge(questions: Sequence[BaseQuestion], context: Context) -> list[Finding]:
    """Return the findings of questions, in their order, judged as one family.

    `questions` must be all that the study asks: leaving some out after seeing the numbers undoes
    the adjustment.
    """
    found = conclude([kind_of(question).prepare(question, context) for question in questions])
    return [replace(finding, preview=context.preview) for finding in found]


def conclude(prepared: Sequence[Prepared]) -> list[Finding]:
    """Adjust the p values of prepared questions for one another (Holm), and conclude each.

    Those without a p value do not count: a count, and a question that is known to be confounded
    before anything is trained. Those without a test yet (too few seeds, say) count with p = 1.

    >>> conclude([])
    []
    """
    p_values = [p for question in prepared for p in question.p_values]
    adjusted = holm(p_values).tolist()
    findings, at = [], 0
    for question in prepared:
        end = at + len(question.p_values)
        findings.append(question.conclude(tuple(adjusted[at:end]), len(p_values)))
        at = end
    return findings
