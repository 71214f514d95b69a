"""What JSON and tables say of questions about more than two experiments."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from paribus.present import short
from paribus.present.as_json import plain
from paribus.present.contest import contest
from paribus.present.finding_tables import findings_csv, findings_latex
from paribus.present.findings import facts
from paribus.present.look_text import looks_note
from paribus.present.write import write_report
from paribus.questions.best import Contest
from paribus.questions.best_finding import BestFinding
from paribus.questions.contested import SameSeeds
from paribus.questions.family import conclude
from paribus.questions.finding import Verdict
from paribus.spec.question import BestQuestion
from tests.support.judged import BASE_S, CLEAR, LOSS, TINY, found
from tests.support.kinds import best_of, interaction
from tests.support.made_up import make_result, trained
from tests.support.tuned import tuned_cases

LED: dict[str, ArrayLike] = {"cnn": BASE_S, "adam": BASE_S + CLEAR, "mlp": [*BASE_S[:4], np.nan]}


def test_the_best_set_as_json() -> None:
    facts = json.loads(json.dumps(plain(best_of(LED)), allow_nan=False))
    assert (facts["metric"], facts["matters"], facts["a"], facts["n"]) == (
        "test_accuracy", 0.001, None, 5,
    )  # fmt: skip
    assert facts["may_be_best"] == ["adam"]
    assert facts["all_within_matters"] is False
    cnn, adam, mlp = facts["contenders"]
    assert (adam["low"], adam["first_rank"], adam["last_rank"]) == (0, 1, 1)
    assert round(adam["to_best"], 6) == 0.0038
    assert (cnn["may_be_best"], cnn["high"]) == (False, 0)
    # Of one that lacks a value, how far it is behind is not known.
    assert (mlp["without_value"], mlp["low"]) == (1, None)


def test_an_interaction_as_json() -> None:
    facts = json.loads(json.dumps(plain(interaction(TINY, CLEAR, base=0.991)), allow_nan=False))
    assert (facts["a"], facts["b"]) == ("sgd → sgd-bn", "adam → adam-bn")
    assert round(facts["estimate"], 6) == 0.00378
    assert [cell["experiment"] for cell in facts["cells"]] == facts["near_ceiling"]
    assert facts["change"] == ["batchnorm added (9 times)"]
    assert facts["noise"] == ""


def test_the_picture_of_a_best_set_has_a_row_for_each() -> None:
    shown = contest(best_of(LED, matters=0.005))
    assert shown is not None
    (group,) = shown.groups
    adam, cnn, mlp = group.rows
    assert [row.question for row in group.rows] == ["adam", "cnn", "mlp"]
    assert [row.verdict for row in group.rows] == ["better", "worse", "worse"]
    assert (adam.low, cnn.high) == (0, 0)
    assert adam.estimate == pytest.approx(0.38)
    assert cnn.estimate == pytest.approx(-0.38)
    # How far it is behind is not known, as it lacks a value.
    assert (mlp.low, mlp.high) == (None, None)
    assert adam.band == 0.5
    assert (group.left, group.right) == ("less accurate", "more accurate")
    assert contest(best_of({"a": [], "b": []})) is None


def test_those_near_the_best_come_before_those_far_behind() -> None:
    shown = contest(best_of(LED | {"far": BASE_S / 2}))
    assert shown is not None
    near, far = shown.groups
    assert near.rows[0].question == "adam"
    assert [row.question for row in far.rows] == ["far"]
    assert far.scaled == "the larger differences, drawn 100 times smaller than above"


def test_of_a_loss_better_is_to_the_right_too() -> None:
    contested = Contest(
        BestQuestion(ask="?", best=("a", "b"), about=("network",), metric="test_loss", matters=0.1),
        LOSS,
        SameSeeds((BASE_S, BASE_S + CLEAR)),
    )
    (finding,) = conclude([contested])
    assert isinstance(finding, BestFinding)
    assert finding.verdict is Verdict.BETTER
    shown = contest(finding)
    assert shown is not None
    a, b = shown.groups[0].rows
    assert (a.question, a.low) == ("a", 0)
    assert a.estimate == pytest.approx(0.0038)
    assert b.estimate == pytest.approx(-0.0038)
    assert (b.high, b.numbers[0]) == (0, "+")


@pytest.mark.thorough
def test_the_page_draws_it_under_its_question(tmp_path: Path) -> None:
    names = ("cnn", "pool-first", "cnn-adam")
    asked = BestQuestion(ask="Best?", best=names, about=("network", "optimizer"), matters=0.001)
    result = make_result(
        names, runs=lambda name, seed: trained(name, seed, 0.9 if name == "cnn-adam" else 0.5)
    )
    result = replace(result, study=result.study._with(questions=(asked,)))
    written = write_report(result, tmp_path)
    page = written.read_text("utf-8")
    assert page.count('class="contender verdict-') == 3
    assert "verdict-better" in page
    # The page draws its own; the file is for papers.
    assert "best-1" not in page
    assert (tmp_path / "figures" / "best-1.svg").exists()
    rows = (tmp_path / "tables" / "best.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[2] for row in rows[1:]] == list(names)
    assert "cnn-adam & 3 &" in (tmp_path / "tables" / "best.tex").read_text("utf-8")


def test_both_are_rows_of_the_tables() -> None:
    found = [best_of(LED, looks=(5, 10)), interaction(TINY, CLEAR)]
    header, best, other = findings_csv(found).splitlines()
    assert len(header.split(",")) > 20
    assert ",better," in best
    assert "5 10" in best
    assert "sgd → sgd-bn,adam → adam-bn,test_accuracy" in other
    latex = findings_latex(found, ())
    assert "best: adam; look 1 of 2" in latex
    assert "best: Adam, 0.01; look 1 of 2" in findings_latex(found, (), {"adam": "Adam, 0.01"})
    assert "gains more" in latex
    assert looks_note(found).startswith("Looks were planned after 5 and 10 seeds")


def test_what_a_question_is_about_stands_beside_what_differs() -> None:
    said = {fact.name: fact.text for fact in facts(tuned_cases()["tuned: better"])}
    assert said["differs"].startswith("optimizer sgd → adam; search space: ")
    assert said["asked about"] == "optimizer with all its settings and search space"
    assert "not asked about" not in said
    # Where nothing differs, nothing need be said of it.
    assert [fact.name for fact in facts(found(TINY))] == ["differs"]


def test_the_best_one_is_shown_with_its_lead() -> None:
    numbers = short.numbers(best_of(LED, matters=0.005))
    assert (numbers.estimate, numbers.unit) == ("+0.38", "points")
    assert numbers.interval.startswith("[0.00, ")
    assert short.why(best_of(LED, matters=0.005)) == "from the next best"
    several = best_of({"a": [0.98, 0.99, 0.985], "b": [0.981, 0.989, 0.986]}, matters=0.0001)
    assert short.numbers(several).estimate == ""
