"""Recorded picks that know the answers are flagged, and picks that know everything that can be known before are not."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import beta

from cofail_lab.fitting.readings.luck import find_runs, measure_luck
from cofail_lab.policies import AbstractPolicy, Graded, evaluation
from cofail_lab.policies import suspicion as suspicions
from cofail_lab.policies.ceilings import Repeated
from cofail_lab.policies.contest import hold
from cofail_lab.policies.folds import cross_fitting, random_splits
from cofail_lab.policies.recorded import FittedRecorded
from cofail_lab.policies.suspicion import luck_p_value, suspicion
from tests.policies.made import graded


class Picks(AbstractPolicy):
    """The same choices whatever it is fitted to."""

    def __init__(self, pick: np.ndarray) -> None:
        self.picks = {f"q{i}": int(j) for i, j in enumerate(pick)}

    def fit(self, train, seed):
        return FittedRecorded(self.picks, train.best)


def judged(data: Graded, repeated: Repeated | None, pick: np.ndarray, splits=None, replicates=400):
    """The contest's score of some picks, the contest, and what is suspected."""
    splits = splits or cross_fitting(data.n_queries, 2, 0)
    contest = hold({"recorded": Picks(pick)}, data, splits, replicates=replicates, level=0.95, seed=0)
    score = contest.by_name["recorded"]
    return score, contest, suspicion(score, contest, repeated)


def runs_of(chance: np.ndarray, runs: int, rng: np.random.Generator) -> tuple[Graded, Repeated]:
    """Models that are right with a chance on every query; the first of their runs is graded."""
    samples = rng.random((*chance.shape, runs)) < chance[..., None]
    right, models = samples[..., 0], np.arange(chance.shape[1])
    return graded(right), Repeated.of(right, models, samples.sum(axis=2), np.full(chance.shape, runs), samples)


def majorities_of(chance: np.ndarray, runs: int, rng: np.random.Generator) -> tuple[Graded, Repeated]:
    """The same where a cell is right if at least half of its runs are."""
    k = (rng.random((*chance.shape, runs)) < chance[..., None]).sum(axis=2)
    right, models = 2 * k >= runs, np.arange(chance.shape[1])
    return graded(right), Repeated.of(right, models, k, np.full(chance.shape, runs), None)


def test_luck_that_was_picked_is_above_what_can_be_routed(rng):
    """P10.i: ten models alike, π ~ Beta(2, 1); an oracle gains .3 and a router nothing."""
    data, repeated = runs_of(np.tile(rng.beta(2, 1, size=(600, 1)), 10), 3, rng)
    score, _, why = judged(data, repeated, data.right.argmax(axis=1))
    assert why == "above_routable"
    assert (score.won > 150, score.lost) == (True, 0)
    # Known on a tenth of the queries only: far from the oracle, and yet more than a router can have.
    some = np.where(rng.random(600) < 0.3, data.right.argmax(axis=1), rng.integers(10, size=600))
    score, _, why = judged(data, repeated, some)
    assert why == "above_routable"
    assert score.captured < 0.5
    # Without the runs only nearly all of the oracle's gain is suspicious.
    assert judged(data, None, data.right.argmax(axis=1))[2] == "nearly_oracle"
    assert judged(data, None, some)[2] is None


def test_picks_by_the_chances_are_honest_however_much_they_gain(rng, monkeypatch):
    """Who knows every π, and who picks at random: flagged at the stated rate of 2.5%, P(more than 8 of 100) = .001."""
    # Nothing is fitted here, and to look for the libraries of linear algebra takes longer than a contest.
    monkeypatch.setattr(evaluation, "threadpool_limits", lambda *_: nullcontext())
    flagged = 0
    for _ in range(50):
        chance = rng.beta(1, 1, size=(300, 4))
        data, repeated = runs_of(chance, 3, rng)
        for pick in (chance.argmax(axis=1), rng.integers(4, size=300)):
            score, contest, why = judged(data, repeated, pick, replicates=0)
            assert (why == "above_routable") == (luck_p_value(score, contest, repeated) < 0.025)
            flagged += why is not None
            assert score.gain < contest.by_name["oracle"].gain
    assert flagged <= 8


