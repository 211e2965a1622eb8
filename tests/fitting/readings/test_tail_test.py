"""Smooth laws of difficulty against an atom: the laws by quadrature, the closed form, sizes, power and its ceiling."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from cofail_lab.fitting.readings import tail_test
from cofail_lab.fitting.readings.difficulty import FAMILIES, Laws, Pool, atom_gain, near
from cofail_lab.fitting.readings.tail_test import (
    ONE_SHAPE,
    Draws,
    TailTest,
    likelihoods,
    power_ceiling,
    smooth_p_values,
    test_tail,
    with_atom,
)

RATES = np.array([0.2, 0.35, 0.5, 0.6])


def poisson_binomial(rates: np.ndarray) -> np.ndarray:
    law = np.ones(1)
    for rate in rates:
        law = np.convolve(law, [1 - rate, rate])
    return law


def histogram(rng: np.random.Generator, z: np.ndarray, m: int, rate: float = 0.4) -> np.ndarray:
    wrong = np.sqrt(0.5) * (rng.standard_normal((len(z), m)) + z[:, None]) < ndtri(rate)
    return np.bincount(wrong.sum(axis=1), minlength=m + 1)


def judge(counts: np.ndarray) -> dict[str, float]:
    m = len(counts) - 1
    rate = counts @ np.arange(m + 1) / m / counts.sum()
    return dict(test_tail(np.full(m, rate), np.ones(m), counts, atom=0.03, seed=0).p_values)


def test_gaussian_law_of_counts_is_the_quadrature() -> None:
    """At its own place and scale the Gaussian factor has the observed rates; the law is a mean over z."""
    law = Pool(RATES, np.ones(4)).laws(FAMILIES["gaussian"], [0.7], np.zeros(1), np.zeros(1))[0, 0, 0]

    def given(z: float, c: int) -> float:
        rates = ndtr((ndtri(RATES) - 0.7 * z) / np.sqrt(1 - 0.49))
        return poisson_binomial(rates)[c] * stats.norm.pdf(z)

    expected = [quad(given, -10, 10, args=(c,))[0] for c in range(5)]
    assert law == pytest.approx(expected, abs=3e-3)
    assert law.sum() == pytest.approx(1, abs=1e-9)
    assert law @ np.arange(5) == pytest.approx(RATES.sum(), abs=2e-3)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "gaussian"])
def test_every_family_keeps_the_mean_and_holds_the_gaussian_law(name: str) -> None:
    family, pool = FAMILIES[name], Pool(RATES, np.ones(4))
    laws = pool.laws(family, [0.3, 0.7], family.shapes, np.zeros(1))
    assert laws.sum(axis=-1) == pytest.approx(1, abs=1e-9)
    # The last shape is beyond what two models can be matched with.
    assert np.abs(laws[:, :-1] @ np.arange(5) - RATES.sum()).max() < 0.03
    assert (np.abs(family.shapes) < 1e-3).any()
    x = np.linspace(-30, 30, 601)
    for shape in family.shapes[np.abs(family.shapes) > 1e-3][::7]:
        values = family.cdf(float(shape), x)
        assert (np.diff(values) >= -1e-12).all()
        assert values[0] < 0.02
        assert values[-1] > 0.98


def test_positive_shapes_are_heavy_towards_hard_queries() -> None:
    for name, shape in (("skew", 1.5), ("lognormal", 0.5)):
        cdf = FAMILIES[name].cdf
        assert cdf(shape, np.array([-3.0]))[0] > 5 * (1 - cdf(shape, np.array([3.0]))[0])
        assert cdf(-shape, np.array([-3.0]))[0] < 0.2 * (1 - cdf(-shape, np.array([3.0]))[0])
    # Exponential difficulty: P(Z < -x) = e^-(1+x).
    assert FAMILIES["skew"].cdf(2.0, np.array([-3.0]))[0] == pytest.approx(np.exp(-4))


@pytest.mark.parametrize(("share", "probs"), [(0.1, 0.03), (0.03, 0.1), (0.0, 0.1), (1.0, 0.2), (0.2, 0.2)])
def test_the_best_atom_in_closed_form(share: float, probs: float) -> None:
    """Against a search over ω: share·log(ω + (1-ω)p) + (1-share)·log((1-ω)(1-p)), less its value at ω = 0."""

    def loss(size: float) -> float:
        inside, outside = size + (1 - size) * probs, (1 - size) * (1 - probs)
        return -(share * np.log(inside / probs) + (1 - share) * np.log(outside / (1 - probs)) if outside > 0 else 0)

    best = -float(minimize_scalar(loss, bounds=(0, 1 - 1e-12), method="bounded", options={"xatol": 1e-10}).fun)
    assert float(atom_gain(np.array(share), np.array(probs))) == pytest.approx(max(best, 0), abs=1e-6)


def test_likelihoods_over_a_grid_by_hand() -> None:
    probs = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]])
    laws = Laws(probs, np.log(probs), np.zeros((2, 3)))
    counts = np.array([[50.0, 20.0, 30.0], [60.0, 35.0, 5.0]])
    with_, without, best = likelihoods(laws, counts)
    smooth = counts @ np.log(probs).T
    assert without == pytest.approx(smooth.max(axis=1))
    assert best.tolist() == [0, 1]
    gain = 100 * (0.3 * np.log(0.3 / np.array([0.2, 0.1])) + 0.7 * np.log(0.7 / np.array([0.8, 0.9])))
    assert with_[0] == pytest.approx((smooth[0] + gain).max())
    assert with_[1] == pytest.approx(without[1])


@pytest.mark.parametrize(("m", "n", "ceiling"), [(20, 300, 0.36), (20, 1000, 0.75), (60, 300, 0.76)])
def test_the_ceiling_of_power(m: int, n: int, ceiling: float) -> None:
    """An atom of 3%, α = .4, r = .5, against the nearest smooth law: values of an independent optimization."""
    base = Pool(np.full(m, 0.37 / 0.97), np.ones(m))
    law = base.laws(FAMILIES["gaussian"], [np.sqrt(0.5)], np.zeros(1), np.zeros(1))[0, 0, 0]
    truth = 0.97 * law / law.sum()
    truth[-1] += 0.03
    pool = Pool(np.full(m, 0.4), np.ones(m))
    gaussian = near(pool, ("gaussian",), truth[None], n)["gaussian"]
    alternative = with_atom(pool, "gaussian", gaussian, n * truth, 0.03)
    assert alternative == pytest.approx(truth, abs=3e-3)
    laws = {(0, name): kept for name, kept in near(pool, ("gaussian", "student", "skew"), truth[None], n).items()}
    nearest, power = power_ceiling(alternative, laws, Draws(n, 0))
    assert nearest == "student"
    assert power == pytest.approx(ceiling, abs=0.04)


def test_an_atom_is_beyond_and_smooth_tails_are_not() -> None:
    """20 models, 1,000 queries; a smooth truth gives p <= .05 in 5% of matrices, and seeds are fixed."""
    rng = np.random.default_rng(4)
    gaussian = rng.standard_normal(1000)
    struck = np.where(rng.random(1000) < 0.08, -50, gaussian)
    assert max(judge(histogram(rng, struck, 20)).values()) <= 0.01
    student = judge(histogram(rng, rng.standard_t(3, 1000), 20))
    assert student["gaussian"] <= 0.05 < student["student"]
    skewed = judge(histogram(rng, 1 - rng.exponential(size=1000), 20))
    assert skewed["gaussian"] <= 0.05 < skewed["skew"]


def test_a_skewed_and_heavy_tail_asks_the_two_shapes() -> None:
    """Two exponentials, twice as long towards hard queries: laws of one shape fail, that of two does not."""
    rng = np.random.default_rng(1)
    score = np.where(rng.random(4000) < 0.7, -rng.exponential(1.0, 4000), rng.exponential(0.5, 4000))
    p_values = judge(histogram(rng, (score + 0.55) / 1.1, 40))
    assert max(p_values[name] for name in ONE_SHAPE) <= 0.05 < p_values["johnson"]


def test_the_size_under_a_gaussian_factor() -> None:
    """All laws rejected at 5% in at most 3 of 40: more has a probability of 4% where the size is 3%."""
    rng = np.random.default_rng(0)
    pool = Pool(np.full(20, 0.4), np.ones(20))
    law = pool.laws(FAMILIES["gaussian"], [np.sqrt(0.5)], np.zeros(1), np.zeros(1))[0, 0, 0]
    laws = {(0, name): kept for name, kept in near(pool, ONE_SHAPE, law[None], 500).items()}
    rejected = 0
    for seed, counts in enumerate(rng.multinomial(500, law / law.sum(), 40).astype(float)):
        p_values, _ = smooth_p_values(laws, counts, Draws(500, seed), 99)
        rejected += max(p_values.values()) <= 0.05
    assert rejected <= 3


def test_same_seed_same_numbers_and_more_all_wrong_more_evidence() -> None:
    counts = histogram(np.random.default_rng(2), np.random.default_rng(3).standard_normal(300), 8)
    few = {"atom": 0.03, "n_simulated": 199}
    first, again = (test_tail(np.full(8, 0.4), np.ones(8), counts, seed=5, **few) for _ in range(2))  # type: ignore[arg-type]
    assert first == again
    struck = counts + 40 * (np.arange(9) == 8)
    other = test_tail(np.full(8, 0.4), np.ones(8), struck, seed=6, **few)  # type: ignore[arg-type]
    assert other.evidence > first.evidence + 0.3
    assert max(other.p_values.values()) < max(first.p_values.values())


def test_the_atom_of_the_power_fits_beside_the_best_model() -> None:
    counts = histogram(np.random.default_rng(2), np.random.default_rng(3).standard_normal(200), 5, 0.3)
    rates = np.array([0.02, 0.3, 0.3, 0.4, 0.4])
    assert test_tail(rates, np.ones(5), counts, atom=0.03, seed=0).atom == pytest.approx(0.01)


def test_the_power_told_is_that_over_the_difficulty_that_fits() -> None:
    """Exponential difficulty hides an atom of 3% that a Gaussian one would show: no power is told that one has not."""
    rng = np.random.default_rng(1)
    counts = histogram(rng, 1 - rng.exponential(size=1000), 20)
    found = test_tail(np.full(20, 0.4), np.ones(20), counts, atom=0.03, seed=0)
    assert found.power_base in ("skew", "lognormal")
    assert found.power < 0.4 < 0.9 < found.ceiling


def test_p_values_of_histograms() -> None:
    assert tail_test._p_value(np.array([1.0, 2.0, 3.0]), 2.0) == 0.75
    assert tail_test._p_value(np.array([1.0, 2.0 - 1e-12, 3.0]), 2.0) == 0.75
    assert tail_test._p_value(np.array([1.0, 1.5]), 2.0) == pytest.approx(1 / 3)
    found = TailTest({"gaussian": 0.05, "student": 0.051, "skew": 0.01}, 2.0, 0.03, 0.6, "skew", 0.8, "skew", "student")
    assert found.explaining(0.05) == ("student",) and found.p_value == 0.051


def test_every_purpose_has_histograms_of_its_own() -> None:
    probs = np.array([0.25, 0.5, 0.25])
    keys = [(0, "gaussian"), (1, "gaussian"), (0, "student")]
    drawn = [
        Draws(200, seed)(probs, 3, purpose, key).tobytes() for seed in (0, 1) for purpose in range(4) for key in keys
    ]
    assert len(set(drawn)) == len(drawn)
    assert Draws(200, 0)(2 * probs, 3, 0).sum(axis=1).tolist() == [200.0] * 3
