"""The closed forms against many digits, over their whole boxes and beyond."""

import mpmath
import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm

from cofail_lab.language.closed_forms import CLOSED_FORMS, EPS, log_one_factor


def test_the_error_of_the_beta_law_holds_the_truth() -> None:
    """At sizes on either side of its series, and where logs of beta functions cancel."""
    rng = np.random.default_rng(0)
    a, b = 10 ** rng.uniform(-2, 2, (2, 200))
    m = np.concatenate([np.arange(1, 101), (10 ** rng.uniform(2, 6, 100)).astype(int)]).astype(float)
    value, error = CLOSED_FORMS["beta_mixing"].log_all_wrong({"a": a[:, None], "b": b[:, None]}, m[:, None])
    with mpmath.workdps(50):
        for i in range(len(m)):
            x, y = mpmath.mpf(a[i]), mpmath.mpf(b[i])
            true = mpmath.log(mpmath.beta(x + int(m[i]), y)) - mpmath.log(mpmath.beta(x, y))
            assert abs(value[i] - true) <= error[i], (a[i], b[i], m[i])
    assert (error < 1e-13 * (1 + np.abs(value) + b * np.log(m + b + 1))).all()


@pytest.mark.parametrize("name", ["independent", "common_shock", "clayton"])
def test_unlike_and_repeated_kinds_against_many_digits(name: str) -> None:
    """Random kinds, counted never, once or up to a hundred times; every stated error holds the truth and is small."""
    rng = np.random.default_rng(3)
    rates = 10 ** rng.uniform(-6, -0.01, (60, 3))
    counts = np.where(rng.random((60, 3)) < 0.3, 0, 10 ** rng.uniform(0, 2, (60, 3))).round()
    counts[:, 0] = np.maximum(counts[:, 0], 1)
    extra = 10 ** rng.uniform(-8, -0.05, 60)
    theta = 10 ** rng.uniform(-4, 2, 60)
    parameters = {
        "independent": {"error_rate": rates},
        "common_shock": {"shock": extra[:, None], "base_error_rate": rates},
        "clayton": {"theta": theta[:, None], "error_rate": rates},
    }[name]
    value, error = CLOSED_FORMS[name].log_all_wrong(parameters, counts)
    with mpmath.workdps(60):
        for i in range(60):
            of = [(mpmath.mpf(r), int(c)) for r, c in zip(rates[i], counts[i], strict=True)]
            if name == "clayton":
                t = mpmath.mpf(theta[i])
                true = -mpmath.log(1 + sum(c * (r**-t - 1) for r, c in of)) / t
            else:
                product = mpmath.fprod(r**c for r, c in of)
                shock = mpmath.mpf(extra[i]) if name == "common_shock" else 0
                true = mpmath.log(shock + (1 - shock) * product)
            assert abs(value[i] - true) <= error[i], i
            assert error[i] < 1e-10 * (1 + abs(value[i])), i
    known = CLOSED_FORMS[name].rates(parameters)
    expected = extra[:, None] + (1 - extra[:, None]) * rates if name == "common_shock" else rates
    np.testing.assert_allclose(known, expected, rtol=1e-14)


def test_no_shock_and_a_beta_law_by_hand() -> None:
    value, _ = CLOSED_FORMS["common_shock"].log_all_wrong(
        {"shock": np.zeros((1, 1)), "base_error_rate": np.array([[0.3]])}, np.array([[4.0]])
    )
    assert value[0] == pytest.approx(4 * np.log(0.3), rel=1e-14)
    beta = {"a": np.array([[2.0]]), "b": np.array([[3.0]])}
    assert CLOSED_FORMS["beta_mixing"].rates(beta)[0, 0] == 0.4
    value, _ = CLOSED_FORMS["beta_mixing"].log_all_wrong(beta, np.array([[3.0]]))
    assert np.exp(value[0]) == pytest.approx(2 / 5 * 3 / 6 * 4 / 7)


