"""Unites what other stores and packs have with a store. All is checked before anything is written.

A run is known by its experiment, engine and seed. Where two places have the same run, its results
must be bit-identical; a run that has not ended is excluded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any

from paribus.atomic import write_atomically
from paribus.errors import UserError
from paribus.spec.identity import Identity
from paribus.spec.study_plan import Design, PlansDifferError, StudyPlan, What
from paribus.store.errors import told
from paribus.store.open import open_store
from paribus.store.predictions import PREDICTIONS, PROBABILITIES, WEIGHTS
from paribus.store.reader import Reader
from paribus.store.rows import EndedRun, StoredRun, StudyRecord, united_plans
from paribus.store.timings import Timing
from paribus.store.writer import Writer
from paribus.text import count, percent

Key = tuple[str, str, int]


@dataclass(frozen=True, eq=False)
class Contents:
    """Contents of a store or a pack, without the runs that have not ended."""

    where: Path
    identities: tuple[Identity, ...]
    studies: tuple[StudyRecord, ...]
    """Their folders are absolute, None where not known."""
    timings: tuple[Timing, ...]
    runs: tuple[EndedRun, ...]
    has_weights: frozenset[str]
    """The ids of the runs whose weights are there."""
    unfinished: int
    """How many runs have not ended."""
    write_files: Callable[[EndedRun, Path], None]
    """Write the files of a finished run into a folder."""


@dataclass(frozen=True)
class United:
    """Summary of a union."""

    runs: int
    """That the sources have, each counted once."""
    new: int
    """Of these, those that the store lacked."""
    notes: tuple[str, ...]
    """Notes on the sources, one per line."""


@dataclass(frozen=True, eq=False)
class _Found:
    """A run, and where it was found."""

    ended: EndedRun
    contents: Contents

    @property
    def has_weights(self) -> bool:
        return self.ended.run.id in self.contents.has_weights


def contents_of(store: Reader) -> Contents:
    """Return the contents of a store."""
    # Runs first: what a process that is training adds in the meantime is then known.
    runs = [run for run in store.all_runs() if store.is_intact(run)]
    ended = tuple(store.ended(run) for run in runs if run.ended)
    return Contents(
        where=store.folder,
        identities=tuple(store.identities()),
        studies=contents_studies(store),
        timings=store.timings(),
        runs=ended,
        has_weights=frozenset(e.run.id for e in ended if not store.is_unpacked(e.run.id)),
        unfinished=sum(not run.ended for run in runs),
        write_files=lambda found, folder: _copy(store.folder / "runs" / found.run.id, folder),
    )


def unite(target: Path, sources: Sequence[Contents]) -> United:
    """Unite sources with the store in a folder, which is made if there is none.

    Raises `UserError`, and changes nothing, if two places disagree on a run or on a study's plan,
    or if a run is being trained in the store.
    """
    found = _agreed_runs(sources)
    with ExitStack() as stack:
        here = None
        if (target / "paribus.db").is_file():
            here = stack.enter_context(open_store(target, "read"))
        _agree_on_plans(here, sources)
        new = [one for one in found if here is None or _is_new(here, one)]
        studies = () if here is None else contents_studies(here)
        identities = _identities(here, sources)
    with open_store(target, "create") as store:
        for source in sources:
            by_hash = {identity.hash: identity for identity in source.identities}
            for identity in source.identities:
                store.take_experiment(identity)
            for record in source.studies:
                # A damaged experiment is left out, and so is its name.
                names = tuple(named for named in record.names if named.experiment in by_hash)
                store.take_study(replace(record, names=names), by_hash)
        for one in new:
            _take(store, one)
        with told(target):
            known = list(store.timings())
            for timing in chain.from_iterable(source.timings for source in sources):
                if timing not in known:
                    store.keep_timing(timing)
                    known.append(timing)
    runs = [one.ended.run for one in found]
    return United(len(found), len(new), tuple(_notes(sources, studies, runs, identities)))


def _notes(
    sources: Sequence[Contents],
    here: Sequence[StudyRecord],
    runs: Sequence[StoredRun],
    identities: Mapping[str, Identity],
) -> Iterator[str]:
    """here: the studies that the store had before."""
    for source in sources:
        if source.unfinished:
            left_out = count(
                source.unfinished, "run has not ended and is", "runs have not ended and are"
            )
            yield (
                f"{source.where}: {left_out} left out; train the rest there and merge again, or in "
                "the merged store."
            )
        others = [r for s in sources if s is not source for r in s.studies] + list(here)
        if others and not any(_is_one(a, b) for a in source.studies for b in others):
            differs = next(_namesakes(source.studies, others, identities), "")
            yield (
                f"{source.where}: has no study in common with the others{differs}; all studies are "
                "kept."
            )
    engines: dict[str, dict[str, set[int]]] = {}
    for run in runs:
        engines.setdefault(run.experiment, {}).setdefault(run.engine, set()).add(run.seed)
    mixed = sorted({tuple(sorted(found)) for found in engines.values() if _parts(found.values())})
    for names in mixed:
        yield (
            f"Warning: the engines {' and '.join(names)} have each trained a part of the seeds of "
            "an experiment, and a report takes the runs of one engine; give all shards --engine."
        )


def _is_one(mine: StudyRecord, theirs: StudyRecord) -> bool:
    """Whether two records are of one study: a copy of its file, e.g. in the folder that came with a
    store from another machine, asks and trains the same."""
    return mine.study.is_same(theirs.study) or any(
        plan.now.same_as(theirs.plans[variant].now)
        for variant, plan in mine.plans.items()
        if variant in theirs.plans
    )


def _namesakes(
    mine: Sequence[StudyRecord], others: Sequence[StudyRecord], identities: Mapping[str, Identity]
) -> Iterator[str]:
    """Yield in what studies differ that others are called like, in brackets."""
    for one, other in product(mine, others):
        if Path(one.study.label).name != Path(other.study.label).name:
            continue
        for variant in one.plans.keys() & other.plans.keys():
            error = PlansDifferError(other.plans[variant].now, one.plans[variant].now)
            name, folder = Path(one.study.label).name, other.study.folder
            yield f" ({folder} has another study named {name}: {_difference(error, identities)})"


def _parts(seeds: Collection[set[int]]) -> bool:
    """Whether several engines have trained seeds, and none of them all."""
    return len(seeds) > 1 and set().union(*seeds) not in seeds


def _agreed_runs(sources: Sequence[Contents]) -> list[_Found]:
    """The runs of all sources, each once, from one that has its weights if there is any."""
    found: dict[Key, _Found] = {}
    keys: dict[str, Key] = {}
    for source in sources:
        for ended in source.runs:
            one, key = _Found(ended, source), _key(ended.run)
            if keys.setdefault(ended.run.id, key) != key:
                raise _other_run(one, found[keys[ended.run.id]].contents.where)
            if key in found:
                _refuse_other_results(found[key].ended, found[key].contents.where, one)
            if key not in found or not found[key].has_weights:
                found[key] = one
    return list(found.values())


def _is_new(here: Reader, one: _Found) -> bool:
    """Whether a store lacks a run, or lacks its weights where a source has them."""
    stored = here.find(*_key(one.ended.run))
    if stored is None:
        if here.run(one.ended.run.id) is not None:
            raise _other_run(one, here.folder)
        return True
    if not stored.ended:
        if here.is_claimed(stored.id):
            raise _being_trained(stored, here)
        return True
    if not here.is_intact(stored):
        return True
    _refuse_other_results(here.ended(stored), here.folder, one)
    return one.has_weights and here.is_unpacked(stored.id)


def _take(store: Writer, one: _Found) -> None:
    # An id says nothing, so the store's own stays; a new run keeps the one that it has.
    here = store.find(*_key(one.ended.run))
    run = one.ended.run if here is None else replace(one.ended.run, id=here.id)
    with store.claim(run.id) as claimed:
        if not claimed:
            raise _being_trained(run, store)
        write_files = partial(one.contents.write_files, one.ended)
        store.take_run(replace(one.ended, run=run), write_files)


def _agree_on_plans(here: Reader | None, sources: Sequence[Contents]) -> None:
    """Raise `UserError` if two places have recorded different plans of one study."""
    known = [] if here is None else [(r, here.folder) for r in contents_studies(here)]
    identities = _identities(here, sources)
    for source in sources:
        for record in source.studies:
            for index, (other, where) in enumerate(known):
                if not other.study.is_same(record.study):
                    continue
                try:
                    plans = united_plans(other.plans, record.plans)
                except PlansDifferError as error:
                    raise UserError(
                        f"{source.where}: its plan of {record.study.label} is not that of {where}: "
                        f"{_difference(error, identities)}; runs of two plans are kept in two "
                        "stores"
                    ) from None
                known[index] = replace(other, plans=plans), where
                break
            else:
                known.append((record, source.where))


def _identities(here: Reader | None, sources: Sequence[Contents]) -> dict[str, Identity]:
    """All experiments, by hash."""
    found = {identity.hash: identity for s in sources for identity in s.identities}
    return found | ({} if here is None else {i.hash: i for i in here.identities()})


def _difference(error: PlansDifferError, identities: Mapping[str, Identity]) -> str:
    """In what two plans differ, that of the source first."""
    mine, theirs = error.theirs, error.mine
    if mine.seed_range != theirs.seed_range:
        return f"seeds {_seeds(mine)}, there {_seeds(theirs)}"
    if mine.looks != theirs.looks:
        return f"looks at {_looks(mine)}, there {_looks(theirs)}"
    for name in dict.fromkeys([*mine.experiments, *theirs.experiments]):
        pair = [identities.get(design.experiments.get(name, "")) for design in (mine, theirs)]
        first, second = pair
        if first == second:
            continue
        if first is None or second is None:
            return f"only one of them has the experiment {name}"
        if first.data != second.data:
            return f"its images are others, fingerprint {first.data[:12]}, there {second.data[:12]}"
        if first.recipe == second.recipe:
            return f"{name} has other code"
        settings, others = _settings(first.form), _settings(second.form)
        changed = [key for key in settings | others if settings.get(key) != others.get(key)]
        return f"{name} has other settings: {', '.join(changed)}"
    for change in StudyPlan((theirs, mine)).amendments():
        if change.what is What.TERMS:
            terms = f"{change.term} {change.after}, there {change.before}"
            return f'the question "{change.subject}" has {terms}'
        if change.what in (What.QUESTION_ADDED, What.QUESTION_REMOVED):
            return f'only one of them asks "{change.subject}"'
    return "its questions are others"


def _settings(form: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a canonical form by their names in `about`, e.g. "optimizer.lr"."""
    found: dict[str, Any] = {}
    for key, value in form.items():
        table = {f".{k}": v for k, v in value.items()} if isinstance(value, dict) else {"": value}
        found |= {f"{key}{inner}": one for inner, one in table.items()}
    return found


