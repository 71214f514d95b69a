"""Packs that say what they should not, with digests that are right all the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from paribus.packs.run_file import compressed, digest_of, read_content


def read_index(pack: Path) -> dict[str, Any]:
    return dict(json.loads((pack / "pack.json").read_text("utf-8")))


def write_index(pack: Path, index: dict[str, Any]) -> None:
    """Write an index whose digest is right whatever it says."""
    kept = {key: value for key, value in index.items() if key != "digest"}
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    (pack / "pack.json").write_text(json.dumps({**kept, "digest": digest}), "utf-8")


def finished_run(pack: Path) -> Path:
    """Return the file of a run that finished."""
    paths = sorted(pack.glob("*.run"))
    return next(path for path in paths if b'"finished"' in content_of(pack, path))


def content_of(pack: Path, path: Path) -> bytes:
    """Return the content of a run's file."""
    return read_content(path, read_index(pack)["runs"][path.stem])


def write_content(pack: Path, path: Path, content: bytes) -> None:
    """Write a run whose digests are right whatever it says."""
    path.write_bytes(compressed(content))
    index = read_index(pack)
    index["runs"][path.stem] = digest_of(content)
    write_index(pack, index)
