"""Bounds on any event from pairwise rates, by enumeration and by column generation."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds import joint_lp, joint_range, wrong_count_range
from cofail_lab.bounds.joint_lp import _certify
from cofail_lab.bounds.pricing import Priced, enumerate_all
from cofail_lab.errors import InputError
from tests.bounds.pools import brute_force, random_law, read_matrix


def test_other_events_against_brute_force():
    rng = np.random.default_rng(7)
    for _ in range(25):
        m = int(rng.integers(3, 8))
        _, alpha, pairs = random_law(rng, m)
        at_least = int(rng.integers(1, m + 1))
        found = joint_range(alpha, pairs, at_least)
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, at_least), atol=1e-8)
        # Given less, the program in C is valid and no tighter.
        moments = [alpha.mean(), pairs[~np.eye(m, dtype=bool)].mean()]
        coarse = wrong_count_range([float(x) for x in moments], m, at_least)
        assert coarse.lower <= found.lower + 1e-9
        assert coarse.upper >= found.upper - 1e-9
        for side in (found.lower_certificate, found.upper_certificate):
            assert side.holds()
        for law, value in ((found.lower_law, found.attained_lower), (found.upper_law, found.attained_upper)):
            assert law.residual < 1e-9
            assert law.probs[law.patterns.sum(axis=1) >= at_least].sum() == pytest.approx(value, abs=1e-12)


def test_a_certificate_that_claims_too_much_fails():
    _, alpha, pairs = random_law(np.random.default_rng(3), 5)
    good = joint_range(alpha, pairs).upper_certificate
    assert good.holds()
    assert not good._replace(constant=good.constant - good.scale // 1000).holds()


def test_column_generation_beyond_enumeration(monkeypatch):
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    rng = np.random.default_rng(1)
    closed = 0
    for _ in range(5):
        difficulty = rng.random((200, 1))
        wrong = (rng.random((200, 7)) < np.clip(0.8 * difficulty + 0.2 * rng.random(7), 0, 1)).astype(float)
        pairs = wrong.T @ wrong / 200
        alpha = np.diag(pairs).copy()
        found = joint_range(alpha, pairs, seconds=10)
        expected = brute_force(alpha, pairs, 7)
        # Limits hold whether or not the iteration closed.
        assert found.lower <= expected[0] + 1e-9
        assert found.upper >= expected[1] - 1e-9
        if found.sharp:
            closed += 1
            np.testing.assert_allclose(found[:2], expected, atol=2e-6)
    assert closed >= 3


@pytest.mark.parametrize("seed", [0, 1])
def test_a_limit_that_no_closed_form_has_is_proved_by_an_integer_program(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Within what the interior solution may have missed; without a second to search, the closed forms are all."""
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    _, alpha, pairs = random_law(np.random.default_rng(seed), 4)
    exact = brute_force(alpha, pairs, 4)
    found = joint_range(alpha, pairs, seconds=10)
    assert exact[0] > 0.001 and found.sharp
    assert exact[0] - 2e-7 <= found.lower <= exact[0] + 1e-12
    assert found.upper == pytest.approx(exact[1], abs=1e-12)
    assert found.lower_certificate.proof == "mixed-integer bound"
    at_once = joint_range(alpha, pairs, seconds=-1)
    assert not at_once.sharp and at_once.lower == 0 and at_once.upper >= exact[1] - 1e-12
    assert at_once.method.endswith("outer limits")


def test_patterns_that_are_known_are_not_added_again() -> None:
    master = joint_lp._Master(np.array([1.0, 0.5, 0.25, 0.5]), 2, 1, interior=False)
    both = np.array([[False, False], [True, True]])
    assert (master.add(both), master.add(both), master.add(~both)) == (2, 0, 0)
    assert (master.add(np.array([[True, True], [True, False]])), len(master.patterns)) == (1, 3)


def test_a_program_that_gets_no_new_patterns_stops_with_what_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pricing that is never content and proposes what is known: a limit that holds, and is not called sharp."""
    _, alpha, pairs = random_law(np.random.default_rng(0), 4)
    stale = Priced(np.zeros((1, 4), dtype=bool), 0.25, True)
    monkeypatch.setattr(joint_lp, "enumerate_all", lambda *_: stale)
    found, exact = joint_range(alpha, pairs), brute_force(alpha, pairs, 4)
    assert found.lower <= exact[0] + 1e-12 and exact[1] <= found.upper + 1e-12
    assert not found.sharp


def test_what_a_search_did_not_find_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond enumeration a search may miss patterns: what it says is missed by little is no limit."""
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    monkeypatch.setattr(joint_lp, "local_search", lambda *_: Priced(np.zeros((1, 4), dtype=bool), 1e-5, False))
    _, alpha, pairs = random_law(np.random.default_rng(0), 4)
    found, exact = joint_range(alpha, pairs), brute_force(alpha, pairs, 4)
    assert found.lower <= exact[0] and exact[1] <= found.upper + 1e-12
    assert found.lower_certificate.proof == "a probability" != found.upper_certificate.proof