def test_one_factor_at_no_correlation_and_outside() -> None:
    """At r = 0 the product; its slope by a small r; at 1 and beyond, or below 0, nothing."""
    t, counts = ndtri(np.array([[0.3, 0.6]] * 5)), np.array([[2.0, 1.0]] * 5)
    value, slope, error = log_one_factor(t, counts, np.array([0.0, 1e-6, 1.0, 1.2, -1e-3]))
    assert value[0] == pytest.approx(np.log(0.09 * 0.6), rel=1e-14)
    assert slope[0] == pytest.approx((value[1] - value[0]) / 1e-6, rel=1e-4)
    # Each pair of models adds the product of their φ/Φ: of the likes once, and of each with the other twice.
    a, b = norm.pdf(t[0]) / np.array([0.3, 0.6])
    assert slope[0] == pytest.approx(a * a + 2 * a * b, rel=1e-12)
    assert np.isnan(value[2:]).all() and np.isnan(slope[2:]).all() and np.isnan(error[2:]).all()
    assert 0 < error[0] < 1e-14 and 0 < error[1] < 1e-11


@pytest.mark.parametrize(("rate", "theta", "m"), [(0.3, 2.0, 5.0), (0.9, 0.01, 2.0), (0.01, 0.5, 40.0)])
def test_claytons_error_is_that_of_its_sum(rate: float, theta: float, m: float) -> None:
    """log β = -log(1 + S)/θ, of an S known to some roundings of its logarithm: the share S/(1 + S) of them counts."""
    value, error = CLOSED_FORMS["clayton"].log_all_wrong(
        {"error_rate": np.array([[rate]]), "theta": np.array([[theta]])}, np.array([[m]])
    )
    total, load = m * (rate**-theta - 1), -theta * np.log(rate)
    assert value[0] == pytest.approx(-np.log1p(total) / theta, rel=1e-12)
    of_sum = 6 * EPS * (1 + abs(np.log(total)) + load + 1) * total / (1 + total) / theta
    assert error[0] == pytest.approx(of_sum + 4 * EPS * abs(value[0]), rel=1e-9, abs=0)


@pytest.mark.parametrize(("shock", "base", "m"), [(0.1, 0.3, 4.0), (1e-6, 0.5, 3.0), (0.4, 0.01, 9.0)])
def test_a_shocks_error_is_its_own_share_of_the_sum(shock: float, base: float, m: float) -> None:
    """log β = log(ω + (1 - ω) α^m): what the product is off by counts by what it is of β."""
    value, error = CLOSED_FORMS["common_shock"].log_all_wrong(
        {"shock": np.array([[shock]]), "base_error_rate": np.array([[base]])}, np.array([[m]])
    )
    apart = (1 - shock) * base**m
    assert value[0] == pytest.approx(np.log(shock + apart), rel=1e-12)
    of_product = 5 * EPS * m * abs(np.log(base)) + 2 * EPS * abs(np.log(apart))
    expected = apart / (shock + apart) * of_product + 4 * EPS * (1 + abs(value[0]))
    assert error[0] == pytest.approx(expected, rel=1e-9, abs=0)


def test_errors_are_of_the_kinds_that_are_counted() -> None:
    """Rates .3 twice and .6 three times; of a third kind, of rate 1e-6, the pool has none: it counts nowhere."""
    rates, counts = np.array([[0.3, 0.6, 1e-6]]), np.array([[2.0, 3.0, 0.0]])
    value, error = CLOSED_FORMS["clayton"].log_all_wrong({"error_rate": rates, "theta": np.array([[1.5]])}, counts)
    total = 2 * (0.3**-1.5 - 1) + 3 * (0.6**-1.5 - 1)
    assert value[0] == pytest.approx(-np.log1p(total) / 1.5, rel=1e-12)
    of_sum = 6 * EPS * (1 + np.log(total) - 1.5 * np.log(0.3) + 3) * total / (1 + total) / 1.5
    assert error[0] == pytest.approx(of_sum + 4 * EPS * abs(value[0]), rel=1e-9, abs=0)
    value, error = CLOSED_FORMS["independent"].log_all_wrong({"error_rate": rates}, counts)
    assert value[0] == pytest.approx(2 * np.log(0.3) + 3 * np.log(0.6), rel=1e-14)
    assert error[0] == pytest.approx(7 * EPS * abs(value[0]), rel=1e-12, abs=0)
