"""Tables judged: verdicts, settings that differ, pairs."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paribus.elsewhere.notices import AbsentSeeds, PairsDropped, SeedsNotPaired
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.judged import write_judgment
from paribus.present.notices import remarks
from paribus.questions.finding import Finding, PairFinding, Verdict
from paribus.questions.unpaired_finding import UnpairedFinding
from paribus.stats import compare_pairs, compare_unpaired, holm
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows, three, two

PAIRED = Terms(paired=True)


def test_unpaired_runs_are_judged_by_hajeks_rule(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, two(PLAIN, BETTER[:3])).findings
    assert isinstance(finding, UnpairedFinding)
    expected = compare_unpaired(PLAIN, BETTER[:3])
    numbers = plain(finding)
    assert numbers["estimate"] == pytest.approx(float(expected.mean), abs=1e-12)
    assert numbers["low"] == pytest.approx(float(expected.low))
    assert numbers["high"] == pytest.approx(float(expected.high))
    assert numbers["p_adjusted"] == pytest.approx(float(expected.p))
    assert (numbers["df"], numbers["n_a"], numbers["n_b"]) == (2, 5, 3)


def test_runs_of_one_seed_are_pairs_where_that_is_declared(tmp_path: Path) -> None:
    shuffled = [BETTER[k] for k in (2, 0, 1, 4, 3)]
    text = two(PLAIN, BETTER)
    (finding,) = judged(tmp_path, text, PAIRED).findings
    assert isinstance(finding, PairFinding)
    expected = compare_pairs(PLAIN, BETTER)
    assert plain(finding)["low"] == pytest.approx(expected.low, abs=1e-12)
    # The order of rows does not matter, their seeds do.
    lines = text.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    (again,) = judged(tmp_path, turned, replace(PAIRED, compare=(("plain", "new"),))).findings
    assert plain(again)["low"] == pytest.approx(expected.low, abs=1e-12)
    (other,) = judged(tmp_path, two(PLAIN, shuffled), PAIRED).findings
    assert plain(other)["low"] < expected.low - 0.001


def test_seeds_of_one_side_are_dropped_and_counted(tmp_path: Path) -> None:
    found = judged(tmp_path, two(PLAIN, BETTER[:4]), PAIRED)
    assert PairsDropped((("plain", "new"),), 4, ("4",)) in found.notices
    assert plain(found.findings[0])["n"] == 4


def test_pairs_need_a_column_of_seeds(tmp_path: Path) -> None:
    text = rows("a,0.1", "b,0.2", header="method,acc")
    with pytest.raises(UserError, match="--paired needs a column of seeds"):
        judged(tmp_path, text, PAIRED)


def test_the_same_seeds_are_no_pairs_by_themselves(tmp_path: Path) -> None:
    assert SeedsNotPaired(5) in judged(tmp_path, two(PLAIN, BETTER)).notices


def verdicts(findings: tuple[Finding, ...]) -> list[Verdict]:
    return [finding.verdict for finding in findings]


def test_verdicts(tmp_path: Path) -> None:
    matters = Terms(paired=True, matters=(0.005,))
    assert verdicts(judged(tmp_path, two(PLAIN, BETTER)).findings) == [Verdict.BETTER]
    assert verdicts(judged(tmp_path, two(BETTER, PLAIN)).findings) == [Verdict.WORSE]
    assert verdicts(judged(tmp_path, two(PLAIN, SAME), matters).findings) == [Verdict.EQUAL]
    unpaired = replace(matters, paired=False)
    assert verdicts(judged(tmp_path, two(PLAIN, SAME), unpaired).findings) == [Verdict.EQUAL]
    assert verdicts(judged(tmp_path, two(PLAIN, SAME)).findings) == [Verdict.UNDECIDED]
    few = judged(tmp_path, two(PLAIN[:2], BETTER)).findings
    assert verdicts(few) == [Verdict.NONE]


@pytest.mark.parametrize("paired", [False, True])
def test_a_gap_of_one_step_of_rounding_is_no_far_run(tmp_path: Path, paired: bool) -> None:
    text = two([0.91, 0.92, 0.94, 0.95, 0.93], [0.95, 0.95, 0.95, 0.95, 0.96])
    exact = text.replace("0.95", "0.9500")
    for table, far in ((text, 0), (exact, 1)):
        (finding,) = judged(tmp_path, table, Terms(paired=paired)).findings
        if isinstance(finding, UnpairedFinding):
            assert len(finding.evidence.b.far) == far
        else:
            assert isinstance(finding, PairFinding)
            assert len(finding.evidence.far_b) == far


def test_lower_is_better_where_the_name_or_the_user_says_so(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER)
    assert verdicts(judged(tmp_path, text, Terms(better="lower")).findings) == [Verdict.WORSE]
    named = judged(tmp_path, text.replace("test_acc", "test_error"))
    assert verdicts(named.findings) == [Verdict.WORSE]


def test_all_pairs_are_one_family(tmp_path: Path) -> None:
    findings = judged(tmp_path, three()).findings
    pairs = [(PLAIN, BETTER), (PLAIN, SAME), (BETTER, SAME)]
    expected = holm([float(compare_unpaired(*pair).p) for pair in pairs])
    assert [plain(one)["p_adjusted"] for one in findings] == pytest.approx(expected.tolist())


def test_a_baseline_or_pairs_are_a_smaller_family(tmp_path: Path) -> None:
    text = three()
    to_a = judged(tmp_path, text, Terms(baseline="a")).findings
    assert [finding.question.experiments for finding in to_a] == [("a", "b"), ("a", "c")]
    pairs = judged(tmp_path, text, Terms(compare=(("c", "b"),))).findings
    assert [finding.question.experiments for finding in pairs] == [("c", "b")]
    with pytest.raises(UserError, match='there is no experiment "d"; known are a, b, c'):
        judged(tmp_path, text, Terms(baseline="d"))


def test_pairs_that_have_no_seed_in_common_are_an_error(tmp_path: Path) -> None:
    text = rows(
        *(f"a,{s},{v}" for s, v in enumerate(PLAIN)),
        *(f"b,{s + 5},{v}" for s, v in enumerate(BETTER)),
    )
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, PAIRED)
    assert str(error.value).endswith(
        "--paired: a and b have no seed in common; leave out --paired, and runs are compared "
        "unpaired"
    )
    with pytest.raises(UserError, match="nor have any other two that are compared"):
        judged(tmp_path, text + "c,20,0.9\n", PAIRED)
    some = judged(tmp_path, text + "".join(f"c,{s},0.9{s}\n" for s in range(4)), PAIRED)
    assert [plain(one)["n"] for one in some.findings] == [0, 4, 0]


def test_a_best_that_differs_in_more_is_confounded(tmp_path: Path) -> None:
    text = with_settings(("lr", "0.1", "0.2"), ("width", "8", "16"))
    finding = judged(tmp_path, text, Terms(paired=True, best=True)).findings[-1]
    assert finding.verdict is Verdict.CONFOUNDED


def with_settings(*settings: tuple[str, str, str]) -> str:
    sides = {"plain": (PLAIN, 1), "new": (BETTER, 2)}
    header = ",".join(["method", *(name for name, *_ in settings), "seed", "test_acc"])
    return rows(
        *(
            ",".join([method, *(values[side - 1] for _, *values in settings), str(seed), str(v)])
            for method, (results, side) in sides.items()
            for seed, v in enumerate(results)
        ),
        header=header,
    )


def test_one_setting_that_differs_is_what_is_asked(tmp_path: Path) -> None:
    found = judged(tmp_path, with_settings(("lr", "0.1", "0.2"), ("width", "8", "8")))
    assert verdicts(found.findings) == [Verdict.BETTER]
    assert plain(found.findings[0])["differences"] == ["learning rate 0.1 → 0.2"]


def test_two_settings_that_differ_are_confounded_until_one_says_what_is_meant(
    tmp_path: Path,
) -> None:
    text = with_settings(("lr", "0.1", "0.2"), ("width", "8", "16"))
    found = judged(tmp_path, text)
    assert verdicts(found.findings) == [Verdict.CONFOUNDED]
    assert verdicts(judged(tmp_path, text, Terms(about=("lr",))).findings) == [Verdict.CONFOUNDED]
    both = Terms(about=("lr", "width"))
    assert verdicts(judged(tmp_path, text, both).findings) == [Verdict.BETTER]
    ignored = Terms(Stated(ignored=("width",)))
    assert verdicts(judged(tmp_path, text, ignored).findings) == [Verdict.BETTER]
    with pytest.raises(UserError, match="--about x: no setting is called"):
        judged(tmp_path, text, Terms(about=("x",)))


def test_the_epoch_at_which_runs_end_is_a_setting(tmp_path: Path) -> None:
    text = rows(
        *(f"a,{s},{e},0.{e}{s}1" for s in range(3) for e in (1, 2)),
        *(f"b,{s},{e},0.{e}{s}2" for s in range(3) for e in (1, 2, 3)),
        header="method,seed,epoch,acc",
    )
    found = judged(tmp_path, text)
    assert plain(found.findings[0])["differences"] == ["epoch 2 → 3"]
    values = [one.value for one in found.experiments[0].series["acc"]]
    assert values == pytest.approx([0.201, 0.211, 0.221])


def test_a_setting_stands_under_its_name_where_the_first_experiment_has_none(
    tmp_path: Path,
) -> None:
    text = rows(
        *(f"a,{s},{e},0.5,16,crashed" for s in range(3) for e in (1, 2)),
        *(f"b,{s},{e},0.{e}{s}2,32,finished" for s in range(3) for e in (1, 2, 3)),
        header="method,seed,epoch,acc,batch_size,status",
    )
    write_judgment(judged(tmp_path, text), "Results", tmp_path)
    with (tmp_path / "tables" / "summary.csv").open(encoding="utf-8", newline="") as file:
        table = {row["experiment"]: row for row in csv.DictReader(file)}
    assert [table[name]["batch_size"] for name in "ab"] == ["16", "32"]
    assert [table[name]["epoch"] for name in "ab"] == ["", "3"]
    text = (tmp_path / "tables" / "summary.tex").read_text("utf-8")
    assert r"batch\_size & epoch \\" in text
    assert r"& 16 &  \\" in text
    assert r"& 32 & 3 \\" in text


def test_what_matters_is_in_the_unit_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--matters: .* write 0.015 for 1.5 points"):
        judged(tmp_path, two(PLAIN, SAME), Terms(matters=(1.5,)))


def test_each_metric_has_a_difference_that_matters_of_its_own(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("test_acc", "test_acc,loss").replace("\n", ",1\n")
    text = text.replace("loss,1", "loss").replace("0.9226,1", "0.9226,2")
    columns = Stated(metric=("test_acc", "loss"))
    with pytest.raises(UserError, match="needs a number for each of 2 metrics"):
        judged(tmp_path, text, Terms(columns, matters=(0.005,)))
    found = judged(tmp_path, text, Terms(columns, matters=(0.005, 0.5))).findings
    assert [plain(finding)["matters"] for finding in found] == [0.005, 0.5]


def test_values_in_per_cent_are_printed_as_such(tmp_path: Path) -> None:
    percent = [list(np.round(np.array(side) * 100, 2)) for side in (PLAIN, BETTER)]
    found = judged(tmp_path, two(*percent), Terms(matters=(0.5,)))
    shown = plain(found.findings[0])
    assert shown["estimate"] == pytest.approx(0.758)
    assert "test acc +0.76 points" in shown["sentence"]


def with_seeds(**seeds: tuple[int, ...]) -> str:
    lines = (f"{name},{seed},0.9{seed}{len(own)}" for name, own in seeds.items() for seed in own)
    return rows(*lines)


def test_absent_seeds_of_unpaired_runs_are_told_once(tmp_path: Path) -> None:
    full = (0, 1, 2, 9, 10)
    found = judged(tmp_path, with_seeds(a=full, b=full[:3], c=full, d=(0, 1, 2), e=full[1:]))
    (notice,) = (one for one in found.notices if isinstance(one, AbsentSeeds))
    assert notice.absent == (("b", ("9", "10")), ("d", ("9", "10")), ("e", ("0",)))
    told = (
        "Not all experiments have the same seeds: b and d lack seeds 9 and 10; e lacks seed 0. If "
        "runs were left out for their results, the comparison is biased; if they failed, add "
        "`--missing failed`."
    )
    assert remarks(found).count(told) == 1


@pytest.mark.parametrize(
    ("seeds", "terms"),
    [
        ({"a": (0, 1, 2), "b": (0, 1, 2)}, Terms()),
        # Seeds that were chosen to differ.
        ({"a": (0, 1, 2), "b": (3, 4, 5, 6)}, Terms()),
        # Each pair that is dropped has a notice of its own; what is not compared has none.
        ({"a": (0, 1, 2, 3), "b": (0, 1, 2)}, Terms(paired=True)),
        ({"a": (0, 1, 2), "b": (0, 1, 2), "c": (0, 1)}, Terms(compare=(("a", "b"),))),
    ],
)
def test_no_seed_is_called_absent_without_need(
    tmp_path: Path, seeds: dict[str, tuple[int, ...]], terms: Terms
) -> None:
    notices = judged(tmp_path, with_seeds(**seeds), terms).notices
    assert not [one for one in notices if isinstance(one, AbsentSeeds)]
