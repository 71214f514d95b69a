"""How a campaign gets on, as a model: what has ended, what is left, how long that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paribus.campaign.campaign import Campaign
from paribus.campaign.cells import WHOLE, Cell, Schedule, Shard
from paribus.campaign.estimate import epoch_seconds, works
from paribus.store.reader import Reader
from paribus.store.rows import Status


@dataclass(frozen=True)
class Begun:
    """A run has been given to the executor."""

    cell: Cell
    done: int
    """Epochs trained before."""


@dataclass(frozen=True)
class Restarted:
    """A run begins anew, since its engine does not give the bits of its epochs so far any more."""

    cell: Cell
    done: int
    """Epochs trained before."""
    before: str
    """What decided the bits of these."""
    now: str


@dataclass(frozen=True)
class EpochTrained:
    """A run has trained an epoch."""

    cell: Cell
    epoch: int
    """Counted from 1."""
    test_accuracy: float
    seconds: float
    """Of training and evaluation."""


@dataclass(frozen=True)
class Ended:
    """A run has ended: finished, diverged or failed."""

    cell: Cell
    status: Status
    test_accuracy: float
    """Of the epoch that it keeps; NaN if it has trained none."""
    seconds: float
    """Of all its epochs, with evaluation."""


@dataclass(frozen=True)
class Remarked:
    """What the executor trains with has said something of its own."""

    by: str
    text: str


OfRun = Begun | Restarted | EpochTrained | Ended
News = OfRun | Remarked
Listener = Callable[[News], None]
"""Receives everything that happens."""

Key = tuple[str, int, int | None]
"""A run: the experiment's name, the seed of the study, and the trial if it is one."""


class Clock:
    """Estimates the time left from what the epochs so far have taken."""

    def __init__(self, campaign: Campaign, needed: Mapping[str, int], shard: Shard = WHOLE) -> None:
        study = campaign.study
        ours = shard.seeds(study.seed_range)
        experiments = self._experiments = study.experiments
        self._left: dict[Key, int] = {
            (name, seed, trial): experiment.epochs
            for name, experiment in experiments.items()
            for seed in study.seed_range[: needed.get(name, study.seeds)]
            if seed in ours
            for trial in (None, *range(experiment.tune.trials if experiment.tune else 0))
        }
        """Epochs left of each run."""
        self._ended: set[Key] = set()
        self._seconds: dict[str, list[float]] = {}
        """Seconds of each epoch seen, by the experiment's name."""
        self._works = works(experiments, campaign.networks, campaign.facts)
        """A guess at the relative cost of an epoch of each experiment."""
        self._total = sum(self._works[name] * epochs for (name, *_), epochs in self._left.items())

    @property
    def runs(self) -> int:
        return len(self._left)

    @property
    def runs_done(self) -> int:
        return len(self._ended)

    @property
    def runs_left(self) -> int:
        return self.runs - self.runs_done

    @property
    def share_done(self) -> float:
        """Of all the work."""
        left = sum(self._works[name] * n for (name, *_), n in self._left.items())
        return 1 - left / self._total

    def saw(
        self,
        name: str,
        seed: int,
        done: int,
        *,
        ended: bool,
        seconds: Sequence[float] = (),
        trial: int | None = None,
    ) -> None:
        """Note where a run stands.

        seed, trial: of the study, and which trial it is. done: its epochs so far; seconds: what
        those took that the estimate is to use.
        """
        key = (name, seed, trial)
        self._left[key] = 0 if ended else self._experiments[name].epochs - done
        if ended:
            self._ended.add(key)
        self._seconds.setdefault(name, []).extend(seconds)

    def note(self, news: OfRun) -> None:
        """Note what has happened."""
        name, seed, trial = news.cell.name, news.cell.replicate, news.cell.trial
        match news:
            case Begun(done=done):
                self.saw(name, seed, done, ended=False, trial=trial)
            case Restarted():
                self.saw(name, seed, 0, ended=False, trial=trial)
            case EpochTrained(epoch=epoch, seconds=seconds):
                self.saw(name, seed, epoch, ended=False, seconds=[seconds], trial=trial)
            case Ended():
                self.saw(name, seed, 0, ended=True, trial=trial)

    def run_seconds_left(self, name: str, seed: int, trial: int | None = None) -> float:
        """Of one run; 0 where no epoch has been measured."""
        return self._epoch_seconds(name) * self._left[name, seed, trial]

    def seconds_left(self, workers: int) -> float:
        """Of all runs, as if the work were spread evenly over so many workers; 0 where no epoch
        has been measured."""
        total = sum(self._epoch_seconds(name) * n for (name, *_), n in self._left.items() if n)
        return total / workers

    def _epoch_seconds(self, name: str) -> float:
        return epoch_seconds(name, self._works, self._seconds)


def clock(schedule: Schedule, store: Reader) -> Clock:
    """Return the clock of what is trained now."""
    look = schedule.next_look
    made = Clock(schedule.campaign, {} if look is None else look.seeds, schedule.shard)
    left = {(cell.name, cell.seed, cell.trial) for cell in schedule.missing}
    for cell in schedule.cells:
        ended = (cell.name, cell.seed, cell.trial) not in left
        done = 0 if ended else len(store.epochs(cell.run_id)["train_loss"])
        made.saw(cell.name, cell.replicate, done, ended=ended, trial=cell.trial)
    return made
