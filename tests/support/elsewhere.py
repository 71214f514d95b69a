"""Results from elsewhere for tests: a table as text, judged as a file of it is."""

from __future__ import annotations

from pathlib import Path

from paribus.elsewhere.judge import Judgement, judge
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Stated, Terms

PLAIN = [0.9132, 0.9158, 0.9111, 0.9147, 0.9125]
BETTER = [0.9205, 0.9231, 0.9188, 0.9226, 0.9202]
SAME = [0.9134, 0.9152, 0.9119, 0.9141, 0.9128]


def rows(*lines: str, header: str = "method,seed,test_acc") -> str:
    """Return a table of CSV."""
    return "\n".join((header, *lines)) + "\n"


def two(a: list[float], b: list[float]) -> str:
    """Return a table of two methods, `plain` and `new`, with a run for each seed."""
    sides = {"plain": a, "new": b}
    return rows(
        *(
            f"{name},{seed},{value}"
            for name, values in sides.items()
            for seed, value in enumerate(values)
        )
    )


def judged(folder: Path, text: str, terms: Terms | None = None, **stated: object) -> Judgement:
    """Return what becomes of a CSV file. stated: of its columns, as `Stated` has them."""
    file = folder / "results.csv"
    file.write_text(text, "utf-8")
    columns = Stated(**stated)  # type: ignore[arg-type]
    if terms is None:
        terms = Terms(columns)
    return judge(read([file]), terms)


def three() -> str:
    """A table of three methods with five seeds each."""
    sides = {"a": PLAIN, "b": BETTER, "c": SAME}
    return rows(
        *(f"{name},{seed},{v}" for name, values in sides.items() for seed, v in enumerate(values))
    )
