"""The formulas of the explorer, in a browser, give what the Python ones give: at 1,000 random points each, to 1e-9."""

import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from playwright.sync_api import Browser
from scipy.special import bdtr, betaln, log_ndtr, ndtri
from scipy.stats import binom

from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.bounds.certificate import certify_counts
from cofail_lab.bounds.count_lp import wrong_count_range
from cofail_lab.bounds.moments import dawson_sankoff, right_moments
from cofail_lab.bounds.planner import least_queries, plan_certificate, queries_to_decide, success_probability
from cofail_lab.decisions.luck import one_run_oracle, routable_ceiling
from cofail_lab.models import BetaMixing, BlockFactor, Clayton, CommonShock
from cofail_lab.models.tail import mean_correlations
from cofail_lab.numerics import bivariate_normal, block_table, gamma_frailty, one_factor
from cofail_lab.numerics.edges import log_with_atom
from cofail_lab.report import numbers
from cofail_lab.report.explorer import formulas

Compute = Callable[[str, list], np.ndarray]
POINTS = 1000


@pytest.fixture(scope="module")
def compute(browser: Browser) -> Compute:
    """Calls a function of the formulas with each of many lists of arguments."""
    page = browser.new_page()
    page.evaluate(f"window.formulas = (() => {{{formulas()}\nreturn (name) => eval(name);}})()")

    def call(name: str, points: list) -> Any:
        return page.evaluate(f"(points) => points.map((point) => formulas({json.dumps(name)})(...point))", points)

    return call


def close(found: Any, expected: Any, error: float = 1e-9) -> None:
    """Within an absolute error below one, a relative one above."""
    assert np.shape(found)[0] >= POINTS
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=error, atol=error)


def relative(found: Any, expected: Any, error: float = 1e-9) -> None:
    assert np.shape(found)[0] >= POINTS
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=error, atol=0)


