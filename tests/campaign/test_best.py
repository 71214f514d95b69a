"""A question about the best and an interaction, trained for real from look to look."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support.commands import call, read_json
from tests.support.small import write_small
from tests.support.small_looks import LOOKS_BEGIN

# "still" and "crawling" learn next to nothing; the other two are about as good as each other.
STUDY = (
    LOOKS_BEGIN
    + """
[experiments.again]
from = "mlp"
optimizer = { lr = 0.099 }

[experiments.crawling]
from = "mlp"
optimizer = { lr = 2e-6 }

[[questions]]
ask = "Which rate is the best?"
best = ["still", "mlp", "again", "crawling"]
about = ["optimizer"]
metric = "test_loss"
matters = 1e-6
original = "0.1"
original_verdict = "mlp"
"""
)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_what_a_look_excludes_is_not_trained_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_small(tmp_path, STUDY)
    done = call("run", "small.toml", "--no-timing", "--jobs", "1")
    assert done.exit_code == 0, done.output
    runs = read_json("status", "small.toml", "--json")["experiments"]
    assert {name: facts["finished"] for name, facts in runs.items()} == {
        "mlp": 10, "still": 5, "again": 10, "crawling": 5,
    }  # fmt: skip
    assert {name: facts["asked"] for name, facts in runs.items()} == {
        "mlp": 10, "still": 5, "again": 10, "crawling": 5,
    }  # fmt: skip
    with open(tmp_path / "report" / "tables" / "best.csv", encoding="utf-8") as file:
        rows = {row["experiment"]: row for row in csv.DictReader(file)}
    assert {name: row["n"] for name, row in rows.items()} == {
        "still": "5", "mlp": "10", "again": "10", "crawling": "5",
    }  # fmt: skip
    assert (rows["still"]["may_be_best"], rows["still"]["low"]) == ("False", "0.0")
    assert "The best, by final test loss" in done.stdout
    # The same command again finds nothing to do, and says the same.
    again = call("run", "small.toml", "--no-timing")
    assert again.exit_code == 0
    assert again.stdout.split("Report:")[0] == done.stdout.split("Report:")[0]
