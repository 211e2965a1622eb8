"""Declared programs against specialised ones, brute force over patterns, CVXPY from the start, published numbers."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds import extendible_envelope, joint_range, wrong_count_range
from cofail_lab.bounds.block_lp import block_range
from cofail_lab.bounds.declared.events import event
from cofail_lab.bounds.declared.facts import EventRate, Moments, Pairs, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.structures import Extendible, Factor, Independent, Interchangeable
from cofail_lab.bounds.declared.targets import target
from cofail_lab.errors import InputError
from tests.bounds.declared.made import STRUCTURES, exactly, made_law, true_facts
from tests.bounds.pools import patterns, random_law


def rates_and_pairs(alpha, pairs):
    return SetRates("rates", {(i,): exactly(a) for i, a in enumerate(alpha)}), Pairs(pairs, pairs)


def asked(text, m, facts):
    pool = Pool(m)
    return FrechetClass(pool, tuple(facts)).range(target(text, pool))


@pytest.mark.parametrize("m", [3, 5, 7])
@pytest.mark.parametrize("at_least", [1, 2, 3])
def test_rates_and_pairs_as_the_program_by_columns(m, at_least):
    rng = np.random.default_rng(m)
    _, alpha, pairs = random_law(rng, m)
    special = joint_range(alpha, pairs, at_least)
    found = asked(f"at_least({at_least})", m, rates_and_pairs(alpha, pairs))
    assert found.sharp
    assert found.lower == pytest.approx(special.lower, abs=1e-9)
    assert found.upper == pytest.approx(special.upper, abs=1e-9)


@pytest.mark.parametrize("m", [12, 67, 500])
def test_moments_as_the_exact_program_in_counts(m):
    shock = [Fraction(1, 20) + Fraction(19, 20) * Fraction(3, 10) ** k for k in (1, 2, 3, 4)]
    for n in (1, 2, 4):
        values = [float(p) for p in shock[:n]]
        special = wrong_count_range(values, m)
        found = asked("all_wrong", m, [Moments({k: exactly(p) for k, p in enumerate(values, 1)})])
        assert (found.lower, found.upper) == pytest.approx((special.lower, special.upper), abs=1e-9)
        assert "rationals" in found.method


def test_intervals_of_moments_as_the_exact_program():
    boxes = [(0.3, 0.35), (0.12, 0.16), (0.05, 0.1)]
    special = wrong_count_range(boxes, 30, 16)
    found = asked("at_least(16)", 30, [Moments({k: Limits(*box) for k, box in enumerate(boxes, 1)})])
    assert (found.lower, found.upper) == pytest.approx((special.lower, special.upper), abs=1e-9)


def test_groups_as_the_program_in_group_counts():
    group = np.array([0] * 9 + [1] * 11)
    table = np.array([[0.2, 0.15], [0.15, 0.3]])[group][:, group]
    pairs = np.where(np.eye(20, dtype=bool), np.array([0.3, 0.4])[group][:, None], table)
    special = block_range(pairs, group)
    found = asked("all_wrong", 20, rates_and_pairs(np.diag(pairs), pairs))
    assert "group counts" in found.method
    assert (found.lower, found.upper) == pytest.approx((special.lower, special.upper), abs=1e-9)


def test_published_examples():
    """P3.i: the twins of three models; P3.v: the interval of the common shock at 67 models."""
    twins = Known(n_models=3, rates=0.5, pairs=0.25).on()
    found = twins.range(target("all_wrong", twins.pool))
    assert (found.lower, found.upper) == (0.0, 0.25)
    assert found.lower_law.count_probs() == pytest.approx([0.25, 0, 0.75, 0])
    assert found.upper_law.count_probs() == pytest.approx([0, 0.75, 0, 0.25])
    shock = Known(n_models=67, rates=0.335, pairs=0.1355).on()
    assert shock.range(target("all_wrong", shock.pool)).upper == pytest.approx(0.0559712, abs=5e-8)


@pytest.mark.parametrize("seed", range(6))
def test_hot_solves_as_cvxpy_from_the_start(seed):
    rng = np.random.default_rng(seed)
    m = 5
    probs, shape = made_law(rng, m, STRUCTURES[seed % len(STRUCTURES)])
    facts = true_facts(rng, probs, m, exact=seed % 2 == 0)
    known = FrechetClass(Pool(m), (*facts, *([shape] if shape else [])))
    question = target("gain" if seed % 2 else "majority", known.pool)
    states = known.states(question)
    program = known.program(states, question)
    pieces = question.pieces(states)
    hot = program.maximize(pieces)
    cold = program.maximize(pieces, directly=False)
    assert hot.value == pytest.approx(cold.value, abs=1e-9)
    assert program.problem.is_dcp(dpp=True)


def brute(m, equalities, rights, functional):
    """Least and greatest mean over all laws of patterns, by SciPy: nothing shared with the code under test."""
    rows = np.vstack([np.ones(2**m), *equalities])
    right = np.concatenate([[1.0], rights])
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    return [s * linprog(s * functional, A_eq=rows, b_eq=right, options=tight).fun for s in (1, -1)]


def test_interchangeable_models_as_equal_patterns():
    """Against explicit equalities between patterns that an exchange turns into each other."""
    m, wrong = 5, patterns(5)
    group = (0, 1, 2)
    facts = [
        SetRates("rates", {(0,): exactly(0.3), (3,): exactly(0.25), (4,): exactly(0.4)}),
        SetRates("some_pairs", {(0, 3): exactly(0.15), (0, 1): exactly(0.2)}),
    ]
    sums = [wrong[:, 0], wrong[:, 3], wrong[:, 4], wrong[:, 0] & wrong[:, 3], wrong[:, 0] & wrong[:, 1]]
    same = []
    for i, j in combinations(group, 2):
        for code in range(2**m):
            if wrong[code, i] and not wrong[code, j]:
                row = np.zeros(2**m)
                row[code], row[code - 2**i + 2**j] = 1.0, -1.0
                same.append(row)
    values = [0.3, 0.25, 0.4, 0.15, 0.2, *[0.0] * len(same)]
    functional = (wrong[:, :4].all(axis=1) | ~wrong.any(axis=1)).astype(float)
    low, high = brute(m, [*sums, *same], values, functional)
    found = asked("wrong(0,1,2,3) or right(all)", m, [*facts, Interchangeable(group)])
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=1e-9)
    loose = asked("wrong(0,1,2,3) or right(all)", m, facts)
    assert loose.upper > found.upper + 0.01


def test_a_factor_with_stated_nodes():
    nodes = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.6], [0.9, 1.0, 0.8]])
    m, wrong = 3, patterns(3)
    given = np.where(wrong[:, None, :], nodes, 1 - nodes).prod(axis=2)
    rate = nodes[:, 0]
    all_wrong = given[wrong.all(axis=1)][0]
    rows = np.vstack([np.ones(3), rate])
    low, high = (s * linprog(s * all_wrong, A_eq=rows, b_eq=[1, 0.4]).fun for s in (1, -1))
    found = asked("all_wrong", m, [SetRates("rates", {(0,): exactly(0.4)}), Factor((0, 1, 2), nodes)])
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=1e-9)
    assert found.sharp


@pytest.mark.parametrize("m", [4, 12, 40])
def test_an_endless_supply(m):
    """Two moments: the limits of the paper's envelope as m grows; and a fine grid inside, at every m."""
    rate, pair = 0.335, 0.1355
    found = asked("all_wrong", m, [Moments({1: exactly(rate), 2: exactly(pair)}), Extendible(tuple(range(m)))])
    grid = np.linspace(0, 1, 4001)
    rows = np.vstack([np.ones(4001), grid, grid**2])
    low, high = (s * linprog(s * grid**m, A_eq=rows, b_eq=[1, rate, pair]).fun for s in (1, -1))
    assert found.lower <= low + 1e-9
    assert found.upper >= high - 1e-9
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=2e-6)
    assert found.sharp
    finite = wrong_count_range([rate, pair], m)
    assert found.upper < finite.upper
    if m == 40:
        edge = extendible_envelope(rate, pair)
        assert found.upper == pytest.approx(edge.shock, abs=1e-6)


