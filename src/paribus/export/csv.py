"""A store as CSV: a table of runs, a table of epochs, and a page that says what is in them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from paribus.export.formats import StoreFormat
from paribus.export.tables import (
    EPOCH_MEANINGS,
    LAST_COLUMNS,
    RUN_COLUMNS,
    ExportedRun,
    Value,
    epoch_records,
    recipe,
    run_records,
)

_EPOCH_COLUMNS = {
    **{key: RUN_COLUMNS[key] for key in ("experiment", "seed", "engine")},
    "kept_epoch": LAST_COLUMNS["kept_epoch"],
    "epoch": "counted from 1",
    **EPOCH_MEANINGS,
    "run": RUN_COLUMNS["run"],
}


def write(rows: list[ExportedRun], path: Path, target: Path) -> None:
    """Write a folder with `runs.csv`, `epochs.csv` and `README.md`."""
    path.mkdir()
    settings = list(dict.fromkeys(key for row in rows for key in recipe(row.experiment)))
    run_columns = [
        *(key for key in RUN_COLUMNS if key != "run"), *settings, *LAST_COLUMNS, *EPOCH_MEANINGS,
        "run",
    ]  # fmt: skip
    _table(path / "runs.csv", run_columns, run_records(rows))
    _table(path / "epochs.csv", list(_EPOCH_COLUMNS), epoch_records(rows))
    (path / "README.md").write_text(_page(settings), "utf-8")


def _table(path: Path, columns: Sequence[str], records: list[dict[str, Value]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _page(settings: list[str]) -> str:
    runs = {
        **{key: meaning for key, meaning in RUN_COLUMNS.items() if key != "run"},
        **dict.fromkeys(settings, "the experiment's setting, as in a study file"),
        **LAST_COLUMNS,
        **{key: _of_run(key, meaning) for key, meaning in EPOCH_MEANINGS.items()},
        "run": RUN_COLUMNS["run"],
    }
    return (
        "# Runs and epochs\n\nAn empty cell: there is no number. UTF-8, commas, a point in "
        "decimals.\n\n## runs.csv: a row for each run\n\n"
        f"{_columns(runs)}\n## epochs.csv: a row for each epoch of each run\n\n"
        f"{_columns(_EPOCH_COLUMNS)}"
    )


def _of_run(column: str, meaning: str) -> str:
    return f"{meaning}; {'all epochs' if column.endswith('seconds') else 'the kept epoch'}"


def _columns(columns: dict[str, str]) -> str:
    lines = [f"| `{name}` | {meaning} |\n" for name, meaning in columns.items()]
    return "| column | what it holds |\n| --- | --- |\n" + "".join(lines)


FORMAT = StoreFormat("pandas.read_csv, R's read.csv or any spreadsheet", write)
