"""The ensembles of a study's experiments, beside the means of their members."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from paribus.measure.ensemble import ensemble
from paribus.measure.runs import StudyResult
from paribus.present import summary_cells
from paribus.present.tables import escape_markdown
from paribus.text import Spread

_NOTE = (
    "The finished runs of an experiment form an ensemble: its answer is the class that most of "
    "them name, its loss that of their averaged probabilities. Each experiment has one, so its "
    "numbers have neither an SD nor an interval, and no verdict is given on them; beside them are "
    "the means of its members."
)
_HEADINGS = (
    *("experiment", "members", "test acc. (%)", "test loss"),
    *("members' test acc. (%)", "members' test loss"),
)


@dataclass(frozen=True)
class EnsembleRow:
    """The ensemble of one experiment, as it is shown."""

    name: str
    members: int
    accuracy: str
    loss: str
    members_accuracy: Spread
    members_loss: Spread

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands under each heading."""
        shown = (self.members, self.accuracy, self.loss, self.members_accuracy, self.members_loss)
        return (self.name, *map(str, shown))


@dataclass(frozen=True)
class EnsemblesView:
    """The ensembles of a study, as they are shown."""

    found: tuple[EnsembleNumbers, ...]
    note: str = _NOTE
    headings: tuple[str, ...] = _HEADINGS

    @property
    def rows(self) -> tuple[EnsembleRow, ...]:
        """Its lines."""
        return tuple(one.row for one in self.found)


@dataclass(frozen=True)
class EnsembleNumbers:
    """The same, as numbers: shares and nats."""

    row: EnsembleRow
    accuracy: float
    loss: float
    members_accuracy: float
    members_loss: float


def ensembles(result: StudyResult) -> list[EnsembleNumbers]:
    """Return the ensemble of each experiment that has one."""
    found = []
    for name, one in result.experiments.items():
        made = ensemble(one)
        if made is None:
            continue
        row = EnsembleRow(
            name=name,
            members=len(made.seeds),
            accuracy=f"{100 * made.accuracy:.2f}",
            loss=f"{made.loss:.4f}",
            members_accuracy=summary_cells.accuracy(one, "test_accuracy"),
            members_loss=summary_cells.loss(one, "test_loss"),
        )
        means = (float(one.final(curve).mean()) for curve in ("test_accuracy", "test_loss"))
        found.append(EnsembleNumbers(row, made.accuracy, made.loss, *means))
    return found


def ensembles_view(result: StudyResult) -> EnsemblesView | None:
    """Return the ensembles as they are shown; None without any."""
    found = tuple(ensembles(result))
    return EnsemblesView(found) if found else None


def ensembles_csv(view: EnsemblesView) -> str:
    """Return a line for each ensemble."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        "experiment", "members", "test_accuracy", "test_loss",
        "members_test_accuracy_mean", "members_test_loss_mean",
    ])  # fmt: skip
    for one in view.found:
        writer.writerow([
            one.row.name, one.row.members, one.accuracy, one.loss,
            one.members_accuracy, one.members_loss,
        ])  # fmt: skip
    return text.getvalue()


def ensembles_markdown(view: EnsemblesView) -> str:
    """Return the ensembles as a table of Markdown, with what it means."""
    lines = [view.headings, ("---",) * len(view.headings), *(row.cells for row in view.rows)]
    table = [f"| {' | '.join(map(escape_markdown, line))} |" for line in lines]
    return "\n".join([f"{view.note}\n", *table])