def test_independent_groups_multiply():
    """β of independent groups is the product of theirs, and so are its limits; no linear program in general."""
    m, alpha = 4, [0.4, 0.5, 0.3, 0.6]
    facts = [SetRates("rates", {(i,): exactly(a) for i, a in enumerate(alpha)}), Independent(((0, 1), (2, 3)))]
    found = asked("all_wrong", m, facts)
    assert found.sharp
    assert found.upper == pytest.approx(min(alpha[:2]) * min(alpha[2:]), abs=1e-9)
    assert found.lower == pytest.approx(0.0, abs=1e-9)
    given = [*facts, SetRates("some_pairs", {(0, 1): exactly(0.3), (2, 3): exactly(0.2)})]
    both = asked("all_wrong", m, given)
    assert (both.lower, both.upper) == pytest.approx((0.06, 0.06), abs=1e-9)


def test_a_product_that_loses_a_structure_attains_nothing():
    """Alike models, two of them independent of the others: all pairs are independent, one of two wrong at most half."""
    shapes = [Interchangeable((0, 1, 2, 3)), Independent(((0, 1), (2, 3)))]
    found = asked("wrong(0,1) == 1", 4, shapes)
    assert found.upper > 0.6
    assert not found.sharp


def test_a_condition_and_an_event_by_hand():
    """P(0 wrong) = .2 and P(1 wrong | 0 wrong) = .6: both wrong with .12, the rest follows."""
    pool = Pool(3)
    facts = [
        SetRates("rates", {(0,): exactly(0.2)}),
        EventRate("conditional", event("wrong(1)", pool, "x"), exactly(0.6), event("wrong(0)", pool, "x")),
    ]
    assert asked("all_wrong(0,1)", 3, facts).lower == pytest.approx(0.12, abs=1e-9)
    assert asked("all_wrong(0,1)", 3, facts).upper == pytest.approx(0.12, abs=1e-9)
    assert asked("all_wrong", 3, facts).upper == pytest.approx(0.12, abs=1e-9)
    once = EventRate("events", event("right(0,1,2) >= 1", pool, "x"), Limits(0.93, 0.95))
    both = asked("all_wrong", 3, [*facts, once])
    assert (both.lower, both.upper) == pytest.approx((0.05, 0.07), abs=1e-9)


