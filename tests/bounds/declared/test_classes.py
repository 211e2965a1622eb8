"""Random pools: every class of true facts holds the truth, and every further fact narrows the interval."""

import numpy as np
import pytest

from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.structures import Extendible, Independent
from cofail_lab.bounds.declared.targets import target
from tests.bounds.declared.made import STRUCTURES, made_law, true_facts, truth

TARGETS = (
    "all_wrong",
    "gain",
    "majority",
    "at_least(2)",
    "all_wrong(0,1,2)",
    "gain(0,2)",
    "right(0,1) >= 1 and wrong(2)",
)
# What limits may miss by: rates are rounded, and solutions are feasible to 1e-10; grids of mixing laws are refined
# until a limit is within 2e-8 of its law.
ROUNDING, REFINED = 2e-9, 3e-8


def check_pool(seed):
    rng = np.random.Generator(np.random.Philox(key=[seed, 21]))
    m = int(rng.integers(4, 8 if seed % 5 else 11))
    probs, shape = made_law(rng, m, STRUCTURES[seed % len(STRUCTURES)])
    facts = true_facts(rng, probs, m, exact=bool(seed % 3))
    order = [facts[i] for i in rng.permutation(len(facts))[: int(rng.integers(4, len(facts) + 1))]]
    if shape is not None:
        order.insert(int(rng.integers(0, len(order) + 1)), shape)
    asked = target(TARGETS[seed % len(TARGETS)], Pool(m))
    value, lower, upper = truth(asked, probs, m), 0.0, 1.0
    for n in range(len(order) + 1):
        found = FrechetClass(Pool(m), tuple(order[:n])).range(asked)
        assert found.lower - ROUNDING <= value <= found.upper + ROUNDING, (seed, n)
        slack = REFINED if isinstance(shape, Extendible) else ROUNDING
        assert found.lower >= lower - slack, (seed, n)
        assert found.upper <= upper + slack, (seed, n)
        lower, upper = found.lower, found.upper
        if not any(isinstance(fact, Independent) for fact in order[:n]):
            assert found.sharp, (seed, n)
        if found.sharp:
            # The limits are attained by laws that have the facts.
            assert found.lower_law.residual < 1e-7 > found.upper_law.residual
            assert abs(found.lower_law.value - found.lower) < 1e-7, (seed, n)
            assert abs(found.upper_law.value - found.upper) < 1e-7, (seed, n)


@pytest.mark.parametrize("seed", range(20))
def test_a_random_pool(seed):
    check_pool(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 300))
def test_one_of_many_random_pools(seed):
    check_pool(seed)
