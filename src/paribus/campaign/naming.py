"""What the name of an experiment means: the experiment of a study as its file is now.

A store keeps all that was ever trained under a name: before an edit, with other code, on other
images, by a trial with `--epochs 1`. A name stands for one of them, that of the study at hand; the
others are named by their hashes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paribus.campaign.campaign import Data
from paribus.campaign.changes import preview
from paribus.campaign.stored import readable_as
from paribus.errors import ParibusError, UserError, did_you_mean
from paribus.measure.from_store import common_engine
from paribus.measure.tuned import trained_runs
from paribus.spec.diff import Difference, SettingChanged, differences
from paribus.spec.files import load_study
from paribus.store.known import identify
from paribus.store.reader import Reader
from paribus.store.rows import NamedStudy, StoredStudy
from paribus.text import count

_HASH = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True)
class Meaning:
    """The experiment that a name stands for."""

    hash: str
    studies: tuple[StoredStudy, ...]
    """Those in which it is called so."""
    engine: str = ""
    """The engine that the study has it trained by, "" if that is not known."""
    notes: tuple[NameNote, ...] = ()
    """What there is to say of it, and of others of the name."""


@dataclass(frozen=True)
class Other:
    """Another experiment that was trained under a name, and what has changed from it to the one
    that the name stands for."""

    hash: str
    changes: tuple[Difference, ...]


@dataclass(frozen=True)
class OneOfSeveral:
    """Several have been trained under the name.

    `label`: the study that has it so now, "" if its file is not there and it is the one that was
    trained last.
    """

    name: str
    hash: str
    label: str
    others: tuple[Other, ...]


@dataclass(frozen=True)
class NotTrainedSince:
    """The study has another experiment under the name now, of which there are no runs.

    `described`: the one that was trained. `same_recipe`: whether only the images have changed.
    """

    name: str
    label: str
    described: str
    same_recipe: bool


NameNote = OneOfSeveral | NotTrainedSince


def meaning(name: str, store: Reader, study: str = "") -> Meaning | None:
    """Return the experiment that a name stands for, None if no study has one of that name.

    study: its name or file, if the experiment of no other study is meant. Raises `UserError` if
    the store does not have that study, or if studies have different experiments of the name.
    """
    called = [named for named in store.named_studies() if name in named.called]
    if study:
        called = _of_study(study, name, store)
    full = [named for named in called if not named.study.preview] or called
    found = [_Candidate.of(name, named, store) for named in full]
    found = [candidate for candidate in found if candidate.present] or found
    by_hash: dict[str, list[_Candidate]] = {}
    for candidate in found:
        by_hash.setdefault(candidate.hash, []).append(candidate)
    if not by_hash:
        return None
    if len(by_hash) > 1:
        told = (
            described(hash_, [c.named.study for c in candidates], store)
            for hash_, candidates in by_hash.items()
        )
        raise UserError(
            f'"{name}" is a different experiment in {len(by_hash)} studies: {"; ".join(told)}; '
            "name the study with --study, or write the beginning of a hash"
        )
    ((hash_, candidates),) = by_hash.items()
    return Meaning(
        hash_,
        tuple(candidate.named.study for candidate in candidates),
        next((c.engine for c in candidates if c.engine), ""),
        tuple(dict.fromkeys(c.note for c in candidates if c.note is not None)),
    )


def described(hash_: str, studies: Sequence[StoredStudy], store: Reader) -> str:
    """Return an experiment of a store in words that tell it from others of its name."""
    experiment, identity = store.experiment(hash_), store.identity(hash_)
    epochs = count(experiment.epochs, "epoch")
    images = "" if experiment.images is None else f"{experiment.images:,} training images"
    data = f"data {identity.data[:12]}"
    code = f"code {identity.code[:12]}" if identity.code else ""
    labels = " and ".join(dict.fromkeys(study.label for study in studies))
    told = filter(None, (epochs, images, data, code, f"of {labels}" if labels else ""))
    return f"{hash_[:12]} ({', '.join(told)})"


@dataclass(frozen=True)
class _Candidate:
    """What a study of the store means by a name."""

    named: NamedStudy
    hash: str
    engine: str = ""
    present: bool = False
    """Whether the study's file could be read, and has an experiment of the name."""
    note: NameNote | None = None

    @classmethod
    def of(cls, name: str, named: NamedStudy, store: Reader) -> _Candidate:
        hashes = named.called[name]
        trained = [hash_ for hash_ in hashes if trained_runs(hash_, store)]
        last = (trained or hashes)[-1]
        now = _present(name, named, store)
        if now is None:
            return cls(named, last, note=_several(name, last, "", trained, store=store))
        if trained_runs(now.hash, store) or not trained:
            note = _several(name, now.hash, named.study.label, trained, store=store)
            return cls(named, now.hash, now.engine, present=True, note=note)
        untrained = _untrained(name, last, now, named.study, store=store)
        return cls(named, last, now.engine, present=True, note=untrained)