def test_routers_and_cascades():
    """Shares known, nothing else: the router is right between the least and the most its rates allow."""
    known = Known(rates=[0.2, 0.1], cells=[0.7, 0.3]).on()
    found = known.range(target("cascade(0,1)", known.pool))
    # Kept and right: at least .7 - .2; escalated and right: at least .3 - .1.
    assert found.lower == pytest.approx(0.7, abs=1e-9)
    assert found.upper == pytest.approx(1.0, abs=1e-9)
    worse = Known(
        rates=[0.2, 0.1], cells=[0.7, 0.3], events=["P(wrong(0) | cell(0)) = 0.1", "P(wrong(1) | cell(1)) = .2"]
    )
    exact = worse.on().range(target("router(0,1)", worse.on().pool))
    assert (exact.lower, exact.upper) == pytest.approx((0.87, 0.87), abs=1e-9)


@pytest.mark.parametrize("text", ["gain", "gain(0,1,3)"])
def test_the_gain_by_one_program_a_model(text):
    rng = np.random.default_rng(3)
    m, wrong = 4, patterns(4)
    _, _, pairs = random_law(rng, m)
    members = list(range(4)) if text == "gain" else [0, 1, 3]
    i, j = np.triu_indices(m, 1)
    rows, values = (wrong[:, i] & wrong[:, j]).T, pairs[i, j]
    pieces = [wrong[:, i] & ~wrong[:, members].all(axis=1) for i in members]
    lowest = min(brute(m, rows, values, piece.astype(float))[0] for piece in pieces)
    found = asked(text, m, [Pairs(pairs, pairs)])
    assert found.lower == pytest.approx(lowest, abs=1e-9)
    # The greatest least mean, with a variable for it.
    table = np.vstack([np.ones(2**m), *rows])
    most = -linprog(
        np.append(np.zeros(2**m), -1.0),
        A_ub=np.column_stack([-np.array(pieces, dtype=float), np.ones(len(pieces))]),
        b_ub=np.zeros(len(pieces)),
        A_eq=np.column_stack([table, np.zeros(len(table))]),
        b_eq=np.append(1.0, values),
    ).fun
    assert found.upper == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize(("text", "lower", "upper"), [("gain", 0.2, 0.3), ("gain(0,1)", 0.2, 0.2)])
