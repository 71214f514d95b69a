"""The account of the built-in study explains the verdicts that there are, and stops at others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from docs.study_explained import Explanations, UnexplainedError
from docs.study_facts import CONCLUSIONS, standing
from docs.study_reported import epochs_as_far, one_more_run
from paribus.questions.finding import Finding, Verdict
from paribus.spec.files import load_study
from tests.support.wording_cases import cases

CASES = cases()


def _finding(verdict: Verdict, original: str = "") -> Finding:
    finding = next(
        one
        for one in CASES.values()
        if one.verdict is verdict and not one.preview and not one.less_than_matters
    )
    told = {"original": "as it said", "original_verdict": original} if original else {}
    question = finding.question.model_copy(update=told)
    return replace(finding, question=question)


def test_an_explanation_is_shown_with_its_verdict_alone() -> None:
    found = Explanations([_finding(Verdict.BETTER), _finding(Verdict.NONE)])
    assert found.because(1, "better", "equal", caller=lambda: "since") == "since"
    assert found.because(1, "worse", caller=lambda: "since") == ""
    assert found.because(2, "better", caller=lambda: "since") == ""
    assert found.judged(1)
    assert not found.judged(1, 2)
    found.check([1, 2])


def test_a_verdict_that_is_not_explained_stops_it() -> None:
    found = Explanations([_finding(Verdict.WORSE), _finding(Verdict.EQUAL)])
    found.because(1, "better", caller=lambda: "since")
    with pytest.raises(UnexplainedError, match=r"question 1,.* verdict worse; explained: better"):
        found.check()
    with pytest.raises(UnexplainedError, match=r"question 2,.* verdict equal; explained: nothing"):
        found.check([2])


def test_a_conclusion_stands_where_all_its_parts_do() -> None:
    agrees = _finding(Verdict.BETTER, "better")
    disagrees = _finding(Verdict.WORSE, "better")
    open_ = _finding(Verdict.UNDECIDED, "better")
    beside = _finding(Verdict.WORSE)
    assert standing([agrees, agrees, beside]) == "stands"
    assert standing([disagrees, beside]) == "does not stand"
    assert standing([open_]) == "open"
    assert standing([agrees, agrees, disagrees]) == "2 of 3 parts stand, 1 does not"
    assert standing([agrees, open_]) == "1 of 2 parts stands, 1 is open"


def test_every_question_that_the_original_answers_belongs_to_a_conclusion() -> None:
    study, _ = load_study("mnist")
    answered = [n for n, one in enumerate(study.questions, start=1) if one.original]
    asked = [question for about in CONCLUSIONS.values() for question in about]
    assert len(CONCLUSIONS) == 11
    assert sorted(asked) == list(range(1, len(study.questions) + 1))
    assert set(answered) <= set(asked)


def test_where_one_more_run_lands() -> None:
    value_R = np.array([0.98, 0.982, 0.984])
    # 0.982 ± t(2) · 0.002 · √(4/3), with t = 4.303.
    assert one_more_run(value_R, "98.74%") == ("97.21% to 99.19%", True)
    assert one_more_run(value_R, "99.20%") == ("97.21% to 99.19%", False)
    assert one_more_run(value_R, "99.2%") == ("97.21% to 99.19%", True)
    assert one_more_run(value_R, "almost 99%")[1]
    assert one_more_run(value_R, "> 98.1%") == ("2 of 3 runs above", False)
    with pytest.raises(ValueError, match="not an accuracy"):
        one_more_run(value_R, "high")


def test_epochs_that_are_as_far_from_the_end_as_the_original() -> None:
    value_RE = np.array([[0.50, 0.97, 0.98724, 0.992], [0.50, 0.98, 0.9873, 0.99]])
    assert epochs_as_far(value_RE, "98.72%") == (True, 1, 4)  # As rounded, of the second halves.
    assert epochs_as_far(value_RE, "99.2%") == (False, 1, 4)
    assert epochs_as_far(value_RE, "99.3%") == (False, 0, 4)
