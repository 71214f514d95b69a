"""The pages' feed follows a store through everything that can happen to it."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from paribus.errors import UserError
from paribus.serve.server import serve
from paribus.store.open import open_store
from tests.support.commands import train, train_here
from tests.support.serving import Serving, contents, run, serving
from tests.support.small import Small

LONG = """
title = "Long"
data = "small.npz"
seeds = 2

[experiments.mlp]
network = ["flatten", "linear 8", "relu", "linear 3"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 3000
engine = "numpy"
"""


def events(server: Serving, query: str = "") -> Iterator[tuple[str, Any]]:
    """Name and content of each event; comments come between, so that waiting has an end."""
    deadline = time.monotonic() + 240
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", f"/events{query}")
    answer = connection.getresponse()
    assert answer.getheader("content-type", "").startswith("text/event-stream")
    name = ""
    for line in answer:
        assert time.monotonic() < deadline, "what is waited for does not come"
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, json.loads(text.removeprefix("data: "))


def until(feed: Iterator[tuple[str, Any]], what: str, so: Callable[[Any], bool]) -> Any:
    return next(content for name, content in feed if name == what and so(content))


@pytest.mark.thorough
def test_from_before_there_is_a_store_to_the_end(small: Small, tmp_path: Path) -> None:
    study = small()
    with serving(tmp_path, study.name) as server:
        feed = events(server)
        progress = until(feed, "progress", lambda _: True)
        assert (progress["state"], progress["planned"], progress["ended"]) == ("waiting", 6, 0)
        assert not (tmp_path / "runs").exists()
        _, _, page = server.request("/")
        assert b"<code>paribus run small.toml</code>" in page
        train(tmp_path, study.name)
        progress = until(feed, "progress", lambda now: now["state"] == "finished")
        assert (progress["ended"], progress["share"], progress["training"]) == (6, 1.0, [])
        # Whoever comes later gets all at once; the feed above may have had them before the end.
        results = until(events(server), "results", lambda now: now["rows"])
        # As the report has them: badge, commands set as such, the evidence one click away.
        assert 'data-badge="no verdict">No verdict' in results["findings"]
        assert '#question-1">Is the CNN better?</a>' in results["findings"]
        curves = until(events(server), "curves", lambda _: True)
        assert [len(one["loss"]["mean"]) for one in curves["experiments"]] == [4, 4, 4]
        assert curves["experiments"][0]["loss"]["n"] == 2
        status, _, report = server.request("/report")
        assert status == 200
        assert b"Is the CNN better?" in report
        before = contents(tmp_path)
        assert server.stop() == 0
        assert contents(tmp_path) == before


@pytest.mark.thorough
def test_training_now_stopped_and_gone_on(small: Small, tmp_path: Path) -> None:
    study = small(LONG)
    with serving(tmp_path, study.name) as server:
        feed = events(server)
        training = run(tmp_path, study.name, "--jobs", "1")
        progress = until(feed, "progress", lambda now: now["training"] and now["left"])
        (one,) = progress["training"]
        assert (one["name"], one["seed"], one["epochs"]) == ("mlp", 0, 3000)
        later = until(feed, "progress", lambda now: now["share"] > progress["share"])
        assert later["training"][0]["epoch"] > one["epoch"]
        training.send_signal(signal.SIGINT)
        assert training.wait(60) == 130
        stopped = until(feed, "progress", lambda now: now["state"] == "stopped")
        assert (stopped["begun"], stopped["training"]) == (1, [])
        training = run(tmp_path, study.name, "--jobs", "1")
        until(feed, "progress", lambda now: now["state"] == "training")
        training.send_signal(signal.SIGINT)
        training.wait(60)


@pytest.mark.thorough
def test_ctrl_c_ends_it_while_pages_are_open(trained: Path) -> None:
    with serving(trained) as server:
        feed = events(server)
        next(feed)
        assert server.stop() == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read().strip() == "Stopped."


@pytest.mark.thorough
def test_ctrl_c_ends_it_while_a_report_is_made(trained: Path) -> None:
    with serving(trained) as server, socket.create_connection(("127.0.0.1", server.port)) as asking:
        asking.sendall(f"GET /report HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode())
        server.request("/wrong")  # By now the other request has come in, too.
        assert server.stop() == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read().strip() == "Stopped."


def test_looking_at_a_lock_is_no_claim(small: Small, tmp_path: Path) -> None:
    train_here(small(), only=("mlp",), seeds=1)
    with (
        open_store(tmp_path / "runs", "write") as store,
        open_store(tmp_path / "runs", "read") as reading,
    ):
        run_id = store.find_runs("mlp/0")[0].id
        assert not reading.is_claimed(run_id)
        with store.claim(run_id) as mine:
            assert mine
            assert reading.is_claimed(run_id)
        assert not reading.is_claimed(run_id)
        assert not reading.is_claimed("never-begun")


@pytest.mark.thorough
def test_all_studies_of_a_store(small: Small, tmp_path: Path) -> None:
    train(tmp_path, small().name)
    (tmp_path / "small.toml").rename(tmp_path / "other.toml")
    train(tmp_path, "other.toml", "--preview")
    with serving(tmp_path) as server:
        _, _, page = server.request("/")
        assert page.index(b"other.toml --preview</a>") < page.index(b">small.toml</a>")
        # The file of one is gone: it is shown all the same, without its questions.
        _, _, page = server.request("/?study=small.toml")
        assert b"3 experiments" in page
        results = until(events(server, "?study=small.toml"), "results", lambda _: True)
        assert (len(results["rows"]), results["findings"]) == (3, "")


def test_users_mistakes_are_told(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def told(folder: Path, host: str, port: int) -> str:
        with pytest.raises(UserError) as caught:
            serve(folder, None, host=host, port=port, ready=lambda _: None)
        return str(caught.value)

    assert told(tmp_path / "none", "127.0.0.1", 0).endswith(
        "none: no store found; create one with `paribus run`, or name the folder of another"
    )
    train_here(small(), only=("mlp",), seeds=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert told(tmp_path / "runs", "127.0.0.1", port) == (
            f"port {port}: already in use by another program; choose another with --port, e.g. "
            "--port 0 for any free port"
        )
    assert told(tmp_path / "runs", "no such host", 0).startswith(
        '--host "no such host": there is no such address on this machine'
    )
    (tmp_path / "runs" / "paribus.db").write_bytes(b"not a database, whatever its name says" * 99)
    assert "cannot be read as a store" in told(tmp_path / "runs", "127.0.0.1", 0)


def test_an_option_without_a_study_is_refused(tmp_path: Path) -> None:
    command = import_module("paribus.cli.serve")
    with pytest.raises(UserError, match="--preview: needs a STUDY to have an effect"):
        command.command.callback(
            study=None, preview=True, seeds=None, only=None, epochs=None, images=None,
            engine=None, store_folder=tmp_path, port=0, host="127.0.0.1",
        )  # fmt: skip
