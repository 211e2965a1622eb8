"""Pools by their first models: sizes, kinds, pairs, and the objects behind them."""

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.errors import InputError
from cofail_lab.language import calibration
from cofail_lab.language.pairs import Pairs, pair_correlations
from cofail_lab.language.pools import LAWS, BuiltPool, ClosedPool, build, law_name

LISTED = ClosedPool("common_shock", {"shock": np.array([0.1, 0.3]), "base_error_rate": np.array([[0.2, 0.5, 0.8]] * 2)})
ALIKE = ClosedPool("independent", {"error_rate": np.array([0.2, 0.4, 0.6])})


def test_which_sizes_there_are() -> None:
    assert LISTED.fits(np.array([0.0, 1, 3, 4, 2.5, np.nan])).tolist() == [False, True, True, False, False, False]
    assert ALIKE.fits(np.array([0.0, 1, 1e6, -1, 2.5])).tolist() == [False, True, True, False, False]
    assert (LISTED.alike, LISTED.width, ALIKE.alike, ALIKE.width) == (False, 3, True, np.inf)
    assert LISTED.counts(np.array([1.0, 3])).tolist() == [[1, 0, 0], [1, 1, 1]]
    assert ALIKE.counts(np.array([1.0, 3, 7])).tolist() == [[1], [3], [7]]


def test_every_point_has_its_own_size() -> None:
    """The same first size again must not bring back the others."""
    for m in ([2.0, 3, 1], [2.0, 5, 4], [2.0, 3, 1]):
        found, error = ALIKE.log_all_wrong(np.array(m))
        np.testing.assert_allclose(found, m * np.log([0.2, 0.4, 0.6]), rtol=1e-14)
        assert (error > 0).all()
    value, error = ALIKE.log_all_wrong(np.array([2.0, 0.0, 2.5]))
    assert np.isnan(value).tolist() == [False, True, True] == np.isnan(error).tolist()


def test_pairs_of_models_alike_and_of_a_list() -> None:
    np.testing.assert_allclose(np.exp(ALIKE.pairs.log_joint[:, 0]), [0.04, 0.16, 0.36])
    np.testing.assert_allclose(ALIKE.pairs.second[:, 0], [0.2, 0.4, 0.6])
    rates = 0.1 + 0.9 * np.array([0.2, 0.5, 0.8])
    pairs = LISTED.pairs
    np.testing.assert_allclose(pairs.first[0], rates[[0, 0, 1]])
    np.testing.assert_allclose(pairs.second[0], rates[[1, 2, 2]])
    np.testing.assert_allclose(np.exp(pairs.log_joint[0]), 0.1 + 0.9 * np.array([0.1, 0.16, 0.4]))
    np.testing.assert_allclose(np.exp(pairs.log_joint[1]), 0.3 + 0.7 * np.array([0.1, 0.16, 0.4]))
    assert (pairs.error > 0).all() and (pairs.error < 1e-13).all()


def test_objects_for_each_point() -> None:
    """Unlike models, the first of the list; models alike, any of them."""
    laws = [models.Independent([0.2, 0.5, 0.7]), models.Independent([0.3, 0.6, 0.9])]
    pool = BuiltPool(laws, alike=False)
    assert pool.width == 3 and pool.rates.tolist() == [[0.2, 0.5, 0.7], [0.3, 0.6, 0.9]]
    value, error = pool.log_all_wrong(np.array([2.0, 3.0]))
    np.testing.assert_allclose(np.exp(value), [0.1, 0.162])
    np.testing.assert_allclose(
        error, [laws[0].subpool([0, 1]).log_all_wrong_error(value[0]), laws[1].log_all_wrong_error(value[1])]
    )
    assert (error > 0).all()
    # The pair of the second and the third, which no first models are.
    np.testing.assert_allclose(np.exp(pool.pairs.log_joint[0]), [0.1, 0.14, 0.35])
    np.testing.assert_allclose(pool.law(1, 2).error_rates, [0.3, 0.6])
    mixed = [models.ExchangeableMixing([0.2, 0.6], [0.5, 0.5], 4), models.ExchangeableMixing([0.1, 0.3], [0.2, 0.8], 4)]
    alike = BuiltPool(mixed, alike=True)
    assert alike.rates.shape == (2, 1) and alike.rates[1, 0] == pytest.approx(0.26)
    found, wrong = alike.log_all_wrong(np.array([3.0, 2.0]))
    np.testing.assert_allclose(np.exp(found), [(0.008 + 0.216) / 2, 0.2 * 0.01 + 0.8 * 0.09])
    assert (wrong > 0).all() and alike.law(0, 3).n_models == 3


