"""Pairs of models and their families."""

import numpy as np

from cofail_lab.fitting.estimators.pairs import Pairs, row_means


def test_unknown_families_are_not_one_family() -> None:
    family = np.array(["", "", "a", "a"], dtype=object)
    assert Pairs.of(4, family).same_family.tolist() == [False, False, False, False, False, True]  # type: ignore[union-attr]


def test_means_are_over_the_chosen_entries_that_are_numbers() -> None:
    values = np.array([[1.0, 2.0, np.nan, 4.0], [np.nan, 1.0, 1.0, 1.0]])
    chosen = np.array([[True, True, True, False], [True, False, False, False]])
    np.testing.assert_array_equal(row_means(values, chosen), [1.5, np.nan])
