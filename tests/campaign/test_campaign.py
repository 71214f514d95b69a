"""A campaign loads what it needs, when it needs it, and says what is wrong before training."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.campaign.campaign import Campaign, Data, make
from paribus.campaign.cells import cells, schedule
from paribus.campaign.changes import Changes
from paribus.campaign.estimate import works
from paribus.campaign.progress import Begun, Clock, Ended, EpochTrained, clock
from paribus.data import sources
from paribus.data.dataset import Dataset
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan
from paribus.store.open import open_store
from tests.support.commands import call
from tests.support.small import SMALL_STUDY, Small


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data may be found, but no image of any may be read."""

    def load(*_: object) -> Dataset:
        raise AssertionError("images were loaded")

    monkeypatch.setattr(sources, "load", load)
    monkeypatch.setattr("paribus.data.named.Named.load", load)


class Untouchable:
    """Arrays of which nothing may be used."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"an array was used: {name}")

    def __len__(self) -> int:
        raise AssertionError("an array was used")


@pytest.mark.usefixtures("unreadable")
def test_engines_and_sizes_of_mnist_need_no_images() -> None:
    campaign = make("mnist", Changes(preview=True))
    assert set(campaign.engines.names) == set(campaign.study.experiments)
    assert set(campaign.networks) == set(campaign.study.experiments)
    assert len(campaign.known().identities) == len(campaign.study.experiments)


@pytest.mark.usefixtures("unreadable")
@pytest.mark.parametrize("command", [("check",), ("check", "--json"), ("status",)])
def test_commands_that_need_no_images_load_none(command: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    open_store(folder, "create").close()
    where = ("--store", str(folder)) if command[0] == "status" else ()
    result = call(command[0], "mnist", "--preview", *command[1:], *where)
    assert result.exit_code == 0, result.output


def test_choosing_engines_uses_no_array(small: Small) -> None:
    campaign = make(str(small()))
    data = Data.of(campaign.dataset)
    data.dataset = Untouchable()  # type: ignore[assignment]
    again = Campaign(campaign.study, campaign.name, campaign.folder, data)
    assert again.engines == campaign.engines
    assert again.networks.keys() == campaign.networks.keys()


def test_everything_that_does_not_fit_the_data_is_told_at_once(small: Small) -> None:
    text = SMALL_STUDY.replace(
        'network = ["flatten", "linear 8", "relu", "linear 3"]', 'network = ["linear 3"]'
    )
    text += """
