"""Tables with a column for each seed, and logs with a column for each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.notices import Folds, SeedColumnsGuessed, Unused
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.guesses import guesses
from tests.support.elsewhere import BETTER, PLAIN, judged, rows, two


def _table(names: list[str], more: str = "", cells: str = "") -> str:
    sides = {"plain": PLAIN, "new": BETTER}
    lines = [f"{name},{','.join(map(str, side))}{cells}" for name, side in sides.items()]
    return rows(*lines, header=f"method,{','.join(names)}{more}")


@pytest.mark.parametrize(
    "called", ["seed_{}", "seed{}", "s{}", "Run {}", "Seed={}", "fold-{}", "{}"]
)
@pytest.mark.parametrize("paired", [False, True])
def test_a_column_for_each_seed_is_a_row_for_each_run(
    tmp_path: Path, called: str, paired: bool
) -> None:
    names = [called.format(seed) for seed in range(5)]
    found = judged(tmp_path, _table(names), Terms(wide="test_acc", paired=paired))
    long = judged(tmp_path, two(PLAIN, BETTER), Terms(paired=paired))
    assert list(map(plain, found.findings)) == list(map(plain, long.findings))
    assert SeedColumnsGuessed(tuple(names)) in found.notices
    assert "are seeds, and each row an experiment" in guesses(found)
    with pytest.raises(UserError, match=r"look like a column for each seed; add --wide NAME with"):
        judged(tmp_path, _table(names))


def test_means_beside_seeds_are_no_settings(tmp_path: Path) -> None:
    names = [f"seed_{seed}" for seed in range(5)]
    text = _table(names, ",mean,std,lr", ",0.91,0.002,0.1").replace("0.2,0.91", "0.2,0.92")
    found = judged(tmp_path, text, Terms(wide="test_acc"))
    assert Unused(("mean", "std")) in found.notices
    assert found.experiments[0].settings == {"lr": "0.1"}


def test_a_failed_run_of_a_column_for_each_seed(tmp_path: Path) -> None:
    names = [f"seed_{seed}" for seed in range(5)]
    found = judged(tmp_path, _table(names).replace("0.9231", ""), Terms(wide="test_acc"))
    assert plain(found.findings[0])["verdict"] == "no verdict"
    with pytest.raises(UserError, match=r'3, seed_1: test_acc: "OOM" is not a number'):
        judged(tmp_path, _table(names).replace("0.9231", "OOM"), Terms(wide="test_acc"))


@pytest.mark.parametrize(
    "text",
    [
        # Sizes, and a table with a column of seeds.
        rows("a,0.1,0.2", "b,0.1,0.3", "a,0.2,0.2", "b,0.1,0.4", header="method,top1,top5"),
        rows("x,0,0.1,0.2", "x,1,0.15,0.3", header="note,seed,s1,s2"),
    ],
)
def test_other_numbers_in_names_are_no_seeds(tmp_path: Path, text: str) -> None:
    terms = Terms(Stated(experiment=("method",))) if "method" in text else Terms(
        Stated(ignored=("note",)), wide="test_acc"
    )  # fmt: skip
    assert not [n for n in judged(tmp_path, text, terms).notices if type(n) is SeedColumnsGuessed]


def test_a_first_row_of_values_is_no_header(tmp_path: Path) -> None:
    for line in ("plain,0.91,0.92,0.9", "plain,91,92,93", "plain,42,1337,2024"):
        with pytest.raises(UserError, match="must name the columns"):
            judged(tmp_path, rows("new,0.93,0.94,0.95", header=line), Terms(wide="test_acc"))


def test_a_log_with_a_column_for_each_run(tmp_path: Path) -> None:
    names = [f"{name}_s{seed}" for name in ("plain", "new") for seed in range(5)]
    final = [*PLAIN, *BETTER]
    lines = [",".join([str(epoch), *(str(round(v - 0.1 / epoch, 6)) for v in final)])
             for epoch in (1, 2, 3)]  # fmt: skip
    text = rows(*lines, header=f"epoch,{','.join(names)}")
    found = judged(tmp_path, text, Terms(wide="test_acc", paired=True))
    assert [(one.name, len(one.runs)) for one in found.experiments] == [("plain", 5), ("new", 5)]
    long = judged(tmp_path, two(PLAIN, BETTER), Terms(paired=True))
    assert plain(found.findings[0])["estimate"] == pytest.approx(
        plain(long.findings[0])["estimate"]
    )
    assert "are runs, each of the seed in its name" in guesses(found)
    alone = judged(tmp_path, text.replace("_s", "-v"), Terms(wide="test_acc"))
    assert len(alone.experiments) == 10


@pytest.mark.parametrize("score", ["score", "neg_mean_squared_error"])
def test_the_folds_of_scikit_learns_search(tmp_path: Path, score: str) -> None:
    columns = [f"split{fold}_test_{score}" for fold in range(5)]
    lines = [f"{name},0.1,0.01,{','.join(map(str, side))},0.92,0.002,{rank}"
             for rank, (name, side) in enumerate((("plain", PLAIN), ("new", BETTER)))]  # fmt: skip
    text = rows(*lines, header=f"params,mean_fit_time,std_fit_time,{','.join(columns)},"
                f"mean_test_{score},std_test_{score},rank_test_{score}")  # fmt: skip
    terms = Terms(Stated(experiment=("params",)), wide="test_acc", paired=True)
    found = judged(tmp_path, text, terms)
    (finding,) = found.findings
    assert plain(finding)["verdict"] == "better"
    assert plain(finding)["differences"] == []
    (unused,) = (one for one in found.notices if isinstance(one, Unused))
    assert not set(unused.columns) & set(columns)
    assert Folds("fold") in found.notices
