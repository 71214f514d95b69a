"""What a study asked and meant to train when it first ran, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from functools import cached_property
from itertools import pairwise
from typing import Any

from paribus.spec.question import BaseQuestion, question_of
from paribus.text import is_import_path

# What of a design says when and where it was, and not what.
_WHEN = ("at", "ended", "judged", "known", "shards")
# What may change in a question without making another of it: its p-value stays the same.
_TERMS = ("ask", "matters", "about", "original", "original_verdict", "metric_label")


@dataclass(frozen=True)
class AskedQuestion:
    """A question as it was recorded, of a kind that need not be installed any more."""

    table: Mapping[str, Any]
    """Table as in a study file, with `kind`."""

    @classmethod
    def of(cls, question: BaseQuestion) -> AskedQuestion:
        """Return the record of a question."""
        table = question.model_dump(mode="json")
        # Plans of before have none.
        if not table.get("metric_label"):
            table.pop("metric_label", None)
        return cls({**table, "kind": question.kind})

    @cached_property
    def key(self) -> str:
        """What is tested: the same for questions that differ in words, `matters` or `about`."""
        return json.dumps({k: v for k, v in self.table.items() if k not in _TERMS}, sort_keys=True)

    @property
    def ask(self) -> str:
        return str(self.table["ask"])

    @cached_property
    def question(self) -> BaseQuestion | None:
        """The question; None where its kind or metric is not installed."""
        try:
            return question_of(dict(self.table))
        except ValueError:
            return None

    def term(self, name: str) -> str:
        """Return a setting as text, "" if it has none of that name."""
        return _as_text(self.table.get(name, ""))

    @property
    def calls_function(self) -> bool:
        """Whether its metric is a function of the user's own, as of "my_package.metrics:f1"."""
        return any(map(is_import_path, self.term("metric").split()[:1]))

    def asks_alike(self, other: AskedQuestion) -> bool:
        """Whether the two ask the same in words, of the same experiments."""
        mine, theirs = self.question, other.question
        named = mine is not None and theirs is not None and mine.experiments == theirs.experiments
        return named and self.ask == other.ask


def _as_text(value: object) -> str:
    """A setting as text; an interaction compares a list of pairs. Raise TypeError if a list holds
    anything but text.

    >>> _as_text([["sgd", "sgd-bn"], ["adam", "adam-bn"]]), _as_text(0.1)
    ('sgd, sgd-bn, adam, adam-bn', '0.1')
    """
    if isinstance(value, list):
        return ", ".join(_as_text(item) if isinstance(item, list) else item for item in value)
    return f"{value}"


@dataclass(frozen=True)
class Design:
    """What a study asked and meant to train at one time. `at`: in ISO 8601, UTC; `ended`: how many
    of its runs had ended then. `experiments`: hashes by name. `looks`: as in `Study`. `judged`: how
    many questions of the design before could be judged then; None where that was not recorded.
    `known`: the experiments of which runs with its seeds had ended then. `shards`: the shards K/N
    of it that stores have trained, as pairs; empty if none has."""

    at: str
    ended: int
    first_seed: int
    seeds: int
    experiments: Mapping[str, str]
    questions: tuple[AskedQuestion, ...]
    looks: tuple[int, ...] = ()
    judged: int | None = None
    known: tuple[str, ...] = ()
    shards: tuple[tuple[int, int], ...] = ()

    def asked_late(self, question: BaseQuestion) -> bool:
        """Return whether runs of all experiments of a question had ended when it was recorded."""
        asked = set(question.experiments)
        return bool(asked) and asked <= set(self.known)

    @property
    def seed_range(self) -> range:
        return range(self.first_seed, self.first_seed + self.seeds)

    def same_as(self, other: Design) -> bool:
        """Whether both are the same but for when and where."""
        mine, theirs = asdict(self), asdict(other)
        return all(mine[key] == theirs[key] for key in mine if key not in _WHEN)

    def trained_in(self, shards: Iterable[tuple[int, int]]) -> Design:
        """Return it with more shards that have been trained."""
        return replace(self, shards=tuple(sorted({*self.shards, *shards})))

    def asked_as(self, question: AskedQuestion) -> AskedQuestion | None:
        """Return its question that is another's, perhaps in other terms or by another metric."""
        for found in self.questions:
            if found.key == question.key:
                return found
        return next((found for found in self.questions if found.asks_alike(question)), None)


class PlansDifferError(Exception):
    """Two places have recorded different designs of one study."""

    def __init__(self, mine: Design, theirs: Design) -> None:
        super().__init__(mine, theirs)
        self.mine, self.theirs = mine, theirs


