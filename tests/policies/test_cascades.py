"""Cascades of two models: which two, what goes on to the strong one, what leaks, and planted answers."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.decisions import cascade_curve, cascade_dollars
from cofail_lab.errors import InputError
from cofail_lab.policies import AbsentPolicyError, Graded, sit
from cofail_lab.policies.cascade import Cut, confidence, cut_at, two_models
from cofail_lab.policies.deferral_cascade import DeferralCascade, added_by_strong
from cofail_lab.policies.threshold_cascade import ThresholdCascade
from tests.conftest import outcomes_from
from tests.policies.made import graded


def cascade_pool(rng, n=2000, **more):
    """L is right with probability .2 + .7c at confidence c, H with .9; a third model is dear and bad."""
    c = rng.random(n)
    right = rng.random((n, 3)) < np.column_stack([0.2 + 0.7 * c, np.full(n, 0.9), np.full(n, 0.5)])
    signal = np.column_stack([c, rng.random(n), rng.random(n)])
    cells = {"cost": np.tile([1.0, 5.0, 4.0], (n, 1)), "confidence": signal, **more}
    return graded(right, **cells)


def planted(rng, n):
    """P13: η_L = .2 + .4x, η_H = η_L + .3·1{x > .5}; L's confidence is x."""
    x = rng.random(n)
    cheap = 0.2 + 0.4 * x
    right = rng.random((n, 2)) < np.column_stack([cheap, cheap + 0.3 * (x > 0.5)])
    return graded(right, confidence=np.column_stack([x, x]), cost=np.tile([1.0, 4.0], (n, 1)))


def test_the_least_sure_go_on_and_are_paid_twice(rng):
    pool = cascade_pool(rng)
    train, test = pool.take(np.arange(1000)), pool.take(np.arange(1000, 2000))
    decisions = sit(ThresholdCascade("m0", "m1", None, 0.3).fit(train, 0), test, train.prices)
    threshold = np.sort(train.confidence[:, 0])[300]
    on = test.confidence[:, 0] < threshold
    assert on.mean() == pytest.approx(0.3, abs=0.05)
    assert (decisions.calls == np.column_stack([np.ones(1000), on, np.zeros(1000)])).all()
    assert (decisions.right_low == np.where(on, test.right[:, 1], test.right[:, 0])).all()
    assert (decisions.cost == 1 + 5 * on).all()


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_a_cut_escalates_its_fraction_in_expectation(rng, fraction):
    """With ties too, and on the queries it was fitted to exactly; quality is the curve's."""
    for score in (rng.random(500), rng.integers(4, size=500).astype(float), np.full(500, -np.inf)):
        escalated = cut_at(score, fraction).escalated(score)
        assert escalated.mean() == pytest.approx(fraction, abs=1e-12)
        cheap, strong = rng.random((2, 500)) < 0.6
        order = np.unique(score, return_inverse=True)[1]
        curve = cascade_curve(order, cheap.astype(float), strong.astype(float))
        quality = (escalated * strong + (1 - escalated) * cheap).mean()
        assert quality == pytest.approx(curve.quality(fraction), abs=1e-12)


def test_everything_goes_on_at_one_and_nothing_at_zero(rng):
    """Also what is less or more sure than anything in training."""
    pool = cascade_pool(rng, n=200)
    far = replace(pool, confidence=np.where(pool.right, -9.0, 9.0))
    for fraction in (0.0, 1.0):
        decisions = sit(ThresholdCascade("m0", "m1", None, fraction).fit(pool, 0), far, None)
        assert (decisions.calls[:, 1] == fraction).all()


def test_few_tokens_and_high_agreement_mean_sure_and_unknown_means_unsure(rng):
    tokens = np.array([[10.0, 5], [30, 5], [np.nan, 5], [20, 5]])
    pool = graded(np.ones((4, 2)), tokens=tokens, agreement=tokens / 100, confidence=np.full((4, 2), np.nan))
    assert np.argsort(confidence(pool, 0, "tokens")).tolist() == [2, 1, 3, 0]
    assert np.argsort(confidence(pool, 0, "agreement")).tolist() == [2, 0, 3, 1]
    # A column without any number is none: the next signal is used.
    fitted = ThresholdCascade("m0", "m1", None, 0.5).fit(pool, 0)
    assert fitted.cut.threshold == 0.2
    with pytest.raises(AbsentPolicyError, match="there is no confidence column for the answers of m0"):
        ThresholdCascade("m0", "m1", "confidence", 0.5).fit(pool, 0)
    with pytest.raises(AbsentPolicyError, match="no confidence, agreement or token column"):
        DeferralCascade("m0", "m1", 0.5).fit(graded(np.ones((4, 2))), 0)


