"""Cascades by dollars (theory P13): against queries priced one by one in rationals, and published figures."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab import decisions as d
from cofail_lab.errors import InputError


def test_a_mix_of_the_constants_spends_the_dollars_of_the_cascade():
    """Eight queries in order of confidence, k escalated: cost and mix counted in rationals."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        cheap, strong = (rng.integers(0, 2, size=8).tolist() for _ in range(2))
        cheap_cost, strong_cost = rng.integers(1, 5, size=8).tolist(), rng.integers(3, 30, size=8).tolist()
        who = d.cascade_dollars(*(np.array(x, dtype=float) for x in (range(8), cheap, strong, cheap_cost, strong_cost)))
        a_l, a_h = Fraction(sum(cheap), 8), Fraction(sum(strong), 8)
        c_l, c_h = Fraction(sum(cheap_cost), 8), Fraction(sum(strong_cost), 8)
        for k in range(9):
            dollars = c_l + Fraction(sum(strong_cost[:k]), 8)
            quality = Fraction(sum(strong[:k]) + sum(cheap[k:]), 8)
            assert who.cost(k / 8) == pytest.approx(float(dollars), abs=1e-12)
            if c_h <= c_l:
                assert (who.prices, who.mixed_fraction(k / 8), who.dollar_gap(k / 8)) == ("strong_cheaper", None, None)
                continue
            # The best constant mix for these dollars; L alone where H is no better.
            share = min(Fraction(1), (dollars - c_l) / (c_h - c_l))
            best = max(a_l, a_l + share * (a_h - a_l))
            assert who.mixed_fraction(k / 8) == pytest.approx(float(share), abs=1e-12)
            assert who.dollar_gap(k / 8) == pytest.approx(float(quality - best), abs=1e-12)
            assert who.prices == ("usual" if a_h > a_l else "cheap_better")


def test_ties_are_escalated_and_paid_for_in_part():
    who = d.cascade_dollars(np.zeros(4), np.array([1.0, 0, 0, 1]), np.ones(4), np.ones(4), np.array([2.0, 4, 6, 8]))
    assert who.cost(0.5) == 1 + 0.5 * 5
    assert who.dollar_gap(0.5) == pytest.approx(0.75 - (0.5 + 0.5 * 2.5 / 4))


@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 0.74, 0.76, 1.0])
def test_at_constant_prices_the_gaps_differ_by_the_surcharge(gamma):
    """P13.ii; beyond γ = 1 - c_L/c_H = .75 the best mix is H alone."""
    rng = np.random.default_rng(8)
    score = rng.random(400)
    cheap, strong = (rng.random(400) < 0.3 + 0.5 * score).astype(float), (rng.random(400) < 0.9).astype(float)
    who = d.cascade_dollars(score, cheap, strong, np.full(400, 2.0), np.full(400, 8.0))
    surcharge = d.mixing_surcharge(gamma, cheap.mean(), strong.mean(), 0.25)
    assert who.dollar_gap(gamma) == pytest.approx(who.escalation_gap(gamma) - surcharge, abs=1e-12)
    if gamma > 0.75:
        assert who.dollar_gap(gamma) == pytest.approx(who.curve.quality(gamma) - strong.mean(), abs=1e-12)
    if gamma == 1:
        assert who.dollar_gap(gamma) == pytest.approx(0, abs=1e-12)


def test_the_critical_auc_against_mixing_is_above_that_against_thinning_out():
    for floor in (0.72, 0.8, 0.88):
        for ratio in (0.05, 0.3, 0.6, 0.75):
            mixing, thinning = (rule(0.7, 0.9, floor, ratio) for rule in (d.critical_auc_for_mixing, d.critical_auc))
            assert mixing.regime == "exists"
            assert mixing.value is not None
            assert thinning.regime == "always" or mixing.value > (thinning.value or 1) + 1e-6
            # At AUC* the cascade has the floor for the dollars of the mix: c_H = 1.
            gamma = (floor - 0.7) / 0.2 * (1 - ratio)
            assert d.binormal_quality(gamma, mixing.value, 0.7, 0.9) == pytest.approx(floor, abs=1e-12)
            mix = (floor - 0.7) / 0.2
            assert ratio + gamma == pytest.approx(mix + (1 - mix) * ratio)
    at_top = d.critical_auc_for_mixing(0.7, 0.9, 0.9, 0.3).value
    assert at_top == pytest.approx(d.critical_auc(0.7, 0.9, 0.9, 0.3).value, abs=1e-10)
    assert d.critical_auc_for_mixing(0.7, 0.9, 0.8, 0.78).regime == "never"
    assert d.critical_auc_for_mixing(0.7, 0.9, 0.8, 0.0).regime == "always"


