"""A study as a command works on it, made once: the study, its data, its engines, its store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.campaign.asked import check_questions
from paribus.campaign.changes import NO_CHANGES, Changes, changed
from paribus.campaign.engines import (
    Engines,
    choose_engines,
    fitting_networks,
)
from paribus.data.facts import DataFacts, warnings
from paribus.data.named import known_facts
from paribus.errors import UserError, check_all
from paribus.measure.tuned import ended_runs
from paribus.spec.experiment import FaultyStudyError
from paribus.spec.files import load_study
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan
from paribus.spec.seeds import seeds_of_shard
from paribus.spec.study import Study
from paribus.spec.study_plan import Amendment, AskedQuestion, Design, StudyPlan
from paribus.store.known import Known, identify
from paribus.store.reader import Reader
from paribus.store.writer import Writer
from paribus.text import STORE, command, shown

if TYPE_CHECKING:
    from paribus.data.dataset import Dataset
    from paribus.measure.runs import StudyResult
    from paribus.questions.next_look import NextLook

# Of so many images a class, chosen at random, some are of every class; labels are not looked at.
_FEW = 50


@dataclass(frozen=True, eq=False)
class Campaign:
    """A study and all that a command needs to work on it. What costs time is worked out once, when
    it is first asked for."""

    study: Study
    name: str
    """As it was typed: a built-in name or a path; "" if the study was made in Python."""
    folder: Path
    """What paths in the study start from."""
    data: Data
    store_folder: Path = STORE
    options: tuple[str, ...] = ()
    """Those that changed the study, as they could be typed."""
    label: str = ""
    """What distinguishes it from other studies of its store, in addresses."""
    note: str = ""
    """What there is to say of the options; "" if nothing."""
    selected_from: Study | None = None
    """The study with all its experiments, if only some are trained."""
    runs_code: bool = True
    """Whether functions of the user's own may be called; not if a store alone names the study."""
    variant: str = ""
    """The options that make another study of it, with a plan of its own."""

    @property
    def facts(self) -> DataFacts:
        """What is known of its data without loading them."""
        return self.data.facts

    @property
    def dataset(self) -> Dataset:
        """Its data, loaded when they are first asked for."""
        return self.data.dataset

    @cached_property
    def networks(self) -> Mapping[str, Plan | ModuleNetwork]:
        """The network of each experiment.

        Raises `UserError` with every experiment, or every question, that does not fit the data.
        """
        found: dict[str, Plan | ModuleNetwork] = {}
        check_all(
            lambda: check_questions(self.study, self.facts, self.folder, where=self.name),
            lambda: found.update(fitting_networks(self.study.experiments, self.facts, self.name)),
        )
        return found

    @cached_property
    def engines(self) -> Engines:
        """The engine of each experiment. Raises `UserError` where an engine does not support it."""
        return choose_engines(self.networks, self.study.experiments)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of its data and engines before training, a line each."""
        return tuple(filter(None, (*self.data_warnings, self.engines.note)))

    @cached_property
    def data_warnings(self) -> tuple[str, ...]:
        """What there is to say of its data, and of the images that it chooses of them, a line
        each."""
        chosen = {(e.images, e.validation) for e in self.study.experiments.values()}
        few = _FEW * self.facts.classes
        if all((images or few) >= few and (held or few) >= few for images, held in chosen):
            return self.facts.warnings
        from paribus.data.batches import subset_notes

        notes = (subset_notes(self.dataset, *counts) for counts in sorted(chosen, key=str))
        return *self.facts.warnings, *warnings(self.facts.name, dict.fromkeys(chain(*notes)))

    @property
    def stored_name(self) -> str:
        """What a store calls the study."""
        return self.name or self.study.title

    @property
    def command(self) -> str:
        """The command that trains what is missing."""
        return command("run", self.name, *self.options, store=self.store_folder)

    def design(self, store: Reader, at: str) -> Design:
        """Return what it asks and means to train, with all its experiments. at: when that is."""
        whole = self.selected_from or self.study
        identities = identify(
            whole.experiments, self.facts.fingerprint, self.folder, store, study=self.stored_name
        ).identities
        hashes = {name: identity.hash for name, identity in identities.items()}
        return Design(
            at=at,
            ended=ended(store, hashes.values(), whole.seed_range),
            first_seed=whole.first_seed,
            seeds=whole.seeds,
            experiments=hashes,
            questions=tuple(map(AskedQuestion.of, whole.questions)),
            looks=whole.looks,
            known=tuple(
                name
                for name, hash_ in hashes.items()
                if ended_runs(hash_, whole.seed_range, store).count
            ),
        )

    def known(self, store: Reader | None = None) -> Known:
        """Return what a store knows the experiments by, and what has changed since they were
        trained."""
        return identify(
            self.study.experiments,
            self.facts.fingerprint,
            self.folder,
            store,
            study=self.stored_name,
        )

    def result(self, store: Reader, known: Known) -> StudyResult:
        """Return what a store has of it so far. known: the experiments in that store."""
        whole = self._whole(store, known)
        look = self._next_look(store, whole)
        needed_by = [] if look is None else [name for q in look.open for name in q.experiments]
        mine = self.study.experiments
        return replace(
            whole,
            study=self.study,
            experiments={name: whole.experiments[name] for name in mine},
            unselected={n: one for n, one in whole.experiments.items() if n not in mine},
            pending=self._pending(store),
            full_is_trained=self._full_is_trained(store),
            options=self.options,
            store_folder=self.store_folder,
            shared_names=self._shared_names(store, known),
            damage=store.damage_note,
            needed={} if look is None else look.seeds,
            waiting=tuple(dict.fromkeys(needed_by)),
        )

    def _shared_names(self, store: Reader, known: Known) -> frozenset[str]:
        """The experiments of which another study of a store calls another one the same."""
        others = [
            named.experiments
            for named in store.named_studies()
            if not named.study.is_called(self.stored_name, self.folder, store.folder)
        ]
        return frozenset(
            name
            for name, one in known.identities.items()
            if any(called.get(name, one.hash) != one.hash for called in others)
        )

    def next_look(self, store: Reader) -> NextLook | None:
        """Return what its planned looks call for by now; None without looks."""
        return self._next_look(store, None)

    def _next_look(self, store: Reader, whole: StudyResult | None) -> NextLook | None:
        if not self.study.looks:
            return None
        if self.plan(store).raised_from(self.study.seed_range) is not None:
            # Seeds that were raised without a plan are looked at when one likes.
            return None
        from paribus.questions.next_look import before_first_look

        # What is asked does not depend on what is trained now.
        study = self.selected_from or self.study
        if not judgeable(store, self.design(store, "")):
            return before_first_look(study.experiments, study.questions, study.looks)
        from paribus.questions.family import next_look_of

        return next_look_of(whole or self._whole(store, self.known(store)))

    def _whole(self, store: Reader, known: Known) -> StudyResult:
        """What a store has of the study with all its experiments. known: its own; those that are
        not selected are known by what they are now."""
        if self.selected_from is None:
            return self._collected(store, known)
        whole = replace(self, study=self.selected_from, selected_from=None)
        others = whole.known(store)
        identities = {**others.identities, **known.identities}
        return whole._collected(store, replace(others, identities=identities))

    def _collected(self, store: Reader, known: Known) -> StudyResult:
        from paribus.measure.from_store import collect

        return collect(
            self.study,
            store,
            study_name=self.name,
            dataset=self.dataset,
            identities=known.identities,
            folder=self.folder if self.runs_code else None,
            plan=self.plan(store),
        )

    def plan(self, store: Reader) -> StudyPlan:
        """Return the plan that its first run recorded, or what it would record."""
        study_id = store.study_id(self.stored_name, self.folder, self.study.preview)
        if study_id is not None and (kept := store.plan(study_id, self.variant)) is not None:
            return kept
        now = self.design(store, "")
        if study_id is not None:
            # Of before plans were kept.
            now = replace(now, known=())
        return self._same_plan(store, now) or StudyPlan((now,), recorded=False)

    def _same_plan(self, store: Reader, now: Design) -> StudyPlan | None:
        """The plan of another study of a store that asks and trains the same, if runs of it had
        ended: a copy of a study's file has the plan of the study."""
        if not now.known:
            return None
        studies = (one.study for one in store.named_studies())
        mine = (one.id for one in studies if one.preview == self.study.preview)
        plans = (store.plan(id_, self.variant) for id_ in mine)
        same = [plan for plan in plans if plan is not None and plan.now.same_as(now)]
        return max(same, key=lambda plan: len(plan.designs), default=None)

    def _full_is_trained(self, store: Reader) -> bool:
        """Whether it is the preview of a study of which all runs have ended."""
        if not (self.study.preview and self.name and self.runs_code) or self.variant:
            return False
        full, _ = load_study(self.name)
        known = identify(full.experiments, self.facts.fingerprint, self.folder, store).identities
        seeds = set(full.seed_range)
        return all(
            seeds <= ended_runs(known[name].hash, seeds, store).seeds for name in full.experiments
        )

    def _pending(self, store: Reader) -> tuple[Amendment, ...]:
        """What the study as it is at hand changes of its recorded plan. An option --seeds changes
        nothing until it is run, nor does a study that a store alone names."""
        if "--seeds" in self.options or not self.runs_code:
            return ()
        plan = self.plan(store)
        now = replace(self.design(store, ""), ended=ended_of(store, plan.now))
        return tuple(plan.pending(now))

    def record(
        self, store: Writer, study_id: int, at: str, shards: Sequence[tuple[int, int]] = ()
    ) -> None:
        """Record its plan, as it is run, or what of it has changed since. study_id: of the store;
        at: now. shards: K and N of each shard K/N that is trained here; none of a whole study."""

        def amended(kept: StudyPlan | None) -> StudyPlan:
            now = self.design(store, at).trained_in(shards)
            kept = kept or self._same_plan(store, now)
            if kept is None:
                return StudyPlan((now,))
            # Others may have trained the other shards, and looked at all of them together.
            before = kept.now.trained_in(shards)
            return kept.amended(now, ended_of(store, before), judgeable(store, before))

        store.amend_plan(study_id, self.variant, amended)


