"""Results from elsewhere, from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import paribus
from paribus.errors import UserError
from tests.support.elsewhere import BETTER, PLAIN, two

COLUMNS: dict[str, list[Any]] = {
    "method": ["plain"] * 5 + ["new"] * 5,
    "seed": [*range(5), *range(5)],
    "test_acc": [*PLAIN, *BETTER],
}


def rows() -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


@pytest.mark.parametrize("form", ["columns", "arrays", "rows", "frame", "indexed", "path", "paths"])
def test_tables_of_every_form_are_judged_alike(form: str, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text(two(PLAIN, BETTER), "utf-8")
    tables: dict[str, Any] = {
        "columns": COLUMNS,
        "arrays": {name: np.array(cells) for name, cells in COLUMNS.items()},
        "rows": rows(),
        "frame": pd.DataFrame(COLUMNS),
        "indexed": pd.DataFrame(COLUMNS).set_index(["method", "seed"]),
        "path": str(file),
        "paths": [file],
    }
    expected = paribus.stats.compare_pairs(PLAIN, BETTER)
    judged = paribus.judge(tables[form], paired=True, matters=0.005)
    (numbers,) = judged.numbers()
    assert numbers["verdict"] == "better"
    assert numbers["low"] == pytest.approx(expected.low, abs=1e-12)
    assert judged.sentences[0].startswith("new is better than plain: test acc +0.758 points")


def test_a_missing_value_of_a_data_frame_is_a_run_without_a_value() -> None:
    frame = pd.DataFrame(COLUMNS)
    frame.loc[7, "test_acc"] = None
    judged = paribus.judge(frame)
    assert judged.numbers()[0]["verdict"] == "no verdict"
    assert any("1 of 5 runs of new has no test_acc" in line for line in judged.notices)


def test_a_pivoted_data_frame_is_a_wide_table_with_the_seeds_of_its_index() -> None:
    frame = pd.DataFrame(COLUMNS).pivot(index="seed", columns="method", values="test_acc")
    judged = paribus.judge(frame, wide="test_acc", paired=True, compare=("plain", "new"))
    expected = paribus.stats.compare_pairs(PLAIN, BETTER)
    assert judged.numbers()[0]["low"] == pytest.approx(expected.low, abs=1e-12)


def test_one_pair_or_several_are_compared() -> None:
    for pairs in (("plain", "new"), [("plain", "new")], [["plain", "new"]]):
        (numbers,) = paribus.judge(COLUMNS, compare=pairs).numbers()  # type: ignore[arg-type]
        assert (numbers["a"], numbers["b"]) == ("plain", "new")
    counted = {**COLUMNS, "method": [0] * 5 + [1] * 5}
    (numbers,) = paribus.judge(counted, compare=[(1, 0)]).numbers()  # type: ignore[list-item]
    assert (numbers["a"], numbers["b"]) == ("1", "0")


def test_arrays_by_experiment() -> None:
    unpaired = paribus.judge_values({"plain": PLAIN, "new": np.array(BETTER[:4])}, metric="acc")
    expected = paribus.stats.compare_unpaired(PLAIN, BETTER[:4], family=1)
    assert unpaired.numbers()[0]["low"] == pytest.approx(float(expected.low))
    best = paribus.judge_values({"plain": PLAIN, "new": BETTER[:4]}, best=True)
    assert best.sentences[-1].startswith("new is the best of these 2 in value")
    paired = paribus.judge_values({"plain": PLAIN, "new": BETTER}, paired=True)
    assert paired.numbers()[0]["low"] == pytest.approx(
        paribus.stats.compare_pairs(PLAIN, BETTER).low
    )
    with pytest.raises(UserError, match="one value per run"):
        paribus.judge_values({"plain": [PLAIN], "new": BETTER})
    with pytest.raises(UserError, match="needs as many values of each"):
        paribus.judge_values({"plain": PLAIN, "new": BETTER[:4]}, paired=True)


def test_what_a_notebook_and_a_page_show(tmp_path: Path) -> None:
    judged = paribus.judge({**COLUMNS, "method": ["<i>"] * 5 + ["new"] * 5})
    assert "&lt;i&gt;" in judged._repr_html_()
    assert "new is better than <i>" in repr(judged)
    assert judged.frame()["verdict"].tolist() == ["better"]
    page = judged.report(tmp_path / "out", title="My runs")
    assert "<h1>My runs</h1>" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (3, {}, "needs a DataFrame, a mapping of columns"),
        ({"a": [1, 2], "b": [1]}, {}, "columns of different lengths"),
        ({}, {}, "has no rows"),
        ([], {}, "has no rows"),
        (COLUMNS, {"better": "up"}, 'must be "higher" or "lower"'),
        (COLUMNS, {"matters": -1}, "must be a positive number"),
        (COLUMNS, {"baseline": "plain", "compare": [("plain", "new")]}, "no effect beside"),
        (COLUMNS, {"compare": "plain"}, "compare: needs pairs of names"),
        (COLUMNS, {"compare": ("a", "b", "c")}, "compare: needs pairs of names"),
        (COLUMNS, {"compare": [("a",)]}, "compare: needs pairs of names"),
        (COLUMNS, {"compare": 3}, "compare: needs pairs of names"),
        ("nowhere.csv", {}, "there is no such file"),
    ],
)
def test_mistakes(table: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        paribus.judge(table, **options)