@pytest.fixture(scope="module")
def pair(real):
    """Score, answers and costs of two models of medagents_zeroshot."""
    outcomes = real("medagents_zeroshot")

    def columns(cheap, strong):
        low, high = outcomes.models.index(cheap), outcomes.models.index(strong)
        right = (~outcomes.wrong).astype(float)
        cost, tokens = outcomes.per_cell["cost"], outcomes.per_cell["tokens"]
        return -tokens[:, low], right[:, low], right[:, high], cost[:, low], cost[:, high]

    return columns


def test_o3_mini_to_r1(pair):
    """The published comparison and the one at equal dollars."""
    score, cheap, strong, *costs = pair("o3-mini", "DeepSeek-R1")
    for route in d.gap_area_routes(score, cheap, strong):
        assert route == pytest.approx(0.00707491, abs=5e-9)
    assert np.ptp(d.gap_area_routes(score, cheap, strong)) < 1e-10
    assert d.auc(score, cheap) == pytest.approx(0.730079, abs=5e-7)
    assert d.auc(score, strong) == pytest.approx(0.709331, abs=5e-7)
    who = d.cascade_dollars(score, cheap, strong, *costs)
    published = {0.2: (0.0105, 0.0033, 0.450), 0.5: (0.0082, -0.0022, 0.862), 0.7: (0.0066, -0.0020, 1.0)}
    for gamma, (escalation, dollars, mixed) in published.items():
        assert who.escalation_gap(gamma) == pytest.approx(escalation, abs=1e-4)
        assert who.dollar_gap(gamma) == pytest.approx(dollars, abs=1e-4)
        assert who.mixed_fraction(gamma) == pytest.approx(mixed, abs=5e-4)
    assert who.cost(0.7) > who.strong_price


def test_qwq_to_gpt_4o(pair):
    """An AUC above ½ and a negative area; H is the cheaper model, so that no mix trades dollars for accuracy."""
    score, cheap, strong, *costs = pair("QwQ-32B-Preview", "gpt-4o")
    assert d.gap_area_routes(score, cheap, strong).integral == pytest.approx(-0.00336804, abs=5e-9)
    assert d.auc(score, cheap) == pytest.approx(0.558, abs=5e-4)
    who = d.cascade_dollars(score, cheap, strong, *costs)
    assert (who.prices, who.dollar_gap(0.5), who.mixed_fraction(0.5)) == ("strong_cheaper", None, None)
    assert who.escalation_gap(0.5) < 0


def test_degraded_verifiers(pair):
    """Published areas at each noise; pure noise covers 0, and its largest gap is the size of chance."""
    rows = d.degraded_verifier(*pair("o3-mini", "DeepSeek-R1")[:3])
    published = {0: 0.00707, 0.25: 0.00681, 0.5: 0.00524, 0.75: 0.00262, 0.9: 0.00130, 1: 0.00056}
    assert {row.noise: row.area for row in rows} == pytest.approx(published, abs=1e-5)
    assert rows[0].area_lower == pytest.approx(rows[0].area, abs=1e-15)
    assert rows[-1].area_lower < 0 < rows[-1].area_upper
    score, cheap, strong = pair("o3-mini", "DeepSeek-R1")[:3]
    noise = [np.random.default_rng(1000 + s).random(len(score)) for s in range(20)]
    areas = [-np.cov(strong - cheap, d.midranks(u), bias=True)[0, 1] for u in noise]
    assert [rows[-1].area_lower, rows[-1].area_upper] == pytest.approx(np.quantile(areas, [0.025, 0.975]), abs=1e-12)
    assert rows[0].largest_gap > 2 * rows[-1].largest_gap > 0


def test_a_degraded_verifier_of_a_planted_pool():
    """Noise takes the whole gap away, and half of it leaves most; draws are those of the published streams."""
    rng = np.random.default_rng(2)
    score = rng.normal(size=3000)
    cheap, strong = (rng.random(3000) < 1 / (1 + np.exp(-2 * score))).astype(float), np.ones(3000)
    rows = d.degraded_verifier(score, cheap, strong, noises=[0, 0.5, 1], n_seeds=5)
    ranks = (np.argsort(np.argsort(score)) + 0.5) / 3000
    for row in rows:
        draws = [np.random.default_rng(1000 + s).random(3000) for s in range(5)]
        mixed = [(1 - row.noise) * ranks + row.noise * draw for draw in draws]
        assert row.area == pytest.approx(
            np.mean([d.cascade_curve(m, cheap, strong).gap_area for m in mixed]), abs=1e-12
        )
    assert rows[0].area > rows[1].area > 0.5 * rows[0].area
    assert abs(rows[2].area) < 0.05 * rows[0].area