def test_the_gain_of_models_alike(text, lower, upper):
    """All three wrong with anything in [0, .1]: a model's share of its group's errors is a third, no half."""
    known = Known(n_models=3, rates=0.3, pairs=0.1).on()
    found = known.range(target(text, known.pool))
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=1e-9)
    assert all(proof.holds() for proof in found.certificates)


@pytest.mark.parametrize("seed", range(5))
def test_certificates_hold_in_rationals(seed):
    rng = np.random.default_rng(seed)
    m = 4
    probs, _ = made_law(rng, m, "none")
    facts = true_facts(rng, probs, m, exact=bool(seed % 2))[: 4 + seed]
    found = asked("gain" if seed == 3 else "all_wrong", m, facts)
    assert len(found.certificates) >= 2
    for proof in found.certificates:
        assert proof.holds()
        if proof.limit > 1e-6:
            lowered = type(proof)(**{**proof.__dict__, "limit": proof.limit - 1e-6})
            assert not lowered.holds()


def test_a_lower_limit_has_the_low_end_of_a_fact():
    """A rate in [.2, .3]: that it is .25 or more does not follow, though the high end lies above that."""
    known = Known(n_models=2, rates=[[0.2, 0.3], [0.4, 0.6]]).on()
    found = known.range(target("wrong(0) >= 1", known.pool))
    assert (found.lower, found.upper) == pytest.approx((0.2, 0.3), abs=1e-9)
    below, above = sorted(found.certificates, key=lambda proof: proof.sign)
    assert below.holds()
    assert above.holds()
    assert not type(below)(**{**vars(below), "limit": -0.25}).holds()
    assert not type(above)(**{**vars(above), "limit": 0.25}).holds()


def test_a_certificate_of_a_condition_holds_in_rationals():
    """P(0 wrong | 1 wrong) within [.2, .5] of a rate of ¼: both are wrong on 1/20 to 1/8."""
    known = Known(n_models=2, rates=[None, 0.25], events=["P(wrong(0) | wrong(1)) in [.2, .5]"]).on()
    found = known.range(target("all_wrong", known.pool))
    assert (found.lower, found.upper) == pytest.approx((0.05, 0.125), abs=1e-9)
    for proof, limit in zip(sorted(found.certificates, key=lambda proof: proof.sign), (-0.05, 0.125), strict=True):
        assert proof.limit == pytest.approx(limit, abs=1e-9)
        # Values of a row in floats are those integers over one denominator, where no fact says them as such.
        bare = replace(proof, rows=tuple(replace(fact, whole=None) for fact in proof.rows))
        for kept in (proof, bare):
            assert kept.holds()
            assert not replace(kept, limit=limit - 1e-6).holds()


def test_a_certificate_of_atoms_that_are_no_rationals_is_not_checked():
    known = Known(n_models=3, rates=0.3, pairs=0.12, extendible=[0, 1, 2]).on()
    proof = known.range(target("all_wrong", known.pool)).certificates[0]
    with pytest.raises(ValueError, match=r"^the atoms of a structured class are no rationals; `limit` charges their"):
        proof.holds()


def test_an_endless_supply_with_a_single_law():
    """Pairs at the square of the rates, or four moments of two error rates: no first grid has the one law."""
    low, high, share = 0.2371, 0.7713, 0.413
    moments = [Moments({k: exactly(share * low**k + (1 - share) * high**k) for k in range(1, 5)})]
    for m, facts, value in (
        (3, Known(n_models=3, rates=0.3, pairs=0.09).on().facts, 0.027),
        (10, moments, share * low**10 + (1 - share) * high**10),
    ):
        found = asked("all_wrong", m, [*facts, Extendible(tuple(range(m)))])
        assert (found.lower, found.upper) == pytest.approx((value, value), abs=1e-8)
        assert found.sharp
    with pytest.raises(InputError, match=r"rates\), P\(0 and 1 wrong\) = 0.089999 \(pairs\) together for extendible"):
        asked("all_wrong", 3, [*Known(n_models=3, rates=0.3, pairs=0.089999).on().facts, Extendible((0, 1, 2))])
