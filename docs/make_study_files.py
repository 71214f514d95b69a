"""Writes docs/study-files.md from the specification itself; a test holds it current."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

from docs.study_files_kinds import BEST, PAIRS
from docs.study_files_tuning import TUNING, TUNING_END
from paribus.measure.metric import MetricOfClass, MetricWithArgument, named
from paribus.spec import bounds
from paribus.spec.aspects import ASPECTS
from paribus.spec.experiment import WITHOUT_NUMBER, Experiment
from paribus.spec.files import built_in_studies
from paribus.spec.metric_names import METRICS
from paribus.spec.model import Spec
from paribus.spec.notation import LAYERS, format_layer, parse_layer
from paribus.spec.question import BestQuestion, InteractionQuestion, Question
from paribus.spec.recipe import Adam, AdamW, Constant, Cosine, OneCycle, RmsProp, Sgd, Step
from paribus.spec.study import Labeled, Reported, Study
from paribus.spec.tune import Tune

PAGE = Path(__file__).with_name("study-files.md")

TOP = """# Study files

A study file is TOML: experiments, each a network and how it is trained; a number of seeds; and the
questions that the experiments are to answer. `paribus check FILE` says all that is wrong with
it, with its place and what to write instead, and trains nothing. A setting that would have no
effect is refused.

This page is made from the specification by `make docs`; every default and bound on it is the one
that is applied.

```toml
title = "Does a wider network help?"
data = "mnist"
seeds = 5

[experiments.cnn]
network = ["conv 8", "relu", "maxpool 2", "conv 16", "relu", "maxpool 2", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.05, momentum = 0.9 }
epochs = 5

[experiments.wide]
from = "cnn"
network = ["conv 16", "relu", "maxpool 2", "conv 32", "relu", "maxpool 2", "flatten", "linear 10"]

[[questions]]
ask = "Is the wider network more accurate?"
compare = ["cnn", "wide"]
about = ["network"]
matters = 0.001
```

"""

EXPERIMENTS = """## Experiments

Each stands in a table `[experiments.NAME]`; a name is made of letters, digits, `.`, `-` and `_`.

With `from = "OTHER"`, an experiment takes all settings of another one, and only what changes is
written. A table without a `name` changes the one it takes: `optimizer = { lr = 0.1 }` keeps the
optimizer and its other settings; with a `name` it replaces it.

"""

NETWORK = """## Networks

A list of layers, each a text: its name, perhaps a bare number, and settings as `key=value`.
Feature maps have the shape (channels, rows, columns), flat features (features,).

"""

NETWORK_END = """
`repeat 3 [conv 8, relu]` stands for its layers so many times; brackets may be nested. The last
layer must give one feature for each class: `linear 10` for ten.

`network = "my_package.nets:SmallNet"` names a `torch.nn.Module` of your own, which the engine
`torch` trains: [custom modules](custom-modules.md).

"""

METRICS_END = """
`class_accuracy cat` names a class as the data do. A function of your own takes the true and the
predicted classes of the test images, in this order, and returns a number, as scikit-learn's
`sklearn.metrics:balanced_accuracy_score` does; `"my_package.metrics:cost lower"` says that lower is
better. It is found as [custom modules](custom-modules.md) are, and tried before training. It
is called after the function (`macro_f1`: macro f1), unless the question has a `metric_label`.

"""

INITIALISATION = """## Initialisation

| `initialisation` | weights | biases |
| --- | --- | --- |
| `"torch"` | uniform in ±1/√fan_in, as PyTorch's Conv2d and Linear | the same |
| `"he"` | normal, SD √(2/fan_in) (He et al. 2015) | zero |
| `"glorot"` | uniform in ±√(6/(fan_in + fan_out)) (Glorot and Bengio 2010) | zero |

"""

QUESTIONS = """## Questions

Each stands in a table `[[questions]]`. The difference asked about is that of the second experiment
minus the first. What kind of question it is, is known by the key that is written (`compare`,
`best`) and by its metric; `kind = "…"` may say so, and names the kinds that other packages add.

"""

HASH = """## What makes two experiments the same

