"""What makes an experiment the same: a versioned canonical form, and its hash.

The canonical form holds only what differs from the defaults of its version, so a new setting with a
default changes no hash. The data are in it by the fingerprint of their arrays, a custom module
by a digest of its source; neither by a name or a path. The engine is not in it: every engine is to
train the same thing.

A stored form of an older version is read through `upgraded`. To rename a setting or to change a
default, add a version: a row of `DEFAULTS`, the renames that lead to it, and a migration of the
store that writes the forms anew (docs/architecture.md, "Identity").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paribus.spec.experiment import Experiment
from paribus.spec.model import Spec
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import filled_text, format_layer, stripped_text

VERSION = 2

Form = dict[str, Any]
"""A canonical form, or a table of one, in plain JSON types."""

_ADAM = {"betas": [0.9, 0.999], "eps": 1e-8}

DEFAULTS: Mapping[int, Mapping[str, Mapping[str, Any]]] = {
    2: {
        "experiment": {
            "batch_size": 128,
            "schedule": {"name": "constant"},
            "initialisation": "torch",
            "label_smoothing": 0.0,
            "ema": 0.0,
            "best_by": "none",
            "patience": None,
            "normalize": "none",
            "augment": [],
            "images": None,
            "validation": 0,
            "validation_split": 0,
            "tune": None,
        },
        "module": {"arguments": {}},
        "sgd": {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "adam": {**_ADAM, "weight_decay": 0.0},
        "adamw": {**_ADAM, "weight_decay": 0.01},
        "rmsprop": {"alpha": 0.99, "momentum": 0.0, "eps": 1e-8, "weight_decay": 0.0},
        "constant": {},
        "step": {"factor_each": 0.1},
        "cosine": {"final": 0.0},
        "one-cycle": {"rise": 0.3, "start_divisor": 25.0, "end_divisor": 1e4},
        # The text of a layer is its canonical form; the notation leaves these out.
        "conv": {"kernel": 3, "stride": 1, "groups": 1},
        "residual": {"skip": []},
        "leakyrelu": {"negative_slope": 0.01},
    }
}
"""The defaults that a form of each version leaves out, by the table that they are in. A version's
rows never change; a new setting gets a row in the last version, with the value that stands for
what was trained before it existed."""

RENAMES: Mapping[int, Mapping[str, str]] = {}
"""For each version the settings that the next one calls otherwise, as dotted paths, old to new."""

_DISCRIMINATORS = ("name", "kind", "module")
_TABLES = ("optimizer", "schedule")
_SINCE_FORMAT_1 = ("validation_split", "tune", "best_by", "patience")
_OF_STEPS_SINCE = ("ema", "normalize", "augment")
"""Settings of a training step that format 1 lacks."""


@dataclass(frozen=True)
class Identity:
    """Identity of an experiment in every store."""

    canonical: str
    """The canonical form as compact JSON, sorted by key."""
    hash: str
    """SHA-256 of `canonical`, in hex."""

    @classmethod
    def of(cls, form: Form) -> Identity:
        """Return the identity that a canonical form makes."""
        text = _compact(form)
        return cls(text, _sha256(text))

    @cached_property
    def form(self) -> Form:
        """The canonical form; not to be changed."""
        form: Form = json.loads(self.canonical)
        return form

    @property
    def data(self) -> str:
        """The fingerprint of the data."""
        return str(self.form["data"])

    @property
    def code(self) -> str:
        """The digest of a custom module's source, or `code.NOT_FOUND`; "" for layers, and where a
        store of format 1 did not record it."""
        return str(self.form.get("code", ""))

    @cached_property
    def recipe(self) -> str:
        """The hash of all but the data and the code: what other versions of both have in common."""
        return _sha256(_compact({k: v for k, v in self.form.items() if k not in ("data", "code")}))


def identity(experiment: Experiment, data: str, code: str = "") -> Identity:
    """Return the identity of an experiment.

    data: the fingerprint of its dataset. code: the digest of a custom module's source.

    >>> from paribus.spec.recipe import Sgd
    >>> tiny = Experiment(network=["flatten", "linear 10"], optimizer=Sgd(lr=0.01), epochs=2)
    >>> sorted(identity(tiny, data="f00d").form)
    ['data', 'epochs', 'network', 'optimizer', 'version']
    """
    form = {**_form(experiment), "data": data}
    return Identity.of({**form, "code": code} if code else form)


def recipe_key(experiment: Experiment) -> str:
    """Return what two experiments of one study have in common if they train the same.

    It covers neither the data nor the engine; of a custom module it has the digest that the study
    pins it to.
    """
    pinned = experiment.network.code if isinstance(experiment.network, ModuleNetwork) else ""
    return _compact({**_form(experiment), "pinned": pinned})


def tuning_key(experiment: Experiment) -> str:
    """Return what the trials of a tuned experiment are drawn by: all its settings but their number,
    so that more trials begin with the same ones, and that each experiment draws its own. It has no
    version, as the trials that a store has must be drawn again; tests/golden/trials.json holds it.
    """
    form = _form(experiment)
    del form["version"]
    return _compact({**form, "tune": {k: v for k, v in form["tune"].items() if k != "trials"}})


def step_keys(
    experiment: Experiment,
    image_shape: tuple[int, ...],
    code: str = "",
    called: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the keys of an experiment's training step: the present one, and those of format 1.

    A step takes its time from the network, the optimizer, the batch size and the shape of an
    image; how long it is trained and on which images does not matter. Timings that were kept
    before version 2 have keys of format 1, which had the name of the data in place of the shape.

    code: the digest of a custom module's source. called: what else the data have been called.
    """
    left_out = ("epochs", "images", "schedule", "initialisation", *_SINCE_FORMAT_1, "validation")
    step = {key: value for key, value in _form(experiment).items() if key not in left_out}
    form_1 = _filled(step, 2) | {
        "format": 1,
        "epochs": 1,
        "images": None,
        "validation": 0,
        "schedule": {"name": "constant"},
        "initialisation": "torch",
    }
    for key in ("version", *_SINCE_FORMAT_1):
        del form_1[key]
    for key in _OF_STEPS_SINCE:
        if key not in step:
            del form_1[key]
    if not isinstance(experiment.network, ModuleNetwork):
        # Layers left out their defaults there too.
        form_1["network"] = [format_layer(layer, DEFAULTS[2]) for layer in experiment.network]
    # Without the version: a later one that means the same step keeps its key.
    kept = {key: value for key, value in step.items() if key != "version"}
    present = {**kept, "image": list(image_shape), "code": code}
    names = dict.fromkeys((experiment.data, *called))
    return (
        _sha256(_compact(present)),
        *(_sha256(_compact({**form_1, "data": name})) for name in names),
    )


