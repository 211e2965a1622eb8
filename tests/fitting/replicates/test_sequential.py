"""Sequential p-values against all draws, and their law where the observed value is one more draw."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from cofail_lab.fitting.replicates.sequential import decided, hits_needed, p_value


@pytest.mark.parametrize(("most", "needed"), [(18, 0), (19, 1), (38, 1), (39, 2), (199, 10), (200, 10), (999, 50)])
def test_hits_from_which_all_draws_say_more_than_5_percent(most: int, needed: int) -> None:
    assert hits_needed(most) == needed
    # One hit fewer, and p of all draws is at most 5%: (1 + needed - 1) / (1 + most).
    assert not needed or Fraction(needed, 1 + most) <= Fraction(1, 20) < Fraction(needed + 1, 1 + most)


def test_p_values_by_hand() -> None:
    hits = np.zeros(199, dtype=bool)
    assert p_value(hits, 199) == 1 / 200
    hits[:9] = True
    assert p_value(hits, 199) == 10 / 200
    hits[49] = True
    # The tenth hit is draw 50; later hits do not count.
    assert p_value(hits, 199) == p_value(hits | (np.arange(199) > 49), 199) == p_value(hits[:50], 199) == 10 / 50
    hits[49], hits[198] = False, True
    # At the last draw, h/l would be 10/199; all draws give (1 + 10)/(1 + 199).
    assert p_value(hits, 199) == 11 / 200
    # Where the number of draws was fixed, all count.
    assert p_value(np.ones(99, dtype=bool), None) == 1
    assert p_value(hits, None) == 11 / 200
    # Fewer draws than were asked for, as after an interruption.
    assert p_value(np.array([True, False, False]), 199) == 2 / 4


@pytest.mark.parametrize("most", [10, 19, 39, 70, 218])
def test_a_decision_is_that_of_all_draws(most: int) -> None:
    draw = np.random.default_rng(most)
    for share in (0.01, 0.04, 0.05, 0.06, 0.3):
        for _ in range(200):
            hits = draw.random(most) < share
            p_of_all = (1 + hits.sum()) / (1 + most)
            ends = next(k for k in range(1, most + 1) if decided(hits[:k], most))
            p = p_value(hits[:ends], most)
            assert (p <= 0.05) == (p_of_all <= 0.05)
            assert p == p_value(hits, most)
            places = np.flatnonzero(hits)
            needed = hits_needed(most)
            assert ends == (places[needed - 1] + 1 if 0 < needed <= len(places) else most)


def test_under_the_null_p_is_at_most_u_in_at_most_u() -> None:
    """Exact: the rank of the observed value among 39 draws is uniform, and given it every order is equally likely."""
    most, needed = 39, hits_needed(39)
    law: dict[float, Fraction] = {}
    for k in range(most + 1):
        # k draws are hits. The second of them is at draw l in (l - 1 over 1) (39 - l over k - 2) of (39 over k) orders.
        if k < needed:
            law[(1 + k) / (1 + most)] = law.get((1 + k) / (1 + most), Fraction()) + Fraction(1, most + 1)
            continue
        for last in range(needed, most - (k - needed) + 1):
            orders = Fraction(comb(last - 1, needed - 1) * comb(most - last, k - needed), comb(most, k))
            hits = np.zeros(most, dtype=bool)
            hits[[*range(needed - 1), last - 1]] = True
            p = p_value(hits, most)
            law[p] = law.get(p, Fraction()) + orders * Fraction(1, most + 1)
    assert sum(law.values()) == 1
    total = Fraction()
    for p in sorted(law):
        total += law[p]
        assert total <= Fraction(p).limit_denominator(10**6)
