"""Does a change do as much in the second place as in the first?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from paribus.questions.family import judge_study
from paribus.questions.finding import (
    Finding,
    InteractionFinding,
    NoVerdict,
    PairFinding,
    Verdict,
)
from paribus.spec.diff import LayersChanged, SettingChanged
from tests.support.kinds import FOUR, INTERACTION, interaction, measured, study

Values = list[float | None]

BASE = [0.80, 0.81, 0.79, 0.80, 0.82]


def plus(*amounts: float) -> Values:
    return [base + amount for base, amount in zip(BASE, amounts, strict=True)]


def judged(
    experiments: str = FOUR, values: Mapping[str, Values] | None = None
) -> InteractionFinding:
    given = {
        "sgd": plus(0, 0, 0, 0, 0),
        "sgd-bn": plus(0.10, 0.11, 0.10, 0.09, 0.10),
        "adam": plus(0.02, 0.02, 0.03, 0.02, 0.02),
        "adam-bn": plus(0.05, 0.06, 0.05, 0.04, 0.06),
    } | dict(values or {})
    (finding,) = judge_study(measured(study(INTERACTION, experiments=experiments), given))
    return of_interaction(finding)


def of_interaction(finding: Finding) -> InteractionFinding:
    assert isinstance(finding, InteractionFinding)
    return finding


def test_it_is_the_difference_of_differences_judged_as_any_other() -> None:
    finding = judged()
    measured_ = finding.evidence.measured
    assert measured_ is not None
    d = np.subtract([0.03, 0.04, 0.02, 0.02, 0.04], [0.10, 0.11, 0.10, 0.09, 0.10])
    assert measured_.paired.mean == pytest.approx(d.mean())
    assert measured_.paired.sd == pytest.approx(d.std(ddof=1))
    assert finding.verdict is Verdict.WORSE
    assert (finding.a, finding.b) == ("sgd → sgd-bn", "adam → adam-bn")
    assert [cell.name for cell in finding.cells] == ["sgd", "sgd-bn", "adam", "adam-bn"]
    level = finding.cells[1].level
    assert level is not None
    assert level == pytest.approx((0.904, np.std([0.9, 0.92, 0.89, 0.89, 0.92], ddof=1)))
    assert finding.near_ceiling == ()
    assert finding.noise is None


def test_of_images_it_is_the_same_difference() -> None:
    rng = np.random.default_rng(3)
    right_CSN = rng.random((4, 5, 400)) < np.array([0.7, 0.8, 0.7, 0.95])[:, None, None]
    cell_CS = right_CSN.mean(axis=2)
    plain = interaction(cell_CS[1] - cell_CS[0], cell_CS[3] - cell_CS[2])
    assert plain.evidence.measured is not None
    assert plain.evidence.measured.new_images is None
    assert plain.verdict is Verdict.BETTER


def test_the_two_changes_must_be_the_same() -> None:
    assert judged().pair.confounds == ()
    assert judged().pair.differences == (
        SettingChanged("optimizer", "sgd", "adam"),
        SettingChanged("optimizer.lr", 0.01, 0.001),
    )
    (change,) = judged().changes[0].differences
    assert isinstance(change, LayersChanged)
    other = FOUR.replace('[experiments.adam-bn]\nfrom = "sgd-bn"',
                         '[experiments.adam-bn]\nfrom = "sgd-bn"\nbatch_size = 64')  # fmt: skip
    finding = judged(other)
    assert finding.verdict is Verdict.CONFOUNDED
    assert finding.pair.confounds == (SettingChanged("batch_size", 128, 64),)
    twice = FOUR.replace(
        '[experiments.adam-bn]\nfrom = "sgd-bn"\n',
        '[experiments.adam-bn]\nfrom = "sgd"\n'
        'network = ["flatten", "batchnorm", "linear 16", "batchnorm", "relu", "linear 10"]\n',
    )
    found = judged(twice).pair.confounds
    assert [type(one) for one in found] == [LayersChanged, LayersChanged]


def test_what_the_places_differ_in_must_be_asked_about() -> None:
    longer = FOUR.replace('[experiments.adam]\nfrom = "sgd"', '[experiments.adam]\nfrom = "sgd"\nepochs = 8').replace(  # noqa: E501
        '[experiments.adam-bn]\nfrom = "sgd-bn"', '[experiments.adam-bn]\nfrom = "sgd-bn"\nepochs = 8'  # noqa: E501
    )  # fmt: skip
    assert judged(longer).pair.confounds == (SettingChanged("epochs", 4, 8),)


def test_deeper_networks_may_get_more_of_the_same_layer() -> None:
    deep = FOUR.replace(
        '[experiments.adam]\nfrom = "sgd"\n',
        '[experiments.adam]\nfrom = "sgd"\n'
        'network = ["flatten", "linear 16", "relu", "linear 16", "relu", "linear 10"]\n',
    ).replace(
        '[experiments.adam-bn]\nfrom = "sgd-bn"\n',
        '[experiments.adam-bn]\nfrom = "sgd"\nnetwork = ["flatten", "linear 16", "batchnorm", '
        '"relu", "linear 16", "batchnorm", "relu", "linear 10"]\n',
    )
    assert judged(deep).pair.confounds == ()


@pytest.mark.parametrize("cell", ["sgd", "sgd-bn", "adam", "adam-bn"])
def test_a_run_without_a_value_leaves_no_verdict(cell: str) -> None:
    values = plus(0.10, 0.11, 0.10, 0.09, 0.10)
    finding = judged(values={cell: [*values[:4], None]})
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.MISSING_VALUES)
    assert finding.evidence.n == 4


def test_cells_near_the_ceiling_are_named() -> None:
    finding = interaction([0.001, 0.003, 0.002], [0.0, 0.0001, 0.0], base=0.989)
    assert finding.near_ceiling == ("sgd-bn",)


def test_planned_looks_hold_for_it_as_for_any_comparison() -> None:
    values = {
        name: [0.8 + at + 0.001 * np.sin(7 * seed + shift) for seed in range(5)]
        for name, at, shift in (
            ("sgd", 0.0, 0), ("sgd-bn", 0.1, 1), ("adam", 0.0, 2), ("adam-bn", 0.02, 3)
        )
    }  # fmt: skip
    asked = study(INTERACTION, seeds="{ looks = [5, 10] }")
    (finding,) = judge_study(measured(asked, values))
    look = of_interaction(finding).evidence.look
    assert look is not None
    assert (look.taken, look.open, finding.verdict) == (1, False, Verdict.WORSE)
    # The four have more runs, for another question: nothing changes.
    more = {name: [*value_S, 0.5, 0.5] for name, value_S in values.items()}
    (again,) = judge_study(measured(asked, more))
    assert of_interaction(again).cells == of_interaction(finding).cells
    assert of_interaction(again).evidence.mean == of_interaction(finding).evidence.mean


def test_it_counts_in_the_family() -> None:
    asked = study(INTERACTION, INTERACTION.replace("[[\"sgd\", \"sgd-bn\"], [\"adam\", \"adam-bn\"]]", '["sgd", "sgd-bn"]'))  # noqa: E501  # fmt: skip
    values = {
        "sgd": plus(0, 0, 0, 0, 0), "sgd-bn": plus(0.10, 0.11, 0.10, 0.09, 0.10),
        "adam": plus(0.02, 0.02, 0.03, 0.02, 0.02), "adam-bn": plus(0.05, 0.06, 0.05, 0.04, 0.06),
    }  # fmt: skip
    found = judge_study(measured(asked, values))
    assert [f.evidence.family for f in found if isinstance(f, PairFinding)] == [2, 2]
    assert found[0].verdict is Verdict.WORSE
