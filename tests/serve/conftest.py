"""Two small networks really trained on MNIST, and a server that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.serving import MNIST_STUDY, Serving, serving, train


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of 2 experiments × 2 seeds on MNIST, all of it trained."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "study.toml").write_text(MNIST_STUDY, "utf-8")
    train(folder, "study.toml")
    assert (folder / "report" / "index.html").exists()
    return folder


@pytest.fixture(scope="module")
def server(trained: Path) -> Iterator[Serving]:
    with serving(trained) as running:
        yield running
