"""All sets of models of about equal accuracy, each against repeated draws of its best member (theory P15)."""

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.decisions.samples import Samples, mixed_vote, self_vote
from cofail_lab.decisions.self_moa import Choice, Draws

MAX_SETS = 400
"""Most sets of one size that are looked at; where there are more, this many are drawn."""


class BandSets(NamedTuple):
    """All sets of one size within a band, each against repeated draws of its most accurate member, (sets,).

    Attributes:
        size: members of each set, and draws.
        n_all: number of such sets.
        gap: best less mean accuracy of the members, on the queries they are ranked on.
        difference: mixed less self, on the other queries.
        at_no_gap: difference at equal quality, the intercept of its regression on the gap; None with too few sets.
        lower, upper: 95% limits of it, by bootstrap over the scored queries.
    """

    size: int
    n_all: int
    gap: Float[np.ndarray, " sets"]
    difference: Float[np.ndarray, " sets"]
    at_no_gap: float | None
    lower: float | None
    upper: float | None


def band_sets(
    samples: Samples, size: int, band: float, rng: np.random.Generator, replicates: int = 2000
) -> BandSets | None:
    """Sets of one size whose members are within ``band`` of their best, ranked on one half and scored on the other.

    Args:
        samples: right and drawn.
        size: k, odd; the best member needs as many samples.
        band: largest spread of accuracy in a set.
        rng: splits the queries, draws sets where there are too many, and the bootstrap.
        replicates: of the bootstrap.

    Returns:
        None where no set is within the band.
    """
    draws, share = Draws(samples, size), samples.share
    n = len(share)
    order = rng.permutation(n)
    ranked, scored = order[: n // 2], order[n // 2 :]
    accuracy = share[ranked].mean(axis=0)
    # A set whose most accurate member has too few samples has nothing to be compared with.
    best_first = np.argsort(-accuracy, kind="stable")
    sets = []
    for place, model in enumerate(best_first):
        if draws.repeated[model]:
            near = [i for i in best_first[place + 1 :] if accuracy[model] - accuracy[i] <= band + 1e-12]
            sets.append((int(model), [int(i) for i in near], comb(len(near), size - 1)))
    n_all = sum(number for *_, number in sets)
    if not n_all:
        return None
    if n_all <= MAX_SETS:
        listed = [Choice(i, (i, *others)) for i, near, _ in sets for others in combinations(near, size - 1)]
    else:
        listed = _some(sets, size, rng)
    gap = np.array([accuracy[one.model] - accuracy[list(one.members)].mean() for one in listed])
    each = np.column_stack([mixed_vote(share[scored][:, list(one.members)]) for one in listed])
    own = {i: self_vote(samples.right[scored, i], samples.drawn[scored, i], size) for i in {c.model for c in listed}}
    each -= np.column_stack([own[one.model] for one in listed])
    difference = each.mean(axis=0)
    if len(listed) < 3 or gap.std() < 1e-9:
        return BandSets(size, n_all, gap, difference, None, None, None)
    # The intercept is linear in the differences, and these in the queries: one number for each query.
    intercept = np.linalg.pinv(np.column_stack([np.ones(len(gap)), gap]))[0]
    by_query = each @ intercept
    times = rng.multinomial(len(scored), np.full(len(scored), 1 / len(scored)), size=replicates)
    lower, upper = np.quantile(times @ by_query / len(scored), [0.025, 0.975])
    return BandSets(size, n_all, gap, difference, float(by_query.mean()), float(lower), float(upper))


def _some(sets: list[tuple[int, list[int], int]], size: int, rng: np.random.Generator) -> list[Choice]:
    """`MAX_SETS` different sets, all equally likely: a best member by how many sets it has, then its others.

    Args:
        sets: a best member, the models near it, and how many sets these two make.
        size: members of a set.
        rng: draws.
    """
    n_all = sum(number for *_, number in sets)
    # Of Python's integers, which have no largest one.
    chances = [number / n_all for *_, number in sets]
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < MAX_SETS:
        for place in rng.choice(len(sets), MAX_SETS - len(drawn), p=chances):
            model, near, _ = sets[place]
            drawn.add((model, *sorted(rng.choice(near, size - 1, replace=False).tolist())))
    return [Choice(one[0], one) for one in sorted(drawn)]
