"""Questions about tuned experiments: what is compared, and what is said of how they were tuned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from paribus.measure.runs import StudyResult
from paribus.present import wording
from paribus.questions.family import judge_study
from paribus.questions.finding import Verdict
from paribus.questions.tuned_finding import TunedFinding
from paribus.stats.tuning import chosen
from tests.support.tuned import (
    STUDY,
    crossing,
    half_diverge,
    more_is_better,
    smooth,
    tuned_result,
    tuned_study,
)


def finding_of(result: StudyResult) -> TunedFinding:
    (finding,) = judge_study(result)
    assert isinstance(finding, TunedFinding)
    return finding


def test_the_runs_of_the_winners_are_compared_as_any_others() -> None:
    result = tuned_result(tuned_study(seeds=8), smooth)
    finding = finding_of(result)
    values = {
        name: np.array([run.curves.test_accuracy[-1] for run in one.runs])
        for name, one in result.experiments.items()
    }
    assert finding.evidence.adjusted_p == pytest.approx(
        ttest_rel(values["adam"], values["sgd"]).pvalue
    )
    assert finding.evidence.n == 8
    assert finding.verdict is Verdict.BETTER
    assert [winner.result for winner in finding.sides[1].winners] == values["adam"].tolist()


def test_another_budget_or_space_is_a_confound_unless_it_is_asked_about() -> None:
    silent = STUDY.replace('"optimizer", "tune.space"', '"optimizer"')
    assert finding_of(tuned_result(tuned_study(text=silent), smooth)).verdict is Verdict.CONFOUNDED
    head, adam = STUDY.split("[experiments.adam.tune]")
    fewer = f"{head}[experiments.adam.tune]{adam.replace('{trials}', '3')}"
    finding = finding_of(tuned_result(tuned_study(text=fewer), smooth))
    assert finding.verdict is Verdict.CONFOUNDED
    assert [d.aspect for d in finding.pair.confounds] == ["tune.trials"]
    assert finding.by_budget is None
    both = fewer.replace('"tune.space"', '"tune"')
    finding = finding_of(tuned_result(tuned_study(text=both), smooth))
    assert finding.pair.confounds == ()
    assert "Tuned: sgd with 4 settings from learning rate 0.001 to 1 (log); adam with 3 " in (
        wording.sentence(finding)
    )


def test_the_sentence_says_with_how_many_settings_of_which_space() -> None:
    said = wording.sentence(finding_of(tuned_result(tuned_study(), smooth)))
    assert (
        "Each was tuned with 4 settings: sgd from learning rate 0.001 to 1 (log); adam from "
        "learning rate 1e-05 to 0.1 (log)." in said
    )


def test_the_curve_ends_at_the_trials_that_were_chosen() -> None:
    result = tuned_result(tuned_study(seeds=6), smooth)
    for side in finding_of(result).sides:
        assert side.curve is not None
        trials = [
            [smooth(side.name, one.seed, trial.settings) for trial in one.trials]
            for one in result.experiments[side.name].replicates
        ]
        validation_RN, test_RN = np.moveaxis(np.array(trials), -1, 0)
        np.testing.assert_allclose(side.curve.replicate_RT[:, -1], chosen(validation_RN, test_RN))
        assert (np.diff(side.curve.mean_T) > 0).all()


def test_budget_and_trials_that_diverged_are_counted() -> None:
    finding = finding_of(tuned_result(tuned_study(seeds=5, trials=6), half_diverge))
    sgd, adam = finding.sides
    assert (sgd.runs, adam.runs) == (35, 35)
    assert sgd.seconds == pytest.approx(35 * 2.5)
    assert sgd.diverged > 0 == adam.diverged
    assert all(float(winner.settings["optimizer.lr"]) <= 0.03 for winner in sgd.winners)
    assert sgd.curve is not None
    # A replicate may have nothing but failures at small budgets.
    assert np.isnan(sgd.curve.mean_T[0])
    assert np.isfinite(sgd.curve.mean_T[-1])
    assert f"{sgd.diverged} trials of sgd diverged" in " ".join(wording.reasons(finding))


def test_winners_at_the_edge_of_the_space_are_named() -> None:
    finding = finding_of(tuned_result(tuned_study(seeds=5, trials=60), more_is_better))
    for side in finding.sides:
        (edge,) = side.edges
        assert (edge.setting, edge.lower) == ("optimizer.lr", 0)
        assert edge.upper >= 4
    said = " ".join(wording.reasons(finding))
    assert "At the edge of its space: the learning rate of sgd, with " in said
    assert "at the upper end of 5 winners (by chance 10%)" in said
    middle = finding_of(tuned_result(tuned_study(seeds=5, trials=60), smooth))
    assert middle.sides[0].edges == ()


def test_it_is_said_where_the_answer_depends_on_the_budget() -> None:
    finding = finding_of(tuned_result(tuned_study(seeds=8, trials=24), crossing))
    assert finding.by_budget is not None
    assert finding.by_budget.difference.crosses
    assert finding.verdict is Verdict.BETTER
    said = wording.sentence(finding)
    assert "Which is ahead depends on the budget: sgd is ahead with 1" in said
    assert ", adam is ahead with " in said
    same = finding_of(tuned_result(tuned_study(seeds=8, trials=24), smooth))
    assert "depends on the budget" not in wording.sentence(same)


def test_replicates_that_choose_from_one_drawn_pool_are_refused() -> None:
    pool = tuple({"optimizer.lr": rate} for rate in (0.001, 0.003, 0.01, 0.03))
    shared = tuned_result(tuned_study(), smooth, settings=lambda name, seed: pool)
    with pytest.raises(ValueError, match="replicates 0 and 1 have a setting in common"):
        judge_study(shared)
    # Listed values are no pool that was drawn: the question is about these.
    listed = STUDY.replace("{{ log = [0.001, 1.0] }}", "{{ choice = [0.001, 0.01, 0.1] }}").replace(
        "{{ log = [0.00001, 0.1] }}", "{{ choice = [0.001, 0.01, 0.1] }}"
    )
    assert finding_of(tuned_result(tuned_study(text=listed), smooth)).evidence.n == 5


def test_nothing_is_said_of_noise_between_single_runs() -> None:
    finding = finding_of(tuned_result(tuned_study(), smooth))
    assert finding.noise is None
    assert wording.noise(finding) == ""
