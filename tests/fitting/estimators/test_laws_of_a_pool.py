"""The law that each estimator makes of a pool with a chosen matrix of correlations: parameters, notes, reasons."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.fitting.estimators import block, clayton, full_sigma, independent, loadings, one_factor
from cofail_lab.fitting.estimators.fitted import AbsentLawError
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import ObservedPairs, TetrachoricStack
from cofail_lab.models import BlockFactor, Clayton, GaussianCopula, Independent, OneFactorGaussian
from cofail_lab.numerics.nearest_correlation import nearest_correlation

# Eight queries, three models: errors 4, 3 and 2; together 2, 1 and 1.
WRONG = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], bool)
RATES = np.array([0.5, 0.375, 0.25])
UNLIKE = np.array([[1, 0.1, 0.3], [0.1, 1, 0.8], [0.3, 0.8, 1]])
# No three scores correlate like this.
INDEFINITE = np.array([[1, 0.9, 0.9], [0.9, 1, -0.8], [0.9, -0.8, 1]])


def pool(matrix: np.ndarray, family: list[str] | None = None) -> VaryingPool:
    """Models as in WRONG, one after the other and again from the first, whose correlations are those of the matrix."""
    made = VaryingPool(WRONG[:, np.arange(len(matrix)) % 3], None if family is None else np.array(family))
    vars(made)["tetrachoric"] = matrix
    return made


def blocks(within: float, between: float, family: list[int]) -> np.ndarray:
    number = np.array(family)
    return np.where(number[:, None] == number, within, between) + np.eye(len(number)) * (1 - within)


def test_independent_errors_have_the_rates_only() -> None:
    found = independent.fit_pool(pool(UNLIKE), True)
    assert isinstance(found.law, Independent) and found[1:] == ({}, {}, ())
    np.testing.assert_allclose(found.law.error_rates, RATES)


def test_one_correlation_is_the_mean_over_pairs() -> None:
    """Tetrachoric .1, .3 and .8; Pearson by its definition."""
    correlation = np.corrcoef(WRONG.T)[np.triu_indices(3, 1)].mean()
    for fit, expected in ((one_factor.fit_tetrachoric, 0.4), (one_factor.fit_pearson, correlation)):
        found = fit(pool(UNLIKE), True)
        assert found.parameters == {"correlation": pytest.approx(expected)} and found[2:] == ({}, ())
        assert isinstance(found.law, OneFactorGaussian)
        np.testing.assert_allclose(found.law.loadings, np.full(3, np.sqrt(expected)))
        np.testing.assert_allclose(found.law.error_rates, RATES)


def test_one_correlation_is_in_the_unit_interval() -> None:
    for r, why in ((-1e-9, "the mean correlation is negative"), (1 - 1e-13, "the mean correlation is 1: all models")):
        with pytest.raises(AbsentLawError, match=why):
            one_factor._equicorrelated(pool(UNLIKE), r)
    for r in (0.0, 1 - 1e-9):
        assert one_factor._equicorrelated(pool(UNLIKE), r).parameters == {"correlation": r}


def test_which_correlation_gives_a_rate() -> None:
    """From β of independent errors, r = 0, to that of the best model, r = 1; constant models are left out."""
    rates = np.array([0.5, 0.5])
    assert one_factor.implied_correlation(rates, 1 / 3) == pytest.approx(0.5, abs=1e-10)
    assert one_factor.implied_correlation(np.array([0.5, 0, 1, 0.5]), 1 / 3) == pytest.approx(0.5, abs=1e-10)
    assert (one_factor.implied_correlation(rates, 0.25), one_factor.implied_correlation(rates, 0.5)) == (0.0, 1.0)
    for beta in (0.0, -0.1, 0.2499, 0.5001):
        assert one_factor.implied_correlation(rates, beta) is None
    assert one_factor.implied_correlation(np.array([0.5, 1.0]), 0.4) is None


@pytest.mark.parametrize("repair", ["nearest", "clip"])
def test_the_full_matrix_is_repaired_and_how_far(repair: full_sigma.Repair) -> None:
    """Clipped: negative eigenvalues to 1e-8, then a diagonal of 1 again."""
    values, vectors = np.linalg.eigh(INDEFINITE)
    clipped = vectors @ np.diag(np.maximum(values, 1e-8)) @ vectors.T
    clipped /= np.sqrt(np.outer(np.diag(clipped), np.diag(clipped)))
    matrix = nearest_correlation(INDEFINITE) if repair == "nearest" else clipped
    found = full_sigma.fit_pool(pool(INDEFINITE), repair=repair)
    assert isinstance(found.law, GaussianCopula) and found[2:] == ({}, ())
    np.testing.assert_allclose(found.law.correlation, matrix, atol=1e-12)
    np.testing.assert_allclose(found.law.error_rates, RATES)
    distance = np.sqrt(((matrix - INDEFINITE) ** 2).sum())
    mean = (matrix[0, 1] + matrix[0, 2] + matrix[1, 2]) / 3
    assert found.parameters == {"correlation_mean": pytest.approx(mean), "distance": pytest.approx(distance)}
    observed = ObservedPairs(RATES, INDEFINITE, 1 / 3, repair == "clip")
    np.testing.assert_allclose(full_sigma.null_law(observed).correlation, matrix, atol=1e-12)
    kept = full_sigma.repaired(UNLIKE, repair)
    np.testing.assert_allclose(kept, UNLIKE, atol=1e-12)


def test_the_full_matrix_beside_an_atom_is_the_nearest() -> None:
    law = full_sigma.atom_base(pool(UNLIKE))(np.array([0.1, 0.2, 0.3]), INDEFINITE)
    np.testing.assert_allclose(law.correlation, nearest_correlation(INDEFINITE), atol=1e-12)
    np.testing.assert_allclose(law.error_rates, [0.1, 0.2, 0.3])
    with pytest.raises(InputError, match="repair: 'other' is not one of nearest, clip"):
        full_sigma.repaired(UNLIKE, "other")  # type: ignore[arg-type]


def test_a_net_has_a_power_of_two_of_points() -> None:
    thresholds = np.zeros(3)
    for points in (32, 100, 65):
        with pytest.raises(InputError, match=rf"points: {points} is not a power of two >= 64"):
            full_sigma.log_all_wrong(UNLIKE, thresholds, points)
    assert full_sigma.log_all_wrong(np.eye(1), np.zeros(1)) == (pytest.approx(np.log(0.5)), 0.0)
    with pytest.raises(InputError, match="every model is constant"):
        full_sigma.predict(np.full((2, 2), np.nan), np.array([np.inf, -np.inf]))


def test_own_loadings_are_those_of_a_matrix_of_rank_one() -> None:
    chosen = np.array([0.9, 0.5, 0.2])
    matrix = np.outer(chosen, chosen) + np.diag(1 - chosen**2)
    found = loadings.fit_pool(pool(matrix))
    assert isinstance(found.law, OneFactorGaussian) and found[2:] == ({}, ())
    np.testing.assert_allclose(found.law.loadings, chosen, atol=1e-6)
    expected = {"loading_mean": 1.6 / 3, "loading_lowest": 0.2, "loading_highest": 0.9}
    assert found.parameters == pytest.approx(expected, abs=1e-6)
    other = np.array([0.1, 0.2, 0.3])
    for law in (
        loadings.null_law(ObservedPairs(other, matrix, 0.5, False)),
        loadings.atom_base(pool(UNLIKE))(other, matrix),
    ):
        np.testing.assert_allclose(law.loadings, chosen, atol=1e-6)
        np.testing.assert_allclose(law.error_rates, other)
    null = one_factor.null_law(ObservedPairs(other, matrix, 0.49, False))
    np.testing.assert_allclose(null.loadings, np.full(3, 0.7))
    np.testing.assert_allclose(null.error_rates, other)


def test_notes_on_loadings_are_of_one_matrix() -> None:
    held = np.array([[1, 1.0, 0.5], [1.0, 1, 0.5], [0.5, 0.5, 1]])
    notes = loadings.fit_pool(pool(held)).notes
    assert notes[0] == "2 loading(s) held at 0.995"
    pairs = Pairs.of(3)
    values = held[pairs.left, pairs.right]
    one, two = (TetrachoricStack(np.tile(RATES, (n, 1)), np.tile(values, (n, 1)), pairs) for n in (1, 2))
    assert loadings.predict_stack(one).notes == notes and loadings.predict_stack(two).notes == ()
    assert loadings.limit_notes(0) == ()


def test_clayton_has_the_mean_pair_of_the_pool() -> None:
    found = clayton.fit_pool(pool(UNLIKE))
    theta = found.parameters["theta"]
    both = [(a**-theta + b**-theta - 1) ** (-1 / theta) for a, b in ((0.5, 0.375), (0.5, 0.25), (0.375, 0.25))]
    assert np.mean(both) == pytest.approx((2 + 1 + 1) / 3 / 8, rel=1e-10)
    assert isinstance(found.law, Clayton) and float(found.law.theta) == theta
    apart = VaryingPool(np.array([[1, 0], [0, 1], [0, 0]], bool))
    with pytest.raises(AbsentLawError, match="no more frequent than chance"):
        clayton.fit_pool(apart)


def test_families_are_the_given_ones_where_some_pairs_share_one_and_some_do_not() -> None:
    matrix = blocks(0.6, 0.2, [0, 0, 1, 1])
    for family, note in (
        (["a", "b", "b", "a"], "families as given"),
        (["a", "b", "c", "a"], "families as given"),
        (["a", "a", "a", "a"], "families found by clustering"),
        (["a", "b", "c", "d"], "families found by clustering"),
        (["", "", "", ""], "families found by clustering"),
        (None, "families found by clustering"),
    ):
        found, said = block.families_of(pool(matrix, family))
        assert said == note
        alike = np.array(family if note == "families as given" else ["x", "x", "y", "y"])
        assert (found[:, None] == found).tolist() == (alike[:, None] == alike).tolist()


def test_a_block_law_has_the_means_within_and_across_families() -> None:
    matrix = blocks(0.6, 0.2, [0, 0, 1, 1])
    found = block.fit_pool(pool(matrix))
    assert found.parameters == pytest.approx({"between": 0.2, "within": 0.6, "families": 2})
    assert found[2:] == ({}, ("families found by clustering",)) and isinstance(found.law, BlockFactor)
    assert [len(members) for members in found.law.families] == [2, 2]
    with pytest.raises(AbsentLawError, match=block.ABSENT):
        block.fit_pool(pool(matrix, ["a", "b", "b", "a"]))
    base_of = block.atom_base(pool(matrix))
    base = base_of(np.array([0.1, 0.2, 0.3, 0.4]), blocks(0.5, 0.3, [0, 0, 1, 1]))
    assert base is not None and (float(base.between), float(base.within)) == pytest.approx((0.3, 0.5))
    np.testing.assert_allclose(base.error_rates, [0.1, 0.2, 0.3, 0.4])
    assert base_of(RATES[[0, 1, 2, 0]], blocks(0.2, 0.3, [0, 0, 1, 1])) is None


def test_clusters_are_cut_where_two_means_explain_most() -> None:
    """The cut that maximizes n n' (mean of n pairs within - mean of n' pairs across)²: two, three or four families.

    Within {1, 4} and {2, 3} the mean is .75 and elsewhere .375, 2 · 8 · .375² = 2.25; with {1, 2, 3, 4} and 0 it is
    6 · 4 · .2917² = 2.04, and with {2, 3} alone 1 · 9 · .3889² = 1.36.
    """
    matrix = np.eye(5)
    matrix[np.triu_indices(5, 1)] = [0.3, 0.3, 0.4, 0.1, 0.4, 0.6, 0.8, 0.7, 0.5, 0.4]
    matrix = np.maximum(matrix, matrix.T)
    found = block.cluster(matrix)
    assert (found[:, None] == found).sum(axis=1).tolist() == [1, 2, 2, 2, 2]
    assert found[1] == found[4] and found[2] == found[3]
    assert block.cluster(blocks(0.6, 0.2, [0, 1])).tolist() == [0, 1]
