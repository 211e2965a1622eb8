"""Limits of ω and θ with free rates: starts, bounds and what is held, and limits of curves that are known."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import logit, ndtr, ndtri
from scipy.stats import binom, chi2

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.estimators import limits
from cofail_lab.fitting.estimators.limits import _KINDS, RateFit
from cofail_lab.fitting.estimators.mixture_ml import Patterns

# Twenty queries: all three models fail on four; then two, one and no more errors of each alone.
WRONG = np.zeros((20, 3), bool)
WRONG[:4] = True
WRONG[4:6, 0] = WRONG[6, 1] = True
DATA = Patterns.of(WRONG)
HALF_CHI2 = float(chi2.ppf(0.95, 1)) / 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the optimizer is given; it answers with the start, at which the mean log-likelihood is -.5."""
    seen: list[Any] = []

    def maximize(start: np.ndarray, data: Any, at: Any, bounds: Any, atom: bool) -> Any:
        seen.append(SimpleNamespace(start=start.copy(), data=data, at=at, bounds=bounds, atom=atom))
        return SimpleNamespace(x=start, fun=0.5), "mixture"

    monkeypatch.setattr(limits, "maximize", maximize)
    monkeypatch.setattr(limits, "log_all_wrong", lambda mixture, x: (mixture, x.tolist()))
    return seen


@pytest.mark.parametrize(
    ("base", "dependence", "coordinate"),
    [("independent", 0.0, 0.0), ("one_factor", 0.2, 0.5), ("one_factor", 0.9, 3.0), ("clayton", 2.0, -np.log(2))],
)
def test_rates_and_their_parameters(base: str, dependence: float, coordinate: float) -> None:
    """Φ^{-1}(α), times √(1 + b²) beside a slope b = √(r/(1 - r)); log(α^{-θ} - 1) beside log 1/θ."""
    kind, rates = _KINDS[base], np.array([1e-6, 0.2, 0.5, 0.99])
    assert kind.coordinate(dependence) == pytest.approx(coordinate)
    at = kind.rates(rates, coordinate)
    expected = np.log(rates**-2 - 1) if base == "clayton" else ndtri(rates) * np.sqrt(1 + coordinate**2)
    np.testing.assert_allclose(at, expected, rtol=1e-12)
    np.testing.assert_allclose(kind.error_rates(at, coordinate), rates, rtol=1e-12)
    low, high = kind.bounds
    assert low <= coordinate <= high


def test_ranges_of_the_dependence() -> None:
    """Correlations up to .99 and θ from 1/400 to 38."""
    assert _KINDS["one_factor"].bounds == (0.0, pytest.approx(np.sqrt(99)))
    assert _KINDS["clayton"].bounds == pytest.approx((-np.log(38), np.log(400)))
    assert _KINDS["clayton"].coordinate(0.0) == pytest.approx(np.log(400))
    assert [_KINDS[name].rate_bounds for name in ("independent", "one_factor", "clayton")] == [
        (-12, 12),
        (-40, 40),
        (-40, 60),
    ]


@pytest.mark.parametrize("base", ["independent", "one_factor", "clayton"])
def test_where_the_search_begins(asked: list[Any], base: str) -> None:
    """An ω of .1 explains two of the four all-wrong queries, .98 of which are taken out of every model's errors."""
    coordinate = _KINDS[base].coordinate(0.4)
    found = limits.fit(DATA, base, shock=0.1, dependence=0.4)
    (given,) = asked
    rates = (np.array([6, 5, 4]) - 1.96) / (20 - 1.96)
    np.testing.assert_allclose(given.start[:3], _KINDS[base].rates(rates, coordinate))
    assert given.start[3:-1].tolist() == ([] if base == "independent" else [coordinate])
    assert given.start[-1] == pytest.approx(logit(0.1)) and given.atom and given.data is DATA
    assert given.bounds[:3] == [_KINDS[base].rate_bounds] * 3
    assert given.bounds[3:-1] == ([] if base == "independent" else [_KINDS[base].bounds])
    assert given.bounds[-1] == pytest.approx((logit(1e-8), -logit(1e-8)))
    assert (found.shock, found.log_likelihood) == (pytest.approx(0.1), -10.0)
    assert found.log_all_wrong == ("mixture", given.start[:-1].tolist())


