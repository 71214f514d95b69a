"""Logs of other tools, as those tools write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from paribus.elsewhere.formats.run_folders import run_folders
from paribus.elsewhere.judge import Judgement, judge
from paribus.elsewhere.notices import NotEnded
from paribus.elsewhere.readers import READERS, read
from paribus.elsewhere.terms import Terms
from paribus.errors import NotInstalledError, UserError
from paribus.present.as_json import plain
from tests.support.elsewhere import BETTER, PLAIN, judged, two

SIDES = {"plain": PLAIN, "new": BETTER}
TERMS = Terms(paired=True, compare=(("plain", "new"),))


def runs() -> list[tuple[str, int, float]]:
    return [(name, s, v) for name, side in SIDES.items() for s, v in enumerate(side)]


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, Any]:
    (finding,) = judged(tmp_path, two(PLAIN, BETTER), TERMS).findings
    return plain(finding)


def check(found: Judgement, expected: dict[str, Any], places: float = 1e-12) -> None:
    (finding,) = found.findings
    shown = plain(finding)
    assert (shown["a"], shown["b"], shown["verdict"]) == ("plain", "new", "better")
    for name in ("estimate", "low", "high", "n", "mean_a", "sd_b"):
        assert shown[name] == pytest.approx(expected[name], abs=places)


def test_lightning(tmp_path: Path, expected: dict[str, Any]) -> None:
    for name, seed, value in runs():
        folder = tmp_path / "logs" / name / f"seed_{seed}" / "version_0"
        folder.mkdir(parents=True)
        (folder / "metrics.csv").write_text(
            "epoch,step,train_loss,val_acc\n0,9,0.9,\n0,9,,0.5\n1,19,0.5,\n1,19,,"
            f"{value}\n1,20,0.4,\n"
        )
        (folder / "hparams.yaml").write_text(f"lr: 0.1  # rate\nname: '{name}'\nlayers:\n- 1\n")
    found = judge(read([tmp_path / "logs"]), TERMS)
    check(found, expected)
    assert found.metrics[0].key == "val_acc"
    assert dict(found.experiments[0].settings) == {"lr": "0.1", "name": "new", "step": "19"}


def write_state(folder: Path, value: float, *, step: int = 20, most: int = 20) -> None:
    folder.mkdir(parents=True)
    history = [
        {"epoch": 1.0, "step": 10, "eval_accuracy": 0.5, "eval_runtime": 2.0},
        {"epoch": 1.0, "step": 10, "loss": 0.7},
        {"epoch": 2.0, "step": 20, "eval_accuracy": value, "eval_runtime": 2.1},
    ]
    state = {
        "global_step": step,
        "max_steps": most,
        "num_train_epochs": 2,
        "log_history": [entry for entry in history if entry["step"] <= step],
    }
    (folder / "trainer_state.json").write_text(json.dumps(state))


def test_hugging_face(tmp_path: Path, expected: dict[str, Any]) -> None:
    for name, seed, value in runs():
        run = tmp_path / "out" / f"{name}-seed{seed}"
        write_state(run / "checkpoint-10", 0.1, step=10)
        write_state(run / "checkpoint-20", value)
    check(judge(read([tmp_path / "out"]), TERMS), expected)


def test_an_unfinished_trainer_is_left_out(tmp_path: Path) -> None:
    for name, seed, value in runs():
        write_state(tmp_path / "out" / f"{name}-seed{seed}", value, most=20 + 10 * (seed == 4))
    assert NotEnded("plain", 1) in judge(read([tmp_path / "out"]), TERMS).notices


@pytest.mark.thorough
@pytest.mark.parametrize("place", ["mlflow.db", "mlruns"])
def test_mlflow(
    place: str, tmp_path: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow warns about its file store, and writes it if this variable is set.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    is_folder = place == "mlruns"
    uri = (tmp_path / place).as_uri() if is_folder else f"sqlite:///{tmp_path / place}"
    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("ablation")
    for name, seed, value in [*runs(), ("plain", 9, 0.1)]:
        run = client.create_run(experiment, run_name=f"{name}-{seed}").info.run_id
        client.log_param(run, "seed", seed)
        client.log_param(run, "model", name)
        client.log_metric(run, "acc", 0.5, step=0)
        client.log_metric(run, "acc", value, step=1)
        client.set_terminated(run)
        if seed == 9:
            client.delete_run(run)
    files = [tmp_path / place, *(tmp_path / place).rglob("*")]
    before = [file.read_bytes() for file in files if file.is_file()]
    check(judge(read([tmp_path / place]), TERMS), expected)
    assert [file.read_bytes() for file in files if file.is_file()] == before


def test_tensorboard(tmp_path: Path, expected: dict[str, Any]) -> None:
    """As PyTorch's SummaryWriter writes scalars, in float32."""
    for name, seed, value in runs():
        writer = EventFileWriter(str(tmp_path / "tb" / f"{name}_seed{seed}"))
        for step, shown in ((0, 0.5), (1, value)):
            scalar = Summary.Value(tag="Accuracy/test", simple_value=shown)
            writer.add_event(Event(step=step, summary=Summary(value=[scalar])))
        writer.close()
    check(judge(read([tmp_path / "tb"]), TERMS), expected, places=1e-7)


