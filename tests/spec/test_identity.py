"""Identities last: no later setting, spelling or place changes a hash."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from paribus.data.named import MNIST
from paribus.spec import identity as identities
from paribus.spec.augment import KINDS as AUGMENTATIONS
from paribus.spec.experiment import Experiment
from paribus.spec.files import load_study, read_study
from paribus.spec.identity import (
    DEFAULTS,
    VERSION,
    from_format_1,
    identity,
    read_canonical,
    recipe_key,
    step_keys,
    upgraded,
)
from paribus.spec.layers import Conv, Residual
from paribus.spec.model import Spec
from paribus.spec.notation import LAYERS
from paribus.spec.recipe import Adam, AdamW, Constant, Cosine, OneCycle, RmsProp, Sgd, Step

GOLDEN = Path(__file__).parent.parent / "golden" / "hashes.json"
DATA = "da7a" * 16

BASE = Experiment(
    network=["flatten", "linear 10"],  # type: ignore[arg-type]
    optimizer=Sgd(lr=0.01),
    epochs=2,
)
RECIPES: tuple[type[Spec], ...] = (Sgd, Adam, AdamW, RmsProp, Constant, Step, Cosine, OneCycle)


# Golden hashes


def golden() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", sorted(golden()))
def test_hashes_stay_what_they_are(name: str) -> None:
    """Stores of users hold these hashes: a run under another one is lost to its owner.

    Never edit a line of tests/golden/hashes.json. If this fails, the change that you make orphans
    stored runs: keep the canonical form, or add a version with a migration (spec/identity.py).
    """
    entry = golden()[name]
    experiment = Experiment.model_validate(entry["experiment"])
    assert identity(experiment, entry["data"], entry["code"]).hash == entry["hash"]


def test_the_built_in_study_keeps_its_hashes() -> None:
    fingerprint = MNIST.fingerprint
    assert fingerprint is not None
    study, _ = load_study("mnist")
    known = {name: entry["hash"] for name, entry in golden().items()}
    for name, experiment in study.experiments.items():
        if f"mnist {name}" in known:
            assert identity(experiment, fingerprint).hash == known[f"mnist {name}"], name


def test_golden_hashes_cover_every_choice() -> None:
    used = json.dumps(golden())
    for table in ("sgd", "adam", "adamw", "rmsprop", "constant", "step", "cosine", "one-cycle"):
        assert f'"name": "{table}"' in used
    for choice in ("torch", "he", "glorot"):
        assert f'"initialisation": "{choice}"' in used
    for layer in LAYERS:
        assert re.search(rf"\b{layer}\b", used), layer
    for kind in AUGMENTATIONS:
        assert f'"{kind}' in used
    assert '"module"' in used


# What a later version may do


@pytest.mark.parametrize(
    ("model", "table"),
    [
        (Experiment, "experiment"),
        *((model, str(model.model_fields["name"].default)) for model in RECIPES),
        *((layer, kind) for kind, layer in LAYERS.items()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_defaults_are_those_of_the_present_version(model: type[Spec], table: str) -> None:
    """A default cannot change under hashes that leave it out.

    If you added a setting: add it to the last version in `identity.DEFAULTS`, with the value that
    stands for what was trained before. If you changed a default: that takes a new version, see
    the head of spec/identity.py.
    """
    ours = {
        name: identities._plain(field.get_default(call_default_factory=True))
        for name, field in model.model_fields.items()
        if not field.is_required() and name not in ("name", "kind", "engine", "data", "test")
    }
    assert ours == DEFAULTS[VERSION].get(table, {})


class LaterConv(Conv):
    dilation: int = 1


class LaterSgd(Sgd):
    dampening: float = 0.0


class LaterExperiment(Experiment):
    optimizer: Annotated[LaterSgd | Adam | AdamW | RmsProp, Field(discriminator="name")]
    clipping: float | None = None
    augmentation: tuple[str, ...] = ()


@pytest.mark.parametrize("name", sorted(golden()))
def test_a_new_setting_with_a_default_changes_no_hash(name: str) -> None:
    entry = golden()[name]
    later = LaterExperiment.model_validate(entry["experiment"])
    if isinstance(later.network, tuple):
        layers = tuple(
            LaterConv.model_validate(dict(layer)) if isinstance(layer, Conv) else layer
            for layer in later.network
        )
        later = later.model_copy(update={"network": layers})
    assert identity(later, entry["data"], entry["code"]).hash == entry["hash"]


def test_a_new_setting_that_is_used_changes_the_hash() -> None:
    settings = {**BASE.settings(), "optimizer": {"name": "sgd", "lr": 0.01}}
    plain = LaterExperiment.model_validate(settings)
    changed = [
        plain.but(clipping=1.0),
        plain.but(augmentation=("flip",)),
        plain.but(optimizer=LaterSgd(lr=0.01, dampening=0.5)),
        plain.but(network=(LaterConv(channels=4, dilation=2),)),
        plain.but(network=(LaterConv(channels=4),)),
    ]
    hashes = {identity(experiment, DATA).hash for experiment in (BASE, plain, *changed)}
    assert len(hashes) == 1 + len(changed)


def test_a_renamed_setting_and_a_changed_default_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a version 3 would have it that says `decay` for `weight_decay` and 64 for 128 images."""
    stored = identity(BASE.but(optimizer=Sgd(lr=0.01, weight_decay=0.1)), DATA)
    third = {
        **DEFAULTS[2],
        "experiment": {**DEFAULTS[2]["experiment"], "batch_size": 64},
        "sgd": {"momentum": 0.0, "nesterov": False, "decay": 0.0},
    }
    monkeypatch.setattr(identities, "DEFAULTS", {**DEFAULTS, 3: third})
    monkeypatch.setattr(identities, "RENAMES", {2: {"optimizer.weight_decay": "optimizer.decay"}})
    monkeypatch.setattr(identities, "VERSION", 3)
    form = upgraded(stored.form)
    assert form["optimizer"] == {"name": "sgd", "lr": 0.01, "decay": 0.1}
    assert (form["version"], form["batch_size"]) == (3, 128)


