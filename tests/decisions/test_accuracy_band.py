"""Sets of models of about equal accuracy where there are too many to look at all."""

import numpy as np

from cofail_lab.decisions.accuracy_band import MAX_SETS, band_sets
from cofail_lab.decisions.samples import Samples


def test_many_sets_are_drawn():
    rng = np.random.default_rng(5)
    samples = Samples(rng.binomial(5, 0.7, (40, 20)), np.full((40, 20), 5))
    found = band_sets(samples, 3, 0.9, rng, replicates=50)
    assert found is not None
    assert found.n_all == 1140
    assert len(found.gap) == MAX_SETS


def test_all_sets_are_equally_likely_to_be_drawn():
    """Of the sets 0.7% lie among the twenty worse models, whose members have few near ones: false alarms 1 in 10^6."""
    accuracy = np.concatenate([np.full(100, 900), np.linspace(400, 390, 20, dtype=int)])
    samples = Samples(np.tile(accuracy, (2, 1)), np.full((2, 120), 1000))
    worse = 0
    for seed in range(20):
        found = band_sets(samples, 3, 0.02, np.random.default_rng(seed), replicates=5)
        assert found is not None
        assert found.n_all == 161_700 + 1140
        assert len(found.gap) == MAX_SETS
        worse += int((found.gap > 1e-9).sum())
    share = 1140 / 162_840
    assert abs(worse - 8000 * share) < 5 * np.sqrt(8000 * share)


def test_no_set_is_drawn_twice():
    """Of 455 sets 400 are looked at: each has another gap, since accuracies are powers of two."""
    right = 2 ** np.arange(15)
    samples = Samples(np.tile(right, (2, 1)), np.full((2, 15), 2**15))
    found = band_sets(samples, 3, 1.0, np.random.default_rng(3), replicates=5)
    assert found is not None
    assert found.n_all == 455
    assert len(np.unique(found.gap.round(9))) == MAX_SETS
