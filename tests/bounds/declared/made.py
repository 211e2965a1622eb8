"""Random joint laws over patterns with every kind of fact that is true of them."""

from itertools import combinations

import numpy as np

from cofail_lab.bounds.declared.events import event
from cofail_lab.bounds.declared.facts import Cells, EventRate, Moments, Monotone, Pairs, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.structures import Extendible, Factor, Independent, Interchangeable
from tests.bounds.pools import patterns

STRUCTURES = ("none", "interchangeable", "extendible", "factor", "independent")


def exactly(value):
    return Limits(float(value), float(value))


def at(value, half):
    return Limits(max(0.0, float(value) - half), min(1.0, float(value) + half))


def made_law(rng, m, structure):
    """Probabilities of the 2^m patterns (bit i of a pattern: model i), and the structure as a fact."""
    wrong = patterns(m)
    if structure == "none":
        return rng.dirichlet(np.full(2**m, rng.choice([0.05, 0.3, 1.0]))), None
    if structure == "factor":
        nodes = rng.random((3, m))
        given = np.where(wrong[:, None, :], nodes, 1 - nodes).prod(axis=2)
        return given @ rng.dirichlet(np.ones(3)), Factor(tuple(range(m)), nodes)
    half = m // 2
    first, second = tuple(range(half)), tuple(range(half, m))
    if structure == "independent":
        parts = [rng.dirichlet(np.full(2 ** len(group), 0.5)) for group in (first, second)]
        return np.kron(parts[1], parts[0]), Independent((first, second))
    # The first half given each answer of the others: by count, or by a mixed error rate.
    others = rng.dirichlet(np.full(2 ** (m - half), 0.5))
    count = patterns(half).sum(axis=1)
    blocks = []
    for weight in others:
        if structure == "extendible":
            rates, share = rng.random(3), rng.dirichlet(np.ones(3))
            block = (rates ** count[:, None] * (1 - rates) ** (half - count[:, None])) @ share
        else:
            by_count = rng.dirichlet(np.ones(half + 1))
            block = by_count[count] / np.bincount(count)[count]
        blocks.append(weight * block)
    kind = Extendible if structure == "extendible" else Interchangeable
    return np.concatenate(blocks), kind(first)


def true_facts(rng, probs, m, exact=True):
    """One fact of every kind that is a number, true of a law; exact or with intervals around the truth."""
    wrong, pool = patterns(m), Pool(m)

    def known(value):
        return exactly(value) if exact else at(value, 0.05 * rng.random())

    def all_wrong(members):
        return known(probs @ wrong[:, list(members)].all(axis=1))

    ends = np.zeros((2, m, m))
    for i, j in combinations(range(m), 2):
        ends[:, i, j] = ends[:, j, i] = all_wrong((i, j))
    triples = list(combinations(range(m), 3))
    chosen = [triples[i] for i in rng.choice(len(triples), min(3, len(triples)), replace=False)]
    count = wrong.sum(axis=1)
    moments = {
        k: known(probs @ np.prod([np.maximum(count - i, 0) / (m - i) for i in range(k)], axis=0)) for k in (1, 2, 3)
    }
    a, b, c = (int(i) for i in rng.choice(m, 3, replace=False))
    vote = 2 * count < m
    given = probs @ wrong[:, b]
    order = tuple(int(i) for i in np.argsort(probs @ wrong))
    slack = max(float(probs @ (wrong[:, i] & ~wrong[:, j])) for i, j in combinations(order, 2))
    return [
        SetRates("rates", {(i,): all_wrong((i,)) for i in range(m)}),
        Pairs(*ends),
        SetRates("some_pairs", {tuple(sorted((a, b))): all_wrong((a, b))}),
        SetRates("triples", {s: all_wrong(s) for s in chosen}),
        Moments(moments),
        EventRate("events", event("right(all) > wrong(all)", pool, "test"), known(probs @ vote)),
        EventRate(
            "events",
            event(f"right({a},{b},{c}) >= 1", pool, "test"),
            known(probs @ ~wrong[:, [a, b, c]].all(axis=1)),
        ),
        EventRate(
            "conditional",
            event(f"wrong({a})", pool, "test"),
            known(probs @ (wrong[:, a] & wrong[:, b]) / given if given > 0 else 0.5),
            event(f"wrong({b})", pool, "test"),
        ),
        Monotone(order, Limits(0.0, min(1.0, slack + 1e-12))),
    ]


def truth(asked, probs, m):
    """The target's value under a law of patterns."""
    states = FrechetClass(Pool(m, None, asked_cells(asked)), (every_model_apart(m),)).states(asked)
    order = states.n_wrong_in @ (1 << np.array([members[0] for part in states.groups for members in part]))
    return float((asked.pieces(states) @ probs[order]).min())


def asked_cells(asked):
    return 2 if "cell" in asked.text else 1


def every_model_apart(m):
    """A fact that says nothing and tells every model apart."""
    return SetRates("rates", {(i,): Limits(0.0, 1 - (i + 1) * 1e-9) for i in range(m)})


__all__ = ["STRUCTURES", "Cells", "at", "exactly", "made_law", "true_facts", "truth"]
