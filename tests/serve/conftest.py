"""Two small networks really trained on MNIST, and a server that shows them."""

from __future__ import annotations

from tests.support.serving import server, trained

__all__ = ["server", "trained"]  # fixtures
