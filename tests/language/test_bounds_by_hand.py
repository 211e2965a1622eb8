"""What is known only up to an error, or not at all: each interval from its own terms, on hand-sized pools."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from cofail_lab import models
from cofail_lab.language import calibration, parse, quantities, values
from cofail_lab.language.closed_forms import CLOSED_FORMS, EPS, log_one_factor
from cofail_lab.language.evaluate import laws_in
from cofail_lab.language.formulas import Formula, evaluate
from cofail_lab.language.pairs import PairCorrelations
from cofail_lab.language.pools import BuiltPool, ClosedPool
from cofail_lab.language.quantities import QUANTITIES


def alike(rate: float) -> ClosedPool:
    return ClosedPool("independent", {"error_rate": np.array([rate])})


def ends(name: str, pool: ClosedPool | BuiltPool, m: float) -> tuple[float, float]:
    """Middle and half-width of a quantity at the first point."""
    low, high = QUANTITIES[name].compute(pool, values.exactly(np.array([m]))).floats()
    return float(low[0] + high[0]) / 2, float(high[0] - low[0]) / 2


@pytest.mark.parametrize(("a", "b", "m"), [(2.0, 30.0, 40), (0.5, 7.0, 64), (3.0, 50.0, 1000)])
def test_a_beta_laws_error_counts_its_factors_and_its_series(a: float, b: float, m: int) -> None:
    """64 factors at most, each with its rounding; past them that of b + b log(a + m + b)."""
    _, error = CLOSED_FORMS["beta_mixing"].log_all_wrong(
        {"a": np.array([[a]]), "b": np.array([[b]])}, np.array([[float(m)]])
    )
    first = sum(np.log1p(b / (a + i)) for i in range(min(m, 64)))
    series = 16 * (1 + b + b * np.log(a + m + b)) if m > 64 else 0
    assert error[0] == pytest.approx(EPS * (72 * first + series), rel=1e-9, abs=0)


def test_what_is_implied_is_of_the_models_in_the_pool() -> None:
    """At two models it is their tetrachoric correlation, however good the third one is."""
    bases = np.array([[0.4, 0.5, 1e-4]])
    pool, m = ClosedPool("common_shock", {"shock": np.array([0.1]), "base_error_rate": bases}), np.array([2.0])
    root, error = calibration.implied(pool, m)
    known = calibration.correlations(pool, m)
    assert abs(root[0] - known.tetrachoric[0]) <= error[0] + known.tetrachoric_error[0] < 1e-10
    # No r of the one-factor law has fewer all-wrong queries than independence.
    rarer = alike(0.3)
    rarer._known[m.tobytes()] = np.array([np.log(0.045)]), np.array([1e-12])
    with np.errstate(all="ignore"):
        assert np.isnan(calibration.implied(rarer, m)).all()


def test_counts_and_majorities_of_unlike_models_by_enumeration() -> None:
    """Three models that err at .2, .5 and .8 each, with a shock of .1 and without."""
    right = np.array([0.8, 0.5, 0.2])
    probs = np.array([1.0])
    for p in right:
        probs = np.convolve(probs, [p, 1 - p])
    three = values.exactly(np.array([3.0]))
    for shock in (0.0, 0.1):
        pool = ClosedPool("independent", {"error_rate": 1 - right[None]})
        if shock:
            pool = ClosedPool("common_shock", {"shock": np.array([shock]), "base_error_rate": 1 - right[None]})
        expected = (1 - shock) * probs + shock * np.array([0, 0, 0, 1])
        found = [QUANTITIES["count"].compute(pool, values.exactly(np.array([j])), three).middle()[0] for j in range(4)]
        assert found == pytest.approx(expected, rel=1e-11)
        assert QUANTITIES["majority"].compute(pool, three).middle() == pytest.approx([expected[:2].sum()], rel=1e-11)
    apart = ClosedPool("one_factor_gaussian", {"error_rate": 1 - right[None], "correlation": np.zeros(1)})
    assert QUANTITIES["majority"].compute(apart, three).middle() == pytest.approx([probs[:2].sum()], rel=1e-9)


def test_two_models_have_one_pair() -> None:
    pool = ClosedPool("common_shock", {"shock": np.full(3, 0.1), "base_error_rate": np.array([[0.2, 0.5]] * 3)})
    known = calibration.correlations(pool, np.array([1.0, 2.0, 3.0]))
    assert known.pair == pytest.approx([np.nan, 0.1 + 0.9 * 0.1, np.nan], nan_ok=True)


def test_claytons_law_has_pairs_between_independence_and_the_rate() -> None:
    """Rate .3: pairs below .09 are of no law of Clayton's, and .3 is that of no finite θ; each point by itself.

    At two models β is the pair, and the error of its logarithm that of the pair's and a tenth.
    """
    pair = np.array([0.08, 0.1, 0.3, 0.2, 0.2997])
    pool = ClosedPool("independent", {"error_rate": np.full(5, 0.3)})
    vars(pool)["pairs"] = pool.pairs._replace(log_joint=np.log(pair)[:, None], error=np.full((5, 1), 1e-6))
    value, error = calibration.log_clayton(pool, np.full(5, 2.0))
    exists = [False, True, False, True, True]
    assert value == pytest.approx(np.where(exists, np.log(pair), np.nan), rel=1e-9, nan_ok=True)
    assert error[exists] == pytest.approx(np.full(3, 1.1e-6), rel=1e-3)


def test_a_parameter_that_is_called_is_the_quantity_of_its_name() -> None:
    assert laws_in(parse("error_rate(m) > error_rate", "claim.says"), ("error_rate", "m")) == ("",)


def test_an_interval_of_a_millionth_moves_a_formula() -> None:
    formula = Formula(("x", "y"), "", lambda x, y: x - y, 0.0)
    of = (values.within(np.array([3.0]), np.array([2e-6])), values.within(np.array([1.0]), np.array([5e-7])))
    low, high = evaluate(formula, of).floats()
    assert ((low + high) / 2, (high - low) / 2) == (pytest.approx([2]), pytest.approx([2.5e-6 * 1.01], rel=1e-6))


def test_each_prediction_has_the_error_of_its_own_correlation() -> None:
    """Six different numbers for one pool: which of them each quantity reads."""
    pool, m = alike(0.3), np.array([4.0])
    known = {
        "tetrachoric": 0.4,
        "tetrachoric_error": 1e-3,
        "pearson": 0.2,
        "pearson_error": 3e-5,
        "pair": 0.12,
        "pair_error": 7e-4,
    }
    vars(pool)["correlations"] = PairCorrelations(**{name: np.array([[x]]) for name, x in known.items()})
    for name in ("tetrachoric", "pearson", "pair"):
        assert ends(name, pool, 4.0) == pytest.approx((known[name], known[f"{name}_error"]), rel=1e-9)
    for name, of in (("one_factor", "tetrachoric"), ("one_factor_pearson", "pearson")):
        r, off = known[of], known[f"{of}_error"]
        value, slope, own = (x[0] for x in log_one_factor(np.array([[ndtri(0.3)]]), m[:, None], np.array([r])))
        spread = own + 1.05 * slope * off
        assert ends(name, pool, 4.0) == pytest.approx(
            (np.exp(value) * np.cosh(spread), np.exp(value) * np.sinh(spread)), rel=1e-9
        )
    x = ndtri(0.3) / np.sqrt(0.4)
    expected = ndtr(x), np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * abs(x) * 1e-3 / 0.8
    assert ends("majority_floor", pool, 4.0) == pytest.approx(expected, rel=1e-9)
    # Dawson and Sankoff's limits of five models: the rate of a pair of right ones is .52, and the best k is 3.
    upper = 1 - 2 * 5 * 0.7 / 4 + 2 * 10 * 0.52 / 12
    assert ends("frechet_upper", pool, 5.0) == pytest.approx((upper, 7e-4 * 20 / 12), rel=1e-9)
    assert ends("frechet_lower", pool, 5.0) == pytest.approx((0, 5 * 7e-4), rel=1e-9)
    assert ends("frechet_lower", pool, 2.0) == pytest.approx((0.12, 2 * 7e-4), rel=1e-9)


def test_rates_have_an_error_of_rounding() -> None:
    pool = ClosedPool("independent", {"error_rate": np.array([[0.3, 0.1, 0.7]])})
    for name, value, n in (("error_rate", 1.1 / 3, 8), ("single_best", 0.9, 4 / 9)):
        middle, half = ends(name, pool, 3.0)
        assert middle == pytest.approx(value, rel=1e-15)
        assert n * EPS * value <= half <= n * EPS * value + 2 * EPS


def test_limits_at_every_point_are_of_its_own_rates_and_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    base, seen = np.array([[0.3, 0.5, 0.2], [0.6, 0.15, 0.4]]), []
    built = BuiltPool([models.CommonShock(0.1, row) for row in base], alike=False)

    def program(alpha: np.ndarray, table: np.ndarray) -> SimpleNamespace:
        seen.append((alpha, table))
        return SimpleNamespace(lower=0.1, upper=0.3, sharp=True)

    monkeypatch.setattr(quantities, "all_wrong_range", program)
    QUANTITIES["frechet_lower"].compute(built, values.exactly(np.array([3.0, 3.0])))
    for row, (alpha, table) in zip(base, seen, strict=True):
        pairs = 0.1 + 0.9 * np.outer(row, row)
        np.fill_diagonal(pairs, 0.1 + 0.9 * row)
        np.testing.assert_allclose(alpha, 0.1 + 0.9 * row, rtol=1e-12)
        np.testing.assert_allclose(table, pairs, rtol=1e-12)


def test_powers_and_exponentials_of_nothing() -> None:
    """e⁰ is 1 without an error; 0 to a positive power is 0, and what may be 0 or more has no logarithm to say."""
    zero, half = values.exactly([0.0]), values.exactly([0.5])
    assert values.exponential(zero).floats() == (1, 1)
    assert values.power(zero, half).floats() == (0, 0)
    perhaps = values.absolute(values.within(np.array([0.0]), np.array([0.5])))
    assert perhaps.low[0] == 0 < perhaps.high[0]
    assert not values.power(perhaps, half).exists[0]
