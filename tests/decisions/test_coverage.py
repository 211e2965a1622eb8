"""Greedy coverage (theory P10) against every choice."""

import itertools
import math
import re

import numpy as np
import pytest

from cofail_lab import decisions as d
from cofail_lab.errors import InputError


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


def test_the_bound_is_the_least_over_all_prefixes():
    """Of ten queries the first model solves 0 to 3, two twins solve 3 to 5: nobody can add to the first two chosen."""
    wrong = np.ones((10, 3))
    wrong[:4, 0] = wrong[3:6, 1:] = 0
    found = d.greedy_coverage(wrong, 2)
    # Empty: .4 + .3; after the first: .4 + .2 + .2; after both: .6 and nothing.
    assert (found.members.tolist(), found.covered) == ([0, 1], pytest.approx(0.6))
    assert found.upper == pytest.approx(0.6)
    apart = np.ones((10, 3))
    apart[:4, 0] = apart[4:7, 1] = apart[7:9, 2] = 0
    # Here the empty prefix says most.
    assert d.greedy_coverage(apart, 2).upper == pytest.approx(0.7)


@pytest.mark.parametrize("shape", [(4,), (0, 3), (3, 0), (2, 2, 2)])
def test_a_table_of_queries_by_models_is_needed(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=re.escape(f"wrong: shape {shape}; (n, m) is needed")):
        d.greedy_coverage(np.ones(shape), 1)