def test_an_atom_is_at_most_the_all_wrong_queries_and_no_rate_is_zero(asked: list[Any]) -> None:
    limits.fit(DATA, "independent", shock=0.9)
    np.testing.assert_allclose(ndtr(asked[0].start[:3]), (np.array([6, 5, 4]) - 3.92) / 16.08)
    none = limits.fit(DATA, "independent", shock=0.0)
    np.testing.assert_allclose(ndtr(asked[1].start[:3]), [0.3, 0.25, 0.2])
    assert not asked[1].atom and asked[1].bounds[-1] == pytest.approx((logit(1e-8), logit(1e-8))) and none.shock == 0
    rare = Patterns.of(np.eye(3, dtype=bool)[[0, 1, 1, 1]])
    limits.fit(rare, "independent", shock=0.0)
    np.testing.assert_allclose(ndtr(asked[2].start[:3]), [0.25, 0.75, 0.01 / 4])
    assert limits.fit(DATA, "independent", shock=1.5e-8).shock == 0 and asked[3].atom


def test_what_is_held_does_not_move(asked: list[Any]) -> None:
    limits.fit(DATA, "one_factor", shock=0.1, dependence=0.2, hold_shock=True)
    assert asked[0].bounds[-1] == pytest.approx((logit(0.1), logit(0.1)))
    assert asked[0].bounds[3] == _KINDS["one_factor"].bounds
    limits.fit(DATA, "one_factor", shock=0.1, dependence=0.2, hold_dependence=True)
    assert asked[1].bounds[3] == pytest.approx((0.5, 0.5)) and asked[1].bounds[-1][1] > 0
    limits.fit(DATA, "clayton", shock=0.1, dependence=1e-3, hold_dependence=True, start=np.zeros(5))
    assert len(asked[2].start) == 4 and len(asked[2].bounds) == 4  # nearly independent


@pytest.mark.parametrize(("base", "dependence"), [("one_factor", 0.2), ("clayton", 3.0)])
def test_another_fit_is_a_start_with_the_same_error_rates(asked: list[Any], base: str, dependence: float) -> None:
    kind, rates = _KINDS[base], np.array([0.3, 0.2, 0.4])
    other, coordinate = kind.coordinate(0.6), kind.coordinate(dependence)
    start = np.array([*kind.rates(rates, other), other, logit(0.3)])
    kept = start.copy()
    limits.fit(DATA, base, shock=0.05, dependence=dependence, start=start)
    np.testing.assert_allclose(asked[0].start, [*start[:4], logit(0.05)])
    limits.fit(DATA, base, shock=0.05, dependence=dependence, hold_dependence=True, start=start)
    np.testing.assert_allclose(asked[1].start, [*kind.rates(rates, coordinate), coordinate, logit(0.05)])
    np.testing.assert_array_equal(start, kept)
    beyond = np.array([*kind.rates(np.array([1e-9, 0.2, 1 - 1e-9]), other), other, 0.0])
    limits.fit(DATA, base, shock=0.05, dependence=dependence, hold_dependence=True, start=beyond)
    clipped = np.array([0.01 / 20, 0.2, 1 - 0.01 / 20])
    np.testing.assert_allclose(asked[2].start[:3], kind.rates(clipped, coordinate), rtol=1e-9)


