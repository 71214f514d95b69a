"""The made-up studies of the tests of reports."""

from __future__ import annotations

from tests.present.conftest import make as make
