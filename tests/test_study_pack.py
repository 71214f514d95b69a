"""docs/study: its runs are of the built-in study, and its pages and tables are made of them."""

from __future__ import annotations

import pytest

from docs import make_study
from docs.make_study import STUDY, pages
from docs.study_pack import PACK, Packed, read
from paribus.present.ensembles import ensembles_view
from paribus.present.write import tables_of

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return read(PACK, tmp_path_factory.mktemp("study") / "store")


def test_every_run_is_of_an_experiment_of_the_study(packed: Packed) -> None:
    runs = [run.id for one in packed.result.experiments.values() for run in one.runs]
    assert sorted(runs) == sorted(path.stem for path in PACK.glob("*.run"))


def test_its_tables_are_made_of_its_runs(packed: Packed) -> None:
    tables = tables_of(packed.result, packed.findings, ensembles_view(packed.result))
    made = {f"results/{name}": content for name, content in tables}
    there = {str(path.relative_to(STUDY)) for path in (STUDY / "results" / "tables").iterdir()}
    assert there == set(made), "call `make study`"
    for name, content in made.items():
        assert (STUDY / name).read_bytes() == content, f"{name}: call `make study`"


def test_its_pages_say_what_its_runs_say(packed: Packed) -> None:
    for path, text in pages(packed).items():
        assert path.read_text("utf-8") == text, f"{path.name}: call `make study`"


def test_what_is_committed_is_small() -> None:
    files = [path for path in STUDY.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000_000


def test_no_place_of_a_machine_is_published(packed: Packed) -> None:
    folder = str(make_study.STUDY.parents[1])
    for path in STUDY.rglob("*"):
        if path.suffix in (".md", ".html", ".csv", ".svg", ".tex"):
            assert folder not in path.read_text("utf-8"), path
