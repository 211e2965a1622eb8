"""What is large is worked on in pieces or from a part: the same numbers come of pieces that are made small here."""

import numpy as np
import pytest
from scipy.special import ndtr

from cofail_lab.fitting.estimators import clayton, one_factor, pairs, tetrachoric
from cofail_lab.fitting.readings import subpools, tail_test
from cofail_lab.fitting.readings.difficulty import Laws
from cofail_lab.fitting.replicates import null, pair_errors, weighted_counts
from cofail_lab.models import OneFactorGaussian


def test_correlations_of_pairs_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_i, wrong_j = np.array([4, 5, 6, 0, 7]), np.array([5, 6, 3, 4, 7])
    both = np.array([3, 2, 3, 0, 6])
    for n in (10, np.array([10, 11, 12, 13, 14])):
        whole, signs = tetrachoric.correlation_from_counts(wrong_i, wrong_j, both, n)
        with monkeypatch.context() as small:
            small.setattr(tetrachoric, "_PAIRS_AT_ONCE", 2)
            parts, part_signs = tetrachoric.correlation_from_counts(wrong_i, wrong_j, both, n)
        np.testing.assert_array_equal(parts, whole)
        assert part_signs.tolist() == signs.tolist() == [0, 0, 1, 0, 0]
    assert np.isnan(parts).tolist() == [False, False, False, True, False] and len(set(parts[[0, 1, 2, 4]])) == 4


def test_correlations_of_many_pairs_are_remembered_under_both_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair is the same in either order; other numbers of queries are not looked up."""
    wrong_i, wrong_j, both = np.array([4, 6, 5]), np.array([6, 4, 7]), np.array([3, 3, 4])
    asked: list[tuple[list[int], list[int], list[int]]] = []

    class Table:
        def find(self, small: np.ndarray, large: np.ndarray, c: np.ndarray, _: object) -> np.ndarray:
            asked.append((small.tolist(), large.tolist(), c.tolist()))
            return np.array([0.1, 0.1, 0.3])

    monkeypatch.setattr(tetrachoric, "_inside", lambda a, b, c, n: np.full(len(c), 0.7))
    monkeypatch.setattr(tetrachoric, "remembered", lambda n: Table())
    monkeypatch.setattr(tetrachoric, "_CHUNK", 3)
    monkeypatch.setattr(tetrachoric, "LARGEST_N", 12)

    def found(n: int | np.ndarray, size: int = 3) -> list[float]:
        return tetrachoric.correlation_from_counts(wrong_i[:size], wrong_j[:size], both[:size], n)[0].tolist()

    assert found(12) == [0.1, 0.1, 0.3] and asked == [([4, 4, 5], [6, 6, 7], [3, 3, 4])]
    assert found(13) == found(np.full(3, 12)) == [0.7] * 3 and found(12, 2) == [0.7] * 2 and len(asked) == 1


def test_subpools_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    errors, joint = np.array([[3, 4, 5], [6, 4, 5], [2, 7, 6]]), np.array([[2, 2, 3], [3, 4, 3], [2, 1, 5]])
    whole = subpools.predict_from_counts(errors, joint, 10)
    for at_once in (1, 3, 6):
        monkeypatch.setattr(subpools, "_PAIRS_AT_ONCE", at_once)
        np.testing.assert_array_equal(subpools.predict_from_counts(errors, joint, 10), whole)
    assert len(set(whole.tetrachoric)) == 3


def test_the_clayton_parameter_of_counted_pairs_is_that_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix by matrix, pairs of two rates counted, in blocks or at once; constant models have no pairs."""
    rates = np.array([[0.4, 0.2, 0.4, 0.3, 0.2], [0.5, 1.0, 0.3, 0.0, 0.3], [0.1, 0.2, 0.2, 0.1, 0.4]])
    pairs, means = np.triu_indices(5, 1), np.array([0.15, 0.2, 0.06])
    one_by_one = clayton.fit_theta(rates, pairs, means)
    for name, value in (("_PAIRS_PER_BLOCK", 15), ("_PAIRS_PER_BLOCK", 1), ("_MANY_PAIRS", 9), ("_PAIRS_AT_ONCE", 4)):
        monkeypatch.setattr(clayton, name, value)
        np.testing.assert_allclose(clayton.fit_theta(rates, pairs, means), one_by_one, rtol=1e-9)
    assert np.isfinite(one_by_one).all() and len(set(one_by_one)) == 3