def test_tensorboard_goes_on_where_a_run_was_resumed(tmp_path: Path) -> None:
    """What an older file has of later steps was lost, of the scalars that the newer one has."""
    for name, of_steps in (("0", {5: 0.1, 9: 0.2}), ("1", {5: 0.3, 6: 0.4})):
        writer = EventFileWriter(str(tmp_path / name))
        for step, shown in of_steps.items():
            tags = {"acc": shown, **({"loss": shown} if name == "0" else {})}
            values = [Summary.Value(tag=tag, simple_value=one) for tag, one in tags.items()]
            writer.add_event(Event(step=step, summary=Summary(value=values)))
        writer.close()
        (file,) = (tmp_path / name).iterdir()
        (tmp_path / "tb").mkdir(exist_ok=True)
        file.rename(tmp_path / "tb" / f"events.out.tfevents.{name}")
    columns = read([tmp_path / "tb"]).columns
    assert columns["step"] == [5, 6, 9]
    assert columns["acc"] == [pytest.approx(0.3), pytest.approx(0.4), None]
    assert columns["loss"] == [pytest.approx(0.1), None, pytest.approx(0.2)]


HEADER = '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","arch","seed","acc"\n'


def test_wandb_table_of_runs(tmp_path: Path, expected: dict[str, Any]) -> None:
    lines = [
        f'"dry-sun-{n}","finished","-","me","","2026-01-01T00:00:00.000Z","{n}","","{name}",'
        f'"{seed}","{value}"\n'
        for n, (name, seed, value) in enumerate(runs())
    ]
    file = tmp_path / "wandb_export.csv"
    file.write_text(HEADER + "".join(lines))
    found = judge(read([file]), TERMS)
    check(found, expected)
    assert found.experiments[0].settings == {}
    # What W&B counts is no number of epochs that was planned.
    steps = [line.replace("\n", f',"{100 + n % 2}"\n') for n, line in enumerate(lines)]
    file.write_text(HEADER.replace("\n", ',"_step"\n') + "".join(steps))
    check(judge(read([file]), TERMS), expected)


def chart(value: Callable[[float], float] = lambda value: value) -> str:
    names = [f"{name}-seed{seed} - val_acc" for name, seed, _ in runs()]
    header = ["Step", *(f"{name}{end}" for name in names for end in ("", "__MIN", "__MAX"))]
    rows = [["0", *["0.5"] * 30]]
    last = [str(one) for *_, v in runs() for one in (v, v, value(v))]
    rows.append(["1", *last])
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (header, *rows)) + "\n"


def test_wandb_chart(tmp_path: Path, expected: dict[str, Any]) -> None:
    file = tmp_path / "wandb_chart.csv"
    file.write_text(chart())
    check(judge(read([file]), TERMS), expected)
    # Without seeds in the names of runs there are no pairs.
    file.write_text(chart().replace("-seed", "-"))
    with pytest.raises(UserError, match="--paired needs a column of seeds"):
        judge(read([file]), TERMS)
    found = judge(read([file]), replace(TERMS, paired=False))
    assert [len(one.runs) for one in found.experiments] == [5, 5]
    assert plain(found.findings[0])["estimate"] == pytest.approx(expected["estimate"])


def test_wandb_chart_of_groups_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wandb_chart.csv"
    file.write_text(chart(lambda value: value + 0.01))
    with pytest.raises(UserError, match="is a mean of several values"):
        read([file])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("trainer_state.json", b"{", "is not JSON"),
        ("trainer_state.json", b"[1]", "is not a state of Hugging Face's Trainer"),
        ("trainer_state.json", b'{"global_step": 1, "log_history": []}', "log_history is empty"),
        ("mlflow.db", b"SQLite format 3\0garbage", "cannot be read as a database of MLflow"),
        ("x.tfevents.1", b"no events", "have no scalars"),
        ("metrics.csv", b"", "is empty"),
    ],
)
def test_broken_files_are_told(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        judge(read([tmp_path / name]), TERMS)


def test_an_empty_database_is_told(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE runs (x)")
    with pytest.raises(UserError, match="it has no tables experiments, metrics, params, tags"):
        read([tmp_path / "other.db"])


def test_files_of_different_formats_are_told(tmp_path: Path) -> None:
    write_state(tmp_path / "run", 0.5)
    (tmp_path / "a.csv").write_text(two(PLAIN, BETTER))
    with pytest.raises(UserError, match="are of different formats"):
        read([tmp_path / "a.csv", tmp_path / "run"])


def test_tensorboard_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paribus.errors.find_spec", lambda name: None)
    (tmp_path / "x.tfevents.1").write_bytes(b"")
    with pytest.raises(NotInstalledError, match=r'pip install "paribus\[tensorboard\]"'):
        read([tmp_path])


def test_several_files_are_one_table(tmp_path: Path, expected: dict[str, Any]) -> None:
    for name, side in SIDES.items():
        lines = (f"{seed},{value}\n" for seed, value in enumerate(side))
        (tmp_path / f"{name}.csv").write_text("seed,test_acc\n" + "".join(lines))
    paths = [tmp_path / f"{name}.csv" for name in SIDES]
    found = judge(read(paths), Terms(paired=True))
    assert [one.name for one in found.experiments] == [str(path) for path in paths]
    assert plain(found.findings[0])["low"] == pytest.approx(expected["low"])


def test_folders_with_ids_are_grouped_by_the_folder_above() -> None:
    found = run_folders([Path(f"out/{name}/{hex(n)}") for n, name in enumerate("aabb")])
    assert [one.experiment for one in found] == ["a", "a", "b", "b"]


def test_every_format_has_a_name_for_messages() -> None:
    assert len({READERS.get(name).what for name in READERS.names()}) == len(READERS.names())