@dataclass(frozen=True)
class _Now:
    """An experiment as its study's file has it now."""

    hash: str
    recipe: str
    data: str
    engine: str


def _present(name: str, named: NamedStudy, store: Reader) -> _Now | None:
    known_data = {store.identity(hash_).data for hash_ in named.called[name]}
    for text in readable_as(named.study, store):
        try:
            study, folder = load_study(text)
            # Only where the images have changed under the name must they be looked at.
            look = len(known_data) > 1 or named.study.preview
            facts = Data(study.data, folder).facts if look else None
            if named.study.preview and facts is not None:
                study = preview(study, facts.train_images)
            fingerprint = next(iter(known_data)) if facts is None else facts.fingerprint
            identities = identify(study.experiments, fingerprint, folder, store).identities
        except ParibusError:
            continue
        if name in identities:
            engine, now = study.experiments[name].engine, identities[name]
            if engine == "auto":
                engine = common_engine(study, store, identities)
            return _Now(now.hash, now.recipe, now.data, engine)
    return None


def _of_study(text: str, name: str, store: Reader) -> list[NamedStudy]:
    """Return a study in the store, in full and as a preview, if it has an experiment of a name;
    none if the name may be the beginning of a hash, which is of no study."""
    of_study = _called(text, store)
    if not of_study:
        known = list(dict.fromkeys(named.study.name for named in store.named_studies()))
        raise UserError(f'{store.folder}: has no runs of "{text}"; {did_you_mean(text, known)}')
    names = list(dict.fromkeys(key for named in of_study for key in named.called))
    if name not in names and not _HASH.fullmatch(name):
        raise UserError(
            f'{store.folder}: "{text}" has no experiment "{name}" here; {did_you_mean(name, names)}'
        )
    return [named for named in of_study if name in named.called]


def _called(text: str, store: Reader) -> list[NamedStudy]:
    """A study by its file, or else by what the store calls it: it may have been made in Python."""
    studies = store.named_studies()
    try:
        _, folder = load_study(text)
    except UserError:
        return [named for named in studies if text in (named.study.name, named.study.label)]
    return [named for named in studies if named.study.is_called(text, folder, store.folder)]


def _several(
    name: str, chosen: str, label: str, trained: Sequence[str], *, store: Reader
) -> OneOfSeveral | None:
    """What else has been trained under the name; None if nothing."""
    others = tuple(
        Other(hash_, _changes(hash_, chosen, store)) for hash_ in trained if hash_ != chosen
    )
    return OneOfSeveral(name, chosen, label, others) if others else None


def _changes(hash_: str, chosen: str, store: Reader) -> tuple[Difference, ...]:
    then, now = store.identity(hash_), store.identity(chosen)
    # What the data are called is no difference; what they hold is.
    first, second = (
        store.experiment(one).model_copy(update={"data": "", "engine": "auto"})
        for one in (hash_, chosen)
    )
    digests = (("data", then.data, now.data), ("code", then.code, now.code))
    return (
        *differences(first, second),
        *(SettingChanged(of, a[:12], b[:12]) for of, a, b in digests if a != b),
    )


def _untrained(
    name: str, last: str, now: _Now, study: StoredStudy, *, store: Reader
) -> NotTrainedSince | None:
    """What to say where there are no runs of an experiment as it is now."""
    identity = store.identity(last)
    same_recipe = identity.recipe == now.recipe
    if same_recipe and identity.data == now.data:
        return None  # Its code has changed, which is said with the old digest and the new.
    return NotTrainedSince(name, study.label, described(last, [study], store), same_recipe)