class OtherConv(Conv):
    """As a later version could have it: with another default, and a setting more."""

    kernel: int = 5
    dilation: int = 1


CONVS = ["conv 16", "residual [relu, conv 16 stride=2]", "conv 16 kernel=5", "flatten"]


def with_other_convs(experiment: Experiment) -> Experiment:
    """The same experiment where `OtherConv` is what "conv" means."""

    def other(layer: Any) -> Any:
        if isinstance(layer, Residual):
            return layer.model_copy(update={"body": tuple(map(other, layer.body))})
        return OtherConv.model_validate(dict(layer)) if isinstance(layer, Conv) else layer

    assert isinstance(experiment.network, tuple)
    return experiment.model_copy(update={"network": tuple(map(other, experiment.network))})


def test_a_changed_default_of_a_layer_changes_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BASE.but(network=CONVS)
    stored = identity(before, DATA)
    assert stored.form["network"] == CONVS
    assert identity(with_other_convs(before), DATA) == stored
    # What is stored is read as it was meant.
    monkeypatch.setitem(LAYERS, "conv", OtherConv)
    assert read_canonical(stored.canonical, before.data) == with_other_convs(before)
    assert identity(read_canonical(stored.canonical, before.data), DATA) == stored
    # What is written now has the new default, and is another experiment.
    assert identity(BASE.but(network=["conv 16"]), DATA).form["network"] == ["conv 16 kernel=5"]