class What(Enum):
    """Kinds of changes that an amendment makes."""

    SEEDS_RAISED = auto()
    SEEDS_LOWERED = auto()
    SEEDS_MOVED = auto()
    FRESH_SEEDS = auto()
    """None of the seeds was trained or planned before."""
    LOOKS_ADDED = auto()
    LOOKS_REMOVED = auto()
    LOOKS_BEGUN = auto()
    """Looks in place of a fixed number of seeds."""
    LOOKS_ENDED = auto()
    """A fixed number of seeds in place of looks."""
    TERMS = auto()
    """`matters`, `about` or the metric of a question."""
    QUESTION_ADDED = auto()
    QUESTION_REMOVED = auto()
    EXPERIMENT_ADDED = auto()
    EXPERIMENT_CHANGED = auto()
    EXPERIMENT_REMOVED = auto()


@dataclass(frozen=True)
class Amendment:
    """A change of a plan after runs had ended. `subject`: the question or experiment; `term`: the
    setting that changed, with `before` and `after` as text."""

    what: What
    at: str
    ended: int
    subject: str = ""
    term: str = ""
    before: str = ""
    after: str = ""


Versions = Mapping[str, str]
"""Hashes of experiments at one time, by name."""


@dataclass(frozen=True)
class StudyPlan:
    """All designs that a study has had since its first run, in order; at least one."""

    designs: tuple[Design, ...]
    recorded: bool = True
    """False if no run has recorded it: then it is the design at hand."""

    @property
    def now(self) -> Design:
        return self.designs[-1]

    @cached_property
    def start(self) -> int:
        """The position of the design that counts as recorded: the last with fresh seeds alone."""
        starts = [0]
        for number in range(1, len(self.designs)):
            seeds = set(self.designs[number].seed_range)
            if not any(seeds & set(before.seed_range) for before in self.designs[:number]):
                starts.append(number)
        return starts[-1]

    @property
    def original(self) -> Design:
        """The design that counts as recorded."""
        return self.designs[self.start]

    @property
    def fewest_seeds(self) -> int:
        """The smallest number of seeds since: an answer from fewer depends on when one looks."""
        return min(design.seeds for design in self.designs[self.start :])

    def looks_of(self, looks: tuple[int, ...]) -> tuple[int, ...]:
        """Return the looks by which a study with some is judged: its own if a run has recorded
        them since, or else those recorded last. A look that nobody planned is none."""
        known = any(design.looks == looks for design in self.designs[self.start :])
        return looks if known or not self.recorded else self.now.looks

    def raised_from(self, seeds: range) -> Design | None:
        """Return the design that planned the fewest seeds, if more were planned after a question of
        it could be judged, or a study has more, and these go on from the same first seed; None if
        the seeds are as planned."""
        if not self.recorded:
            return None
        since = self.designs[self.start :]
        looked_at = [before for before, now in pairwise(since) if now.judged is None or now.judged]
        fewest = min([*looked_at, since[-1]], key=lambda design: design.seeds)
        more = max(len(seeds), since[-1].seeds) > fewest.seeds
        return fewest if more and seeds.start == fewest.first_seed else None

    @property
    def next_seed(self) -> int:
        """The first seed above all that were ever planned."""
        return max(design.seed_range.stop for design in self.designs)

    def ever_asked(self) -> list[AskedQuestion]:
        """Return all questions since, once each, in the order in which they were first asked."""
        asked: dict[str, AskedQuestion] = {}
        for design in self.designs[self.start :]:
            for question in design.questions:
                asked.setdefault(question.key, question)
        return list(asked.values())

    def once_asked(self, question: AskedQuestion, changed: Container[str]) -> list[Versions]:
        """Return of which experiments a question was asked since, as they were before they changed,
        once each. changed: the names of those that a study at hand has changed since."""
        return [
            versions
            for versions in self._versions(question)
            if any(versions[name] != self._now(name, changed) for name in versions)
        ]

    def _versions(self, question: AskedQuestion) -> list[Versions]:
        asked = question.question
        names = () if asked is None else asked.experiments
        found = [
            {name: design.experiments[name] for name in names if name in design.experiments}
            for design in self.designs[self.start :]
            if question.key in {one.key for one in design.questions}
        ]
        return [one for place, one in enumerate(found) if one not in found[:place]]

    def _now(self, name: str, changed: Container[str]) -> str | None:
        return None if name in changed else self.now.experiments.get(name)

    def amended(self, design: Design, ended: int, judged: int) -> StudyPlan:
        """Return the plan with a design at hand. ended: how many runs of its last one have: until
        one has, nothing was amended, and the design takes its place, with what was recorded when
        the one before was amended. judged: how many questions of the last one could be judged."""
        if self.now.same_as(design):
            now = self.now.trained_in(design.shards)
            return self if now == self.now else StudyPlan((*self.designs[:-1], now))
        if not ended:
            *before, last = self.designs
            if before:
                design = replace(design, ended=last.ended, judged=last.judged)
            return StudyPlan((*before, design))
        return StudyPlan((*self.designs, replace(design, ended=ended, judged=judged)))

    def united(self, other: StudyPlan) -> StudyPlan:
        """Return the plan of a study that two stores have recorded, each with a part of its runs.

        Of each design the earlier time and the larger count of ended runs are taken, so the order
        in which stores are united does not matter. Where one store has amended the plan and the
        other has not, its questions may have been judged in the other before. Raises
        `PlansDifferError` if they do not agree: as far as both go, their designs must be the same.
        """
        both = list(zip(self.designs, other.designs, strict=False))
        for mine, theirs in both:
            if not mine.same_as(theirs):
                raise PlansDifferError(mine, theirs)
        common = tuple(
            replace(
                mine.trained_in(theirs.shards),
                at=min(mine.at, theirs.at),
                ended=max(mine.ended, theirs.ended),
                # What one place planned beforehand was.
                known=tuple(name for name in mine.known if name in theirs.known),
                judged=None
                if mine.judged is None or theirs.judged is None
                else max(mine.judged, theirs.judged),
            )
            for mine, theirs in both
        )
        further = max(self.designs, other.designs, key=len)[len(common) :]
        amended = tuple(replace(design, judged=None) for design in further[:1])
        return StudyPlan((*common, *amended, *further[1:]))

    def amendments(self) -> list[Amendment]:
        """Return the changes, in order."""
        return [found for before, now in pairwise(self.designs) for found in _changes(before, now)]

    def pending(self, design: Design) -> list[Amendment]:
        """Return what a design at hand changes of the last one, after runs of it had ended."""
        return list(_changes(self.now, design)) if self.recorded and design.ended else []

    def to_json(self) -> list[dict[str, Any]]:
        """Return it as plain types."""
        return [
            {
                **{key: value for key, value in asdict(design).items() if key != "shards"},
                "questions": [dict(q.table) for q in design.questions],
                **({"shards": [list(shard) for shard in design.shards]} if design.shards else {}),
            }
            for design in self.designs
        ]

    @classmethod
    def from_json(cls, designs: list[dict[str, Any]]) -> StudyPlan:
        """Return what `to_json` gave."""
        return cls(
            tuple(
                Design(
                    **{
                        **design,
                        "questions": tuple(map(AskedQuestion, design["questions"])),
                        "looks": tuple(design.get("looks", ())),
                        "known": tuple(design.get("known", ())),
                        "shards": tuple((k, of) for k, of in design.get("shards", ())),
                    }
                )
                for design in designs
            )
        )