def test_the_planted_cascade():
    """η_L = .2 + .4x, η_H = η_L + .3·1{x > .5}: a threshold on x loses what deferring by the difference gains."""
    rng = np.random.default_rng(0)
    x = rng.random(200_000)
    cheap = 0.2 + 0.4 * x
    strong = cheap + 0.3 * (x > 0.5)
    threshold = d.cascade_curve(x, cheap, strong)
    deferral = d.cascade_curve(cheap - strong, cheap, strong)
    assert threshold.gap_area == pytest.approx(-0.0375, abs=0.002)
    assert deferral.gap_area == pytest.approx(0.0375, abs=0.002)
    assert deferral.largest_gap == pytest.approx(0.075, abs=0.002)
    # Answers drawn in place of their probabilities.
    drawn = [(rng.random(len(x)) < rate).astype(float) for rate in (cheap, strong)]
    assert d.cascade_curve(x, *drawn).gap_area == pytest.approx(-0.0375, abs=0.002)
    assert d.cascade_curve(cheap - strong, *drawn).gap_area == pytest.approx(0.0375, abs=0.002)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.cascade_dollars(*[np.ones(3)] * 4, np.ones(2)), "strong_cost: shape (2,); (3,) is needed"),
        (lambda: d.cascade_dollars(*[np.ones(3)] * 3, -np.ones(3), np.ones(3)), "cheap_cost: -1.0 is not a finite"),
        (lambda: d.mixing_surcharge(0.5, 0.7, 0.9, 1.0), "price_ratio: 1.0 is not below 1"),
        (lambda: d.mixing_surcharge(0.5, 0.9, 0.7, 0.5), "strong_accuracy: 0.7 is not above cheap_accuracy, 0.9"),
        (lambda: d.critical_auc_for_mixing(0.7, 0.9, 0.7, 0.5), "floor: 0.7 is outside"),
        (lambda: d.degraded_verifier(*[np.ones(3)] * 3, noises=[1.5]), "noises: 1.5 is outside [0, 1]"),
        (lambda: d.degraded_verifier(*[np.ones(3)] * 3, n_seeds=0), "n_seeds: 0 is not a whole number >= 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)


def test_models_of_one_price_are_not_mixed():
    score, right = np.arange(4.0), np.array([[0, 1, 1, 1.0], [1, 1, 0, 1.0]])
    for strong_price, prices in ((2.0, "usual"), (1.0, "strong_cheaper"), (0.5, "strong_cheaper")):
        found = d.cascade_dollars(score, right[0], np.ones(4), np.ones(4), np.full(4, strong_price))
        assert found.prices == prices
        assert (found.mixed_fraction(0.25) is None, found.dollar_gap(0.25) is None, found.dollar_gaps is None) == (
            (prices != "usual",) * 3
        )
    assert d.cascade_dollars(score, right[0], right[1], np.ones(4), np.full(4, 2.0)).prices == "cheap_better"


def test_the_gaps_at_the_ends_of_blocks_are_those_at_their_fractions():
    score, right = np.array([0, 0, 1, 2, 3.0]), np.array([[0, 0, 1, 0, 1.0], [1, 0, 1, 1, 1.0]])
    found = d.cascade_dollars(score, *right, np.full(5, 1.0), np.array([1.0, 2, 3, 4, 5]))
    # H costs 3 on average, L 1: the dollars 3, 6, 10, 15 of five queries are mixes of 3/10, 6/10, 1 and 1.
    assert found.dollar_gaps == pytest.approx([0, 0.2 - 0.4 * 0.3, 0.2 - 0.4 * 0.6, 0, 0])
    assert found.dollar_gaps == pytest.approx([found.dollar_gap(f) for f in found.curve.fraction])


@pytest.mark.parametrize(
    "call", [d.mixing_surcharge, lambda *given: d.critical_auc_for_mixing(given[1], given[2], 0.8, 0.5)]
)
def test_two_models_of_one_accuracy_have_no_price_of_mixing(call):
    with pytest.raises(InputError, match=r"strong_accuracy: 0\.8 is not above cheap_accuracy, 0\.8"):
        call(0.5, 0.8, 0.8, 0.5)


def test_a_price_ratio_within_rounding_of_its_ends_has_the_end_as_its_root() -> None:
    """Conditions that hold by a rounding error only: nothing is saved by mixing, or nobody can be told apart."""
    for ratio, auc in ((1e-18, 0.5), (float(np.nextafter(0.6 / 0.9, 0)), 1.0)):
        assert d.critical_auc_for_mixing(0.6, 0.9, 0.8, ratio) == d.CriticalAuc(auc, "exists")
    # Here even random escalation comes out above the floor, by a rounding error.
    assert d.binormal_quality(0.75, 0.5, 0.1, 0.3) > 0.25
    assert d.critical_auc_for_mixing(0.1, 0.3, 0.25, 1e-18) == d.CriticalAuc(0.5, "exists")
