"""Best sets of tables: which methods may be the best, paired and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus.elsewhere.notices import PairsDropped
from paribus.elsewhere.terms import Missing, Terms
from paribus.errors import UserError
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import NoVerdict, Verdict
from paribus.stats import best_set, ranks
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows, three, two


def test_which_may_be_the_best(tmp_path: Path) -> None:
    text = three()
    *pairs, finding = judged(tmp_path, text, Terms(paired=True, best=True)).findings
    assert len(pairs) == 3
    assert isinstance(finding, BestFinding)
    assert finding.verdict is Verdict.BETTER
    expected = best_set([PLAIN, BETTER, SAME])
    assert [one.may_be_best for one in finding.contenders] == expected.may_be_best.tolist()
    assert [one.high for one in finding.contenders] == pytest.approx(expected.high.tolist())
    alone = judged(tmp_path, text, Terms(paired=True)).findings
    assert [plain(one)["p_adjusted"] for one in pairs] == [
        plain(one)["p_adjusted"] for one in alone
    ]
    gone = Terms(paired=True, best=True, missing=Missing.UNREPORTED)
    with pytest.raises(UserError, match="--best: needs all values"):
        judged(tmp_path, text.replace("0.9231", ""), gone)


def best_of(tmp_path: Path, text: str, **terms: Any) -> BestFinding:
    finding = judged(tmp_path, text, Terms(best=True, **terms)).findings[-1]
    assert isinstance(finding, BestFinding)
    return finding


def test_which_may_be_the_best_of_runs_that_share_no_seeds(tmp_path: Path) -> None:
    """Each method with seeds, and with a number of runs, of its own."""
    sides = {"a": PLAIN, "b": BETTER[:4], "c": SAME}
    seeds = iter(range(100))
    text = rows(*(f"{name},{next(seeds)},{v}" for name, values in sides.items() for v in values))
    finding = best_of(tmp_path, text)
    expected = best_set(list(sides.values()), paired=False)
    place = ranks(list(sides.values()), paired=False)
    assert place.first.tolist() == [2, 1, 2]
    assert [one.name for one in finding.best] == ["b"]
    assert [one.low for one in finding.contenders] == pytest.approx(expected.low.tolist())
    assert [one.high for one in finding.contenders] == pytest.approx(expected.high.tolist())
    assert [one.last_rank for one in finding.contenders] == place.last.tolist()
    assert [one.seeds for one in finding.contenders] == [5, 4, 5]
    to_best = np.mean(BETTER[:4]) - max(np.mean(PLAIN), np.mean(SAME))
    assert finding.contenders[1].to_best == pytest.approx(to_best)
    assert "n = 4 to 5 runs each" in wording.sentence(finding)
    # A loss is better the lower it is.
    lower = best_of(tmp_path, text, better="lower")
    assert [one.name for one in lower.best] == ["a", "c"]


def test_a_lone_published_number_stays_in_the_set_and_excludes_nothing(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER) + "paper,0,0.99\n"
    finding = best_of(tmp_path, text)
    assert [one.name for one in finding.best] == ["new", "paper"]
    assert "paper has fewer than 3 runs: too few for a test." in " ".join(wording.reasons(finding))
    assert [one.compared for one in finding.contenders] == [True, True, False]
    alone = best_of(tmp_path, rows("a,0,0.1", "b,0,0.2", "c,0,0.3"))
    assert (alone.verdict, alone.why_none) == (Verdict.NONE, NoVerdict.TOO_FEW_SEEDS)
    assert "at least 3 runs with a value of each of two experiments" in wording.sentence(alone)


@pytest.mark.parametrize("paired", [False, True])
def test_of_rounded_values_none_is_the_best(tmp_path: Path, paired: bool) -> None:
    text = two([0.91, 0.91, 0.91, 0.92, 0.91], [0.93, 0.93, 0.94, 0.93, 0.93])
    finding = best_of(tmp_path, text, paired=paired)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.ROUNDED)
    assert "rounded to 1.00 points, more than the runs vary" in wording.sentence(finding)


def own_seeds(**first: int) -> str:
    """Methods with the five values of BETTER, or of PLAIN if so named, from a seed of their own."""
    return rows(
        *(
            f"{name},{seed + k},{value}"
            for name, seed in first.items()
            for k, value in enumerate(PLAIN if name == "plain" else BETTER)
        )
    )


def test_a_method_on_other_seeds_stays_in_the_set_and_the_finding_says_so(tmp_path: Path) -> None:
    terms = Terms(paired=True, best=True)
    found = judged(tmp_path, own_seeds(plain=0, new=0, other=10, third=30), terms)
    finding = found.findings[-1]
    assert isinstance(finding, BestFinding)
    assert (finding.verdict, finding.why_none) == (Verdict.UNDECIDED, None)
    assert [one.name for one in finding.best] == ["new", "other", "third"]
    assert [one.compared for one in finding.contenders] == [True, True, False, False]
    # The others are compared as with four, over the seeds that both have.
    expected = best_set([PLAIN, BETTER], others=3)
    assert finding.contenders[0].high == pytest.approx(expected.high[0])
    assert [(one.first_rank, one.last_rank) for one in finding.contenders] == [
        (2, 4), (1, 3), (1, 4), (1, 4),
    ]  # fmt: skip
    sentence = wording.sentence(finding)
    assert "other and third have fewer than 3 seeds in common with any other" in sentence
    assert "yet" not in sentence
    (dropped,) = (one for one in found.notices if isinstance(one, PairsDropped))
    assert (len(dropped.pairs), dropped.shared, dropped.seeds) == (5, 0, ())


def test_each_pair_of_a_best_set_has_the_seeds_that_both_have(tmp_path: Path) -> None:
    finding = best_of(tmp_path, own_seeds(plain=0, new=0, late=2), paired=True)
    assert [one.compared for one in finding.contenders] == [True, True, True]
    assert [one.seeds for one in finding.contenders] == [5, 5, 5]
    late = finding.contenders[2]
    over_three = np.mean(np.array(BETTER[:3]) - np.array(BETTER[2:]))
    assert late.to_best == pytest.approx(over_three)


def test_one_of_few_runs_that_stays_in_the_set_is_not_said_to_vary_more(tmp_path: Path) -> None:
    few, excluded = [v - 0.005 for v in BETTER[:3]], [v + 0.003 for v in SAME]
    sides = {"good": BETTER * 2, "excluded": excluded * 2, "few": few}
    text = rows(*(f"{name},{seed},{v}" for name, side in sides.items()
                  for seed, v in enumerate(side)))  # fmt: skip
    finding = best_of(tmp_path, text)
    assert [one.name for one in finding.best] == ["good", "few"]
    (said,) = (line for line in wording.reasons(finding) if line.startswith("few stays"))
    assert "its differences from the others vary more, or are of fewer runs" in said


def test_no_best_is_found_where_each_is_better_than_the_next_in_a_circle(tmp_path: Path) -> None:
    first = {"a": (0, 6), "b": (3, 0), "c": (6, 3)}
    text = rows(
        *(
            f"{name},{seed + k},{value}"
            for name, (good, bad) in first.items()
            for seed, values in ((good, BETTER[:3]), (bad, SAME[:3]))
            for k, value in enumerate(values)
        )
    )
    finding = best_of(tmp_path, text, paired=True)
    assert finding.verdict is Verdict.UNDECIDED
    assert [one.name for one in finding.best] == ["a", "b", "c"]
    assert [(one.first_rank, one.last_rank) for one in finding.contenders] == [(1, 3)] * 3
    assert "none of them is excluded" in wording.sentence(finding)


def test_without_three_seeds_in_common_there_is_no_best(tmp_path: Path) -> None:
    finding = best_of(tmp_path, own_seeds(plain=0, new=3), paired=True)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.TOO_FEW_SEEDS)
    assert "at least 3 seeds that two experiments have in common" in wording.sentence(finding)