def _changes(before: Design, now: Design) -> Iterator[Amendment]:
    at, ended = now.at, now.ended
    yield from _changed_looks(before, now)
    same_start = before.first_seed == now.first_seed
    # Of looks their numbers say all, unless the seeds are others.
    told = bool(before.looks or now.looks) and same_start
    if before.seed_range != now.seed_range and not told:
        what = What.SEEDS_MOVED
        if not set(before.seed_range) & set(now.seed_range):
            what = What.FRESH_SEEDS
        elif same_start:
            what = What.SEEDS_RAISED if now.seeds > before.seeds else What.SEEDS_LOWERED
        counts = what in (What.SEEDS_RAISED, What.SEEDS_LOWERED)
        old, new = (str(d.seeds) if counts else _seeds(d) for d in (before, now))
        yield Amendment(what, at, ended, "", "seeds", old, new)
    for name in dict.fromkeys([*before.experiments, *now.experiments]):
        if name not in now.experiments:
            yield Amendment(What.EXPERIMENT_REMOVED, at, ended, name)
        elif name not in before.experiments:
            yield Amendment(What.EXPERIMENT_ADDED, at, ended, name)
        elif before.experiments[name] != now.experiments[name]:
            yield Amendment(What.EXPERIMENT_CHANGED, at, ended, name)
    for question in now.questions:
        found = before.asked_as(question)
        if found is None:
            yield Amendment(What.QUESTION_ADDED, at, ended, question.ask)
            continue
        for term in ("metric", "matters", "about"):
            if (was := found.term(term)) != (now_is := question.term(term)):
                yield Amendment(What.TERMS, at, ended, question.ask, term, was, now_is)
    for question in before.questions:
        if now.asked_as(question) is None:
            yield Amendment(What.QUESTION_REMOVED, at, ended, question.ask)


def _changed_looks(before: Design, now: Design) -> Iterator[Amendment]:
    at, ended = now.at, now.ended
    if not before.looks and now.looks:
        old, new = str(before.seeds), _numbers(now.looks)
        yield Amendment(What.LOOKS_BEGUN, at, ended, "", "looks", old, new)
    elif before.looks and not now.looks:
        old, new = _numbers(before.looks), str(now.seeds)
        yield Amendment(What.LOOKS_ENDED, at, ended, "", "looks", old, new)
    else:
        added = [look for look in now.looks if look not in before.looks]
        removed = [look for look in before.looks if look not in now.looks]
        if added:
            yield Amendment(What.LOOKS_ADDED, at, ended, "", "looks", "", _numbers(added))
        if removed:
            yield Amendment(What.LOOKS_REMOVED, at, ended, "", "looks", _numbers(removed))


def _numbers(looks: Iterable[int]) -> str:
    return ", ".join(map(str, looks))


def _seeds(design: Design) -> str:
    return f"{design.first_seed}–{design.seed_range.stop - 1}"
