"""Percentages below 1 are no shares, whatever the format of the file, and no column has both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import paribus
from paribus.elsewhere.judge import Judgement, judge
from paribus.elsewhere.notices import LargeMatters, LowPercentages, UnitGuessed, WithoutValue
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Stated, Terms, Unit
from paribus.errors import UserError
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.present.notices import remarks
from tests.support.elsewhere import judged, rows

ERRORS = {"a": [0.9, 0.85, 0.8], "b": [0.5, 0.45, 0.4]}
"""In percent."""
RUNS = [(name, seed, v) for name, side in ERRORS.items() for seed, v in enumerate(side)]


def table(column: str, sign: str = "", comma: str = ",") -> str:
    lines = (f"{name}{comma}{seed}{comma}{value}{sign}" for name, seed, value in RUNS)
    return rows(*lines, header=comma.join(("method", "seed", column)))


def check(found: Judgement) -> None:
    (finding,) = found.findings
    shown = plain(finding)
    assert [shown[name] for name in ("mean_a", "mean_b", "estimate")] == pytest.approx(
        [0.85, 0.45, -0.4], abs=1e-6
    )
    sentence = wording.sentence(finding)
    assert "−0.40 points [" in sentence
    assert wording.reasons(finding)[0].startswith("a 0.850% (SD 0.050), 3 runs; b 0.450% ")


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("test_error", "%"),
        ("test_error", " %"),
        ("Test error (%)", ""),
        ("Test error (%)", "%"),
        ("test_error_percent", ""),
        ("test_error_pct", ""),
        ("TestError_Percentage", ""),
        ("error percent", ""),
    ],
)
def test_a_sign_or_a_name_says_that_values_are_percentages(
    tmp_path: Path, column: str, sign: str
) -> None:
    column = column.replace("TestError", "test_Error")
    found = judged(tmp_path, table(column, sign))
    check(found)
    guessed = [one for one in found.notices if isinstance(one, UnitGuessed)]
    assert guessed == ([] if sign else [UnitGuessed(column, in_percent=True, named=True)])


def test_decimal_commas_have_signs_too(tmp_path: Path) -> None:
    for sign in ("%", " %"):
        check(judged(tmp_path, table("test_error", sign, ";").replace(".", ",")))


def test_what_matters_is_in_percent_too(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, table("test_error", "%"), Terms(matters=(2.0,))).findings
    sentence = wording.sentence(finding)
    assert "b is better than a, but by less than matters (2.00 points): " in sentence


def lightning(folder: Path) -> Path:
    for name, seed, value in RUNS:
        run = folder / name / f"seed_{seed}" / "version_0"
        run.mkdir(parents=True)
        (run / "metrics.csv").write_text(f"epoch,step,val_error_pct\n0,9,0.95\n1,19,{value}\n")
    return folder


def hugging_face(folder: Path) -> Path:
    for name, seed, value in RUNS:
        run = folder / f"{name}-seed{seed}"
        run.mkdir(parents=True)
        history = [{"epoch": 1.0, "step": 10, "eval_error_percent": value}]
        state = {"global_step": 10, "max_steps": 10, "log_history": history}
        (run / "trainer_state.json").write_text(json.dumps(state))
    return folder


def tensorboard(folder: Path) -> Path:
    for name, seed, value in RUNS:
        writer = EventFileWriter(str(folder / f"{name}_seed{seed}"))
        scalar = Summary.Value(tag="error_percent/test", simple_value=value)
        writer.add_event(Event(step=1, summary=Summary(value=[scalar])))
        writer.close()
    return folder


def wandb_chart(folder: Path) -> Path:
    folder.mkdir()
    ends = ("", "__MIN", "__MAX")
    names = [f'"{name}-seed{seed} - error_pct{end}"' for name, seed, _ in RUNS for end in ends]
    values = [f'"{value}"' for *_, value in RUNS for _ in ends]
    file = folder / "chart.csv"
    file.write_text(f'"Step",{",".join(names)}\n"1",{",".join(values)}\n')
    return file


@pytest.mark.parametrize("write", [lightning, hugging_face, tensorboard, wandb_chart])
def test_logs_of_other_tools_name_percentages(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    check(judge(read([write(tmp_path / "logs")]), Terms()))


def test_tables_in_memory_have_percentages_too() -> None:
    columns = {"method": [name for name, *_ in RUNS], "seed": [seed for _, seed, _ in RUNS]}
    named = paribus.judge({**columns, "error_percent": [value for *_, value in RUNS]})
    signed = paribus.judge({**columns, "error": [f"{value}%" for *_, value in RUNS]})
    arrays = paribus.judge_values(ERRORS, metric="error (%)", better="lower")
    for found in (named, signed, arrays):
        assert found.numbers()[0]["estimate"] == pytest.approx(-0.4)
        assert "−0.40 points" in found.sentences[0]


def test_the_unit_is_among_the_guesses() -> None:
    def guess(values: list[float], metric: str = "acc") -> str:
        return paribus.judge_values({"a": values, "b": values}, metric=metric).notices[0]

    assert guess([0.91, 0.92, 0.93]).endswith("values of acc are shares (`--unit`).")
    assert guess([91.0, 92.0, 93.0]).endswith("values of acc are percentages (`--unit`).")
    assert guess([0.9, 0.8, 0.7], "acc (%)").endswith(
        "are percentages, as its name says (`--unit`)."
    )


def stated(*units: Unit, metric: tuple[str, ...] = ()) -> Terms:
    return Terms(Stated(metric=metric), units=units)


@pytest.mark.parametrize("column", ["test_error", "test_error_percent", "Test error (%)"])
def test_the_unit_that_is_stated_is_taken(tmp_path: Path, column: str) -> None:
    """Whatever name and values look like: nothing is guessed, and all numbers are in that unit."""
    percent = judged(tmp_path, table(column), stated(Unit.PERCENT))
    check(percent)
    share = judged(tmp_path, table(column), stated(Unit.SHARE))
    number = judged(tmp_path, table(column), stated(Unit.NUMBER))
    for found, difference in ((percent, "−0.40 points ["), (share, "−40.00 points [")):
        assert not [one for one in found.notices if isinstance(one, UnitGuessed)]
        assert difference in wording.sentence(found.findings[0])
    assert "−0.40 [" in wording.sentence(number.findings[0])
    assert "%" not in wording.reasons(number.findings[0])[0]


def test_a_metric_of_any_name_can_be_a_percentage(tmp_path: Path) -> None:
    """Word error rates above 100, and what no name says to be a percentage."""
    text = rows(*(f"{'ab'[n // 3]},{n % 3},{v}" for n, v in enumerate((101, 98, 103, 80, 79, 83))))
    for column in ("wer", "cost"):
        found = judged(tmp_path, text.replace("test_acc", column), stated(Unit.PERCENT))
        assert "−20.00 points [" in wording.sentence(found.findings[0])
        assert wording.reasons(found.findings[0])[0].startswith("a 100.67% (SD ")


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        ("91.7", Unit.SHARE, "91.7 is not a share, which lies between 0 and 1; write --unit perc"),
        ("-0.1", Unit.SHARE, "-0.1 is not a share"),
        ("91.7%", Unit.SHARE, "91.7% is a percentage; write --unit percent"),
        ("91.7%", Unit.NUMBER, "91.7% is a percentage; write --unit percent"),
    ],
)
def test_values_in_another_unit_than_stated_are_an_error(
    tmp_path: Path, value: str, unit: Unit, message: str
) -> None:
    sign = "%" * value.endswith("%")
    lines = [f"a,1,{value}", f"a,0,0.91{sign}", f"b,0,0.92{sign}", f"b,1,0.93{sign}"]
    with pytest.raises(UserError) as error:
        judged(tmp_path, rows(*lines), stated(unit))
    assert str(error.value).startswith(f"{tmp_path / 'results.csv'}:2: test_acc: {message}")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-90, 91, 92), ":2: test_acc: -90 is not a percentage, which is not below 0"),
        ((90, 91, 912), ":4: test_acc: 912 is not a percentage, which is at most 100"),
        ((0.9, 91, 92), ":2: test_acc: a has 0.9 here and 91 in "),
    ],
)
def test_what_can_be_no_percentage_is_an_error(
    tmp_path: Path, values: tuple[float, ...], message: str
) -> None:
    lines = [f"{m},{seed},{v}" for m, side in (("a", values), ("b", (90, 91, 92)))
             for seed, v in enumerate(side)]  # fmt: skip
    with pytest.raises(UserError) as error:
        judged(tmp_path, rows(*lines), stated(Unit.PERCENT))
    assert str(error.value).startswith(f"{tmp_path / 'results.csv'}{message}")


def test_shares_that_are_stated_to_be_percentages_are_named(tmp_path: Path) -> None:
    lines = [f"{m},{s},{v}" for m, side in (("a", (0.90, 0.92, 0.91)), ("b", (0.82, 0.81, 0.8)))
             for s, v in enumerate(side)]  # fmt: skip
    found = judged(tmp_path, rows(*lines), stated(Unit.PERCENT))
    assert LowPercentages("test_acc", 0.92) in found.notices
    assert (
        "Warning: values of test_acc are at most 0.92, and percentages as stated; if they are "
        "shares, write `--unit share`: differences are then 100 times as large."
    ) in remarks(found)
    shares = judged(tmp_path, rows(*lines), stated(Unit.SHARE))
    assert plain(shares.findings[0])["estimate"] == pytest.approx(-0.1)
    for other in (shares, judged(tmp_path, table("test_error", "%"), stated(Unit.PERCENT))):
        assert not [one for one in other.notices if isinstance(one, LowPercentages)]


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("word", ["inf", "-inf", "Infinity"])
def test_an_infinite_value_is_a_run_that_failed(tmp_path: Path, unit: Unit, word: str) -> None:
    lines = [f"{m},{seed},0.9{seed}" for m in "ab" for seed in range(4)]
    found = judged(tmp_path, rows(*lines, f"b,4,{word}"), stated(unit))
    assert WithoutValue("b", "test_acc", 1, 5, None) in found.notices


def test_each_of_several_metrics_has_a_unit(tmp_path: Path) -> None:
    lines = [f"{name},{v},{v + 0.05}" for name, _, v in RUNS]
    text = rows(*lines, header="method,err,auc")
    terms = stated(Unit.PERCENT, Unit.SHARE, metric=("err", "auc"))
    first, second = judged(tmp_path, text, terms).findings
    assert "−0.40 points" in wording.sentence(first)
    assert "−40.00 points" in wording.sentence(second)
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, stated(Unit.PERCENT, metric=("err", "auc")))
    assert str(error.value) == "--unit: needs a unit for each of 2 metrics (err, auc), got 1"


def test_what_matters_of_shares_was_probably_meant_in_points(tmp_path: Path) -> None:
    text = table("test_error").replace("0.", "0.0")
    large = judged(tmp_path, text, Terms(matters=(0.5,)))
    assert (
        "Warning: --matters 0.5 of test_error, which is a share, is 50 points; write 0.005 for 0.5 "
        "points."
    ) in remarks(large)
    for terms in (Terms(matters=(0.005,)), Terms(matters=(0.5,), units=(Unit.PERCENT,))):
        told = judged(tmp_path, text, terms).notices
        assert not [one for one in told if isinstance(one, LargeMatters)]


def test_the_unit_in_python() -> None:
    (finding,) = paribus.judge_values(ERRORS, metric="err", better="lower", unit="percent").findings
    assert "−0.40 points [" in wording.sentence(finding)
    with pytest.raises(UserError, match='unit: must be one of "percent", "share", "number"'):
        paribus.judge({"m": ["a", "b"], "acc": [1, 2]}, unit="%")


@pytest.mark.parametrize("column", ["test_acc", "test_acc_percent", "test_loss"])
def test_signs_on_some_values_alone_are_an_error(tmp_path: Path, column: str) -> None:
    text = rows("a,0,91.2%", "a,1,91.3", "b,0,91.4%", "b,1,91.5%", header=f"m,seed,{column}")
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, experiment=("m",))
    assert str(error.value) == (
        f"{tmp_path / 'results.csv'}:3: {column}: 91.3 has no %, and others, such as 91.2%, have; "
        "write all in one unit"
    )


@pytest.mark.parametrize(("wrong", "scale"), [("0.9177", 1), ("91.77", 0.01)])
def test_one_value_in_another_unit_is_an_error(tmp_path: Path, wrong: str, scale: float) -> None:
    others = [f"{scale * value:g}" for value in (91.32, 91.58, 91.11, 92.05, 92.31, 91.88)]
    lines = [f"{'ab'[n // 3]},{n % 3},{value}" for n, value in enumerate(others)]
    file = tmp_path / "results.csv"
    with pytest.raises(UserError) as error:
        judged(tmp_path, rows(*lines[:2], f"a,3,{wrong}", *lines[2:]))
    assert str(error.value) == (
        f"{file}:4: test_acc: a has {wrong} here and {others[0]} in {file}:2; write all in one "
        "unit; if these are percentages already, write a % behind each, or into the name of the "
        "column"
    )


def test_the_epoch_that_counts_is_the_one_whose_unit_is_told(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{epoch},2,{0.92 if (name, seed, epoch) == ('b', 1, 2) else 92 + seed}"
        for name in "ab"
        for seed in range(3)
        for epoch in (1, 2, 3)
    ]
    with pytest.raises(UserError, match=r"results\.csv:15: acc: b has 0\.92 here"):
        judged(tmp_path, rows(*lines, header="method,seed,epoch,kept_epoch,acc"))


def log(*, first: float, stray: float | None = None) -> str:
    """Errors by epoch; `stray`: the first one of a single run."""
    lines = [
        f"{name},{seed},{epoch},{value}"
        for name, seed, last in RUNS
        for epoch, value in ((1, stray if stray and (name, seed) == ("b", 1) else first), (2, last))
    ]
    return rows(*lines, header="method,seed,epoch,test_error")


def test_an_early_value_in_another_unit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        judged(tmp_path, log(first=0.95, stray=95.0))
    assert str(error.value).startswith(
        f"{tmp_path / 'results.csv'}:10: test_error: is 95.0 here, and up to 1 in all values that "
        "count; write all in one unit; "
    )


def test_logs_of_percentages_may_end_below_1(tmp_path: Path) -> None:
    check(judged(tmp_path, log(first=4.5)))


def test_a_run_that_is_left_out_does_not_decide_the_unit(tmp_path: Path) -> None:
    lines = [f"{name},{seed},{value},finished" for name, seed, value in RUNS]
    text = rows(*lines, "b,9,45.0,running", header="method,seed,test_error,status")
    with pytest.raises(UserError, match=r"results\.csv:8: test_error: is 45\.0 here"):
        judged(tmp_path, text)


def test_a_failed_run_among_signed_percentages_counts(tmp_path: Path) -> None:
    values = ("0.98%", "71.2%", "70.9%", "70.1%", "70.3%", "70.2%")
    lines = [f"{'ab'[n // 3]},{n % 3},{value}" for n, value in enumerate(values)]
    found = judged(tmp_path, rows(*lines))
    assert plain(found.findings[0])["mean_a"] == pytest.approx((0.98 + 71.2 + 70.9) / 3)


def test_an_empty_cell_among_signed_percentages_is_a_run_without_a_value(tmp_path: Path) -> None:
    values = ("71.0%", "71.2%", "", "70.1%", "70.3%", "70.2%")
    lines = [f"{'ab'[n // 3]},{n % 3},{value}" for n, value in enumerate(values)]
    found = judged(tmp_path, rows(*lines))
    assert WithoutValue("a", "test_acc", 1, 3, None) in found.notices
