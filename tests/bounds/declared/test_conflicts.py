"""Facts that no law has: the conflict that is named is one, and none of its facts can be spared."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds.declared.conflict import find
from cofail_lab.bounds.declared.facts import Moments, Pairs, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.structures import Extendible, Interchangeable
from cofail_lab.bounds.declared.targets import target
from cofail_lab.errors import InputError
from tests.bounds.declared.made import exactly
from tests.bounds.pools import patterns, random_law


def feasible(m, rows):
    """Whether some law of patterns has P(all of a set wrong) in these limits, by SciPy."""
    wrong = patterns(m)
    table = np.array([wrong[:, list(members)].all(axis=1) for members, _, _ in rows], dtype=float).reshape(-1, 2**m)
    low, high = (np.array([row[end] for row in rows]) for end in (1, 2))
    options = {"primal_feasibility_tolerance": 1e-9}
    found = linprog(
        np.zeros(2**m),
        A_ub=np.vstack([table, -table]),
        b_ub=np.concatenate([high, -low]),
        A_eq=np.ones((1, 2**m)),
        b_eq=[1.0],
        options=options,
    )
    return found.status == 0


def infeasible_table(seed):
    """Rates, pairs and triples of a law with one to three entries moved until no law has them."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 50]))
    while True:
        m = int(rng.integers(3, 7))
        probs, alpha, pairs = random_law(rng, m)
        wrong = patterns(m)
        table = {(i,): alpha[i] for i in range(m)} | {(i, j): pairs[i, j] for i, j in combinations(range(m), 2)}
        table |= {s: probs @ wrong[:, list(s)].all(axis=1) for s in combinations(range(m), 3) if rng.random() < 0.3}
        half = 0.0 if seed % 2 else 0.01
        rows = [(s, max(0.0, float(v) - half), min(1.0, float(v) + half)) for s, v in table.items()]
        for i in rng.choice(len(rows), int(rng.integers(1, 4)), replace=False):
            shift = rng.choice([-1, 1]) * rng.uniform(0.02, 0.3)
            s, low, high = rows[i]
            rows[i] = (s, *(float(np.clip(end + shift, 0, 1)) for end in (low, high)))
        if not feasible(m, rows):
            return m, rows


def check_minimal(seed):
    m, rows = infeasible_table(seed)
    kinds = {1: "rates", 2: "some_pairs", 3: "triples"}
    facts = [
        SetRates(kind, {s: Limits(low, high) for s, low, high in rows if len(s) == size})
        for size, kind in kinds.items()
        if any(len(s) == size for s, _, _ in rows)
    ]
    pool = Pool(m)
    known = FrechetClass(pool, tuple(facts))
    with pytest.raises(InputError, match=r"known: no law has P\("):
        known.range(target("all_wrong", pool))
    conflict = find(known, target("all_wrong", pool))
    assert conflict.minimal
    by_label = {f"P({pool.listed(s)} wrong)": (s, low, high) for s, low, high in rows}
    named = [by_label[label] for _, label, _, _ in conflict.facts]
    assert not feasible(m, named), seed
    for left_out in range(len(named)):
        assert feasible(m, named[:left_out] + named[left_out + 1 :]), (seed, left_out)


@pytest.mark.parametrize("seed", range(8))
def test_a_conflict_is_minimal(seed):
    check_minimal(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 50))
def test_conflicts_are_minimal(seed):
    check_minimal(seed)


def test_the_message_names_the_facts_and_no_others():
    known = Known(rates=[0.2, 0.3, 0.5, 0.4], some_pairs=[[0, 1, 0.25], [2, 3, 0.2]]).on()
    with pytest.raises(InputError) as caught:
        known.range(target("all_wrong", known.pool))
    said = str(caught.value)
    assert "P(0 wrong) = 0.2 (rates), P(0 and 1 wrong) = 0.25 (some_pairs) together" in said
    assert "P(2" not in said
    assert "\n" not in said


def test_a_structure_is_named_only_where_it_is_needed():
    """A negative correlation is no endless supply's; a pair above its rate is nobody's."""
    pool, question = Pool(3), "all_wrong"
    supply = Extendible((0, 1, 2))
    apart = Moments({1: exactly(0.3), 2: exactly(0.05)})
    assert find(FrechetClass(pool, (apart, supply)), target(question, pool)).structures == ("extendible",)
    with pytest.raises(InputError, match="together for extendible models"):
        FrechetClass(pool, (apart, supply)).range(target(question, pool))
    nobody = Moments({1: exactly(0.3), 2: exactly(0.4)})
    assert find(FrechetClass(pool, (nobody, supply)), target(question, pool)).structures == ()


def test_moments_that_floats_cannot_tell():
    """Twelve moments of a mixture, one of them off by a hundredth of itself: exact arithmetic sees it."""
    moments = {k: exactly(0.05 + 0.95 * 0.3**k * (1.01 if k == 6 else 1)) for k in range(1, 13)}
    pool = Pool(40)
    with pytest.raises(InputError, match="known: no law has p_"):
        FrechetClass(pool, (Moments(moments),)).range(target("all_wrong", pool))


def test_one_structure_for_a_model():
    facts = (Interchangeable((0, 1)), Extendible((1, 2)))
    with pytest.raises(InputError, match=r"known\.extendible: model 1 is in another structure"):
        FrechetClass(Pool(3), facts)
    with pytest.raises(InputError, match=r"known\.extendible: more than one group"):
        FrechetClass(Pool(4), (Extendible((0, 1)), Extendible((2, 3))))


def test_pairs_that_contradict_rates_beyond_twelve_models():
    """The specialised program has messages of its own; they name the pair."""
    m = 13
    rates = SetRates("rates", {(i,): exactly(0.2 + i / 100) for i in range(m)})
    pairs = np.full((m, m), 0.1)
    pairs[2, 5] = pairs[5, 2] = 0.5
    with pytest.raises(InputError, match=r"p\[2,5\] = 0\.5 exceeds"):
        FrechetClass(Pool(m), (rates, Pairs(pairs, pairs))).range(target("all_wrong", Pool(m)))
