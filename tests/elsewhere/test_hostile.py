"""Files with anything in them: a message, and never a traceback."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from paribus.elsewhere.formats.in_memory import frame_of
from paribus.elsewhere.judge import judge
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Terms
from paribus.errors import ParibusError, UserError
from paribus.present.as_json import plain
from paribus.present.judged import judged_page
from paribus.seeding import stream
from tests.support.elsewhere import BETTER, PLAIN, two

PIECES = [b",", b'"', b"\n", b"nan", b"1e999", b"-", b"\xc3\xa9", b"\x00", b"\xff", b"0",
          b"9" * 400, b"<b>", b"{", b"]", b"\xc2\xb1", b" ", b"inf", b"null", b";"]  # fmt: skip


def changed(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with a few pieces put in, taken out or moved."""
    for _ in range(int(rng.integers(1, 5))):
        at, end = sorted(int(place) for place in rng.integers(0, len(content) + 1, 2))
        piece = PIECES[int(rng.integers(len(PIECES)))]
        match int(rng.integers(4)):
            case 0:
                content = content[:at] + piece + content[at:]
            case 1:
                content = content[:at] + content[min(end, at + 20) :]
            case 2:
                content = content[:at] + content[at:end] * 2 + content[end:]
            case _:
                content = content[:at] + piece + content[at + len(piece) :]
    return content


def survives(path: Path, terms: Terms) -> bool:
    """Whether there is a page; else there was a message."""
    try:
        page = judged_page(judge(read([path]), terms), "hostile")
    except ParibusError as error:
        assert str(error)
        return False
    assert page.endswith("</html>")
    return True


LOG = "epoch,step,val_acc\n0,9,0.5\n1,19,0.6\n"
STATE = {
    "global_step": 2,
    "log_history": [{"step": 1, "eval_loss": 0.5}, {"step": 2, "eval_loss": 0.25}],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.csv", two(PLAIN, BETTER).encode()),
        ("metrics.csv", LOG.encode()),
        ("trainer_state.json", json.dumps(STATE).encode()),
        ("chart.csv", b'"Step","a - acc","a - acc__MIN"\n"1","0.5","0.5"\n"2","0.6","0.6"\n'),
    ],
)
def test_changed_files(name: str, content: bytes, tmp_path: Path) -> None:
    rng = stream(0, "test", name)
    pages = 0
    for _ in range(120):
        (tmp_path / name).write_bytes(changed(content, rng))
        pages += survives(tmp_path / name, Terms(paired=bool(rng.integers(2))))
    # Of a single run there is no page; of a table with a slip most have one.
    assert pages > 10 or name != "results.csv"


def test_changed_database(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as db:
        db.executescript(
            """
            CREATE TABLE experiments (experiment_id, name);
            CREATE TABLE runs (run_uuid, name, status, experiment_id, lifecycle_stage, start_time);
            CREATE TABLE params (run_uuid, key, value);
            CREATE TABLE tags (run_uuid, key, value);
            CREATE TABLE metrics (run_uuid, key, value, is_nan, step, timestamp);
            INSERT INTO experiments VALUES (0, 'one');
            INSERT INTO runs VALUES ('r', NULL, 'FINISHED', 0, 'active', 0);
            INSERT INTO params VALUES ('r', 'run', 'x'), ('r', 'step', 'y'), ('r', '', NULL);
            INSERT INTO metrics VALUES ('r', 'acc', 'text', 0, 'z', 0), ('r', 'run', 1, 0, 1, 0);
            """
        )
    db.close()
    content, rng = file.read_bytes(), stream(0, "test", "mlflow")
    assert not survives(file, Terms())
    for _ in range(60):
        file.write_bytes(content[:100] + changed(content[100:], rng))
        survives(file, Terms())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read([Path("/proc/self/mem")])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="no results were recognised"):
        read([tmp_path / "folder.csv"])
    with pytest.raises(UserError, match="cannot be read"):
        read([tmp_path / "folder.csv"], "csv")


@pytest.mark.parametrize(
    "text",
    [
        "method,seed,acc\n" + "\n".join(f"{m},{s},1e308" for m in "ab" for s in range(3)),
        "method,seed,acc\n" + "\n".join(f"{m},{s},-1e308" for m in "ab" for s in range(3)),
        "method,seed,acc\na,0,1e308\na,1,-1e308\na,2,0\nb,0,1\nb,1,2\nb,2,3\n",
        "method,seed,acc\na,0,1e-320\na,1,2e-320\na,2,0\nb,0,0\nb,1,0\nb,2,0\n",
        "method,seed,acc\na,0,nan\na,1,nan\na,2,nan\nb,0,nan\nb,1,nan\nb,2,nan\n",
        "method,seed,acc\na,0,1\nb,0,\n",
        "method,epoch,acc\na,1e300,1\na,-1e300,2\nb,0,1\n",
        "__proto__,seed,acc\nx,0,1\nx,1,2\ny,0,3\n",
        f"method,seed,acc\na,{'1' * 5000},1\na,2,2\nb,2,3\n",
    ],
)
def test_numbers_at_the_ends_of_what_there_is(text: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(text, "utf-8")
    for paired in (False, True):
        survives(tmp_path / "r.csv", Terms(paired=paired))


def test_an_integer_beyond_all_floats_is_no_value() -> None:
    table = {"method": ["a", "b"] * 3, "acc": [10**400, *range(5)]}
    (finding,) = judge(frame_of(table), Terms()).findings
    assert plain(finding)["n_a"] == 2
