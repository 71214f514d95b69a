"""One truth, written in many ways: each is judged the same."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from paribus.elsewhere.formats.in_memory import frame_of
from paribus.elsewhere.judge import Judgement, judge
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Terms
from paribus.present.as_json import plain
from tests.support.elsewhere import BETTER, PLAIN, SAME

Row = dict[str, object]

SIDES = {"plain": PLAIN, "new, wide": BETTER, "naïve": SAME}
RUNS: list[Row] = [
    {"method": name, "seed": seed, "test_acc": value}
    for name, side in SIDES.items()
    for seed, value in enumerate(side)
]
SEEDS: list[Callable[[int], object]] = [
    lambda seed: seed,
    lambda seed: f"{seed}.0",
    lambda seed: f"s{seed}",
    lambda seed: 42 + 7 * seed,
]
BESIDE: dict[str, Callable[[random.Random, int], object]] = {
    "index": lambda _, row: row,
    "lr": lambda *_: 0.1,
    "epochs": lambda *_: 90,
    "train_loss": lambda draw, _: round(draw.random(), 4),
    "seconds": lambda draw, _: round(draw.uniform(10, 99), 2),
    "gpu": lambda draw, _: draw.randrange(4),
    "date": lambda _, row: f"2026-11-{1 + row % 28:02}",
    "notes": lambda draw, _: draw.choice(["", "x; y", 'a "q"']),
    "status": lambda *_: "COMPLETED",
    "run_id": lambda _, row: f"{row * 7919 % 10007:x}",
}
"""Columns that say nothing of the comparison."""


def long(draw: random.Random) -> list[Row]:
    """The runs with columns beside, rows and columns in any order, perhaps as logs."""
    seed_of = draw.choice(SEEDS)
    beside = draw.sample(list(BESIDE), draw.randrange(5))
    found = [{**one, "seed": seed_of(int(str(one["seed"])))} for one in RUNS]
    found = [{**one, **{name: BESIDE[name](draw, row) for name in beside}}
             for row, one in enumerate(found)]  # fmt: skip
    if draw.random() < 0.3:
        # Of logs the last epoch counts, wherever it stands.
        found = [{**one, "epoch": epoch, "test_acc": one["test_acc"] if epoch == 12 else PLAIN[0]}
                 for one in found for epoch in range(1, 13)]  # fmt: skip
    draw.shuffle(found)
    names = draw.sample(list(found[0]), len(found[0]))
    return [{name: one[name] for name in names} for one in found]


def wide(_: random.Random) -> list[Row]:
    return [
        {"seed": seed, **{name: side[seed] for name, side in SIDES.items()}}
        for seed in range(len(PLAIN))
    ]


def in_percent(found: list[Row], sign: str) -> list[Row]:
    percent = {value: round(100 * value, 6) for side in SIDES.values() for value in side}
    return [
        {name: f"{percent[cell]}{sign}" if isinstance(cell, float) and cell in percent else cell
         for name, cell in one.items()}
        for one in found
    ]  # fmt: skip


def write(path: Path, found: list[Row], draw: random.Random) -> Path:
    """Write the table as spreadsheets and scripts do."""
    delimiter = draw.choice([",", ";", "\t"])
    decimal = "," if delimiter != "," and draw.random() < 0.5 else "."
    dialect = draw.choice(["excel", "unix"])
    text = io.StringIO()
    writer = csv.writer(text, dialect, delimiter=delimiter)
    writer.writerow(found[0])
    for one in found:
        writer.writerow(
            [str(cell).replace(".", decimal) if isinstance(cell, float) else cell
             for cell in one.values()]
        )  # fmt: skip
    path.write_text(text.getvalue(), draw.choice(["utf-8", "utf-8-sig", "utf-16"]), newline="")
    return path


def judged(folder: Path, found: list[Row], draw: random.Random, terms: Terms) -> Judgement:
    how = draw.randrange(4)
    if how == 0:
        return judge(frame_of(found), terms)
    parts = [found] if how < 3 else [found[: len(found) // 2], found[len(found) // 2 :]]
    return judge(
        read([write(folder / f"{n}.csv", one, draw) for n, one in enumerate(parts)]), terms
    )


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("form", range(30))
def test_the_same_runs_are_judged_the_same(tmp_path: Path, form: int, paired: bool) -> None:
    draw = random.Random(f"{form} {paired}")
    expected = judge(frame_of(RUNS), Terms(paired=paired, matters=(0.002,)))
    is_wide = form % 5 == 4
    found = (wide if is_wide else long)(draw)
    sign = draw.choice(["share", "", "%"])
    scale = 1.0 if sign == "share" else 100.0
    if sign != "share":
        found = in_percent(found, sign)
    terms = Terms(paired=paired, matters=(0.002 * scale,), wide="test_acc" if is_wide else "")
    pairs = {frozenset((row["a"], row["b"])): row for row in map(plain, expected.findings)}
    for row in map(plain, judged(tmp_path, found, draw, terms).findings):
        same = pairs.pop(frozenset((row["a"], row["b"])))
        turned = row["a"] != same["a"]
        low, high = ("high", "low") if turned else ("low", "high")
        worth = -scale if turned else scale
        opposite = {"better": "worse", "worse": "better"} if turned else {}
        assert row["n"] == same["n"]
        assert row["verdict"] == opposite.get(same["verdict"], same["verdict"])
        for name, other in (("estimate", "estimate"), ("low", low), ("high", high)):
            assert row[name] == pytest.approx(worth * same[other], abs=1e-9)
        assert row["p_adjusted"] == pytest.approx(same["p_adjusted"])
    assert not pairs