def ended(store: Reader, experiments: Iterable[str], seeds: range) -> int:
    """Return how many runs of experiments, by hash, have ended, with some seeds."""
    return sum(ended_runs(hash_, seeds, store).count for hash_ in set(experiments))


def ended_of(store: Reader, design: Design) -> int:
    """Return how many runs of a design have ended."""
    return ended(store, design.experiments.values(), design.seed_range)


def judgeable(store: Reader, design: Design) -> int:
    """Return how many questions of a design could be judged by now, at its first look if it has
    looks: those whose experiments have ended with all seeds, or with those of one of its shards, as
    the others may have ended elsewhere."""
    first = set(design.seed_range[: design.looks[0] if design.looks else None])
    shards = [first & set(seeds_of_shard(design.seed_range, k, of)) for k, of in design.shards]
    parts = [first, *filter(None, shards)]

    def complete(name: str, seeds: set[int]) -> bool:
        known = design.experiments.get(name)
        return known is not None and seeds <= ended_runs(known, seeds, store).seeds

    return sum(
        any(all(complete(name, seeds) for name in one.question.experiments) for seeds in parts)
        for one in design.questions
        if one.question is not None
    )


class Data:
    """The data of a study: facts at once, images when they are needed.

    Raises what `sources.load` raises, unless the data come with the package.
    """

    def __init__(self, source: str, folder: Path) -> None:
        self._source, self._folder = source, folder
        known = known_facts(source)
        self.facts: DataFacts = self.dataset.facts if known is None else known

    @classmethod
    def of(cls, dataset: Dataset) -> Data:
        """Return data that are loaded already."""
        data = cls.__new__(cls)
        data.dataset, data.facts = dataset, dataset.facts
        return data

    @cached_property
    def dataset(self) -> Dataset:
        """The images."""
        from paribus.data.sources import load

        return load(self._source, self._folder)


