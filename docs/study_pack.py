"""The built-in study as its pack has it: results, findings, and the digests of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from paribus.campaign.campaign import make
from paribus.measure.runs import StudyResult
from paribus.packs.unpack import contents_of_pack
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding
from paribus.store.open import open_store
from paribus.store.predictions import WEIGHTS
from paribus.store.unite import unite

PACK = Path(__file__).parent / "study" / "pack"
STORE = Path("study")
"""The store that pages name: what `docs/study/README.md` unpacks into."""


@dataclass(frozen=True, eq=False)
class Packed:
    """What a pack has of a study. `weights`: the SHA-256 of each finished run's final weights, by
    experiment and seed."""

    result: StudyResult
    findings: Sequence[Finding]
    weights: Mapping[str, Mapping[int, str]]


def read(pack: Path, store: Path, study: str = "mnist") -> Packed:
    """Return what a pack has of a study.

    store: a folder for it, new or empty.
    """
    contents = contents_of_pack(pack)
    unite(store, [contents])
    campaign = make(study, store_folder=store)
    with open_store(store, "read") as opened:
        result = campaign.result(opened, campaign.known(opened))
    result = replace(result, store_folder=STORE)
    digests = {ended.run.id: ended.digests for ended in contents.runs}
    return Packed(
        result,
        judge_study(result),
        {
            name: {run.seed: digests[run.id][WEIGHTS] for run in one.finished}
            for name, one in result.experiments.items()
        },
    )