def test_the_p_value_is_that_of_the_run_that_was_graded(rng):
    """By drawing which run is graded, 2,000 times."""
    chance = rng.random((40, 3))
    data, repeated = runs_of(chance, 4, rng)
    pick = np.where(rng.random(40) < 0.4, data.right.argmax(axis=1), 0)
    for splits in (cross_fitting(40, 2, 0), random_splits(40, 3, 0.2)):
        score, contest, _ = judged(data, repeated, pick, splits)
        decided = np.unique(contest.trials.rows)
        share, hits = repeated.share[decided, pick[decided]], data.right[decided, pick[decided]].sum()
        drawn = (rng.random((20_000, len(decided))) < share).sum(axis=1)
        # Three standard errors of the draws, and the normal approximation.
        assert luck_p_value(score, contest, repeated) == pytest.approx((drawn >= hits).mean(), abs=0.015)


def test_majorities_of_runs_do_not_accuse_who_knows_the_topic(rng):
    """A majority of five is right more often than a run: .76 at π = .65. That is no hindsight."""
    topic = rng.integers(2, size=4000)
    chance = np.where(np.arange(2) == topic[:, None], 0.65, 0.35)
    data, repeated = majorities_of(chance, 5, rng)
    assert not repeated.one_graded
    score, _, why = judged(data, repeated, topic)
    assert why is None
    assert score.gain > 0.2
    assert judged(data, repeated, data.right.argmax(axis=1))[2] == "nearly_oracle"


def test_models_that_ran_once_count_for_the_ceiling(rng):
    """Two of four models have runs, and the ceiling is that of all four."""
    chance = rng.beta(1, 1, size=(500, 4))
    samples = (rng.random((500, 4, 4)) < chance[..., None]).astype(float)
    samples[:, 2:, 1:] = np.nan
    right, two = samples[..., 0] == 1, np.arange(2)
    counts = samples[:, :2].sum(axis=2).astype(int)
    some = Repeated.of(right, two, counts, np.full((500, 2), 4), samples)
    assert (some.share[:, 2:] == right[:, 2:]).all()
    assert (some.runs == [4, 4, 1, 1]).all()
    assert some.routable.value > chance.max(axis=1).mean()
    assert some.routable.value < some.routable.upper <= 1
    assert some.routable.gain_upper == some.routable.upper - some.share.mean(axis=0).max()
    assert some.one_graded
    # A grade that is not that of the first run, on one query, is none of one run.
    right[0] = ~right[0]
    assert not Repeated.of(right, two, counts, np.full((500, 2), 4), samples).one_graded


def test_a_ceiling_is_no_surer_than_the_model_with_the_fewest_runs_makes_it():
    """Half of four runs right on every query, beside a model that ran once: 100 answers, not 400."""
    counts = np.full((100, 1), 2)
    some = Repeated.of(np.zeros((100, 2), bool), np.array([0]), counts, np.full((100, 1), 4), None)
    assert some.routable.value == 0.5
    assert some.routable.upper == pytest.approx(beta.ppf(0.975, 51, 50))


@pytest.mark.parametrize("name", ["cruxeval_output", "cruxeval_input"])
def test_hindsight_on_real_runs(real, name):
    """Two or three models of these ran once, and an oracle of the others is below that of all."""
    outcomes = real(name)
    data, runs = Graded.of(outcomes), find_runs(outcomes)
    repeated = Repeated.of(data.right, runs.models, runs.right, runs.runs, None)
    among = measure_luck(runs, 0).routable_upper
    assert repeated.routable.value > among.value
    assert repeated.routable.upper > among.upper
    plain = graded(data.right)
    assert judged(plain, repeated, data.right.argmax(axis=1))[2] == "nearly_oracle"
    assert judged(plain, repeated, data.right[:, ::-1].argmin(axis=1))[2] is None


@pytest.mark.parametrize(("p_value", "why"), [(0.0249, "above_routable"), (0.0251, None)])
def test_luck_is_tested_at_half_of_what_the_level_leaves(
    monkeypatch: pytest.MonkeyPatch, p_value: float, why: str | None
) -> None:
    monkeypatch.setattr(suspicions, "luck_p_value", lambda *_: p_value)
    score, contest, one, all_runs = (
        cast("Any", SimpleNamespace(**known))
        for known in ({"gain_lower": None}, {"level": 0.95}, {"one_graded": True}, {"one_graded": False})
    )
    assert suspicion(score, contest, one) == why
    assert suspicion(score, contest, all_runs) is None
    assert suspicion(score, contest, None) is None


def test_runs_that_are_all_alike_leave_nothing_to_luck():
    data = graded(np.array([[1, 0], [0, 1]]))
    trials = SimpleNamespace(
        rows=np.array([0, 1]), graded=data, decisions=lambda _: SimpleNamespace(calls=np.array([[1, 0], [1, 0]]))
    )
    given = SimpleNamespace(name="x"), SimpleNamespace(trials=trials), SimpleNamespace(share=data.right.astype(float))
    assert luck_p_value(*given) == 1