[experiments.one]
from = "mlp"
network = ["flatten", "linear 8", "batchnorm", "linear 3"]
batch_size = 17
[experiments.many]
from = "one"
images = 121
"""
    path = str(small(text))
    with pytest.raises(UserError) as error:
        _ = make(path).networks
    assert str(error.value).splitlines() == [
        f'{path}, experiments.mlp.network: layer 1 "linear 3": needs flat features, got 1×6×6; put '
        '"flatten" before it (so too adam)',
        f"{path}, experiments.one.network: batchnorm1: cannot compute the variance of a single "
        "image, but 120 training images in batches of 17 give a batch of 1; change the batch size",
        f"{path}, experiments.many.images: small.npz: 121 to train on and 0 for validation were "
        "asked for, of 120 training images; ask for 1 fewer.",
    ]


def test_cells_are_by_seed_and_what_has_ended_is_not_missing(small: Small, tmp_path: Path) -> None:
    campaign = make(str(small()), store_folder=tmp_path / "runs")
    with open_store(campaign.store_folder, "create") as store:
        known = campaign.known(store)
        planned = cells(campaign, known, store)
        assert [(cell.name, cell.seed) for cell in planned] == [
            (name, seed) for seed in (0, 1) for name in ("mlp", "cnn", "adam")
        ]
        store.keep_study(campaign.name, known.identities, data="small.npz")
        first = planned[0]
        store.begin(first.identity.hash, first.seed, first.engine, {})
        assert len(schedule(campaign, known, store).missing) == 6
        store.fail(first.run_id, "no luck")
        assert len(schedule(campaign, known, store).missing) == 6
        store.diverge(first.run_id, 1, dict.fromkeys(_COLUMNS, 0.0), "diverged")
        left = schedule(campaign, known, store)
        assert first not in left.missing
        assert len(left.missing) == 5
        model = clock(left, store)
    assert (model.runs, model.runs_done, model.runs_left) == (6, 1, 5)
    _follow(model, left.missing[0])


def test_two_experiments_by_one_engine_are_one_run(small: Small, tmp_path: Path) -> None:
    """`mlp` leaves its engine open, and a custom module leaves only that of `mlp-torch`."""
    text = SMALL_STUDY.replace('engine = "numpy"\n', "").partition("[experiments.cnn]")[0]
    text += (
        '[experiments.mlp-torch]\nfrom = "mlp"\nengine = "torch"\n'
        '[experiments.own]\nfrom = "mlp"\nnetwork = "nets:Net"\n'
    )
    campaign = make(str(small(text)), store_folder=tmp_path / "runs")
    with open_store(tmp_path / "runs", "create") as store:
        planned = schedule(campaign, campaign.known(store), store)
        model = clock(planned, store)
    assert {cell.name: cell.engine for cell in planned.cells} == dict.fromkeys(
        ("mlp", "mlp-torch", "own"), "torch"
    )
    assert [(cell.name, cell.seed) for cell in planned.missing] == [
        ("mlp", 0), ("own", 0), ("mlp", 1), ("own", 1),
    ]  # fmt: skip
    assert model.runs_left == 4
    for cell in planned.missing:
        model.note(Ended(cell, "finished", 0.9, 1.0))
    assert (model.runs_left, model.share_done) == (0, 1)


def test_clock_counts_the_seeds_that_a_study_names(small: Small, tmp_path: Path) -> None:
    text = SMALL_STUDY.replace("seeds = 2", "seeds = { first = 5, count = 2 }")
    campaign = make(str(small(text)), store_folder=tmp_path / "runs")
    with open_store(tmp_path / "runs", "create") as store:
        planned = schedule(campaign, campaign.known(store), store)
        model = clock(planned, store)
    for cell in planned.cells:
        model.note(Ended(cell, "finished", 0.9, 1.0))
    assert (model.runs, model.runs_left, model.share_done) == (6, 0, 1)


def test_work_is_guessed_by_multiply_adds_and_images(small: Small) -> None:
    campaign = make(str(small()))
    networks = dict(campaign.networks)
    mlp, cnn = (networks[name] for name in ("mlp", "cnn"))
    assert isinstance(mlp, Plan)
    assert isinstance(cnn, Plan)
    networks["adam"] = ModuleNetwork(module="nets:Net")
    half = {"adam": campaign.study.experiments["adam"].but(images=60)}
    found = works(campaign.study.experiments | half, networks, campaign.facts)
    assert campaign.facts.train_images == 120
    assert found["mlp"] == 120 * (mlp.multiply_adds + 1)
    assert found["cnn"] == 120 * (cnn.multiply_adds + 1) > found["mlp"]
    # Nothing is known of a custom module.
    assert found["adam"] == (found["mlp"] + found["cnn"]) / 2 / 2


_COLUMNS = (
    "train_loss", "train_accuracy", "test_loss", "test_accuracy", "validation_loss",
    "validation_accuracy", "train_seconds", "test_seconds",
)  # fmt: skip


def _follow(model: Clock, cell: object) -> None:
    from paribus.campaign.cells import Cell

    assert isinstance(cell, Cell)
    before = model.share_done
    model.note(Begun(cell, 0))
    assert model.seconds_left(1) == 0  # Nothing has been measured.
    model.note(EpochTrained(cell, 1, 0.5, 2.0))
    assert model.run_seconds_left(cell.name, cell.seed) == 2.0 * (cell.experiment.epochs - 1)
    assert model.seconds_left(1) == 2 * model.seconds_left(2) > 0
    model.note(Ended(cell, "finished", 0.9, 1.0))
    assert model.runs_done == 2
    assert before < model.share_done < 1


def test_the_command_that_trains_the_rest_has_its_options(tmp_path: Path) -> None:
    campaign = make("mnist", Changes(preview=True, only="mlp,cnn"), tmp_path / "my runs")
    assert campaign.command == (
        f"paribus run mnist --preview --only mlp,cnn --store '{tmp_path}/my runs'"
    )
    assert make("mnist").command == "paribus run mnist"


def test_experiments_are_those_that_were_trained_whichever_are_selected(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that is edited while it is trained changes nothing of that command's results."""
    path = small(
        SMALL_STUDY
        + """
[experiments.own]
from = "mlp"
network = { module = "own_nets:Net" }
engine = "torch"
"""
    )
    monkeypatch.chdir(path.parent)
    source = path.with_name("own_nets.py")
    source.write_text("class Net: pass\n")
    for selected in (None, "own"):
        campaign = make("small.toml", Changes(only=selected))
        with open_store(path.parent / "runs", "create") as store:
            known = campaign.known(store)
            trained = known.identities["own"]
            source.write_text(source.read_text() + "# edited\n")
            assert campaign.known(store).identities["own"] != trained
            store.keep_study(campaign.name, known.identities, data="small.npz")
            begun = store.begin(trained.hash, 0, "torch", {})
            found = campaign.result(store, known).experiments["own"]
            assert [run.id for run in found.runs] == [begun.id]