def test_the_likeliest_of_three_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the given ω or a thousandth of a query, from nearly all of K/n, and without an atom."""
    seen: list[tuple] = []

    def fit(_data: Any, base: str, *, shock: float, dependence: float) -> RateFit:
        seen.append((base, shock, dependence))
        return RateFit(np.zeros(1), shock, -abs(shock - best), 0.0)

    monkeypatch.setattr(limits, "fit", fit)
    for given, best, starts in ((0.03, 0.03, [0.03, 0.19, 0.0]), (0.0, 0.19, [5e-5, 0.19, 0.0]), (0.1, 0.0, None)):
        seen.clear()
        assert limits.likeliest_shock(DATA, "clayton", given, 0.7).shock == pytest.approx(best)
        if starts is not None:
            assert [shock for _, shock, _ in seen] == pytest.approx(starts)
        assert {(base, dependence) for base, _, dependence in seen} == {("clayton", 0.7)}


def at(shock: float, log_likelihood: float, beta: float = 0.01) -> RateFit:
    return RateFit(np.zeros(1), shock, log_likelihood, float(np.log(beta)))


def test_an_omega_is_inside_by_its_likelihood_or_above_by_k() -> None:
    """β = ω + (1 - ω) β₀; above, at most K of n must have a chance of 2.5%."""
    free = at(0.1, -7.0)
    assert limits.shock_excess(at(0.05, -8.0), free, 4, 20, upper=False) == pytest.approx(HALF_CHI2 - 1)
    assert limits.shock_excess(at(0.5, -7.5, 0.2), free, 4, 20, upper=True) == pytest.approx(HALF_CHI2 - 0.5)
    rare = limits.shock_excess(at(0.5, -70.0, 0.2), free, 4, 20, upper=True)
    assert rare == pytest.approx(np.log(binom.cdf(4, 20, 0.6) / 0.025))
    assert limits.shock_excess(at(0.5, -70.0, 0.2), free, 4, 20, upper=False) == pytest.approx(HALF_CHI2 - 63)


def test_limits_of_omega_where_its_likelihood_is_a_parabola() -> None:
    """Mean .1: 1.96 deviations below; above the farther one of that and where K is as rare as 2.5%, or that of β."""
    top = float(clopper_pearson(40, 400, 0.05)[1])
    by_count = (top - 0.03) / 0.97

    def interval(deviation: float, estimate: float = 0.1) -> tuple[float, float]:
        def profile(shock: float) -> RateFit:
            return at(shock, -((shock - 0.1) ** 2) / (2 * deviation**2), 0.03)

        return limits.shock_limits(profile, at(estimate, 0.0), 40, 400)

    assert interval(0.01) == pytest.approx((0.1 - 1.96 * 0.01, 0.1 + 1.96 * 0.01), abs=2e-4)
    assert interval(0.002) == pytest.approx((0.1 - 1.96 * 0.002, by_count), abs=2e-4)
    assert interval(0.02) == (pytest.approx(0.1 - 1.96 * 0.02, abs=1e-4), top)
    assert interval(0.2) == (0.0, top) and interval(0.01, 0.0)[0] == 0.0
    assert limits.shock_limits(interval, at(0.1, 0.0), 0, 400) == (0.0, float(clopper_pearson(0, 400, 0.05)[1]))


def test_every_point_of_a_profile_begins_at_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    number = iter(range(1, 100))

    def fit(data: Any, base: str, **given: Any) -> RateFit:
        seen.append((data, base, given))
        return RateFit(np.array([next(number)]), given["shock"], 0.0, 0.0)

    monkeypatch.setattr(limits, "fit", fit)
    monkeypatch.setattr(limits, "likeliest_shock", lambda *given: RateFit(np.zeros(1), 0.2, 0.0, given[-1]))
    monkeypatch.setattr(
        limits, "shock_limits", lambda profile, *given: ([profile(x).shock for x in (0.1, 0.3)], *given)
    )
    found: Any = limits.shock_interval(DATA, "clayton", 0.05, 0.7)
    shocks, free, k, n = found
    assert (shocks, k, n, free.log_all_wrong) == ([0.1, 0.3], 4, 20, 0.7)
    assert [given["start"].tolist() for _, _, given in seen] == [[0.0], [1.0]]
    assert all(given["hold_shock"] and given["dependence"] == 0.7 and base == "clayton" for _, base, given in seen)
    none = Patterns.of(WRONG[4:])
    assert limits.shock_interval(none, "clayton", 0.05, 0.7)[1].shock == 0.0


def test_limits_of_theta_where_its_likelihood_is_a_parabola_in_tau(monkeypatch: pytest.MonkeyPatch) -> None:
    """τ = θ/(θ + 2) = .5 ± .1: θ at .304 and .696; with a deviation of .5 the limits are those of the range."""

    def fit_with(deviation: float) -> Any:
        def fit(data: Any, base: str, *, shock: float, dependence: float = 0.0, **more: Any) -> RateFit:
            assert shock == 0.0 and data is DATA
            if base == "clayton" and not more:
                return RateFit(np.array([0.1, -np.log(2.0), 0.0]), 0.0, -3.0, 0.0)
            assert base == "independent" or more["hold_dependence"]
            tau = dependence / (dependence + 2)
            return RateFit(np.zeros(3), 0.0, -3.0 - (tau - 0.5) ** 2 / (2 * deviation**2), 0.0)

        return fit

    monkeypatch.setattr(limits, "fit", fit_with(0.1))
    expected = [2 * tau / (1 - tau) for tau in (0.5 - 0.196, 0.5 + 0.196)]
    assert limits.theta_interval(DATA, 1.7) == pytest.approx(expected, rel=0.01)
    monkeypatch.setattr(limits, "fit", fit_with(0.5))
    assert limits.theta_interval(DATA, 1.7) == pytest.approx((0.0, 38.0))