def make(name: str, changes: Changes = NO_CHANGES, store_folder: Path = STORE) -> Campaign:
    """Return the campaign of a study, a built-in name or a file, with some options.

    Raises `UserError` with all that is wrong with the study, its data or the options.
    """
    try:
        study, folder = load_study(name)
    except FaultyStudyError as error:
        raise _with_misfits(error, shown(name)) from None
    selected = changes.selected(study)
    data = Data(study.data, folder)
    result = changed(selected, changes, data.facts.train_images)
    whole = None
    if selected is not study:
        whole = changed(study, changes, data.facts.train_images).study
    return Campaign(
        study=result.study,
        name=name,
        folder=folder,
        data=data,
        store_folder=store_folder,
        options=changes.typed,
        label=label_of(name, preview=result.study.preview),
        note=result.note,
        selected_from=whole,
        variant=changes.variant,
    )


def _with_misfits(error: FaultyStudyError, where: str) -> UserError:
    """Return what is wrong with the text of a study, and in which of its sound experiments do not
    fit their data, where those are known without being read."""
    facts = next((known_facts(experiment.data) for experiment in error.sound.values()), None)
    try:
        if facts is not None:
            fitting_networks(error.sound, facts, where)
    except UserError as misfits:
        return UserError(f"{error}\n{misfits}")
    return error


def label_of(name: str, *, preview: bool) -> str:
    """Return what a study is called in addresses. name: as it was typed."""
    return f"{name} --preview" if preview else name
