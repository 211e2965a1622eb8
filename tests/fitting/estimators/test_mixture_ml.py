"""The likelihood of a matrix with free rates: its value by the laws themselves, its gradient by finite differences."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import ndtr

from cofail_lab.fitting.estimators import mixture_ml
from cofail_lab.fitting.estimators.count_likelihood import matrix_log_likelihood
from cofail_lab.fitting.estimators.mixture_ml import (
    Frailty,
    Mixture,
    Patterns,
    Probit,
    log_all_wrong,
    logit_shock,
    objective,
)
from cofail_lab.models import AbstractErrorLaw, AtomInflated, Clayton, Independent, OneFactorGaussian

SHOCK = 0.03


def _probit(n_slopes: int) -> Callable[[np.random.Generator, int], tuple[np.ndarray, Mixture, AbstractErrorLaw]]:
    def make(rng: np.random.Generator, m: int) -> tuple[np.ndarray, Mixture, AbstractErrorLaw]:
        a, slopes = rng.normal(size=m), rng.uniform(0.3, 1.5, {0: 0, 1: 1, 2: m}[n_slopes])
        b = np.broadcast_to(slopes if n_slopes else 0.0, (m,))
        x, spread = np.concatenate([a, slopes]), np.sqrt(1 + b**2)
        law = OneFactorGaussian(ndtr(a / spread), b / spread) if n_slopes else Independent(ndtr(a))
        return x, Probit.at(x, m), law

    return make


def _frailty(theta: float) -> Callable[[np.random.Generator, int], tuple[np.ndarray, Mixture, AbstractErrorLaw]]:
    def make(rng: np.random.Generator, m: int) -> tuple[np.ndarray, Mixture, AbstractErrorLaw]:
        rates = rng.uniform(0.02, 0.6, m)
        x = np.append(np.log(np.expm1(-theta * np.log(rates))), -np.log(theta))
        return x, Frailty.at(x), Clayton(rates, theta)

    return make


@pytest.mark.parametrize("m", [3, 12])
@pytest.mark.parametrize(
    "make",
    [_probit(0), _probit(1), _probit(2), _frailty(0.05), _frailty(0.8), _frailty(6.0)],
    ids=["independent", "one slope", "own slopes", "θ = .05", "θ = .8", "θ = 6"],
)
def test_value_and_gradient(make: Callable[[np.random.Generator, int], tuple], m: int) -> None:
    rng = np.random.default_rng(m)
    x, mixture, law = make(rng, m)
    wrong = rng.random((60, m)) < rng.random((60, 1))
    wrong[:4] = True
    data, whole = Patterns.of(wrong), np.append(x, logit_shock(SHOCK))
    value, gradient = objective(whole, data, mixture, True)
    assert -60 * value == pytest.approx(matrix_log_likelihood(AtomInflated(SHOCK, law), wrong), abs=1e-4)
    assert log_all_wrong(mixture, x) == pytest.approx(float(law.log_all_wrong()), abs=1e-5)
    for i, slope in enumerate(gradient):
        step = 1e-5 * (np.arange(len(whole)) == i)
        by_difference = np.subtract(*(objective(whole + sign * step, data, mixture, True)[0] for sign in (1, -1)))
        assert slope == pytest.approx(by_difference / 2e-5, abs=2e-8)


def test_patterns_count_every_row() -> None:
    wrong = np.array([[1, 1], [0, 1], [1, 1], [0, 0]], dtype=bool)
    data = Patterns.of(wrong)
    assert data.n_all_wrong == 2
    assert sorted(data.counts) == [1, 1, 2]
    np.testing.assert_array_equal(data.error_counts, [2, 3])


def test_a_grid_knows_what_it_suits() -> None:
    x = np.array([0.0, 0.0, 1.0])
    assert Probit.at(x, 2).suits(x)
    assert not Probit.at(x, 2).suits(np.array([0.0, 0.0, 3.0]))
    assert Frailty.at(x).suits(x)
    assert not Frailty.at(x).suits(np.array([9.0, 0.0, 1.0]))
    assert not Frailty.at(x).suits(np.array([0.0, 0.0, 3.0]))


@pytest.mark.parametrize(("slopes", "kappa"), [((0.5, 2.0, -1.0), 6.25), ((2.0,), 13.0), ((), 1.0)])
def test_a_grid_is_as_fine_as_all_answers_together_ask_for(slopes: tuple[float, ...], kappa: float) -> None:
    """1 + Σ b_i²: of slopes of their own, of one that all three models share, of none; half as much again is room."""
    x = np.array([0.1, 0.2, 0.3, *slopes])
    made = Probit.at(x, 3)
    assert (made.n_models, made.n_slopes) == (3, len(slopes))
    assert made.kappa == pytest.approx(1.5 * kappa)
    assert made.suits(x)
    if slopes:
        wider, widest = (np.append(x[:3], x[3:] * np.sqrt((room * kappa - 1) / (kappa - 1))) for room in (1.49, 1.51))
        assert made.suits(wider) and not made.suits(widest)


@pytest.mark.parametrize(("k", "log_v"), [(60.0, -12.0), (0.7, -3.0), (400.0, 2.0)])
def test_the_mass_of_small_frailties_has_a_logarithm_where_it_is_no_float(k: float, log_v: float) -> None:
    """Of 1e-337, .13 and less than 1e-500, against mpmath; what is below floats is known to a relative v."""
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.gammainc(k, 0, mpmath.exp(log_v), regularized=True))
    assert mixture_ml._log_below(k, log_v) == pytest.approx(float(exact), abs=1.1 * np.exp(log_v))


@pytest.mark.parametrize(("enough", "grids"), [(1, [0]), (3, [0, 1, 2]), (9, [0, 1, 2, 3])])
def test_the_grid_is_made_anew_where_the_optimum_needs_a_finer_one(
    monkeypatch: pytest.MonkeyPatch, enough: int, grids: list[int]
) -> None:
    """Each search begins at the last optimum, on a grid for it: until that suits, four times at most."""
    searched: list[tuple[float, Any]] = []

    def minimize(_: Any, x: np.ndarray, arguments: tuple, **__: Any) -> Any:
        searched.append((x[0], arguments[1].at))
        return SimpleNamespace(x=x + 1)

    def mixture_at(x: np.ndarray) -> Any:
        return SimpleNamespace(at=x[0], suits=lambda now: now[0] >= enough)

    monkeypatch.setattr(mixture_ml, "minimize", minimize)
    optimum, _ = mixture_ml.maximize(np.zeros(2), None, mixture_at, [], True)  # type: ignore[arg-type]
    assert searched == [(place, place) for place in grids] and optimum.x[0] == len(grids)
