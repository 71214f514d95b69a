"""What JSON and tables say of questions about more than two experiments."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import ArrayLike

from paribus.present.as_json import plain
from paribus.present.finding_tables import findings_csv, findings_latex
from paribus.present.look_text import looks_note
from tests.support.judged import BASE_S, CLEAR, TINY
from tests.support.kinds import best_of, interaction

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


def test_both_are_rows_of_the_tables() -> None:
    found = [best_of(LED, looks=(5, 10)), interaction(TINY, CLEAR)]
    header, best, other = findings_csv(found).splitlines()
    assert len(header.split(",")) > 20
    assert ",better," in best
    assert "5 10" in best
    assert "sgd → sgd-bn,adam → adam-bn,test_accuracy" in other
    latex = findings_latex(found, ())
    assert "best: adam; look 1 of 2" in latex
    assert "gains more" in latex
    assert looks_note(found).startswith("Looks were planned after 5 and 10 seeds")
