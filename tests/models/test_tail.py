"""Tail curves: the published values, and pools that do not depend on each other."""

import jax
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp, ndtri
from scipy.stats import multivariate_normal

from cofail_lab.models import AbstractErrorLaw, Clayton, CommonShock, Independent, tail
from cofail_lab.models.tail import count_all_wrong, mean_correlations, tail_curve


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


def test_mean_correlations_pair_by_pair() -> None:
    """Of unlike models: each pair by itself, then means over the first two, three and four models."""
    law = Clayton([0.3, 0.45, 0.2, 0.6], 1.5)
    rates, pairs = np.asarray(law.error_rates), np.asarray(law.pairwise_wrong())
    sizes = np.array([2, 3, 4])
    found = mean_correlations(rates[None], ndtri(rates)[None], pairs[None], sizes)
    spread = np.sqrt(rates * (1 - rates))
    phi = (pairs - np.outer(rates, rates)) / np.outer(spread, spread)
    for column, size in enumerate(sizes):
        upper = np.triu_indices(size, 1)
        assert found[1][0, column] == pytest.approx(phi[upper].mean(), rel=1e-12)
        latent = [
            brentq(lambda r, i=i, j=j: normal_pair(rates[i], rates[j], r) - pairs[i, j], -0.9, 0.99)
            for i, j in zip(*upper, strict=True)
        ]
        assert found[0][0, column] == pytest.approx(np.mean(latent), abs=1e-6)


def normal_pair(a: float, b: float, r: float) -> float:
    return float(multivariate_normal.cdf(ndtri([a, b]), cov=[[1, r], [r, 1]]))


def test_every_column_is_of_its_own_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(_: object, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return -r, 10 + r, 100 + r

    monkeypatch.setattr(tail.Pools, "log_all_wrong", of)
    monkeypatch.setattr(tail, "mean_correlations", lambda *_: (np.array([[0.3, 0.4]]), np.array([[0.1, 0.2]])))
    given = []
    monkeypatch.setattr(tail, "implied_correlation", lambda *them: given.append(them) or np.array([[0.5, 0.6]]))
    beta = np.array([[-1.0, -2.0]])
    found = tail.one_factor_predictions(np.array([[0.2, 0.3]]), np.eye(2)[None], np.array([2, 2]), beta)
    expected = {
        "tetrachoric": [0.3, 0.4],
        "pearson": [0.1, 0.2],
        "log_one_factor": [-0.3, -0.4],
        "log_one_factor_error": [100.3, 100.4],
        "log_one_factor_pearson": [-0.1, -0.2],
        "log_one_factor_pearson_error": [100.1, 100.2],
        "log_ratio_one_factor": [-0.7, -1.6],
        "log_ratio_one_factor_pearson": [-0.9, -1.8],
        "implied_correlation": [0.5, 0.6],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name][0], values)
    _, log_beta, _, start, at_start, slope = given[0]
    np.testing.assert_allclose(
        [log_beta[0], start[0], at_start[0], slope[0]], [[-1, -2], [0.3, 0.4], [-0.3, -0.4], [10.3, 10.4]]
    )