def test_closed_forms_as_objects() -> None:
    def same(found: models.AbstractErrorLaw, expected: models.AbstractErrorLaw) -> None:
        assert type(found) is type(expected) and found.n_models == expected.n_models
        np.testing.assert_allclose(found.error_rates, expected.error_rates, rtol=1e-14)
        np.testing.assert_allclose(found.log_all_wrong(), expected.log_all_wrong(), rtol=1e-12)

    same(build("independent", {"error_rate": 0.2}, 3), models.Independent([0.2] * 3))
    same(build("independent", {"error_rate": [0.2, 0.5, 0.9]}, 2), models.Independent([0.2, 0.5]))
    same(build("common_shock", {"shock": 0.1, "base_error_rate": 0.2}, 3), models.CommonShock(0.1, [0.2] * 3))
    same(build("clayton", {"theta": 2.0, "error_rate": [0.2, 0.3]}, 2), models.Clayton([0.2, 0.3], 2.0))
    same(build("beta_mixing", {"a": 2.0, "b": 5.0}, 4), models.BetaMixing(2.0, 5.0, 4))
    same(ALIKE.law(1, 4), models.Independent([0.4] * 4))
    same(LISTED.law(1, 2), models.CommonShock(0.3, [0.2, 0.5]))
    factor = build("one_factor_gaussian", {"error_rate": 0.3, "correlation": 0.25}, 3)
    np.testing.assert_allclose(factor.error_rates, [0.3] * 3)
    assert isinstance(factor, models.OneFactorGaussian)
    np.testing.assert_allclose(factor.loadings, [0.5] * 3)


def test_names_of_laws() -> None:
    short = {"shock": "common_shock", "gaussian": "one_factor_gaussian", "beta": "beta_mixing"}
    assert {name: law_name(name, "x") for name in short} == short
    for name, law in LAWS.items():
        assert law_name(name, "x") == name
        assert law.__name__.lower() == name.replace("_", "")
    with pytest.raises(InputError, match=r"^x: 'claytn' is no law, did you mean clayton\?"):
        law_name("claytn", "x")
    with pytest.raises(InputError, match=r"^x: 'zzz' is no law; there are independent, "):
        law_name("zzz", "x")


def test_correlations_of_pairs_by_hand() -> None:
    """Φ2(0, 0; r) = 1/4 + asin(r)/2π; the error of a joint rate over the density, and over the spread."""
    r = np.array([0.5, -0.3, 0.0])
    joint = 0.25 + np.arcsin(r) / (2 * np.pi)
    half = np.full((1, 3), 0.5)
    error = 1e-8
    found = pair_correlations(Pairs(half, half, np.log(joint)[None], np.full((1, 3), error)))
    np.testing.assert_allclose(found.tetrachoric[0], r, atol=1e-12)
    np.testing.assert_allclose(found.pearson[0], (joint - 0.25) / 0.25, atol=1e-12)
    np.testing.assert_allclose(found.pair[0], joint)
    np.testing.assert_allclose(found.pair_error[0], joint * error, rtol=1e-6)
    # dr/dp = cos(asin r) · 2π at these thresholds.
    np.testing.assert_allclose(found.tetrachoric_error[0], np.sqrt(1 - r**2) * 2 * np.pi * joint * error, rtol=1e-5)
    np.testing.assert_allclose(found.pearson_error[0], joint * error / 0.25, rtol=1e-5)
    unlike = pair_correlations(Pairs(np.array([[0.2]]), np.array([[0.6]]), np.log([[0.15]]), np.array([[1e-9]])))
    assert unlike.pearson[0, 0] == pytest.approx((0.15 - 0.12) / np.sqrt(0.16 * 0.24))
    # Always together: there is no r with an error, and no error of a correlation of 1.
    ends = pair_correlations(Pairs(half, half, np.log([[0.5, 0.25, 1e-12]]), np.full((1, 3), 1e-9)))
    assert np.isnan(ends.tetrachoric[0]).tolist()[0] and np.isnan(ends.tetrachoric_error[0, 0])
    assert ends.tetrachoric[0, 1] == pytest.approx(0, abs=1e-12)


def test_a_pool_of_a_size_that_there_is_not_has_no_independent_rate() -> None:
    for pool, sizes in ((LISTED, [0.0, 4.0]), (ALIKE, [0.0, 2.5, -1.0])):
        assert np.isnan(calibration.log_independent(pool, np.array(sizes))[0]).all()
    value, error = calibration.log_independent(LISTED, np.array([3.0, 1.0]))
    rates = [0.1 + 0.9 * np.array([0.2, 0.5, 0.8]), 0.3 + 0.7 * 0.2]
    np.testing.assert_allclose(np.exp(value), [rates[0].prod(), rates[1]])
    assert (error > 0).all()
