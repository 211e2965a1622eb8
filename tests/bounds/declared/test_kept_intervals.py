"""Intervals from declared facts of every kind, for targets of every form: kept as they were found right elsewhere."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.reading import best, read
from cofail_lab.bounds.declared.states import Block, States
from cofail_lab.bounds.declared.structures import Independent
from cofail_lab.bounds.declared.targets import target
from tests.experiments.whole import keep, shown

RATES = [0.4, 0.3, 0.35, 0.2]
PAIRS = [0.2, 0.18, 0.1, 0.15, 0.12, 0.11]
FACTS: dict[str, dict[str, Any]] = {
    "rates": {"rates": [0.4, [0.25, 0.3], None, 0.2]},
    "pairs": {"rates": RATES, "pairs": PAIRS},
    "some_pairs": {"rates": RATES, "some_pairs": [[0, 1, 0.2], [2, 3, [0.05, 0.1]]]},
    "triples": {"rates": RATES, "pairs": PAIRS, "triples": [[0, 1, 2, 0.1]]},
    "moments": {"n_models": 5, "moments": [0.3, 0.12, [0.05, 0.07]]},
    "interchangeable": {"rates": [0.3, 0.3, 0.3, 0.2], "pairs": 0.12, "interchangeable": [[0, 1, 2]]},
    "extendible": {"n_models": 4, "rates": 0.3, "pairs": 0.12, "extendible": [0, 1, 2, 3]},
    "factor": {"rates": [0.3, [0.5, 0.6], 0.35], "factor": {"models": [0, 1], "nodes": [[0.1, 0.2], [0.5, 0.9]]}},
    "independent": {"rates": RATES, "some_pairs": [[0, 1, 0.2]], "independent": [[0, 1], [2, 3]]},
    "conditional": {"rates": RATES, "conditional": [[1, 0, 0.5], [[2, 3], 0, [0.2, 0.25]]]},
    "events": {
        "rates": RATES,
        "events": [
            "P(right(0,1,2) >= 1) = .9",
            "P(wrong(1) | wrong(0)) in [.5, .7]",
            "P(wrong(3) and right(0)) <= .15",
        ],
    },
    "monotone": {"rates": [0.2, 0.3, 0.4], "monotone": [0, 1, 2], "slack": 0.02},
    "cells": {"rates": [0.4, 0.3], "cells": [0.6, 0.4], "events": ["P(wrong(0) | cell(0)) = .2"]},
}
TARGETS = ("all_wrong", "at_least(2)", "gain", "majority", "right(0,1) >= 1")
MORE = {
    "cells": ("router(0,1)", "router(1,0)", "cascade(0,1)"),
    "pairs": ("best_of_three", "weighted(.5,.3,.2,.1)", "gain(0,1)", "all_wrong(1,2)", "majority(0,1,2)"),
}


@pytest.mark.parametrize("name", FACTS)
def test_intervals_from_facts(name: str) -> None:
    known = Known(**FACTS[name]).on()
    said = []
    for text in (*TARGETS, *MORE.get(name, ())):
        asked = target(text, known.pool, "target", best(known.facts, known.pool.n_models))
        found = known.range(asked)
        assert found.width == found.upper - found.lower
        limits, sharp = shown([found.lower, found.upper]), "sharp" if found.sharp else "outer"
        said.append(f"{text} ({asked.words}): {limits} {sharp}, {found.method}, {len(found.certificates)} proofs")
    keep(f"facts_{name}", said)


@pytest.mark.parametrize("name", ["pairs", "independent"])
def test_a_whole_reading(name: str) -> None:
    wrong = np.random.default_rng(4).random((60, 4)) < RATES
    found = read(Known(**FACTS[name]).on(), "majority", "target", 100, Matrix(wrong, tuple("abcd")))
    keep(
        f"reading_{name}",
        [
            *(f"{step.fact}: {shown([step.lower, step.upper])}" for step in found.steps),
            *(shown(list(vars(fact).values()) if hasattr(fact, "__dict__") else list(fact)) for fact in found.next),
            f"truth {shown(found.truth)}",
        ],
    )


def test_a_law_is_made_independent_where_groups_are_all_there_is() -> None:
    groups, blocks = Independent(((0,), (1,))), [Block((0, 1))]
    both, cells = (States(Pool(2, n_cells=n), blocks, np.array([0, 1])) for n in (1, 2))
    joint = np.array([0.5, 0.0, 0.0, 0.5])
    assert groups.product(both, joint).tolist() == [0.25] * 4
    # Kinds of queries, or a third model, stand beside them.
    assert groups.product(cells, np.concatenate([joint, joint]) / 2) is None
    three = States(Pool(3), [Block((0, 1, 2))], np.arange(3))
    assert groups.product(three, np.full(8, 1 / 8)) is None


def test_models_of_one_group_are_all_or_some_of_it() -> None:
    groups = Independent(((0, 1), (2,)))
    assert [groups.within_a_group(models) for models in ((0,), (0, 1), (2,), (0, 2))] == [True, True, True, False]
