"""Cells with and without % in one column."""

from __future__ import annotations

from paribus.elsewhere.frame import Frame
from paribus.elsewhere.metrics import metric_of
from paribus.elsewhere.units import check_signs


class Compared(str):
    """A cell that counts how often cells are compared."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_long_log_of_percentages_is_not_compared_cell_by_cell() -> None:
    cells = [Compared(f"{90 + number / 1000}%") for number in range(500)]
    frame = Frame("log.csv", {"test_acc": cells}, [f"log.csv:{row}" for row in range(2, 502)])
    metric = metric_of("test_acc", "test_acc", cells, None)
    Compared.times = 0
    check_signs(frame, metric)
    assert Compared.times <= len(cells)
