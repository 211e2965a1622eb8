"""Tail curves: the published values, and pools that do not depend on each other."""

import jax
import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp, ndtri

from cofail_lab.models import AbstractErrorLaw, Clayton, CommonShock, Independent
from cofail_lab.models.tail import count_all_wrong, tail_curve


def curve(law: AbstractErrorLaw, *sizes: int) -> dict[str, np.ndarray]:
    return tail_curve(law, np.array(sizes))


def test_published_shock_ratios() -> None:
    got = curve(CommonShock(0.05, "0.3x67"), 2, 3, 10, 67)
    np.testing.assert_allclose(got["tetrachoric"], 0.1720483, atol=5e-8)
    np.testing.assert_allclose(got["pearson"], 0.1044776, atol=5e-8)
    ratios = np.exp(got["log_ratio_one_factor"])
    np.testing.assert_allclose(ratios, [1, 1.208013, 26.98205, 117041.4], rtol=4e-7)
    assert (np.diff(got["implied_correlation"]) > 0).all()
    rare = curve(CommonShock(0.01, "0.2x67"), 67)
    assert rare["tetrachoric"][0] == pytest.approx(0.0752603, abs=5e-8)
    assert np.exp(rare["log_ratio_one_factor"][0]) == pytest.approx(1.994192e12, rel=3e-7)


@pytest.mark.parametrize(("theta", "pearson", "tetrachoric"), [(2.0, 4.18299, 0.839615), (4.0, 2.65728, 0.848578)])
def test_published_clayton_ratios(theta: float, pearson: float, tetrachoric: float) -> None:
    got = curve(Clayton("0.4x53", theta), 53)
    assert np.exp(got["log_ratio_one_factor_pearson"][0]) == pytest.approx(pearson, abs=5e-6)
    assert np.exp(got["log_ratio_one_factor"][0]) == pytest.approx(tetrachoric, abs=5e-7)


def test_means_are_over_the_pool_of_each_size() -> None:
    law = CommonShock(0.1, [0.2, 0.6, 0.4, 0.8])
    whole, alone = curve(law, 2, 4), curve(law.subpool([0, 1]), 2)
    for key in ("tetrachoric", "pearson", "log_one_factor", "implied_correlation"):
        assert whole[key][0] == pytest.approx(alone[key][0], rel=1e-9)
        assert whole[key][0] != pytest.approx(whole[key][1], rel=1e-3)


def test_independence_is_its_own_one_factor_law() -> None:
    got = curve(Independent([0.2, 0.5, 0.3, 0.4]), 2, 4)
    np.testing.assert_allclose(np.abs(got["tetrachoric"]), 0, atol=1e-13)


def test_simulated_pools_are_counted_model_by_model() -> None:
    """Against the draws themselves; two ranges of queries add up to the whole; no queries, no counts."""
    law, sizes = CommonShock(0.2, [0.6, 0.5, 0.7, 0.3]), np.array([1, 2, 4])
    wrong = np.asarray(law.sample(jax.random.key(5), 3_000))
    expected = [int(wrong[:, :size].all(axis=1).sum()) for size in sizes]
    np.testing.assert_array_equal(count_all_wrong(law, sizes, range(3_000), 5, 1_000), expected)
    parts = [count_all_wrong(law, sizes, some, 5, 700) for some in (range(1_100), range(1_100, 3_000), range(0))]
    np.testing.assert_array_equal(sum(parts), expected)
    assert expected[0] > expected[1] > expected[2] > 0


def test_each_prediction_has_its_own_columns() -> None:
    """Values and errors at either correlation, against plain sums over the factor."""
    law, z = Clayton([0.3, 0.45, 0.2, 0.6], 1.5), np.linspace(-12, 12, 4001)
    got = curve(law, 2, 4)
    for suffix, key in (("", "tetrachoric"), ("_pearson", "pearson")):
        for row, size in enumerate((2, 4)):
            r, t = got[key][row], ndtri(np.asarray(law.error_rates)[:size])
            given = log_ndtr((t - np.sqrt(r) * z[:, None]) / np.sqrt(1 - r)).sum(axis=1)
            exact = logsumexp(given - z * z / 2) + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi))
            assert got[f"log_one_factor{suffix}"][row] == pytest.approx(exact, abs=1e-12)
            assert 0 < got[f"log_one_factor{suffix}_error"][row] < 1e-12
            ratio = got["log_all_wrong"][row] - exact
            assert got[f"log_ratio_one_factor{suffix}"][row] == pytest.approx(ratio, abs=1e-12)
    assert (got["tetrachoric"] > got["pearson"] + 0.05).all()
