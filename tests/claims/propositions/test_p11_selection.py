"""P11: the coverage that its limits are judged by, on limits whose coverage is plain."""

import pytest

from cofail_lab.claims.propositions.p11_selection import many_sets, two_sets

# Sets 1 and 2 leave .3 and .4 of the queries unsolved, both of them .1.
CASE = {"weights": [4, 3, 2, 1], "n": 12, "delta": 0.05}


@pytest.mark.parametrize(("limit", "covered"), [(0.2999, 1.0), (0.3001, 0.0), (0.3999, 0.0)])
def test_a_lower_limit_must_be_below_the_best_rate(limit: float, covered: float) -> None:
    found = two_sets("below")(lambda *_: limit, CASE)
    assert found.low == pytest.approx(covered, abs=1e-9)


def test_an_upper_limit_must_be_above_the_rate_of_the_set_that_was_chosen() -> None:
    """A limit of .35 covers where the first set is chosen: where it leaves no more unsolved than the second."""
    assert two_sets("above")(lambda *_: 0.4001, CASE).low == pytest.approx(1, abs=1e-9)
    assert two_sets("above")(lambda *_: 0.2999, CASE).low == pytest.approx(0, abs=1e-9)
    first = two_sets("above")(lambda *_: 0.35, CASE).low
    # Which of two alone fails decides: 2 : 3 against 3 : 2, and a tie goes to the first.
    assert 0.7 < first < 0.9


def test_many_sets_have_the_least_count_of_all() -> None:
    case = {"n": 3, "sets": 2, "rate": 0.5, "delta": 0.05}
    # P(the least of two counts is 0) = 1 - (7/8)^2.
    found = many_sets("below")(lambda k, n, sets, delta: 0.6 if k == 0 else 0.4, case)
    assert found.low == pytest.approx((7 / 8) ** 2, abs=1e-9)
