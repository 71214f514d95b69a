"""Exports one run, and asks the written file itself for what the run had answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paribus.errors import ParibusError, UserError
from paribus.export.formats import NotRecomputed, RunFormat
from paribus.export.trained import TrainedRun
from paribus.export.writing import written
from paribus.spec.functions import in_one_line, set_apart
from paribus.spec.network import ModuleNetwork

# Engines and tools add up in different orders: a rounding apart, after many layers a few. A wrong
# layer is off by far more.
MOST_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Check:
    """Whether what was written answers as the run did."""

    images: int = 0
    tool: str = ""
    difference: float = 0.0
    """The largest one of any probability of any test image."""
    not_checked: str = ""
    """Why it was not checked; empty if it was."""

    @property
    def sentence(self) -> str:
        if self.not_checked:
            return f"Not checked, because {self.not_checked}."
        return (
            f"Checked with {self.tool} on {self.images:,} test images: no probability differs from "
            f"the stored one by more than {self.difference:.1e}."
        )


def export_run(trained: TrainedRun, form: RunFormat, target: Path) -> Check:
    """Write a run to `target`, a file or a folder, and check it.

    Raises `UserError` if there is something at `target`, if the format's package is not installed,
    or if the format has no place for the network; `ParibusError` if what was written answers
    differently, and then leaves nothing.
    """
    with written(target) as path:
        form.write(trained, path)
        with _told(trained):
            answer = form.recompute(path, trained.test_images)
        if isinstance(answer, NotRecomputed):
            return Check(not_checked=answer.why)
        difference = float(np.abs(answer.probabilities_NK - trained.probabilities).max())
        if not difference <= MOST_DIFFERENCE:
            raise ParibusError(
                f"{target}: not exported, because {answer.tool} gives other probabilities than "
                f"those stored: they differ by up to {difference:.1e}; take another format "
                "with --to"
            )
    return Check(len(answer.probabilities_NK), answer.tool, difference)


@contextmanager
def _told(trained: TrainedRun) -> Iterator[None]:
    """Turn what a custom module raises, as what was written is loaded and asked, into a message."""
    try:
        with set_apart():
            yield
    except ParibusError:
        raise
    except (Exception, SystemExit) as error:
        if not isinstance(trained.network, ModuleNetwork):
            raise
        raise UserError(
            f'run {trained.run.id}: not exported, because network "{trained.network.module}" '
            f"raised {in_one_line(error)}"
        ) from error
