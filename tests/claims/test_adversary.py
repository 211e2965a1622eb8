"""The adversary: what it finds, and how it simplifies that."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.claims import Control, replay
from cofail_lab.claims.adversary import Range, Search, _simplex, simplify, worst_cases
from cofail_lab.claims.verifier import verify_claim
from tests.claims.toys import toy
from tests.claims.verdicts import TRIAL


def test_the_adversary_finds_what_the_listed_case_misses_and_simplifies_it() -> None:
    assert verify_claim(toy(Fraction(1, 4)), TRIAL)[0].status == "confirmed"
    false = toy(Fraction(249, 1000), "refuted", control=Control("a bound of 1", "confirmed", Fraction(1)))
    verdict = verify_claim(false, TRIAL)[0]
    assert verdict.status == "refuted"
    stored = verdict.evidence["counterexample"]
    assert stored["case"] == {"x": 0.5}
    assert replay(stored, [false]).slack == Fraction(-1, 1000)
    # What is said of the case is measured there, and not where the search had found it.
    assert (stored["measured"], verdict.measured) == ([0.25, 0.25], 0.25)


def test_a_descent_along_the_gradient() -> None:
    def slack(x, y):
        return (x - 0.3) ** 2 + jnp.sum((y - 0.7) ** 2) - 1e-3

    search = Search({"x": Range(0, 1), "y": Range(0.1, 1, log=True, size=3)}, n_starts=16, n_polished=1, slack=slack)
    worst = worst_cases(search, lambda case: float(slack(case["x"], np.array(case["y"]))), seed=0)[0]
    assert worst["x"] == pytest.approx(0.3, abs=1e-4) and worst["y"] == pytest.approx([0.7] * 3, abs=1e-3)


def test_the_worst_of_the_net_are_followed_and_not_the_best() -> None:
    """Two valleys with a step between them: whoever starts in the shallow one ends there."""

    def slack(case: dict) -> float:
        return (case["x"] - 0.3) ** 2 if case["x"] < 0.6 else 1 + (case["x"] - 0.8) ** 2

    worst = worst_cases(Search({"x": Range(0, 1)}, n_starts=16, n_polished=1, n_steps=40), slack, seed=0)
    assert worst[0]["x"] == pytest.approx(0.3, abs=1e-4)
    assert Search({"x": Range(0, 1)}, n_starts=16, n_polished=3, n_steps=40).n_evaluations == 16 + 3 * 40
    assert slack(worst[0]) <= slack(worst[-1])


def test_the_search_survives_cases_outside_the_domain() -> None:
    def slack(case):
        if case["x"] < 0.5:
            raise ZeroDivisionError
        return math.nan if case["x"] > 0.9 else case["x"]

    search = Search({"x": Range(0, 1)}, n_starts=16, n_polished=2, n_steps=30)
    assert worst_cases(search, slack, seed=0)[0]["x"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("nowhere", [-math.inf, math.inf, math.nan])
def test_what_is_no_number_is_not_the_worst_case_where_there_are_gradients(nowhere: float) -> None:
    def slack(x):
        return jnp.where(x < 0.5, nowhere, x)

    search = Search({"x": Range(0, 1)}, n_starts=16, n_polished=1, n_steps=30, slack=slack)
    assert worst_cases(search, lambda case: float(slack(case["x"])), seed=0)[0]["x"] == pytest.approx(0.53, abs=0.04)


def test_simplify_keeps_the_violation_and_the_box() -> None:
    box = {"x": Range(0.5, 2.0), "k": Range(1, 9, integer=True)}
    assert simplify({"x": 0.7391, "k": 3}, box, lambda case: case["x"] > 0.73) == {"x": 0.74, "k": 3}
    assert simplify({"x": 0.52}, {"x": Range(0.51, 2)}, lambda case: case["x"] < 0.6)["x"] == 0.52


def test_simplify_does_not_round_beyond_either_end() -> None:
    """.99962 rounds to 1 and .020341 to .02, beyond the ends of the box: with more digits it stays within."""
    box = {"x": Range(0.0203, 0.9998)}
    assert simplify({"x": 0.99962}, box, lambda case: case["x"] > 0.5) == {"x": 0.9996}
    assert simplify({"x": 0.020341}, box, lambda case: case["x"] < 0.5) == {"x": 0.0203}


def test_a_range_is_spread_over_its_scale_and_reaches_both_ends() -> None:
    shares = np.array([0.0, 0.5, 1.0])
    at = [
        [Range(1, 9, **kind).at(np.array([share])) for share in shares]
        for kind in ({}, {"log": True}, {"integer": True})
    ]
    assert at == [[1.0, 5.0, 9.0], [1.0, pytest.approx(3.0), pytest.approx(9.0)], [1, 5, 9]]
    # Whole numbers are the nearest ones: each of 2 to 8 has its eighth.
    assert [Range(1, 9, integer=True).at(np.array([x])) for x in (0.05, 0.07, 0.93, 0.95)] == [1, 2, 8, 9]
    assert Range(0, 1, size=2).at(np.array([0.25, 2.0])) == [0.25, 1.0]


def test_the_first_simplex_stays_in_the_cube() -> None:
    start = np.array([0.0, 0.3, 0.5, 1.0])
    corners = _simplex(start)
    assert corners.shape == (5, 4) and (corners >= 0).all() and (corners <= 1).all()
    np.testing.assert_allclose(corners[0], start)
    np.testing.assert_allclose(np.diag(corners[1:] - start), [0.1, 0.1, -0.1, -0.1])
    assert np.count_nonzero(corners[1:] - start) == 4


def test_each_parameter_has_coordinates_of_its_own() -> None:
    search = Search({"a": Range(0, 1), "b": Range(0, 10, size=2), "k": Range(1, 5, integer=True)}, fixed={"m": 7})
    assert search.n_coordinates == 4
    found = search.case(np.array([0.1, 0.2, 0.3, 0.5]))
    assert found == {"m": 7, "a": 0.1, "b": [2.0, 3.0], "k": 3}
    assert list(found) == ["m", "a", "b", "k"] and type(found["k"]) is int


def test_another_seed_is_another_net() -> None:
    seen: list[list[float]] = []
    for seed in (0, 1, 0):
        tried: list[float] = []

        def slack(case: dict, tried: list[float] = tried) -> float:
            tried.append(case["x"])
            return 1.0

        worst_cases(Search({"x": Range(0, 1)}, n_starts=8, n_polished=1, n_steps=3), slack, seed)
        seen.append(tried[:8])
    assert seen[0] == seen[2] != seen[1]
    # A net has one point in each eighth.
    assert sorted(int(8 * x) for x in seen[0]) == list(range(8))


def test_gradients_that_are_no_numbers_lead_nowhere() -> None:
    """A slack with a hole: starts in it are not followed, and the best of the others wins."""

    def slack(x):
        return jnp.where(x < 0.4, jnp.nan, x)

    search = Search({"x": Range(0, 1)}, n_starts=8, n_polished=2, n_steps=20, slack=slack)
    worst = worst_cases(search, lambda case: case["x"] if case["x"] >= 0.4 else math.nan, seed=0)
    assert 0.4 <= worst[0]["x"] < 0.55
    assert len(worst) == 4 and worst[0]["x"] <= worst[1]["x"]


def test_simplify_takes_the_fewest_digits_that_still_violate() -> None:
    def above(case: dict) -> bool:
        if case["x"] == 0.8:
            raise ZeroDivisionError
        return case["x"] > 0.7771 and sum(case["y"]) > 0.5

    box = {"x": Range(0, 1), "y": Range(0, 1, size=2)}
    # One digit of x is refused by its arithmetic, one of y is too little.
    found = simplify({"x": 0.777123456789, "y": [0.31234, 0.21234], "z": 5.4321}, box, above)
    assert found == {"x": 0.78, "y": [0.31, 0.21], "z": 5.4321}