def test_a_version_with_other_defaults_of_layers_reads_the_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = BASE.but(network=CONVS)
    stored, key = identity(before, DATA), step_keys(before, (1, 28, 28))[1]
    third = {**DEFAULTS[2], "conv": {"dilation": 1, "kernel": 5, "stride": 1, "groups": 1}}
    monkeypatch.setattr(identities, "DEFAULTS", {**DEFAULTS, 3: third})
    monkeypatch.setattr(identities, "VERSION", 3)
    monkeypatch.setitem(LAYERS, "conv", OtherConv)
    assert upgraded(stored.form)["network"] == [
        "conv 16 kernel=3", "residual [relu, conv 16 kernel=3 stride=2]", "conv 16", "flatten",
    ]  # fmt: skip
    now = with_other_convs(before)
    assert identity(now, DATA) == identities.Identity.of(upgraded(stored.form))
    assert read_canonical(stored.canonical, before.data) == now
    assert key == step_keys(before, (1, 28, 28))[1]


# What is the same and what is not


OPTIMIZERS = st.one_of(
    st.builds(
        Sgd,
        lr=st.sampled_from([0.1, 1.0]),
        momentum=st.sampled_from([0.0, 0.9]),
        weight_decay=st.sampled_from([0.0, 1e-4]),
    ),
    st.builds(
        Adam,
        lr=st.sampled_from([0.1, 1.0]),
        betas=st.sampled_from([(0.9, 0.999), (0.8, 0.99)]),
    ),
    st.builds(RmsProp, lr=st.just(0.1), alpha=st.sampled_from([0.99, 0.9])),
    st.builds(AdamW, lr=st.just(0.1), weight_decay=st.sampled_from([0.0, 0.01])),
)
SCHEDULES = st.one_of(
    st.just(Constant()),
    st.builds(Step, every=st.integers(1, 3), factor_each=st.sampled_from([0.1, 0.5])),
    st.builds(Cosine, final=st.sampled_from([0.0, 0.1])),
    st.builds(OneCycle, rise=st.sampled_from([0.3, 0.2])),
)
NETWORKS = st.one_of(
    st.lists(
        st.sampled_from(
            ["conv 4", "conv 4 kernel=5", "conv 4 stride=2", "relu", "residual [relu, conv 4]",
             "maxpool 2", "dropout 0.5", "batchnorm"]
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(
        [
            {"module": "nets:Small"},
            {"module": "nets:Small", "arguments": {"width": 3}},
            {"module": "nets:Small", "arguments": {"width": 3.0}},
        ]
    ),
)  # fmt: skip
EXPERIMENTS = st.builds(
    Experiment,
    network=NETWORKS,
    optimizer=OPTIMIZERS,
    schedule=SCHEDULES,
    epochs=st.integers(1, 3),
    batch_size=st.sampled_from([128, 64]),
    initialisation=st.sampled_from(["torch", "he"]),
    label_smoothing=st.sampled_from([0.0, 0.1]),
    best_by=st.sampled_from(["none", "validation_loss", "validation_accuracy"]),
    ema=st.sampled_from([0.0, 0.99]),
    normalize=st.sampled_from(["none", "channel"]),
    augment=st.sampled_from([[], ["flip"], ["crop 4"], ["crop 2", "flip"], ["flip", "crop 2"]]),
    images=st.sampled_from([None, 100]),
    validation=st.sampled_from([0, 10]),
)


def key_of(experiment: Experiment) -> str:
    return json.dumps(experiment.settings(), sort_keys=True)


@given(first=EXPERIMENTS, second=EXPERIMENTS)
def test_equal_settings_equal_hash_and_different_settings_different_hash(
    first: Experiment, second: Experiment
) -> None:
    same = key_of(first) == key_of(second)
    assert (identity(first, DATA).hash == identity(second, DATA).hash) == same
    assert (recipe_key(first) == recipe_key(second)) == same


@given(experiment=EXPERIMENTS, order=st.randoms())
def test_neither_the_order_of_settings_nor_written_defaults_count(
    experiment: Experiment, order: Any
) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = [(key, shuffled(inner)) for key, inner in value.items()]
        order.shuffle(items)
        return dict(items)

    everything = shuffled(experiment.settings())
    assert identity(Experiment.model_validate(everything), DATA) == identity(experiment, DATA)
    form = identity(experiment, DATA).form
    least = {key: value for key, value in form.items() if key not in ("version", "data")}
    assert identity(Experiment.model_validate(shuffled(least)), DATA) == identity(experiment, DATA)


@given(experiment=EXPERIMENTS)
def test_a_stored_form_is_read_back(experiment: Experiment) -> None:
    stored = identity(experiment, DATA)
    assert read_canonical(stored.canonical, "mnist") == experiment
    assert upgraded(stored.form) == stored.form


@given(experiment=EXPERIMENTS)
def test_format_1_becomes_what_is_made_now(experiment: Experiment) -> None:
    old = {"format": 1, **experiment.settings()}
    assert from_format_1(old, DATA) == identity(experiment, DATA).form


def test_repeat_is_written_out() -> None:
    short = BASE.but(network=["repeat 2 [conv 4, relu]", "flatten", "linear 10"])
    long = BASE.but(network=["conv 4", "relu", "conv 4 kernel=3", "relu", "flatten", "linear 10"])
    assert identity(short, DATA) == identity(long, DATA)


def test_data_and_code_count_and_names_do_not() -> None:
    assert identity(BASE.but(data="elsewhere/mnist"), DATA) == identity(BASE, DATA)
    assert identity(BASE.but(engine="numpy"), DATA) == identity(BASE, DATA)
    hashes = {
        identity(BASE, data, code).hash for data, code in ((DATA, ""), (DATA, "c"), ("other", ""))
    }
    assert len(hashes) == 3


def test_what_all_versions_of_data_and_code_have_in_common() -> None:
    one, other = identity(BASE, DATA, "c0de"), identity(BASE, "other")
    assert one.recipe == other.recipe
    assert (one.data, one.code, other.code) == (DATA, "c0de", "")


def test_a_pinned_code_is_another_experiment_of_a_study() -> None:
    one = BASE.but(network={"module": "nets:Small"})
    other = BASE.but(network={"module": "nets:Small", "code": "0123456789ab"})
    assert recipe_key(one) != recipe_key(other)
    # Which code it is, is told apart.
    assert identity(one, DATA, "c0de") == identity(other, DATA, "c0de")
    text = """title = "t"
[experiments.now]
network = { module = "nets:Small" }
optimizer = { name = "sgd", lr = 0.1 }
epochs = 2
[experiments.then]
from = "now"
network = { module = "nets:Small", code = "0123456789ab" }
"""
    assert list(read_study(text, "s.toml").experiments) == ["now", "then"]


def test_steps_are_known_by_what_they_take_their_time_from() -> None:
    shape = (1, 28, 28)
    keys = step_keys(BASE, shape)
    for longer in ({"epochs": 9}, {"schedule": Cosine()}, {"images": 10}, {"validation": 5}):
        assert step_keys(BASE.but(**longer), shape) == keys
    others = [
        step_keys(BASE.but(batch_size=64), shape),
        step_keys(BASE.but(optimizer=Sgd(lr=0.02)), shape),
    ]
    assert not {key for pair in others for key in pair} & set(keys)
    assert step_keys(BASE, (3, 28, 28))[0] != keys[0]
    assert step_keys(BASE.but(data="./mnist"), shape)[0] == keys[0]


def test_the_key_of_format_1_is_what_old_stores_have() -> None:
    # `Experiment.step_hash` of the version of 2026-11-25, for mlp and cnn of the built-in study.
    study, _ = load_study("mnist")
    found = {name: step_keys(study.experiments[name], (1, 28, 28))[1] for name in ("mlp", "cnn")}
    assert found == {
        "mlp": "59e7b09a193cd0be72ffc47e141a16c34532a752f9ac506c017b02c9569f5090",
        "cnn": "0792d8261b889b8e07b2307396ad44daf9e71e1c3ce4b5aa010674716dd038d6",
    }