@pytest.mark.parametrize("signal", ["frac", "samples", "score"])
def test_what_grading_wrote_is_no_confidence(signal):
    with pytest.raises(InputError, match=f"signal: '{signal}' is known only after grading, it would leak"):
        ThresholdCascade(None, None, signal, None)


@pytest.mark.parametrize("name", ["confidence", "agreement"])
def test_the_pass_fraction_under_another_name_is_refused(rng, name):
    frac = rng.integers(4, size=(50, 2)) / 3
    for leak in (frac, 100 * frac**2):
        with pytest.raises(InputError, match=f"{name}: it orders all answers as the share of right runs"):
            Graded.of(outcomes_from(frac < 0.5, per_cell={"frac": frac, name: leak}))
    other = rng.random((50, 2))
    assert (getattr(Graded.of(outcomes_from(frac < 0.5, per_cell={"frac": frac, name: other})), name) == other).all()


def test_the_pass_fraction_of_the_runs_reaches_no_policy(real):
    """cruxeval_output has pass fractions and no other signal: there is no cascade."""
    outcomes = real("cruxeval_output")
    assert "frac" in outcomes.per_cell
    pool = Graded.of(outcomes)
    with pytest.raises(AbsentPolicyError, match="no confidence, agreement or token column"):
        ThresholdCascade(outcomes.models[0], outcomes.models[1], None, None).fit(pool, 0)


def test_which_two_models(rng):
    """H is the best; L the corner of the hull before it, by every mix of two constants."""
    for _ in range(30):
        right, prices = rng.random((300, 6)) < rng.uniform(0.3, 0.95, 6), rng.uniform(1, 10, 6)
        pool = graded(right, cost=np.tile(prices, (300, 1)), confidence=rng.random((300, 6)))
        if prices.argmin() == pool.best:
            continue
        fitted = ThresholdCascade(None, None, None, 0.5).fit(pool, 0)
        low, high = fitted.cheap, fitted.strong
        assert high == pool.best
        # No constant lies above the line from L to H.
        slope = (pool.accuracy[high] - pool.accuracy[low]) / (prices[high] - prices[low])
        assert (pool.accuracy <= pool.accuracy[high] - slope * (prices[high] - prices) + 1e-12).all()
    cheap_best = graded(np.array([[1, 0], [1, 1]]), cost=np.array([[1.0, 2], [1, 2]]), tokens=np.ones((2, 2)))
    with pytest.raises(AbsentPolicyError, match="no model is cheaper than m0 and no better"):
        ThresholdCascade(None, None, None, 0.5).fit(cheap_best, 0)
    # One that is cheaper and better than the strong model that was named is no L of a cascade.
    with pytest.raises(AbsentPolicyError, match="no model is cheaper than m1 and no better"):
        ThresholdCascade(None, "m1", None, 0.5).fit(cheap_best, 0)
    with pytest.raises(AbsentPolicyError, match="m0, the cheap model, is the best one"):
        ThresholdCascade("m0", None, None, 0.5).fit(cheap_best, 0)
    free = Graded(cheap_best.features, cheap_best.models, cheap_best.right, tokens=cheap_best.tokens)
    with pytest.raises(AbsentPolicyError, match=r"no costs to find a cheap model by; policy.threshold_cascade.cheap"):
        ThresholdCascade(None, None, None, 0.5).fit(free, 0)


def test_the_fitted_fraction_is_the_best_at_equal_dollars(rng):
    pool = cascade_pool(rng)
    fitted = ThresholdCascade(None, None, None, None).fit(pool, 0)
    assert (fitted.cheap, fitted.strong) == (0, 1)
    dollars = cascade_dollars(
        pool.confidence[:, 0], *pool.right[:, :2].T.astype(float), pool.cost[:, 0], pool.cost[:, 1]
    )
    share = fitted.cut.escalated(pool.confidence[:, 0]).mean()
    assert dollars.dollar_gap(share) == pytest.approx(max(dollars.dollar_gap(g / 500) for g in range(501)), abs=2e-3)
    assert dollars.dollar_gap(share) > 0.04
    # A confidence that is noise: no fraction gains over mixing, but for the luck of a few queries.
    noise = Graded(pool.features, pool.models, pool.right, pool.cost, confidence=rng.random(pool.right.shape))
    cut = ThresholdCascade(None, None, None, None).fit(noise, 0).cut
    assert cut.escalated(noise.confidence[:, 0]).mean() < 0.02
    # One that is worse than noise: none at all.
    cut = ThresholdCascade(None, None, None, None).fit(replace(pool, confidence=-pool.confidence), 0).cut
    assert cut == Cut(-np.inf, 0.0)
    # Without costs, and where H is the cheaper one, the gap is to random escalation.
    for cost in (None, np.tile([5.0, 1.0, 1.0], (2000, 1))):
        other = Graded(pool.features, pool.models, pool.right, cost, confidence=pool.confidence)
        share = ThresholdCascade("m0", "m1", None, None).fit(other, 0).cut.escalated(pool.confidence[:, 0]).mean()
        assert share == pytest.approx(dollars.curve.fraction[dollars.curve.gaps.argmax()], abs=1e-9)


