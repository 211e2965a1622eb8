"""Bounds on the all-wrong rate from pairwise rates: published examples, brute force, real matrices."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.bounds import all_wrong_range, closed_forms, extendible_envelope, joint_range, wrong_count_range
from cofail_lab.bounds.frechet import closed_form_range
from cofail_lab.errors import InputError
from tests.bounds.pools import brute_force, common_shock, random_law, rates, read_matrix


def test_published_examples():
    assert all_wrong_range(np.full(3, 0.5), 0.25 + 0.25 * np.eye(3))[:2] == (0.0, 0.25)
    alpha, pairs = common_shock(0.05, np.full(67, 0.3))
    found = all_wrong_range(alpha, pairs)
    assert found.lower == 0
    assert found.upper == pytest.approx(0.0559712, abs=5e-8)
    assert found.sharp
    # P3.v: the common shock is not the upper extreme of a finite pool ...
    assert found.upper > 0.05 + 0.0059
    # ... it is that of an endless one.
    envelope = extendible_envelope(alpha[0], pairs[0, 1])
    assert float(envelope.upper.all_wrong(67)) == pytest.approx(0.05, abs=1e-14)


def test_300_random_pools_against_brute_force():
    rng = np.random.default_rng(20260628)
    widths = []
    for _ in range(300):
        m = int(rng.integers(3, 8))
        probs, alpha, pairs = random_law(rng, m)
        found = all_wrong_range(alpha, pairs)
        assert found.lower - 1e-12 <= probs[-1] <= found.upper + 1e-12
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, m), atol=1e-8)
        assert found.sharp
        widths.append(found.upper - found.lower)
    # The check would mean little if the intervals were all points.
    assert np.median(widths) > 0.001


def test_every_closed_form_contains_the_sharp_interval():
    rng = np.random.default_rng(11)
    tight = 0
    for _ in range(60):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        sharp = joint_range(alpha, pairs)
        limits = closed_forms(alpha, pairs)
        assert max(limits.lower.values()) <= sharp.lower + 1e-9
        assert min(limits.upper.values()) >= sharp.upper - 1e-9
        assert limits.upper["Kuai-Alajaji-Takahara"] <= limits.upper["Dawson-Sankoff"] + 1e-12
        assert limits.upper["integer Gallot-Kounias"] <= limits.upper["smallest pair"] + 1e-12
        tight += min(limits.upper.values()) < sharp.upper + 1e-9
    # An inequality that is never attained may be far too loose; here one is attained in most pools.
    assert tight > 20


def test_dawson_sankoff_is_the_program_given_the_two_sums():
    rng = np.random.default_rng(12)
    for _ in range(30):
        m = int(rng.integers(3, 12))
        counts = rng.multinomial(1000, rng.dirichlet(np.full(m + 1, 0.4)))
        # An exchangeable pool with this law of C.
        j = np.arange(m + 1)
        alpha, pair = counts @ j / 1000 / m, counts @ (j * (j - 1)) / 1000 / (m * (m - 1))
        limits = closed_forms(np.full(m, alpha), np.where(np.eye(m, dtype=bool), alpha, pair))
        sharp = wrong_count_range(
            [Fraction(int(counts @ j), 1000 * m), Fraction(int(counts @ (j * (j - 1))), 1000 * m * (m - 1))], m
        )
        assert limits.upper["Dawson-Sankoff"] == pytest.approx(sharp.upper, abs=1e-12)
        assert limits.lower["Dawson-Sankoff"] == pytest.approx(sharp.lower, abs=1e-12)


def test_real_matrix_cruxeval_output():
    wrong = read_matrix("cruxeval_output")
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    alpha = np.diag(pairs).copy()
    limits = closed_forms(alpha, pairs).upper
    assert limits["Gallot-Kounias"] == pytest.approx(0.119457, abs=5e-7)
    assert limits["Dawson-Sankoff"] == pytest.approx(0.3270, abs=5e-5)
    assert limits["Kuai-Alajaji-Takahara"] == pytest.approx(0.3127, abs=5e-5)
    found = all_wrong_range(alpha, pairs)
    assert wrong.all(axis=1).mean() == 0.05375
    assert 0.05375 < found.upper < limits["Gallot-Kounias"]
    assert found.upper == pytest.approx(0.095, abs=1e-12)


@pytest.mark.parametrize(
    "name", ["cruxeval_output", "misguided_attention", "chembench", "farel_bench", "swebench_pro_public"]
)
def test_the_observed_rate_is_never_outside_by_a_rounding_error(name):
    # On misguided_attention Gallot-Kounias equals the observed .08 exactly; in plain floats it came out 1e-14 below.
    wrong = read_matrix(name)
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    found = all_wrong_range(np.diag(pairs).copy(), pairs)
    assert found.lower <= wrong.all(axis=1).mean() <= found.upper


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rates(0.5, 0.4, p01=0.45), r"p\[0,1\] = 0.45 exceeds an error rate"),
        (rates(0.9, 0.9, p01=0.5), r"p\[0,1\] = 0.5 is below 0.9 \+ 0.9 - 1"),
        ((np.full(6, 0.5), np.where(np.eye(6, dtype=bool), 0.5, 0.17)), "eigenvalue -0.15 < 0"),
        (rates(0.5, 0.5, 0.5, p01=0.1, p02=0.1, p12=0.1), r"P\(some of 0, 1, 2 wrong\) would be at least 1.2"),
        (rates(0.5, 0.5, 0.5, p01=0.4, p02=0.4, p12=0.25), r"p\[0,1\] \+ p\[0,2\] - p\[1,2\] exceeds α\[0\] by 0.05"),
        ((np.array([0.5, np.nan]), np.eye(2)), r"error_rates: nan at \(1,\)"),
        ((np.array([0.5, 0.5]), np.array([[0.5, np.inf], [0.2, 0.5]])), "pairwise_wrong: inf"),
        ((np.array([0.5, 0.5]), np.array([[0.5, 0.3], [0.2, 0.5]])), "not symmetric"),
        ((np.array([0.5, 0.5]), np.array([[0.5, 0.2], [0.2, 0.6]])), "must be equal"),
        ((np.array([0.5, 0.5]), np.eye(3)), "shape"),
        ((np.array([]), np.zeros((0, 0))), "at least one rate"),
    ],
)
def test_impossible_rates_say_which_inequality_fails(table, message):
    with pytest.raises(InputError, match=message) as raised:
        all_wrong_range(*table)
    assert "\n" not in str(raised.value)


def test_rates_that_only_five_models_together_cannot_have():
    # The pentagonal inequality E[(C - 2)(C - 3)] >= 0 is violated; every triple has a law.
    alpha, pair = 0.5, 0.19
    pairs = np.where(np.eye(5, dtype=bool), alpha, pair)
    pairs[0, 1] += 1e-6
    pairs[1, 0] += 1e-6
    with pytest.raises(InputError, match="no joint law of 5 models"):
        all_wrong_range(np.full(5, alpha), pairs)


def test_small_and_degenerate_pools():
    assert all_wrong_range(np.array([0.3]), np.array([[0.3]]))[:2] == (0.3, 0.3)
    assert all_wrong_range(np.array([0.3, 0.4]), np.array([[0.3, 0.2], [0.2, 0.4]]))[:2] == (0.2, 0.2)
    alpha = np.array([0.0, 1.0, 0.3])
    found = all_wrong_range(
        alpha, np.minimum(alpha[:, None], alpha) * np.maximum(alpha[:, None], alpha) + np.diag(alpha - alpha**2)
    )
    assert found[:2] == (0.0, 0.0)
    same = all_wrong_range(np.full(30, 0.2), np.full((30, 30), 0.2))
    assert same[:2] == pytest.approx((0.2, 0.2), abs=1e-12)


def test_a_pool_too_large_for_programs_gets_the_best_closed_form():
    wrong = np.random.default_rng(14).random((80, 1100)) < np.linspace(0.1, 0.9, 80)[:, None]
    table = wrong.astype(float)
    pairs = table.T @ table / 80
    found = all_wrong_range(np.diag(pairs).copy(), pairs)
    limits = closed_forms(np.diag(pairs).copy(), pairs)
    assert found.lower <= wrong.all(axis=1).mean() <= found.upper
    assert found.upper == max(0.0, min(limits.upper.values()))
    assert found.method.startswith("upper: ")


def test_the_best_closed_forms_count() -> None:
    """Of laws for which the closed forms differ: the largest lower and the smallest upper limit, by name."""
    rng = np.random.default_rng(5)
    told = set()
    for _ in range(10):
        _, alpha, pairs = random_law(rng, 4)
        limits, found = closed_forms(alpha, pairs), closed_form_range(alpha, pairs)
        assert found.lower == max(0.0, min(max(limits.lower.values()), found.upper))
        assert found.upper == max(0.0, min(limits.upper.values()))
        upper, lower = (part.split(": ")[1] for part in found.method.split("; "))
        assert limits.upper[upper] == min(limits.upper.values())
        assert limits.lower[lower] == max(limits.lower.values())
        told.add(lower)
    assert told == {"Dawson-Sankoff", "Hunter"}


def test_closed_forms_by_hand() -> None:
    """Independent models right on .5, .4 and .2: pairs .2, .1, .08, so that S1 = 1.1 and S2 = .38."""
    alpha = np.array([0.5, 0.6, 0.8])
    pairs = np.outer(alpha, alpha)
    np.fill_diagonal(pairs, alpha)
    lower, upper = closed_forms(alpha, pairs)
    assert lower["Dawson-Sankoff"] == pytest.approx(1 - 1.1 + 2 * 0.38 / 3, abs=1e-12)
    # The two heaviest edges are .2 and .1.
    assert lower["Hunter"] == pytest.approx(1 - 1.1 + 0.3, abs=1e-12)
    assert upper["smallest pair"] == pytest.approx(0.3)
    assert upper["Dawson-Sankoff"] == pytest.approx(1 - 1.1 + 0.38, abs=1e-12)


def test_closed_forms_are_sharp_only_where_they_meet() -> None:
    alpha = np.array([0.1, 0.1, 0.1])
    apart = closed_form_range(alpha, np.diag(alpha))
    assert (apart.lower, apart.upper, apart.sharp) == (0.0, 0.0, True)
    near = np.where(np.eye(3) > 0, 0.1, 0.004)
    found = closed_form_range(alpha, near)
    assert 0 < found.upper - found.lower < 0.005
    assert not found.sharp


def test_alike_rates_alone_are_no_alike_pool() -> None:
    """Equal rates with unequal pairs: the program in the counts is valid and not sharp, that over patterns is."""
    alpha, pairs = rates(0.5, 0.5, 0.5, p01=0.4, p02=0.2, p12=0.2)
    found = all_wrong_range(alpha, pairs)
    np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, 3), atol=1e-8)
    assert "8 patterns" in found.method