An experiment is known by a hash of all settings that it is trained with and of the images and
labels themselves; with a network of your own, also of its code. Its name, its `label`, its
`engine`, what was `reported`, the name of the data and their place are no part of it. A file and
Python that say the same give the same hash, and find the same runs; so do the same
images in another folder. Other images under the same name are other runs; the earlier ones stay in
the store. A later version of Paribus that adds a setting changes no hash.
"""


def page() -> str:
    """The text of docs/study-files.md."""
    shared = ("data", "test", "images", "validation")
    top = [
        *_rows(Study, "title", "seeds"),
        *_rows(Experiment, *shared),
        *_rows(Study, "origin"),
    ]
    top += [
        ("`experiments`", "tables", "needed", "See [Experiments](#experiments)."),
        (
            "`grid`",
            "table",
            "none",
            "Variants for all combinations of values, see [grids](grid.md).",
        ),
        ("`questions`", "tables", "none", "See [Questions](#questions)."),
    ]
    own = [name for name in Experiment.model_fields if name not in shared]
    experiment = [
        ("`from`", "text", "none", "The experiment that this one is stated as changes to."),
        *_rows(Experiment, *own),
        ("`label`", "text", "its name", meanings(Labeled)["label"]),
        ("`reported`", "table", "none", f"{_first(Reported)} See [Reported](#reported)."),
        ("`data`, `test`, `images`, `validation`", "", "", "As above; one value for all "
         "experiments of a study is usual, and `data` and `validation` must be the same in all."),
    ]  # fmt: skip
    question = _rows(
        Question,
        "ask",
        "compare",
        "about",
        "metric",
        "metric_label",
        "matters",
        "original",
        "original_verdict",
    )
    best = _rows(BestQuestion, "best", "original_verdict")
    pairs = _rows(InteractionQuestion, "compare")
    return "".join([
        TOP,
        "## The study\n\n", _table(top), "\n",
        EXPERIMENTS, _table(experiment), "\n",
        NETWORK, _layers(), NETWORK_END,
        "## Optimizers\n\n", *(_named(kind, {"lr": 0.001}) for kind in (Sgd, Adam, AdamW, RmsProp)),
        "## Learning-rate schedules\n\n",
        *(_named(kind, {"every": 10}) for kind in (Constant, Step, Cosine, OneCycle)),
        INITIALISATION,
        TUNING, _table(_rows(Tune, *Tune.model_fields)), TUNING_END,
        QUESTIONS, _table(question), "\n", _metrics(), _aspects(),
        PAIRS, _table(pairs), "\n",
        BEST, _table(best), "\n",
        "## Reported\n\n", f"{_first(Reported)}\n\n",
        _table(_rows(Reported, *Reported.model_fields)), "\n",
        _bounds(),
        HASH,
        f"\nLonger examples are the built-in studies, {_list(list(built_in_studies()))}, such as "
        "[src/paribus/studies/mnist.toml](../src/paribus/studies/mnist.toml).\n",
    ])  # fmt: skip


def meanings(model: type[Spec]) -> dict[str, str]:
    """What stands under each field of a model, or of one that it derives from, by its name."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, Spec):
            found |= _meanings_of(kind)
    return found


def _meanings_of(model: type[Spec]) -> dict[str, str]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(body, ast.ClassDef)
    return _explained(body.body)


def explanations(source: str) -> dict[str, str]:
    """What stands under each annotated or plain assignment of a module, by its name."""
    return _explained(ast.parse(source).body)


