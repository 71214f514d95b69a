"""The index of a pack, `pack.json`: all that its runs have in common, and the digest of each.

Experiments are their canonical forms; their hashes are worked out anew where a pack is read, and
forms of an older version are brought to the present one. The
order of every list is that of the store, so that "the latest" means the same after unpacking.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paribus.errors import UserError
from paribus.packs.reading import Checked, damaged, parse, read_regular
from paribus.spec.bounds import HIGHEST_SEED, MOST_SEEDS
from paribus.spec.identity import VERSION, Identity, read_canonical, upgraded
from paribus.spec.model import SpecError
from paribus.spec.study_plan import StudyPlan
from paribus.store.damage import is_stored_name
from paribus.store.files import ID
from paribus.store.rows import NamedExperiment, StoredStudy, StudyRecord
from paribus.store.timings import Timing, timing_of

FORMAT = 1
NAME = "pack.json"
_MOST_BYTES = 100_000_000


@dataclass(frozen=True)
class Index:
    """What `pack.json` says."""

    identities: Mapping[str, Identity]
    """By the hash that the pack's runs have them by: that of an older form, if one packed it."""
    studies: tuple[StudyRecord, ...]
    timings: tuple[Timing, ...]
    runs: Mapping[str, str]
    """Digests by the run's id."""


def write_index(index: Index) -> bytes:
    """Return the bytes of an index: the same for the same index."""
    table = {
        "format": FORMAT,
        "experiments": [identity.form for identity in index.identities.values()],
        "studies": [_study_table(record) for record in index.studies],
        "timings": [asdict(timing) for timing in index.timings],
        "runs": dict(index.runs),
    }
    table["digest"] = _digest(table)
    return (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode()


def read_index(folder: Path) -> Index:
    """Return the index of the pack in a folder.

    Raises `UserError` if there is none, or if it is damaged, or of a newer Paribus.
    """
    path = folder / NAME
    if not path.exists():
        raise UserError(
            f"{folder}: there is no pack here ({NAME} is missing); `paribus pack STORE --into "
            "FOLDER` makes one"
        )
    try:
        return _index(path, parse(path, read_regular(path, _MOST_BYTES)))
    except SpecError as error:
        raise damaged(path, str(error).splitlines()[0]) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # Whatever a form or a plan lacks: they are read by the code that reads those of a store.
        raise damaged(path, f"{type(error).__name__}: {error}".splitlines()[0][:200]) from None


def _index(path: Path, raw: Any) -> Index:
    table = Checked(path, raw)
    if table.count("format") > FORMAT:
        raise UserError(f"{path}: was packed by a newer Paribus; update Paribus")
    if table.text("digest") != _digest({k: v for k, v in raw.items() if k != "digest"}):
        raise damaged(path, "its digest is not that of its content")
    runs = table.table("runs")
    if not all(ID.fullmatch(id_) and isinstance(digest, str) for id_, digest in runs.items()):
        raise damaged(path, "its runs are none")
    identities = dict(_identity(path, form) for form in table.list("experiments"))
    return Index(
        identities,
        tuple(_study(path, study, identities) for study in table.list("studies")),
        tuple(_timing(path, timing) for timing in table.list("timings")),
        runs,
    )


def _digest(table: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def _identity(path: Path, form: Any) -> tuple[str, Identity]:
    """The hash of a packed form, and the identity that it has now."""
    version = Checked(path, form).count("version", least=2)
    if version > VERSION:
        raise UserError(f"{path}: was packed by a newer Paribus; update Paribus")
    Checked(path, form).text("data")
    identity = Identity.of(upgraded(form))
    read_canonical(identity.canonical, "")
    return Identity.of(form).hash, identity


def _study_table(record: StudyRecord) -> dict[str, Any]:
    return {
        "name": record.study.name,
        "preview": record.study.preview,
        "experiments": [[named.name, named.experiment, named.data] for named in record.names],
        "plans": {variant: plan.to_json() for variant, plan in record.plans.items()},
    }


def _study(path: Path, found: Any, known: Mapping[str, Identity]) -> StudyRecord:
    table = Checked(path, found)
    names = tuple(_named(path, row, known) for row in table.list("experiments"))
    plans = {variant: _plan(path, plan, known) for variant, plan in table.table("plans").items()}
    study = StoredStudy(0, table.text("name"), None, table.flag("preview"))
    return StudyRecord(study, names, plans)


def _plan(path: Path, designs: list[Any], known: Mapping[str, Identity]) -> StudyPlan:
    for design in designs:
        table = Checked(path, design)
        table.text("at")
        table.count("ended")
        table.count("first_seed", most=HIGHEST_SEED)
        table.count("seeds", least=1, most=MOST_SEEDS)
        looks = design.get("looks", [])
        if not all(isinstance(look, int) and 0 < look <= MOST_SEEDS for look in looks):
            raise damaged(path, "a plan has looks that are none")
        for shard in design.get("shards", []):
            number, of = shard
            if not (type(number) is int and type(of) is int and 0 < number <= of):
                raise damaged(path, "a plan has shards that are none")
        if not all(isinstance(hash_, str) for hash_ in table.table("experiments").values()):
            raise damaged(path, "a plan has experiments that are none")
        hashes = table.table("experiments").items()
        design["experiments"] = {n: known[h].hash if h in known else h for n, h in hashes}
        for question in table.list("questions"):
            asked = Checked(path, question)
            asked.text("ask")
            asked.text("kind")
    plan = StudyPlan.from_json(designs)
    if not plan.designs:
        raise damaged(path, "a plan is empty")
    # What reports ask of a plan is worked out once, to see that it can be.
    plan.amendments()
    for question in (asked for design in plan.designs for asked in design.questions):
        question.question  # noqa: B018
        for term in question.table:
            question.term(term)
    return plan


def _named(path: Path, row: Any, known: Mapping[str, Identity]) -> NamedExperiment:
    match row:
        case [str(name), str(experiment), str(data)] if experiment in known:
            if is_stored_name(name):
                return NamedExperiment(name, known[experiment].hash, data)
    raise damaged(path, "a study names an experiment that is not there, or not as it may")


def _timing(path: Path, found: Any) -> Timing:
    try:
        return timing_of(found)
    except (ValueError, TypeError, AttributeError) as error:
        raise damaged(path, f"a timing is none: {error}") from None
