"""Greedy coverage (theory P10) against every choice."""

import itertools
import math

import numpy as np
import pytest

from cofail_lab import decisions as d


def test_greedy_coverage_against_every_choice():
    rng = np.random.default_rng(4)
    short = 0
    for _ in range(40):
        wrong, weights, k = rng.random((15, 6)) < 0.6, rng.exponential(size=15), int(rng.integers(1, 5))
        found = d.greedy_coverage(wrong, k, weights)
        covers = {
            s: 1 - np.average(wrong[:, s].all(axis=1), weights=weights) for s in itertools.combinations(range(6), k)
        }
        best = max(covers.values())
        assert len(set(found.members.tolist())) == k
        assert found.covered == pytest.approx(covers[tuple(sorted(found.members.tolist()))], abs=1e-12)
        assert (1 - 1 / math.e) * best <= found.covered <= best + 1e-12
        assert best - 1e-12 <= found.upper <= 1
        short += found.covered < best - 1e-9
    assert short > 0  # control: greedy is not optimal
    assert d.greedy_coverage(np.ones((3, 4)), 3).members.tolist() == [0, 1, 2]
