"""Tables with a row for each metric of each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.notices import MetricsInRows
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.guesses import guesses
from tests.support.elsewhere import BETTER, PLAIN, judged, rows, two

SIDES = {"plain": PLAIN, "new": BETTER}
LINES = [
    f"{name},{seed},{metric},{value if metric == 'test_acc' else 1 - value:.4f}"
    for metric in ("test_acc", "test_loss")
    for name, side in SIDES.items()
    for seed, value in enumerate(side)
]
HEADER = "method,seed,metric,value"


def test_an_index_of_rows_tells_no_metrics_of_a_run_apart(tmp_path: Path) -> None:
    indexed = [f"{place},{line}" for place, line in enumerate(LINES)]
    found = judged(tmp_path, rows(*indexed, header=f",{HEADER}"))
    assert [len(one.runs) for one in found.experiments] == [5, 5]
    assert found.metrics[0].key == "test_acc"


@pytest.mark.parametrize("by_run", [False, True])
def test_a_row_for_each_metric_is_a_column_for_each(tmp_path: Path, by_run: bool) -> None:
    lines = sorted(LINES, key=lambda line: line.split(",")[:2], reverse=True) if by_run else LINES
    found = judged(tmp_path, rows(*lines, header=HEADER), Terms(baseline="plain"))
    long = judged(tmp_path, two(PLAIN, BETTER), Terms(baseline="plain"))
    for key in ("estimate", "low", "high", "p_adjusted", "sentence"):
        assert plain(found.findings[0])[key] == pytest.approx(plain(long.findings[0])[key])
    assert MetricsInRows("metric", "value") in found.notices
    assert "metric names the metric that each row has in value" in guesses(found)
    both = judged(tmp_path, rows(*lines, header=HEADER), metric=("test_loss", "test_acc"))
    assert [plain(one)["verdict"] for one in both.findings] == ["better", "better"]


def test_a_metric_that_a_run_lacks_or_has_twice(tmp_path: Path) -> None:
    found = judged(tmp_path, rows(*LINES[1:], header=HEADER))
    assert [len(one.runs) for one in found.experiments] == [5, 5]
    assert plain(found.findings[0])["n_a"] == 4
    with pytest.raises(UserError, match="seed 0 of plain is already in"):
        judged(tmp_path, rows(*LINES, LINES[0].replace("0.9132", "0.9"), header=HEADER))


def test_a_setting_called_metric_names_none(tmp_path: Path) -> None:
    lines = [f"{name},{seed},cosine,{value}" for name, side in SIDES.items()
             for seed, value in enumerate(side)]  # fmt: skip
    for text, stated in (
        (rows(*lines, header="method,seed,metric,score"), Stated()),
        (rows(*LINES[:10], header=HEADER), Stated(metric=("value",))),
    ):
        found = judged(tmp_path, text, Terms(stated, better="higher"))
        assert not [one for one in found.notices if type(one) is MetricsInRows]