def read_canonical(canonical: str, data: str) -> Experiment:
    """Return the experiment of a stored canonical form.

    data: what to call the dataset, which a form has only the fingerprint of.
    """
    form = _filled(upgraded(json.loads(canonical)), VERSION)
    for key in ("version", "code"):
        form.pop(key, None)
    return Experiment.model_validate({**form, "data": data})


def upgraded(form: Form) -> Form:
    """Return a form of version 2 or later as a form of the present version.

    The defaults of its own version that are others now are written out, so it means the same.
    """
    for version in range(form["version"], VERSION):
        form = _filled(form, version)
        for old, new in RENAMES.get(version, {}).items():
            _rename(form, old.split("."), new.split("."))
        form = _filled(form, version + 1)  # In the order in which it has its settings.
        form = _stripped(form, version + 1) | {"version": version + 1}
    return form


def from_format_1(form: Form, data: str) -> Form:
    """Return the form of version 2 of one of format 1, which had every default written out and the
    data by name. The code of a custom module was not kept: its digest is left out."""
    left_out = ("format", "data")
    kept = {key: value for key, value in form.items() if key not in left_out}
    return _stripped(kept, 2) | {"version": 2, "data": data}


def _form(experiment: Experiment) -> Form:
    """The canonical form without data and code."""
    form = _settings(experiment, "experiment")
    network = experiment.network
    if isinstance(network, ModuleNetwork):
        form["network"] = _settings(network, "module")
        form["network"].pop("code", None)
    else:
        form["network"] = [format_layer(layer, DEFAULTS[VERSION]) for layer in network]
    for key in ("engine", "data"):
        form.pop(key, None)
    return {**form, "version": VERSION}


def _settings(model: Spec, table: str) -> Form:
    """Settings that differ from the defaults, in plain JSON types."""
    defaults = DEFAULTS[VERSION].get(table, {})
    found: Form = {}
    for name, field in type(model).model_fields.items():
        if name == "network":
            continue
        value = _plain(getattr(model, name))
        if name in _DISCRIMINATORS or field.is_required():
            found[name] = value
            continue
        default = defaults.get(name, _plain(field.get_default(call_default_factory=True)))
        if value != default:
            found[name] = value
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return _settings(value, str(getattr(value, "name", "")))
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _stripped(form: Form, version: int) -> Form:
    """A form without the defaults of a version."""
    form = {key: _table(key, value, version, strip=True) for key, value in form.items()}
    defaults = DEFAULTS[version]["experiment"]
    return {k: v for k, v in form.items() if k not in defaults or v != defaults[k]}


def _filled(form: Form, version: int) -> Form:
    """A form with the defaults of a version written out."""
    form = {**DEFAULTS[version]["experiment"], **form}
    return {key: _table(key, value, version, strip=False) for key, value in form.items()}


def _table(key: str, value: Any, version: int, *, strip: bool) -> Any:
    if key in _TABLES:
        defaults = DEFAULTS[version][value["name"]]
    elif key == "network" and isinstance(value, dict):
        defaults = DEFAULTS[version]["module"]
    elif key == "network":
        change = stripped_text if strip else filled_text
        return [change(layer, DEFAULTS[version]) for layer in value]
    else:
        return value
    if strip:
        return {k: v for k, v in value.items() if k not in defaults or v != defaults[k]}
    return {**defaults, **value}


def _rename(form: Form, old: list[str], new: list[str]) -> None:
    value: Any = form
    for part in old[:-1]:
        value = value.get(part, {})
    if old[-1] not in value:
        return
    moved = value.pop(old[-1])
    place = form
    for part in new[:-1]:
        place = place.setdefault(part, {})
    place[new[-1]] = moved


def _compact(form: Form) -> str:
    return json.dumps(form, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