def _seeds(design: Design) -> str:
    return f"{design.first_seed} to {design.seed_range.stop - 1}"


def _looks(design: Design) -> str:
    return f"{', '.join(map(str, design.looks))} seeds" if design.looks else "no number of seeds"


def contents_studies(store: Reader) -> tuple[StudyRecord, ...]:
    """Return the studies of a store, with absolute folders; None where the study is not there."""
    return tuple(
        replace(record, study=record.study.placed(store.folder)) for record in store.all_studies()
    )


def _refuse_other_results(mine: EndedRun, where: Path, one: _Found) -> None:
    """Raise `UserError` if two runs that should be the same are not."""
    theirs = one.ended
    if mine.is_same_training(theirs):
        return
    raise UserError(
        f"run {theirs.run.id} (seed {theirs.run.seed}, engine {theirs.run.engine}) has other "
        f"results in {one.contents.where} than in {where}: trained {_described(theirs)}, and "
        f"{_described(mine)}; merge only one of the two stores; `paribus run` trains the missing "
        "runs"
    )


def _described(ended: EndedRun) -> str:
    """Where a run was trained, and to what accuracy."""
    where = ended.environments[-1].where if ended.environments else {}
    on = " and ".join(where[key] for key in ("processor", "system") if key in where)
    accuracy = ended.epochs["test_accuracy"]
    bits = f", bits {ended.run.bits}" if ended.run.bits else ""
    reached = f", to {percent(accuracy[-1], '.2f')} test accuracy" if len(accuracy) else ""
    return f"on {on or 'an unknown machine'}{bits}{reached}"


def _other_run(one: _Found, where: Path) -> UserError:
    return UserError(
        f"{one.contents.where}: run {one.ended.run.id} is another than the run of that id in "
        f"{where}; the two cannot be in one store"
    )


def _being_trained(run: StoredRun, store: Reader) -> UserError:
    return UserError(
        f"{store.folder}: run {run.id} is being trained at this moment; wait until it has ended, "
        "then run the same command again"
    )


def _key(run: StoredRun) -> Key:
    return run.experiment, run.engine, run.seed


def _copy(source: Path, folder: Path) -> None:
    for name in (WEIGHTS, PROBABILITIES, PREDICTIONS):
        if (source / name).is_file():
            write_atomically(folder / name, (source / name).read_bytes())
