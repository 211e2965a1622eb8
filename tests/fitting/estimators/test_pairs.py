"""Pairs of models and their families."""

import numpy as np

from cofail_lab.fitting.estimators.pairs import Pairs


def test_unknown_families_are_not_one_family() -> None:
    family = np.array(["", "", "a", "a"], dtype=object)
    assert Pairs.of(4, family).same_family.tolist() == [False, False, False, False, False, True]  # type: ignore[union-attr]