def test_the_one_factor_law_in_blocks_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pool is in one block; what fills up a block is dropped, and models that fill it up are left out."""

    def program(thresholds: np.ndarray, loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert thresholds.shape == (2, one_factor._COLUMNS)
        counted = thresholds != one_factor.LEFT_OUT
        return (thresholds * counted).sum(axis=1), loadings.sum(axis=1)

    monkeypatch.setattr(one_factor, "log_all_below", program)
    monkeypatch.setattr(one_factor, "_ROWS", 2)
    thresholds = np.arange(15.0).reshape(5, 3)
    value, error = one_factor._in_blocks(thresholds, thresholds / 10)
    np.testing.assert_allclose(value, thresholds.sum(axis=1))
    np.testing.assert_allclose(error, thresholds.sum(axis=1) / 10)


def test_likelihoods_of_histograms_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    probs = np.array([[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6]])
    laws = Laws(probs, np.log(probs), np.zeros((3, 3)))
    histograms = np.array([[6.0, 3, 1], [3, 3, 4], [1, 2, 7], [7, 1, 2], [0, 9, 1]])
    whole = tail_test.likelihoods(laws, histograms)
    monkeypatch.setattr(tail_test, "_CELLS", 6)
    for parts, kept in zip(tail_test.likelihoods(laws, histograms), whole, strict=True):
        np.testing.assert_allclose(parts, kept, rtol=1e-14)
    assert whole[2].tolist() == [0, 1, 2, 0, 1]


def test_the_mean_pair_of_a_large_pool_is_that_of_pairs_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strong loadings come first, so that the first 2^16 pairs are not like all 79,800 of them."""
    monkeypatch.setattr(null.bivariate_normal, "relative_cdf", lambda h, k, r: ndtr(h) * ndtr(k) * (1 + r))
    m, atom = 400, 0.01
    law = OneFactorGaussian(np.full(m, 0.3), np.where(np.arange(m) < 200, 0.9, 0.1))
    left, right = np.triu_indices(m, 1)

    def mean_pair(error_rates: np.ndarray, loadings: np.ndarray) -> float:
        return float((error_rates[left] * error_rates[right] * (1 + loadings[left] * loadings[right])).mean())

    rates, loadings = np.asarray(law.error_rates), np.asarray(law.loadings)
    inflated = null.with_atom(law, atom)
    assert inflated is not None
    base_rates = (rates - atom) / (1 - atom)
    one = mean_pair(base_rates, loadings) - mean_pair(base_rates, 0 * loadings)
    wanted = (mean_pair(rates, loadings) - atom) / (1 - atom) - mean_pair(base_rates, 0 * loadings)
    scale = np.sqrt(wanted / one)
    np.testing.assert_allclose(np.asarray(inflated.base.loadings), scale * loadings, rtol=1e-3)


def test_pairs_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of tables, and means that leave out what is absent or not chosen."""
    all_pairs, tables = pairs.Pairs.of(4), np.arange(32.0).reshape(2, 4, 4)
    values = np.array([[1.0, np.nan, 3, 4, 6], [2, 5, np.nan, np.nan, 7]])
    chosen = np.array([[True, True, False, True, True], [True, False, True, True, False]])
    monkeypatch.setattr(pairs, "PAIRS_AT_ONCE", 2)
    assert all_pairs.gather(tables).tolist() == [[1, 2, 3, 6, 7, 11], [17, 18, 19, 22, 23, 27]]
    for at_once in (5, 4):
        monkeypatch.setattr(pairs, "_ENTRIES_AT_ONCE", at_once)
        np.testing.assert_allclose(pairs.row_means(values, chosen), [11 / 3, 2])


def test_resampled_queries_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joint counts and errors of mean correlations, of a few resamples at a time and of a few queries at a time."""
    wrong = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1], [0, 1, 0]], dtype=bool)
    weights = np.array([[1, 2, 0, 1, 1, 1], [3, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0]])
    columns = wrong.astype(np.float32)
    joint = [(wrong.T * row) @ wrong.astype(int) for row in weights]
    for at_once in (6, 2, 5):
        monkeypatch.setattr(weighted_counts, "_QUERIES_AT_ONCE", at_once)
        np.testing.assert_array_equal(weighted_counts._one_by_one(columns, weights), joint)
    all_pairs, families = pairs.Pairs.of(3, np.array(["a", "a", "b"])), np.array([0, 0, 1])
    pearson = np.array(
        [
            pairs.phi(
                *(np.diag(own)[all_pairs.left], np.diag(own)[all_pairs.right]), own[np.triu_indices(3, 1)], row.sum()
            )
            for own, row in zip(joint, weights, strict=True)
        ]
    )
    whole = pair_errors.pair_errors(wrong, weights, pearson, all_pairs, families)
    monkeypatch.setattr(pair_errors, "_AT_ONCE", 12)
    for name, parts in pair_errors.pair_errors(wrong, weights, pearson, all_pairs, families).items():
        np.testing.assert_allclose(parts, whole[name], rtol=1e-12)
        assert len(set(parts)) == 3
