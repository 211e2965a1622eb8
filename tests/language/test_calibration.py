"""What is calibrated to pairs, quantity by quantity, with hand-made laws; every stated error holds what it should."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal, norm

from cofail_lab.language import calibration
from cofail_lab.language.closed_forms import log_one_factor
from cofail_lab.language.pairs import Pairs, pair_correlations
from cofail_lab.language.pools import ClosedPool


def shock(base: list[float], omega: float = 0.1) -> ClosedPool:
    """One point; models of their own where several rates are given."""
    rates = np.array([base]) if len(base) > 1 else np.array(base)
    return ClosedPool("common_shock", {"shock": np.array([omega]), "base_error_rate": rates})


LISTED = shock([0.2, 0.5, 0.8])
RATES = 0.1 + 0.9 * np.array([0.2, 0.5, 0.8])
JOINT = {(0, 1): 0.1 + 0.9 * 0.1, (0, 2): 0.1 + 0.9 * 0.16, (1, 2): 0.1 + 0.9 * 0.4}


def tetrachoric(i: int, j: int) -> float:
    h, k = ndtri(RATES[i]), ndtri(RATES[j])

    def excess(r: float) -> float:
        return multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([h, k]) - JOINT[i, j]

    return float(brentq(excess, -0.99, 0.99, xtol=1e-10))


def pearson(i: int, j: int) -> float:
    spread = np.sqrt(RATES[i] * (1 - RATES[i]) * RATES[j] * (1 - RATES[j]))
    return (JOINT[i, j] - RATES[i] * RATES[j]) / spread


@pytest.mark.parametrize(("m", "pairs"), [(2, [(0, 1)]), (3, [(0, 1), (0, 2), (1, 2)])])
def test_means_over_the_pairs_of_the_first_models(m: int, pairs: list[tuple[int, int]]) -> None:
    known = calibration.correlations(LISTED, np.array([float(m)]))
    assert known.pair[0] == pytest.approx(np.mean([JOINT[pair] for pair in pairs]), rel=1e-14)
    assert known.pearson[0] == pytest.approx(np.mean([pearson(*pair) for pair in pairs]), rel=1e-13)
    assert known.tetrachoric[0] == pytest.approx(np.mean([tetrachoric(*pair) for pair in pairs]), abs=1e-5)
    mean, least = calibration.single(LISTED, np.array([float(m)]))
    assert (mean[0], least[0]) == pytest.approx((RATES[:m].mean(), RATES[0]))


def test_single_rates_of_a_list_that_gets_better() -> None:
    mean, least = calibration.single(shock([0.8, 0.5, 0.2]), np.array([2.0]))
    assert (mean[0], least[0]) == pytest.approx((RATES[1:].mean(), RATES[1]))
    assert np.isnan(calibration.single(LISTED, np.array([4.0]))[0][0])


@pytest.mark.parametrize("m", [1.0, 4.0])
def test_pools_without_pairs_have_no_correlations(m: float) -> None:
    assert all(np.isnan(column[0]) for column in calibration.correlations(LISTED, np.array([m])))
    with np.errstate(all="ignore"):
        assert np.isnan(calibration.log_clayton(LISTED, np.array([m]))[0][0])
        assert np.isnan(calibration.implied(LISTED, np.array([m]))[0][0])


def test_the_one_factor_prediction_against_an_integral() -> None:
    r = 0.3
    t = ndtri(RATES)

    def integrand(z: float) -> float:
        return float(norm.pdf(z) * np.prod(ndtr((t - np.sqrt(r) * z) / np.sqrt(1 - r))))

    value, error = calibration.log_predicted(LISTED, np.array([3.0]), np.array([r]), np.array([1e-4]))
    assert value[0] == pytest.approx(np.log(quad(integrand, -9, 9, epsabs=1e-14)[0]), abs=1e-9)
    # The error of the correlation moves the logarithm by its slope.
    for moved in (r - 1e-4, r + 1e-4):
        beyond, _ = calibration.log_predicted(LISTED, np.array([3.0]), np.array([moved]), np.array([0.0]))
        assert 0.9 * error[0] < abs(beyond[0] - value[0]) / 0.95 < 1.1 * error[0]
    independent, _ = calibration.log_independent(LISTED, np.array([3.0]))
    zero, _ = calibration.log_predicted(LISTED, np.array([3.0]), np.array([-1e-12]), np.array([1e-11]))
    assert zero[0] == independent[0] == pytest.approx(np.log(RATES).sum())
    for none in (-0.01, 1.0):
        assert np.isnan(calibration.log_predicted(LISTED, np.array([3.0]), np.array([none]), np.array([1e-11]))[0][0])


def test_the_slope_of_the_one_factor_law_at_no_correlation() -> None:
    """Each pair adds its density: against a difference, for unlike models of which one counts twice, one not."""
    t, counts = ndtri(np.array([[0.2, 0.6, 0.1]])), np.array([[2.0, 1.0, 0.0]])
    value, slope, _ = log_one_factor(t, counts, np.zeros(1))
    beyond, after, _ = log_one_factor(t, counts, np.array([1e-6]))
    assert value[0] == pytest.approx(2 * np.log(0.2) + np.log(0.6))
    assert slope[0] == pytest.approx((beyond[0] - value[0]) / 1e-6, rel=1e-4)
    assert slope[0] == pytest.approx(after[0], rel=1e-4)
    assert np.isnan(log_one_factor(t, counts, np.ones(1))[0][0])


@pytest.mark.parametrize("m", [2, 3])
def test_clayton_with_the_same_mean_pair(m: int) -> None:
    """θ by a root search with many digits, over the pairs of the first m models alone."""
    pairs = [(0, 1)] if m == 2 else list(JOINT)

    def all_wrong(theta: float, models: list[int]) -> float:
        with mpmath.workdps(30):
            return (mpmath.fsum(mpmath.mpf(RATES[i]) ** -theta for i in models) - len(models) + 1) ** (-1 / theta)

    def excess(theta: float) -> float:
        return float(mpmath.fsum(all_wrong(mpmath.mpf(theta), [i, j]) - JOINT[i, j] for i, j in pairs))

    theta = brentq(excess, 0.01, 20, xtol=1e-13)
    value, error = calibration.log_clayton(LISTED, np.array([float(m)]))
    assert abs(value[0] - float(mpmath.log(all_wrong(theta, list(range(m)))))) <= error[0] + 1e-11
    assert error[0] < 1e-10


def test_an_error_of_pairs_is_one_of_clayton_and_of_what_is_implied() -> None:
    """Of a pool whose pairs are only known to 1e-6: the error holds what moving them does, and is not ten times it."""
    pool = shock([0.4])
    at = np.array([5.0])
    exact, _ = calibration.log_clayton(pool, at)
    known = pool.pairs
    moved = shock([0.4])
    vars(moved)["pairs"] = known._replace(log_joint=known.log_joint + 1e-6)
    wide = shock([0.4])
    vars(wide)["pairs"] = known._replace(error=known.error + 1e-6)
    step = abs(calibration.log_clayton(moved, at)[0][0] - exact[0])
    assert step <= calibration.log_clayton(wide, at)[1][0] <= 2 * step


def test_the_implied_correlation() -> None:
    """Against a root search on an integral; at independence it is 0, and beyond the best model there is none."""
    m, pool = 4.0, shock([0.4])
    alpha, beta = 0.1 + 0.9 * 0.4, 0.1 + 0.9 * 0.4**4
    t = ndtri(alpha)

    def excess(r: float) -> float:
        return quad(lambda z: norm.pdf(z) * ndtr((t - np.sqrt(r) * z) / np.sqrt(1 - r)) ** 4, -9, 9)[0] - beta

    root, error = calibration.implied(pool, np.array([m]))
    assert root[0] == pytest.approx(brentq(excess, 0.01, 0.99), abs=1e-7)
    assert 0 < error[0] < 1e-12
    assert calibration.implied(ClosedPool("independent", {"error_rate": np.array([0.3])}), np.array([m]))[0][0] == 0
    # Three of four models hardly ever fail: all wrong as often as the best model of them is too often.
    unlike = ClosedPool("common_shock", {"shock": np.array([0.2]), "base_error_rate": np.array([[1e-9, 0.5]])})
    assert (
        np.isnan(calibration.implied(unlike, np.array([2.0]))[0][0])
        or calibration.implied(unlike, np.array([2.0]))[0][0] > 0.9
    )


def test_the_error_of_beta_is_one_of_the_implied_correlation() -> None:
    pool = shock([0.4])
    at = np.array([4.0])
    exact = calibration.implied(pool, at)
    value, error = pool.log_all_wrong(at)
    pool._known[at.tobytes()] = value + 1e-6, error
    step = abs(calibration.implied(pool, at)[0][0] - exact[0][0])
    pool._known[at.tobytes()] = value, error + 1e-6
    assert calibration.implied(pool, at)[1][0] == pytest.approx(step, rel=0.01)
    pool._known[at.tobytes()] = np.log([0.46**4]), np.array([1e-3])
    # Independent within the error: no correlation.
    assert calibration.implied(pool, at)[0][0] == 0


def test_the_floor_of_majorities() -> None:
    at = np.array([3.0])
    value, error = calibration.floor_of_majorities(LISTED, at)
    r = calibration.correlations(LISTED, at).tetrachoric[0]
    assert value[0] == pytest.approx(ndtr(ndtri(RATES.mean()) / np.sqrt(r)), abs=1e-14)
    assert 1e-16 < error[0] < 1e-12
    apart = ClosedPool("independent", {"error_rate": np.array([[0.2, 0.5]])})
    assert not calibration.floor_of_majorities(apart, np.array([2.0]))[0][0] > 1e-3


def test_correlations_of_pairs_carry_the_error_of_their_rates() -> None:
    """A joint rate known to one part in 10⁶: both correlations move by what they state, to a tenth."""
    first, second, joint = np.array([[0.3]]), np.array([[0.5]]), np.array([[0.22]])
    exact = pair_correlations(Pairs(first, second, np.log(joint), np.zeros((1, 1))))
    moved = pair_correlations(Pairs(first, second, np.log(joint) + 1e-6, np.zeros((1, 1))))
    wide = pair_correlations(Pairs(first, second, np.log(joint), np.full((1, 1), 1e-6)))
    spread = np.sqrt(0.3 * 0.7 * 0.5 * 0.5)
    assert exact.pearson[0, 0] == pytest.approx((0.22 - 0.15) / spread)
    assert multivariate_normal([0, 0], [[1, exact.tetrachoric[0, 0]], [exact.tetrachoric[0, 0], 1]]).cdf(
        [ndtri(0.3), 0]
    ) == pytest.approx(0.22, abs=1e-6)
    for name in ("tetrachoric", "pearson", "pair"):
        step = getattr(moved, name)[0, 0] - getattr(exact, name)[0, 0]
        assert getattr(wide, f"{name}_error")[0, 0] == pytest.approx(step, rel=0.1)
        assert getattr(exact, f"{name}_error")[0, 0] < 1e-13
    same = pair_correlations(Pairs(first, first, np.log(first), np.zeros((1, 1))))
    assert np.isnan(same.tetrachoric[0, 0]) and same.pearson[0, 0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("r", "off", "steep"),
    [
        (0.3, 0.0029, 1.05),
        (0.3, 0.0031, 2.0),
        (0.9, 0.00099, 1.05),
        (0.9, 0.0011, 2.0),
        (0.0, 1e-6, 2.0),
        (-1e-7, 1e-6, 2.0),
    ],
)
def test_an_uncertain_correlation_moves_a_prediction_by_its_slope(r: float, off: float, steep: float) -> None:
    """Twice as far where the error is above 1% of r or of 1 - r: the slope may change. Below 0 by an error is 0."""
    m = np.array([3.0])
    value, error = calibration.log_predicted(LISTED, m, np.array([r]), np.array([off]))
    exact, slope, own = log_one_factor(ndtri(LISTED.rates), np.ones((1, 3)), np.array([max(r, 0.0)]))
    assert value[0] == exact[0]
    assert error[0] == pytest.approx(own[0] + steep * abs(slope[0]) * off, rel=1e-12)


def test_a_correlation_that_is_negative_for_certain_predicts_nothing() -> None:
    value, _ = calibration.log_predicted(LISTED, np.array([3.0]), np.array([-0.02]), np.array([0.01]))
    assert np.isnan(value[0])
