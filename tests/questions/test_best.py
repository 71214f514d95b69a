"""Which of several experiments may be the best?"""

from __future__ import annotations

import numpy as np
import pytest

from paribus.questions.best_finding import BestFinding
from paribus.questions.family import judge_study, next_look_of
from paribus.questions.finding import Finding, NoVerdict, PairFinding, Verdict
from paribus.questions.original import Agreement, agreement
from paribus.spec.diff import SettingChanged
from paribus.stats.best import best_set, ranks
from paribus.stats.looks import Looks
from tests.support.kinds import BEST, FOUR, INTERACTION, best_of, measured, study

NAMES = ("sgd", "sgd-bn", "adam", "adam-bn")
LOOKS = "{ looks = [5, 10] }"


def values(seeds: int, spread: float = 0.002, **means: float) -> dict[str, list[float]]:
    """Accuracies of the four over seeds; 0.9 where nothing else is said."""
    at = {name: means.get(name.replace("-", "_"), 0.9) for name in NAMES}
    return {
        name: [at[name] + spread * np.sin(3 * seed + 5 * n) for seed in range(seeds)]
        for n, name in enumerate(NAMES)
    }


def of_best(finding: Finding) -> BestFinding:
    assert isinstance(finding, BestFinding)
    return finding


def judged(given: dict[str, list[float]], *, seeds: str = "5", best: str = BEST) -> BestFinding:
    found = judge_study(measured(study(best, seeds=seeds), given))
    return of_best(found[0])


def may(finding: BestFinding) -> list[str]:
    return [one.name for one in finding.best]


def test_set_intervals_and_ranks_are_those_of_the_formulas() -> None:
    given = values(5, sgd=0.95, adam=0.9505, sgd_bn=0.93)
    finding = judged(given)
    expected = best_set(list(given.values()))
    place = ranks(list(given.values()))
    assert may(finding) == ["sgd", "adam"]
    assert finding.verdict is Verdict.UNDECIDED
    for e, one in enumerate(finding.contenders):
        assert one.may_be_best == expected.may_be_best[e]
        assert (one.low, one.high) == pytest.approx((expected.low[e], expected.high[e]))
        assert (one.first_rank == 1) == one.may_be_best
        assert one.first_rank in (1, max(2, place.first[e]))
        assert one.last_rank == place.last[e]
        mean, sd = one.level or (0, 0)
        assert (mean, sd) == pytest.approx(
            (np.mean(given[one.name]), np.std(given[one.name], ddof=1))
        )
    assert finding.contenders[0].to_best == pytest.approx(
        np.mean(given["sgd"]) - np.mean(given["adam"])
    )


def test_where_lower_is_better_the_lowest_may_be_the_best() -> None:
    given = values(5, sgd=0.80, adam=0.95)
    asked = BEST.replace("matters = 0.01", 'matters = 0.01\nmetric = "test_loss"')
    result = measured(study(asked), given)
    finding = of_best(judge_study(result)[0])
    mean = {one.name: one.level[0] for one in finding.contenders if one.level}
    lowest = min(mean, key=mean.__getitem__)
    assert lowest in may(finding)
    for one in finding.contenders:
        assert one.low is not None
        assert one.high is not None
        # Of a loss, what is worse lies above the best.
        assert one.high >= 0 or one.name == lowest
        assert one.low <= 0 <= one.high


def test_one_alone_is_the_best() -> None:
    finding = judged(values(5, sgd_bn=0.95))
    assert (finding.verdict, may(finding)) == (Verdict.BETTER, ["sgd-bn"])
    assert not finding.less_than_matters


def test_all_within_what_matters_are_equal_and_the_best_may_be_so_too() -> None:
    close = {"a": [0.9, 0.901, 0.902], "b": [0.9003, 0.9009, 0.9021], "c": [0.9002, 0.9012, 0.9019]}
    assert best_of(close, matters=0.01).verdict is Verdict.EQUAL
    assert best_of(close, matters=0.0001).verdict is Verdict.UNDECIDED
    led = {"a": [0.9, 0.901, 0.902], "b": [0.8990, 0.9001, 0.9010]}
    finding = best_of(led, matters=0.01)
    assert (finding.verdict, finding.less_than_matters) == (Verdict.BETTER, True)
    assert best_of(close, matters=0).all_within is None


def test_what_is_not_asked_about_confounds() -> None:
    longer = FOUR.replace(
        '[experiments.adam]\nfrom = "sgd"', '[experiments.adam]\nfrom = "sgd"\nepochs = 8'
    )
    result = measured(study(BEST, experiments=longer), values(5, sgd=0.95))
    finding = of_best(judge_study(result)[0])
    assert finding.verdict is Verdict.CONFOUNDED
    (one,) = finding.confounds
    assert (one.name, one.differences) == ("adam", (SettingChanged("epochs", 4, 8),))


