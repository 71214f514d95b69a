"""`paribus check`: validate a study and show its sizes, shapes and differences."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.engines import images_of, probed_modules
from paribus.campaign.need import memory_of_run
from paribus.cli.options import json_option, study_options, tell, told
from paribus.present.recipe_text import recipe
from paribus.present.what_differs import consequence_words, difference_words, space_words
from paribus.spec.diff import Consequence, consequences, differences
from paribus.spec.experiment import Experiment
from paribus.spec.identity import Identity
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import format_layer
from paribus.spec.plan import Node, Plan
from paribus.spec.question import BaseQuestion, InteractionQuestion, MetricQuestion, Question
from paribus.spec.study import Study
from paribus.text import count, extent, plural, series, size_text


@click.command()
@study_options
@json_option
def command(campaign: Campaign, as_json: bool) -> None:
    """Validate STUDY, a file or a built-in name; show what it would train, and what differs
    between the experiments that it compares. Trains nothing."""
    tell(*campaign.data_warnings)
    facts = check(campaign)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    study = campaign.study
    click.echo(f"{study.title}\n{_runs(study)} on {campaign.facts.name}\n{_data(campaign)}\n")
    for name, experiment in facts["experiments"].items():
        click.echo(click.style(name, bold=True) + f"  {_sizes(experiment)}")
        base = facts["experiments"].get(experiment["from"])
        if base is None:
            click.echo("\n".join(_wrapped(experiment["recipe"])))
        else:
            click.echo(f"  from {experiment['from']}: {'; '.join(experiment['differences'])}")
            # What is printed of the base already.
            if experiment["layers"] == base["layers"] is not None:
                click.echo()
                continue
        if experiment["layers"] is None:
            click.echo(f"  {experiment['module']}")
        for line in _compact(experiment["layers"] or []):
            click.echo(f"  {line}")
        click.echo()
    for question in facts["questions"]:
        click.echo(click.style(question["ask"], bold=True))
        if "matters_in_words" not in question:
            click.echo(f"  {', '.join(question['experiments'])}, {question['kind']}")
            continue
        click.echo(f"  {question['terms']}, {question['metric']}")
        click.echo(f"  what matters: {question['matters_in_words']}")
        if "change" in question:
            click.echo(f"  the change: {'; '.join(question['change']) or 'nothing'}")
        if "differences" in question:
            click.echo(f"  differs: {'; '.join(question['differences']) or 'nothing'}")
        if question["confounds"]:
            confounds = "; ".join(question["confounds"])
            click.echo(f"  confounded: the question is not about {confounds}")
        if question.get("consequences"):
            click.echo(f"  so: {'; '.join(question['consequences'])}")
    click.echo(f"Each run needs about {size_text(facts['memory'])} of memory (estimated).")
    if facts["note"]:
        click.echo(f"\n{facts['note']}")
    click.echo("The study is valid.")


def check(campaign: Campaign) -> dict[str, Any]:
    """Everything that the command shows, in plain JSON types.

    Raises `UserError` with every experiment whose network does not fit the data, or whose custom
    module could not be trained.
    """
    from paribus.present.beforehand import looks_at_nothing, too_few_seeds

    study, engines = campaign.study, campaign.engines
    looks = looks_at_nothing(study, campaign.selected_from)
    known = told(campaign.known())
    modules = {
        name: network
        for name, network in campaign.networks.items()
        # Of code that is not here, nothing can be counted.
        if isinstance(network, ModuleNetwork) and name in known.identities
    }
    parameters = probed_modules(
        modules,
        study.experiments,
        engines.names,
        campaign.facts,
        folder=campaign.folder,
        where=campaign.name,
    )
    return {
        "study": campaign.name,
        "title": study.title,
        "data": study.data,
        "image_shape": list(campaign.facts.image_shape),
        "classes": campaign.facts.classes,
        "data_notes": list(campaign.facts.notes),
        "seeds": study.seeds,
        "looks": list(study.looks),
        "preview": study.preview,
        "memory": memory_of_run(campaign, known.identities),
        "experiments": {
            name: _experiment(campaign, name, known.identities.get(name), parameters.get(name))
            | {"trained_by": engines.names[name]}
            for name, experiment in study.experiments.items()
        },
        "questions": [_question(campaign, question) for question in study.questions],
        "note": "\n".join(filter(None, (engines.note, too_few_seeds(study), looks))),
    }


def _runs(study: Study) -> str:
    """How many runs it has; with planned looks, how many it can have."""
    experiments, seeds = count(len(study.experiments), "experiment"), f"{study.seeds}"
    per_seed = sum(experiment.runs_per_seed for experiment in study.experiments.values())
    runs, looks = count(per_seed * study.seeds, "run"), ""
    if study.looks:
        first = study.looks[0]
        seeds, runs = f"{first} to {seeds}", f"{per_seed * first:,} to {runs}"
        looks = f", with looks after {series(study.looks)} seeds,"
    trials = " with the trials" if per_seed > len(study.experiments) else ""
    return f"{experiments} × {seeds} {plural(study.seeds, 'seed')} = {runs}{trials}{looks}"


def _experiment(
    campaign: Campaign, name: str, identity: Identity | None, probed: int | None
) -> dict[str, Any]:
    """probed: the parameters of a custom module."""
    study = campaign.study
    experiment, plan, base = study.experiments[name], campaign.networks[name], study.bases.get(name)
    sizes: dict[str, Any]
    if isinstance(plan, Plan):
        sizes = {
            "parameters": plan.parameters,
            "multiply_adds": plan.multiply_adds,
            "layers": list(_layers(plan.nodes)),
        }
    else:
        sizes = {"parameters": probed, "multiply_adds": None, "layers": None, "module": plan.module}
    return {
        "hash": None if identity is None else identity.hash,
        **sizes,
        "steps": experiment.epochs
        * -(-images_of(experiment, campaign.facts) // experiment.batch_size),
        **experiment.model_dump(mode="json", exclude={"network"}),
        "recipe": recipe(experiment),
        "tuned_in": ""
        if (tune := experiment.tune) is None
        else f"tuned in {tune.trials} trials: {space_words(tune.space)}",
        "from": base,
        "differences": (
            list(map(difference_words, differences(study.experiments[base], experiment)))
            if base in study.experiments
            else []
        ),
    }


def _layers(nodes: tuple[Node, ...]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield {
            "layer": format_layer(node.layer),
            "input": list(node.input_shape),
            "output": list(node.output_shape),
            "parameters": Plan((node,), node.input_shape, 0).parameters,
        }


def _question(campaign: Campaign, question: BaseQuestion) -> dict[str, Any]:
    from paribus.measure.metric import named
    from paribus.present.beforehand import what_matters

    written = question.model_dump(mode="json")
    if not isinstance(question, MetricQuestion):
        return {**written, "kind": question.kind, "experiments": list(question.experiments)}
    return {
        **written,
        "matters_in_words": what_matters(
            named(question.metric), question.matters, campaign.facts.test_images
        ),
        **_guarded(campaign, question),
    }


def _guarded(campaign: Campaign, question: MetricQuestion) -> dict[str, Any]:
    """What differs between the experiments of a question, and which differences it is not about."""
    from paribus.questions.guard import confounds_with_first, two_changes

    experiments = {
        name: campaign.study.experiments[name].but(engine=campaign.engines.names[name])
        for name in question.experiments
    }
    match question:
        case Question():
            return _pair(campaign, question, experiments)
        case InteractionQuestion():
            changed = two_changes(list(experiments.values()), question.about)
            return {
                "terms": ", ".join(" → ".join(pair) for pair in question.compare),
                "change": list(map(difference_words, changed.first)),
                "differences": list(map(difference_words, changed.places)),
                "confounds": list(map(difference_words, changed.confounds)),
            }
    confounds = confounds_with_first(experiments, question.about)
    return {
        "terms": ", ".join(experiments),
        "confounds": [
            f"{'; '.join(map(difference_words, found))} ({name})"
            for name, found in confounds.items()
        ],
    }


def _pair(
    campaign: Campaign, question: Question, experiments: Mapping[str, Experiment]
) -> dict[str, Any]:
    first, second = experiments.values()
    found = differences(first, second)
    before, after = (campaign.networks[name] for name in question.compare)
    follows: list[Consequence] = []
    if isinstance(before, Plan) and isinstance(after, Plan):
        images = images_of(first, campaign.facts)
        follows = consequences((first, before), (second, after), images)
    return {
        "terms": " → ".join(question.compare),
        "differences": list(map(difference_words, found)),
        "confounds": [difference_words(d) for d in found if not d.is_about(question.about)],
        "consequences": list(map(consequence_words, follows)),
    }


def _data(campaign: Campaign) -> str:
    """How many images there are, and of what kind."""
    facts, experiments = campaign.facts, campaign.study.experiments.values()
    trained = [images_of(one, facts) for one in experiments]
    held_out = next(iter(experiments)).validation or facts.validation_images
    counts = [
        f"{extent(min(trained), max(trained))} training images",
        *([f"{held_out:,} validation images"] if held_out else []),
        f"{facts.test_images:,} test images",
    ]
    channels, height, width = facts.image_shape
    return (
        f"{', '.join(counts)}; {height} × {width} pixels, {count(channels, 'channel')}, "
        f"{facts.classes} classes"
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 98, initial_indent="  ", subsequent_indent="    ")


def _sizes(experiment: dict[str, Any]) -> str:
    parts = [f"engine {experiment['trained_by']}"]
    if experiment["multiply_adds"] is not None:
        parts.insert(0, f"{experiment['multiply_adds']:,} multiply-adds per image")
    if experiment["parameters"] is not None:
        parts.insert(0, f"{experiment['parameters']:,} parameters")
    return ", ".join(parts)


def _compact(layers: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each layer; layers that stand several times in a row get one."""
    width = max((len(layer["layer"]) for layer in layers), default=0)
    for _, group in groupby(layers, key=lambda layer: (layer["layer"], str(layer["output"]))):
        same = list(group)
        times = f"{len(same)} × " if len(same) > 1 else ""
        shape = "×".join(map(str, same[-1]["output"]))
        parameters = sum(layer["parameters"] for layer in same)
        size = f"  {parameters:,} parameters" if parameters else ""
        yield f"{times + same[0]['layer']:<{width + 4}}  → {shape:<9}{size}".rstrip()