def _explained(body: list[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
            field = ast.AnnAssign(field.targets[0], ast.Constant(None), field.value, 1)
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


Row = tuple[str, str, str, str]


def _rows(model: type[Spec], *names: str) -> list[Row]:
    """Name, kind of value, default and meaning of fields."""
    schema = model.model_json_schema()
    explained = meanings(model)
    rows: list[Row] = []
    for name in names:
        field = model.model_fields[name]
        default = "needed" if field.is_required() else _default(field.default)
        kind = _kind(schema["properties"][name], schema.get("$defs", {}))
        if word := WITHOUT_NUMBER.get(name):
            default, kind = f'`"{word}"`', f'{kind}, or `"{word}"`'
        rows.append((f"`{name}`", kind, default, explained[name]))
    return rows


def _kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What may be written, in words, of a JSON schema."""
    if "enum" in schema:
        return " or ".join(f'`"{value}"`' for value in schema["enum"])
    if "discriminator" in schema:
        names = list(schema["discriminator"]["mapping"])
        heading = "optimizers" if "sgd" in names else "learning-rate-schedules"
        return f"table, see [{heading.replace('-', ' ')}](#{heading})"
    if schema.get("type") == "array" and "prefixItems" in schema:
        items = [_kind(item, definitions) for item in schema["prefixItems"]]
        return f"list of {len(items)}: {items[0]}"
    if schema.get("type") == "array" and schema.get("items", {}).get("type") == "string":
        return "list of texts"
    if schema.get("$ref") == "#/$defs/Tune":
        return "table, see [tuning](#tuning)"
    if schema.get("type") == "object":
        return "tables, see below"
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        if len(options) > 1:
            return "list or table, see [networks](#networks)"
        return _kind(options[0], definitions)
    word = {"integer": "integer", "number": "number", "boolean": "`true` or `false`",
            "string": "text"}[schema["type"]]  # fmt: skip
    bounds = [
        f"{sign} {schema[key]:,}" if isinstance(schema[key], int) else f"{sign} {schema[key]:g}"
        for key, sign in (
            ("exclusiveMinimum", ">"),
            ("minimum", "≥"),
            ("exclusiveMaximum", "<"),
            ("maximum", "≤"),
        )
        if key in schema
    ]
    return f"{word} {', '.join(bounds)}".strip()


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Spec):
        return f'`{{ name = "{value.name}" }}`'  # type: ignore[attr-defined]
    if isinstance(value, tuple):
        return f"`{list(value)}`" if value else "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "none"
    return f"`{value}`"


def _layers() -> str:
    examples = {"conv": "conv 16", "maxpool": "maxpool 2", "avgpool": "avgpool 2",
                "groupnorm": "groupnorm 4", "dropout": "dropout 0.5", "linear": "linear 10",
                "residual": "residual [relu, conv 8]",
                "concat": "concat [[conv 8], [conv 8 kernel=5]]"}  # fmt: skip
    lines = ["| layer | what it does | settings |\n| --- | --- | --- |\n"]
    for name, kind in LAYERS.items():
        example = format_layer(parse_layer(examples.get(name, name))[0])
        # Of layers in layers, the example says how they are written.
        own = [f for f in kind.model_fields if f not in ("kind", "body", "skip", "branches")]
        settings = "; ".join(
            f"{field}: {what}" + (f", {default} unless given" if default != "needed" else "")
            + f" ({meaning.rstrip('.')[0].lower()}{meaning.rstrip('.')[1:]})"
            for field, what, default, meaning in _rows(kind, *own)
        )  # fmt: skip
        lines.append(f"| `{example}` | {_cell(_doc(kind))} | {_cell(settings)} |\n")
    return "".join(lines)


def _named(kind: type[Spec], example: dict[str, Any]) -> str:
    """An optimizer or a schedule: how it is written, what it is, its settings."""
    rows = _rows(kind, *(name for name in kind.model_fields if name != "name"))
    name = kind.model_fields["name"].default
    shown = "".join(f", {k} = {v}" for k, v in example.items() if k in kind.model_fields)
    text = f'`{{ name = "{name}"{shown} }}`: {_doc(kind)}\n\n'
    return text + (f"{_table(rows)}\n" if rows else "")


def _metrics() -> str:
    lines = ["| `metric` | what it is | better |\n| --- | --- | --- |\n"]
    for name in METRICS.names():
        kind: object = METRICS.get(name)
        written = name
        if isinstance(kind, MetricWithArgument | MetricOfClass):
            written += f" {kind.example}"
        metric = named(written)
        better = "higher" if metric.higher_is_better else "lower"
        needs = "; needs validation images" if metric.needs_validation else ""
        lines.append(f"| `{written}` | {metric.label}{needs} | {better} |\n")
    lines.append("| `my_package.metrics:f1` | a function of your own, see below | higher |\n")
    return "".join(lines) + METRICS_END


def _bounds() -> str:
    lines = [
        "## Bounds\n\nA file that asks for more is refused in one line.\n\n"
        "| at most | of what |\n| --- | --- |\n"
    ]
    names = [name for name in vars(bounds) if name.isupper()]
    explained = explanations(inspect.getsource(bounds))
    for name in names:
        lines.append(f"| {getattr(bounds, name):,} | {_cell(explained[name])} |\n")
    return "".join(lines) + "\n"


def _aspects() -> str:
    text = (
        f"`about` is a list of {_list(list(ASPECTS))}. `optimizer` stands for all of its settings."
    )
    return "\n".join(textwrap.wrap(text, 100, break_on_hyphens=False)) + "\n\n"


def _table(rows: list[Row]) -> str:
    lines = [f"| {' | '.join(map(_cell, row))} |\n" for row in rows]
    return "| key | value | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _doc(kind: type[Spec]) -> str:
    return re.sub(r"\s+", " ", inspect.getdoc(kind) or "")


def _first(kind: type[Spec]) -> str:
    return _doc(kind).split(". ")[0].rstrip(".") + "."


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE} is as the specification is now.\n")