def test_real_sub_pool_by_enumeration_and_by_generation(monkeypatch):
    wrong = read_matrix("cruxeval_output")[:, ::3]
    table = wrong.astype(float)
    pairs = table.T @ table / len(table)
    alpha = np.diag(pairs).copy()
    exact = joint_range(alpha, pairs)
    assert exact.sharp
    assert exact.lower <= wrong.all(axis=1).mean() <= exact.upper
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.ENUMERATED", 3)
    generated = joint_range(alpha, pairs, patterns=np.unique(wrong, axis=0), seconds=20)
    assert generated.upper >= exact.upper - 1e-8
    assert generated.attained_upper <= exact.upper + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_limits_that_meet_do_not_cross(seed: int) -> None:
    """Models and their opposites: one of each two is right, and rates of 60 queries are no floats."""
    some = np.random.default_rng(seed).random((60, 3)) < 0.5
    wrong = np.hstack([some, ~some])
    found = joint_range(wrong.mean(axis=0), (wrong[:, :, None] & wrong[:, None]).mean(axis=0))
    assert 0 <= found.lower <= found.upper < 1e-15


@pytest.mark.parametrize(("sign", "constant"), [(1, 3 / 8), (-1, -3 / 8)])
def test_the_proof_of_a_large_pool_is_raised_by_what_pricing_may_have_missed(sign: int, constant: float) -> None:
    """The dual is 1/8 on every pattern, and the reduced cost of one may be 1/4."""
    dual = np.zeros(1 + 17 * 18 // 2)
    dual[0] = 1 / 8
    proof = _certify(dual, Priced(np.zeros((0, 17), bool), 1 / 4, True), 17, 17, sign)
    assert proof.constant == constant * proof.scale + sign * len(dual)
    assert proof.side == ("upper" if sign > 0 else "lower")


@pytest.mark.parametrize(("sign", "worst", "improving"), [(1, 0.5, {(0, 0), (1, 1)}), (-1, 0.25, {(0, 0)})])
def test_patterns_are_priced_for_their_side(sign: int, worst: float, improving: set[tuple[int, int]]) -> None:
    """The form is -1/4 with no model wrong, 1/4 with one and 1/2 with both, which is the event."""
    priced = enumerate_all(np.array([-0.25, 0.5, -0.25, 0.5]), 2, 2, sign)
    assert priced.worst == worst
    assert set(map(tuple, priced.patterns.astype(int))) == improving


def test_limits_are_rounded_outwards_from_what_is_proved():
    """A certificate's own bound is rational: 15 pools, of which rounding to the nearest would miss half."""
    rng = np.random.default_rng(9)
    for _ in range(15):
        _, alpha, pairs = random_law(rng, 4)
        found = joint_range(alpha, pairs)
        low, high = (side.bound(alpha, pairs) for side in (found.lower_certificate, found.upper_certificate))
        assert Fraction(found.lower) <= max(low, 0)
        assert Fraction(found.upper) >= min(high, 1)


def test_rates_just_beyond_what_a_law_can_have():
    """Three models of rate ½ of which any two fail together on a quarter, but for some 10⁻⁵ too few of one pair."""
    pairs = np.where(np.eye(3) > 0, 0.5, 1 / 6)
    assert joint_range(np.full(3, 0.5), pairs)[:2] == pytest.approx((0, 0), abs=1e-9)
    pairs[0, 1] -= 5e-5
    pairs[1, 0] -= 5e-5
    with pytest.raises(InputError, match="no joint law of 3 models"):
        joint_range(np.full(3, 0.5), pairs)


def test_beyond_enumeration_only_the_all_wrong_event():
    alpha = np.full(17, 0.2)
    pairs = np.where(np.eye(17) > 0, 0.2, 0.04)
    with pytest.raises(InputError, match="at_least: 16; beyond 16 models"):
        joint_range(alpha, pairs, at_least=16)
    for wrong in (0, 18):
        with pytest.raises(InputError, match=f"at_least: {wrong} is outside 1..17"):
            joint_range(alpha, pairs, at_least=wrong)


@pytest.mark.parametrize("open_sides", [(), (-1,), (1,), (-1, 1)])
def test_a_range_is_sharp_where_both_of_its_limits_are_attained(
    open_sides: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A side is open where the best law that was found stays a hundredth from what is proved."""
    extreme = joint_lp._extreme

    def found(rates: Any, pairs: Any, at_least: int, sign: int, *rest: Any) -> tuple:
        value, law, proof = extreme(rates, pairs, at_least, sign, *rest)
        return value - sign * 0.01 * (sign in open_sides), law, proof

    monkeypatch.setattr(joint_lp, "_extreme", found)
    pairs = np.full((3, 3), 0.15) + 0.15 * np.eye(3)
    here = joint_lp.joint_range(np.full(3, 0.3), pairs)
    assert here.sharp == (not open_sides)
    assert (here.lower, here.upper) == pytest.approx((0.0, 0.15), abs=1e-9)
