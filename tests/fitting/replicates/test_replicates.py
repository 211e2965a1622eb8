"""Replicates in batches: by hand, and that no two batches are the same."""

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates.null import place, simulate
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.models import Independent


def test_gain_of_a_replicate() -> None:
    values = np.array([0.25, 0.5])
    replicates = Replicates(
        np.array([0.1, 0.2]), np.array([0.7, 0.6]), PointFit(*(values for _ in PointFit._fields)), {}
    )
    assert replicates.oracle_gain == pytest.approx([0.2, 0.2])


def test_every_batch_has_matrices_of_its_own() -> None:
    stage = simulate(Independent([0.3, 0.4, 0.5]), 50, Pairs.of(3), 64, (0, 900))
    first, second = (stage.batch(start) for start in (0, 32))
    assert (first.single_best != second.single_best).mean() > 0.5


def test_matrices_without_a_prediction_raise_what_is_critical() -> None:
    """Of 39, two are above the 5% point: with two that have no prediction, these are the two."""
    ratios = np.arange(1.0, 40.0)
    found = place(1.0, ratios)
    assert found is not None and found.critical == 38
    missing = place(1.0, np.where(ratios <= 2, np.nan, ratios))
    assert missing is not None and missing.critical == np.inf