def counts(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """k of n, from tests of one query to tests of a million, with all and none among them."""
    n = np.ceil(10 ** rng.uniform(0, 6, POINTS)).astype(int)
    k = rng.binomial(n, rng.beta(0.4, 0.4, POINTS))
    k[:20], k[20:40] = 0, n[20:40]
    return k, n


def test_the_normal_law(compute: Compute, rng: np.random.Generator) -> None:
    x = np.concatenate([rng.uniform(-8, 8, POINTS), -(10 ** rng.uniform(1, 4, POINTS)), [0.0]])
    relative(compute("logNormalCdf", [[float(v)] for v in x]), log_ndtr(x))
    p = np.concatenate([rng.uniform(0, 1, POINTS), 10 ** rng.uniform(-300, -1, POINTS), [0.5]])
    found = compute("normalQuantile", [[float(v)] for v in p])
    close(found, ndtri(p))


def test_two_normal_variables_and_the_tetrachoric_correlation(compute: Compute, rng: np.random.Generator) -> None:
    t, r = rng.uniform(-3, 2, POINTS), rng.uniform(0, 0.99, POINTS)
    joint = np.asarray(bivariate_normal.cdf(t, t, r))
    close(compute("bothBelow", [[*map(float, pair)] for pair in zip(t, r, strict=True)]), joint)
    rate = np.exp(log_ndtr(t))
    # Where models rarely fail, a pair's rate hardly depends on r: its last digits are then r's first ones.
    sharp = np.asarray(bivariate_normal.correlation(t, t, joint))
    found = compute("tetrachoric", [[*map(float, pair)] for pair in zip(rate, joint, strict=True)])
    close(np.where(np.isnan(sharp), 0, np.array(found, float)), np.nan_to_num(sharp), 1e-9)
    assert compute("tetrachoric", [[0.3, 0.08], [0.3, 0.3]]) == [None, None]


def test_binomial_limits(compute: Compute, rng: np.random.Generator) -> None:
    k, n = counts(rng)
    delta = 10 ** rng.uniform(-6, -0.3, POINTS)
    points = [[int(a), int(b), float(c)] for a, b, c in zip(k, n, delta, strict=True)]
    relative(compute("clopperPearsonLower", points), clopper_pearson_lower(k, n, delta))
    close(compute("clopperPearsonUpper", points), clopper_pearson_upper(k, n, delta))
    p = rng.uniform(0, 1, POINTS)
    points = [[int(a), int(b), float(c)] for a, b, c in zip(k, n, p, strict=True)]
    close(compute("binomialCdf", points), bdtr(k, n, p))
    near = np.clip(k / n * rng.uniform(0.8, 1.2, POINTS), 1e-9, 1 - 1e-9)
    points = [[int(a), int(b), float(c)] for a, b, c in zip(k, n, near, strict=True)]
    close(compute("binomialProbability", points), binom.pmf(k, n, near))


def test_certificates_from_totals(compute: Compute, rng: np.random.Generator) -> None:
    best, n = counts(rng)
    all_wrong = rng.binomial(n - best, rng.uniform(0, 1, POINTS))
    m, delta = rng.integers(2, 500, POINTS), rng.uniform(0.001, 0.5, POINTS)
    rows = list(zip(all_wrong, n, best, m, delta, strict=True))
    points = [
        [{"K": int(k), "n": int(q), "best": int(b), "m": int(size), "delta": float(d)}] for k, q, b, size, d in rows
    ]
    found: Any = compute("certificate", points)
    expected = [
        certify_counts(n_all_wrong=int(k), n_queries=int(q), best_correct=int(b), n_models=int(size), delta=float(d))
        for k, q, b, size, d in rows
    ]
    close([f["allWrong"] for f in found], all_wrong / n)
    close([f["gain"] for f in found], [c.oracle_gain for c in expected])
    close([f["maxGain"] for f in found], [c.max_gain for c in expected])
    close([f["pairedMaxGain"] for f in found], [c.paired_max_gain for c in expected])
    close([f["gainRange"] for f in found], [c.gain_range for c in expected])
    close([f["allWrongRange"][0] for f in found], [c.all_wrong_lower for c in expected])


def test_how_many_queries_to_grade(compute: Compute, rng: np.random.Generator) -> None:
    m, gain = rng.integers(1, 200, POINTS), 10 ** rng.uniform(-2.5, -0.5, POINTS)
    share, wanted = rng.uniform(0, 1.1, POINTS), rng.uniform(0.3, 0.95, POINTS)
    rows = list(zip(gain, gain * share, m, wanted, strict=True))
    points = [
        [{"gain": float(g), "m": int(size), "delta": 0.05, "resolvable": float(r), "probability": float(p), "n": 400}]
        for g, r, size, p in rows
    ]
    assert compute("leastQueries", points) == [least_queries(g, int(size)) for g, _, size, _ in rows]
    expected = [success_probability(400, g, r, int(size)) for g, r, size, _ in rows]
    close(compute("successProbability", points), expected)
    for point, found in zip(points[:150], compute("plan", points[:150]), strict=True):
        (asked,) = point
        plan = plan_certificate(asked["gain"], asked["resolvable"], asked["m"], 0.05, asked["probability"])
        assert (found["queries"], found["allowed"]) == (plan.n_queries, plan.failures_allowed)
        assert (found["probability"] or 0) == pytest.approx(plan.probability or 0, rel=1e-9)


def test_how_many_queries_decide(compute: Compute, rng: np.random.Generator) -> None:
    """Below the overhead and above it; null where the two are too close."""
    points, expected = [], []
    while len(expected) < 60:
        n, m = int(rng.integers(50, 3000)), int(rng.integers(2, 60))
        best = int(rng.integers(n // 2, n))
        totals = {
            "n_queries": n,
            "best_correct": best,
            "n_all_wrong": int(rng.integers(0, n - best + 1)),
            "n_models": m,
        }
        gain = (n - best - totals["n_all_wrong"]) / n
        overhead = gain + float(rng.choice([-1, 1]) * rng.uniform(0.01, 0.05))
        certificate = certify_counts(**totals, overhead=max(overhead, 0.001))
        if certificate.outcome == "open" and (found := queries_to_decide(certificate, search=200_000)) is not None:
            expected.append(found)
            asked = {"K": totals["n_all_wrong"], "n": n, "best": best, "m": m, "delta": 0.05}
            points.append([{**asked, "overhead": certificate.overhead, "probability": 0.8}])
    assert compute("queriesToDecide", points) == expected


def law(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, **{key: np.asarray(value).item() for key, value in parameters.items()}}


def test_shock_and_clayton(compute: Compute, rng: np.random.Generator) -> None:
    rate, m = rng.uniform(0.001, 0.99, POINTS), np.ceil(10 ** rng.uniform(0.1, 3, POINTS)).astype(int)
    shock = rate * rng.uniform(0, 0.999, POINTS)
    shock[:20] = 0
    base = (rate - shock) / (1 - shock)
    expected = jax.vmap(log_with_atom)(jnp.asarray(shock), jnp.asarray(m * np.log(base)))
    points = [[*map(float, point)] for point in zip(rate, shock, m, strict=True)]
    close(compute("logAllWrongShock", points), expected)
    theta = np.concatenate([[0.0] * 20, 10 ** rng.uniform(-12, 1.7, POINTS - 20)])
    hazards = np.where(np.arange(m.max()) < m[:, None], -np.log(rate)[:, None], 0.0)
    points = [[*map(float, point)] for point in zip(rate, theta, m, strict=True)]
    close(compute("logAllWrongClayton", points), gamma_frailty.log_all_wrong(hazards, theta))


def test_one_factor(compute: Compute, rng: np.random.Generator) -> None:
    """By the trapezoidal rule with a proven spacing; the Python quadrature says its own error."""
    rate, m = rng.uniform(0.005, 0.98, POINTS), np.ceil(10 ** rng.uniform(0.1, 3, POINTS)).astype(int)
    r = rng.uniform(0, 0.9, POINTS)
    value, error = one_factor.log_all_below(ndtri(rate)[:, None], np.sqrt(r)[:, None], m[:, None].astype(float))
    assert float(np.max(error)) < 1e-10
    points = [[*map(float, point)] for point in zip(rate, r, m, strict=True)]
    close(compute("logAllWrongGaussian", points), value)


def test_families(compute: Compute, rng: np.random.Generator) -> None:
    """Quadrature inside quadrature on both sides, of different kinds, at 300 points; models are dealt out in turn."""
    points, expected = [], []
    for place in range(300):
        within = float(rng.uniform(0.01, 0.95))
        between = 0.0 if place % 10 == 0 else within if place % 10 == 1 else float(rng.uniform(0, within))
        rate, families, m = float(rng.uniform(0.02, 0.95)), int(rng.integers(1, 9)), int(rng.integers(2, 60))
        points.append([rate, within, between, families, m])
        sizes = np.bincount(np.arange(m) % families)
        filled = np.where(np.arange(sizes.max()) < sizes[:, None], ndtri(rate), block_table.FILLER)
        value, error = block_table.log_all_below(filled, between, within)
        assert error < 1e-10
        expected.append(value)
    np.testing.assert_allclose(compute("logAllWrongBlock", points), expected, rtol=1e-9, atol=1e-9)


def test_pairs_of_a_law_are_those_of_the_lab(compute: Compute) -> None:
    """What the page predicts from: the mean pair and both mean correlations, of laws whose pairs differ or do not."""
    sizes, alike = np.array([2, 3, 7, 24]), np.full(24, 0.3)
    labels = [i % 5 for i in range(24)]
    cases = [
        (law("shock", rate=0.3, shock=0.1), CommonShock(shock=0.1, base_error_rates=np.full(24, 2 / 9))),
        (law("clayton", rate=0.3, theta=1.7), Clayton(error_rates=alike, theta=1.7)),
        (
            law("block", rate=0.3, within=0.6, between=0.2, families=5),
            BlockFactor(error_rates=alike, block=labels, between=0.2, within=0.6),
        ),
    ]
    pairs = np.array([np.asarray(made.pairwise_wrong()) for _, made in cases])
    rates = np.tile(alike, (3, 1))
    tetrachoric, pearson = mean_correlations(rates, ndtri(rates), pairs, sizes)
    for row, (given, _) in enumerate(cases):
        for column, m in enumerate(sizes):
            (found,) = compute("lawAt", [[given, int(m)]])
            assert found["both"] == pytest.approx(pairs[row][np.triu_indices(m, 1)].mean(), abs=1e-12)
            assert found["tetrachoric"] == pytest.approx(tetrachoric[row, column], abs=1e-9)
            (said,) = compute("predicted", [[0.3, found["both"], found["tetrachoric"], int(m)]])
            assert said["pearson"] == pytest.approx(pearson[row, column], abs=1e-9)
            for name, r in (("logOneFactor", found["tetrachoric"]), ("logOneFactorPearson", said["pearson"])):
                assert [said[name]] == compute("logAllWrongGaussian", [[0.3, r, int(m)]])


def test_what_pairs_leave_open(compute: Compute, rng: np.random.Generator) -> None:
    """Against Dawson and Sankoff's closed forms at every point, and the exact linear program at some."""
    rate, m = rng.uniform(0.01, 0.99, POINTS), rng.integers(3, 101, POINTS)
    both = rate**2 + rng.uniform(0, 0.99, POINTS) * rate * (1 - rate)
    points = [[float(a), float(p), int(size)] for a, p, size in zip(rate, both, m, strict=True)]
    found = np.array(compute("allWrongRange", points))
    for (a, p, size), limits in zip(points, found, strict=True):
        pairs = np.full((size, size), p)
        np.fill_diagonal(pairs, a)
        np.testing.assert_allclose(limits, dawson_sankoff(right_moments(np.full(size, a), pairs)), atol=1e-9)
    for (a, p, size), limits in zip(points[:40], found[:40], strict=True):
        exact = wrong_count_range([a, p], size)
        np.testing.assert_allclose(limits, [exact.lower, exact.upper], atol=1e-9)
    laws: Any = compute("extremalPools", points)
    for (a, p, size), pair in zip(points, laws, strict=True):
        c = np.arange(size + 1)
        for probs in (np.array(pair["least"]), np.array(pair["most"])):
            moments = [probs.sum(), probs @ c / size, probs @ (c * (c - 1)) / (size * (size - 1))]
            np.testing.assert_allclose(moments, [1, a, p], atol=1e-9)


def test_luck_of_equal_models(compute: Compute, rng: np.random.Generator) -> None:
    accuracy, m = rng.uniform(0.02, 0.99, POINTS), np.repeat([2, 3, 5, 10, 50, 200], 200)[:POINTS]
    spread = rng.uniform(0.001, 0.999, POINTS)
    asked = [
        [{"accuracy": float(a), "spread": float(s), "m": int(k)}] for a, s, k in zip(accuracy, spread, m, strict=True)
    ]
    found: Any = compute("luck", asked)
    total = 1 / spread - 1
    a, b = (1 - accuracy) * total, accuracy * total
    expected = np.exp(betaln(a + m, b) - betaln(a, b))
    close([f["allWrong"] for f in found], expected)
    close([f["luck"] for f in found], 1 - expected - accuracy)
    for place in range(0, POINTS, 200):
        made = BetaMixing(a=a[place], b=b[place], n_models=int(m[place]))
        assert float(made.all_wrong()) == pytest.approx(expected[place], rel=1e-9)


def test_the_edges_of_luck_are_laws_of_few_types(compute: Compute) -> None:
    """Ten models, π = .6 on every query; and queries that are always or never solved."""
    for spread, success, weights in ((0.0, [0.6], [1.0]), (1.0, [1.0, 0.0], [0.6, 0.4])):
        (found,) = compute("luck", [[{"accuracy": 0.6, "spread": spread, "m": 10}]])
        types = np.repeat(np.array(success)[:, None], 10, axis=1)
        assert found["oracle"] == pytest.approx(one_run_oracle(types, np.array(weights)), abs=1e-12)
        assert found["routable"] == pytest.approx(routable_ceiling(types, np.array(weights)), abs=1e-12)
    agreement = [f["agreement"] for f in compute("luck", [[{"accuracy": 0.6, "spread": s, "m": 2}] for s in (0, 1)])]
    assert agreement == pytest.approx([0.52, 1.0])


def test_numbers_are_written_as_everywhere(compute: Compute, rng: np.random.Generator) -> None:
    shares = [
        *rng.uniform(0, 1, 500),
        *(10 ** rng.uniform(-12, 0, 500)),
        0.0,
        1.0,
        0.0425,
        0.1225,
        0.5,
        1 - 1e-5,
        0.04375,
    ]
    shares = [float(share) for share in shares]
    asked = [[share] for share in shares]
    assert compute("percent", asked) == [numbers.percent(share) for share in shares]
    assert compute("points", asked) == [numbers.points(share) for share in shares]
    sizes = [*(10 ** rng.uniform(-4, 8, 1000)), 0.125, 0.375, 12.25, 99.95, 1000.5, 1001.5, 0.0]
    sizes = [float(size) for size in sizes]
    assert compute("ratio", [[size] for size in sizes]) == [numbers.ratio(size) for size in sizes]
    assert compute("count", [[size] for size in sizes]) == [numbers.count(size) for size in sizes]
    assert compute("fixed", [[size] for size in sizes]) == [numbers.fixed(size) for size in sizes]
    logs = [float(log) for log in -rng.uniform(0, 3000, 1000)]
    assert compute("percentOfLog", [[log] for log in logs]) == [numbers.percent_of_log(log) for log in logs]
