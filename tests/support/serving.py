"""A real `paribus serve` in a process of its own, and plain requests to it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import train
from tests.support.once import copied

MNIST_STUDY = """
title = "Two small networks"
seeds = 2
images = 10000

[experiments.mlp]
network = ["flatten", "linear 50", "relu", "linear 10"]
optimizer = { name = "adam", lr = 0.003 }
epochs = 2

[experiments.cnn]
from = "mlp"
network = ["conv 8", "batchnorm", "relu", "maxpool 2", "conv 8", "relu", "maxpool 2", "flatten", "linear 10"]

[[questions]]
ask = "Is the CNN better?"
compare = ["mlp", "cnn"]
about = ["network"]
matters = 0.001
"""  # noqa: E501


@dataclass
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    port: int
    token: str = ""
    """"" where only this machine can reach it."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self,
        path: str,
        method: str = "GET",
        body: bytes | str | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        read: bool = True,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers by lower-case names, and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read() if read else b""
        finally:
            connection.close()

    def ask(self, question: Any, **headers: str) -> tuple[int, Any]:
        """What /answers says to a question."""
        status, _, body = self.request(
            "/answers",
            "POST",
            json.dumps(question),
            {"content-type": "application/json", **headers},
        )
        return status, json.loads(body) if body.startswith(b"{") else body.decode()

    def stop(self) -> int:
        """Ctrl-C; gives the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def serving(folder: Path, *arguments: str, port: int = 0) -> Iterator[Serving]:
    """`paribus serve` in a folder, until the end of the `with` block."""
    command = [sys.executable, "-m", "paribus", "serve", "--port", str(port), *arguments]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Paribus is at http://"), process.communicate()[1]
            found = re.match(r"Paribus is at http://[^/]+:(\d+)/(?:\?token=([\w-]+))?", line)
            assert found is not None, line
            yield Serving(process, int(found[1]), found[2] or "")
        finally:
            process.kill()


def train_mnist(folder: Path) -> None:
    """Train 2 networks × 2 seeds on MNIST, and write the report."""
    (folder / "study.toml").write_text(MNIST_STUDY, "utf-8")
    train(folder, "study.toml")
    assert (folder / "report" / "index.html").exists()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of 2 experiments × 2 seeds on MNIST, all of it trained."""
    return copied(tmp_path_factory, "mnist", train_mnist)


@pytest.fixture(scope="module")
def server(trained: Path) -> Iterator[Serving]:
    with serving(trained) as running:
        yield running


def run(folder: Path, study: str, *arguments: str) -> subprocess.Popen[str]:
    """`paribus run` under way."""
    command = [sys.executable, "-m", "paribus", "run", study, *arguments]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
