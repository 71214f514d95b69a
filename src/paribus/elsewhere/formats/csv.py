"""A CSV file with a header: one row per run, or one per epoch of each run."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from paribus.elsewhere.cells import Cell, counts_up, number
from paribus.elsewhere.frame import Frame, united
from paribus.elsewhere.readers import ResultReader
from paribus.errors import UserError

_SUFFIXES = (".csv", ".tsv", ".txt")
_DELIMITERS = (",", ";", "\t", "|")
_MOST_BYTES = 256 * 2**20
_COMMA = re.compile(r"[-+−]?\d+,\d+\s*%?")
_THOUSANDS = re.compile(r"[-+−]?[1-9]\d{0,2}([.,])\d{3}")
"""May be a number of thousands, or one with three decimals."""
_EXPORTED = "runs.csv"
_SAVE = "save it as CSV in UTF-8"
"""Where `paribus export --to csv` writes a row for each run."""


def recognises(path: Path) -> bool:
    """Return whether a path is a CSV file, or a folder that `paribus export` wrote."""
    if path.is_dir():
        return (path / _EXPORTED).is_file()
    return path.suffix.lower() in _SUFFIXES


def read(paths: Sequence[Path]) -> Frame:
    """Return the table of CSV files: comma, semicolon, tab or bar, in UTF-8.

    Raises `UserError` where one is no such file, or a row has more cells than there are columns.
    """
    return united([read_one(path) for path in paths])


def read_one(path: Path) -> Frame:
    """Return the table of one file, as `read` does."""
    file = path / _EXPORTED if path.is_dir() else path
    text = text_of_file(file)
    text = _without_comments(text)
    first = next(filter(str.strip, text.splitlines()), None)
    if first is None:
        raise UserError(f"{file}: is empty; it needs a header and a row per run")
    delimiter = max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one))))
    rows = list(_rows(text, delimiter, file))
    header = [name.strip() for name in rows[0][1]] if rows else []
    _check_header(header, file)
    if len(rows) < 2:
        raise UserError(f"{file}: has a header and no rows; it needs a row per run")
    numeric = [*map(_is_number, header)]
    if any(numeric) and numeric == [*map(_is_number, rows[1][1])] and not _names_seeds(header):
        raise UserError(f"{file}:{rows[0][0]}: must name the columns, got {', '.join(header)}")
    for line, cells in rows[1:]:
        if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
            raise UserError(
                f"{file}:{line}: has {len(cells)} cells, but the header names {len(header)} "
                "columns; quote cells with a comma in them"
            )
    columns: dict[str, list[Cell]] = {name: [] for name in header}
    decimal_comma = delimiter != "," and any(map(_has_decimal_comma, chain(*(r for _, r in rows))))
    for line, cells in rows[1:]:
        for place, name in enumerate(header):
            cell = cells[place] if place < len(cells) else ""
            if decimal_comma:
                cell = _with_point(cell, f"{file}:{line}: {name}")
            columns[name].append(cell)
    places = [f"{file}:{line}" for line, _ in rows[1:]]
    return Frame(str(file), columns, places, folder=file.parent)


def _has_decimal_comma(cell: str) -> bool:
    """Whether a cell shows that decimals have a comma; 1,234 does not, which may be 1234."""
    return bool(_COMMA.fullmatch(cell.strip())) and not _THOUSANDS.fullmatch(cell.strip())


def _with_point(cell: str, place: str) -> str:
    """The cell of a file in which decimals have a comma. Raises `UserError` where a point may
    separate thousands."""
    found = _THOUSANDS.fullmatch(cell.strip())
    if found and found[1] == ".":
        raise UserError(
            f'{place}: "{cell.strip()}" may be {cell.strip().replace(".", "")}, as decimals have a '
            "comma in other cells; write all in one way, and no separators of thousands"
        )
    return cell.replace(",", ".") if _COMMA.fullmatch(cell.strip()) else cell


def text_of_file(file: Path) -> str:
    """Return the text of a file in UTF-8. Raises `UserError` if it cannot be read."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UserError(
                f"{file}: is larger than {_MOST_BYTES // 2**20} MB; export the last epoch of each "
                "run alone"
            )
        content = file.read_bytes()
        # Spreadsheets write "Unicode text" so.
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UserError(f"{file}:{line}: is not text in UTF-8; {_SAVE}") from None
    if "\0" in text:
        raise UserError(f"{file}: is not text; {_SAVE}")
    return text


def _without_comments(text: str) -> str:
    """Return the text with blanks in place of the comments before the header, so that lines keep
    their numbers. A header may begin with # as well: a comment divides into fewer cells than the
    first line without."""
    lines = text.splitlines(keepends=True)
    plain = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    for place, line in enumerate(lines):
        if line.strip() and (not line.startswith("#") or _cells(line) >= _cells(plain)):
            break
        lines[place] = "\n"
    return "".join(lines)


def _cells(line: str) -> int:
    return max(map(line.count, _DELIMITERS))


def _names_seeds(header: Sequence[str]) -> bool:
    """Whether the numbers of a header are the seeds 0, 1, 2, … or 1, 2, 3, … of its columns."""
    numbers = [float(name) for name in header if name.isdecimal()]
    all_seeds = len(numbers) == sum(map(_is_number, header)) > 2
    return all_seeds and numbers == sorted(numbers) and counts_up(numbers)


def _is_number(name: str) -> bool:
    return name.strip() != "" and number(name) is not None


def _rows(text: str, delimiter: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of its last line."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield reader.line_num, cells
    except csv.Error as error:
        raise UserError(f"{file}:{reader.line_num}: is not CSV: {error}") from None


def _check_header(header: list[str], file: Path) -> None:
    while header and not header[-1]:
        header.pop()
    if header and all(number(name) is not None for name in header):
        raise UserError(f"{file}: the first line must name the columns, got {', '.join(header)}")
    for place, name in enumerate(header):
        if not name:
            # What DataFrames write: their index has no name.
            header[place] = name = "index" if place == 0 else f"column {place + 1}"
        if name in header[:place]:
            raise UserError(f'{file}: two columns are called "{name}"; rename one')


READER = ResultReader("a CSV file", recognises, read)