def test_a_run_without_a_value_is_worse_than_any_number() -> None:
    nan = np.nan
    good, bad = [0.95, 0.951, 0.949, 0.95, 0.952], [0.9, 0.901, 0.9, 0.902, nan]
    # It is worse over its other runs, which flatter it.
    assert may(best_of({"a": good, "b": bad})) == ["a"]
    # It leads over its other runs: it may be the best, and excludes nothing.
    assert may(best_of({"a": [*bad[:4], 0.9], "b": [*good[:4], nan]})) == ["a", "b"]
    # Nothing is known of it but that it is worse.
    finding = best_of({"a": good, "b": good[::-1], "c": [nan] * 5})
    assert may(finding) == ["a", "b"]
    assert (finding.contenders[2].missing, finding.contenders[2].level) == (5, None)
    assert best_of({"a": [nan] * 5, "b": [nan] * 5}).verdict is Verdict.UNDECIDED


def test_without_all_planned_seeds_there_is_no_verdict() -> None:
    given = values(5, sgd=0.95) | {"adam": [0.9, 0.9]}
    finding = judged(given)
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.UNFINISHED)
    assert (finding.trained, finding.planned) == (2, 5)
    assert judged(values(2), seeds="2").why_none is NoVerdict.TOO_FEW_SEEDS


def test_a_look_spends_its_share_of_the_level() -> None:
    given = values(5, spread=0.02, sgd=0.95, adam=0.96)
    finding = judged(given, seeds=LOOKS)
    share = Looks((5, 10)).difference_weights[0]
    expected = best_set(list(given.values()), 0.05 * share)
    assert [one.may_be_best for one in finding.contenders] == expected.may_be_best.tolist()
    assert [one.high for one in finding.contenders] == pytest.approx(expected.high.tolist())
    assert len(may(finding)) == 2
    assert finding.why_none is NoVerdict.OPEN


def test_what_a_look_excludes_is_not_trained_further_nor_judged_again() -> None:
    given = values(10, spread=0.004, sgd=0.95, adam=0.951)
    first = {name: value_S[:5] for name, value_S in given.items()}
    result = measured(study(BEST, seeds=LOOKS), first)
    look = next_look_of(result)
    assert look.seeds == {"sgd": 10, "sgd-bn": 5, "adam": 10, "adam-bn": 5}
    assert (len(look.open), look.taken) == (1, 1)
    # Trained on for another question, it would now lead; it stays out.
    given["sgd-bn"][5:] = [0.99] * 5
    finding = judged(given, seeds=LOOKS)
    assert finding.look is not None
    assert (finding.look.taken, finding.look.open) == (2, False)
    assert set(may(finding)) <= {"sgd", "adam"}
    assert [one.seeds for one in finding.contenders] == [10, 5, 10, 5]
    assert finding == finding
    assert not next_look_of(measured(study(BEST, seeds=LOOKS), given)).open


def test_one_that_is_alone_ends_the_question() -> None:
    given = values(5, sgd=0.95)
    finding = judged(given, seeds=LOOKS)
    assert (finding.verdict, may(finding)) == (Verdict.BETTER, ["sgd"])
    look = next_look_of(measured(study(BEST, seeds=LOOKS), given))
    assert (set(look.seeds.values()), look.open, look.ended) == ({5}, (), 1)


def test_before_the_first_look_all_are_trained() -> None:
    look = next_look_of(measured(study(BEST, seeds=LOOKS), values(3)))
    assert set(look.seeds.values()) == {5}
    finding = judged(values(3), seeds=LOOKS)
    assert finding.why_none is NoVerdict.UNFINISHED
    assert may(finding) == list(NAMES)


def test_it_adds_nothing_to_the_family_of_others() -> None:
    found = judge_study(measured(study(BEST, INTERACTION), values(5)))
    assert [f.evidence.family for f in found if isinstance(f, PairFinding)] == [1]


@pytest.mark.parametrize(
    ("said", "lead", "expected"),
    [
        ("sgd", "sgd", Agreement.AGREES),
        ("sgd", "adam", Agreement.DISAGREES),
        ("sgd", "", Agreement.OPEN),
    ],
)
def test_the_original_is_held_against_the_set(said: str, lead: str, expected: Agreement) -> None:
    best = BEST + f'original = "{said} is the best"\noriginal_verdict = "{said}"\n'
    assert agreement(judged(values(5, **({lead: 0.95} if lead else {})), best=best)) is expected