def test_nothing_goes_on_where_no_fraction_gains_but_by_rounding():
    """L's errors last: at γ = 1 the gap to H alone is 0, and in some of these pools 1e-17."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        right = rng.random((24, 2)) < [0.4, 0.9]
        signal = np.where(right[:, 0], 0, 1) + rng.random(24) / 10
        pool = graded(right, cost=np.tile([0.1, 0.7], (24, 1)), confidence=np.column_stack([signal, signal]))
        assert ThresholdCascade("m0", "m1", None, None).fit(pool, 0).cut == Cut(-np.inf, 0.0)


def test_deferral_finds_where_the_strong_model_adds_and_a_threshold_does_not(rng):
    """The planted cascade: areas -.0375 and +.0375 of the optimum, at n = 6,000 from fitted probabilities."""
    pool = planted(rng, 6000)
    right = pool.right.astype(float)
    threshold = cascade_curve(pool.confidence[:, 0], *right.T).gap_area
    deferral = cascade_curve(-added_by_strong(pool, 0, 1, 0), *right.T).gap_area
    assert threshold == pytest.approx(-0.0375, abs=0.01)
    assert deferral == pytest.approx(0.0375, abs=0.01)
    train, test = pool.take(np.arange(3000)), pool.take(np.arange(3000, 6000))
    by_threshold, by_deferral = (
        sit(policy.fit(train, 0), test, train.prices)
        for policy in (ThresholdCascade("m0", "m1", None, 0.5), DeferralCascade("m0", "m1", 0.5))
    )
    # .3 on half of the queries, all of them or none; three standard errors.
    assert by_deferral.right_low.mean() - by_threshold.right_low.mean() == pytest.approx(0.15, abs=0.05)
    assert by_deferral.calls[:, 1].mean() == pytest.approx(0.5, abs=0.03)


def test_deferral_sees_datasets_and_only_the_cheap_answer(rng):
    """H is right on one dataset, L on the other; what H says or how sure it is must not matter."""
    n = 600
    dataset = np.array(["a", "b"], dtype=object)[rng.integers(2, size=n)]
    right = np.column_stack([dataset == "a", dataset == "b"])
    cells = {"tokens": rng.random((n, 2)) + 1, "columns": {"dataset": dataset}}
    pool = graded(right, **cells)
    fitted = DeferralCascade("m0", "m1", 0.5).fit(pool, 0)
    decisions = sit(fitted, pool, None)
    assert decisions.right_low.mean() > 0.95
    shouted = Graded(pool.features, pool.models, pool.right, tokens=pool.tokens * np.array([1.0, 1000.0]))
    assert (sit(fitted, shouted, None).calls == decisions.calls).all()


def test_deferral_on_real_answers(real):
    """o3-mini to R1 at γ = .3: the held-out gain over thresholding on tokens, +.0095 ± .004."""
    pool = Graded.of(real("medagents_zeroshot"))
    cheap, strong = pool.models.index("o3-mini"), pool.models.index("DeepSeek-R1")
    right = pool.right[:, [cheap, strong]].T.astype(float)
    added = added_by_strong(pool, cheap, strong, 0)
    gain = cascade_curve(-added, *right).quality(0.3) - cascade_curve(-pool.tokens[:, cheap], *right).quality(0.3)
    assert gain == pytest.approx(0.0095, abs=0.004)
    # The same queries give the same classifiers.
    assert (added == added_by_strong(pool, cheap, strong, 0)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, None, None, None), "policy.threshold_cascade.cheap: 3 is not a model name or null"),
        (("a", "a", None, None), "policy.threshold_cascade.strong: 'a' is the cheap model too; two models are needed"),
        ((None, None, "mood", None), "signal: 'mood' is not one of confidence, agreement, tokens or null"),
        ((None, None, None, 1.5), "policy.threshold_cascade.fraction: 1.5 is outside [0, 1]"),
    ],
)
def test_bad_parameters_are_named(arguments, message):
    with pytest.raises(InputError) as raised:
        ThresholdCascade(*arguments)
    assert message in str(raised.value)


def test_a_cheap_model_that_is_better_than_the_strong_one_is_no_cheap_model():
    right = np.arange(10)[:, None] < [9, 5, 7]
    data = graded(right, cost=np.tile([1.0, 0.5, 3.0], (10, 1)))
    assert two_models("policy.x", data, None, "m2") == (1, 2)
    with pytest.raises(AbsentPolicyError, match="no model is cheaper than m2 and no better"):
        two_models("policy.x", graded(right[:, [0, 0, 2]], cost=data.cost), None, "m2")
