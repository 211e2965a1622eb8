"""Kinds of declared facts of three models, each with its own dense program over patterns: what P3.vii is held to."""

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.claims.claim import Case, Measured, equals
from cofail_lab.claims.reference.exact import pattern_law, patterns, worst

Said = dict[str, Any]
WRONG = patterns(3).astype(bool)
ROUNDING = 1e-7
NODES = [[0.1, 0.3, 0.2], [0.5, 0.4, 0.9], [1.0, 0.8, 0.6]]


class Kind(NamedTuple):
    """A kind of fact: what it says of a law of three models, and the same as rows of a dense program.

    Attributes:
        said: keywords of `Known` from a law of patterns (of cells, too, where there are two of them).
        target: what is asked.
        rows: (function of the atom, value) of what was said.
        asked: the target as a function of the atom.
        atoms: laws that the class mixes, (patterns, atoms); None for single patterns.
        shape: what makes of any law one with this structure; None for no structure.
    """

    said: Callable[[np.ndarray], Said]
    target: str
    rows: Callable[[np.ndarray], list[tuple[np.ndarray, float]]]
    asked: np.ndarray
    atoms: np.ndarray | None = None
    shape: Callable[[np.ndarray], np.ndarray] | None = None


def sharp(kind: Kind, formula: Callable, case: Case) -> Measured:
    """Both limits against the dense program, with the law that made the facts between them."""
    from scipy.optimize import linprog

    law = np.array(pattern_law(case), dtype=float)
    law = law if kind.shape is None else kind.shape(law)
    lower, upper = formula(kind.said(law), kind.target)
    atoms = np.eye(len(kind.asked)) if kind.atoms is None else kind.atoms
    rows = [(np.ones(len(kind.asked)), 1.0), *kind.rows(law)]
    table, right = np.array([row for row, _ in rows]) @ atoms, np.array([value for _, value in rows])
    # Values are rounded; without them as intervals HiGHS may see no law on the edge.
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solved = [linprog(s * (kind.asked @ atoms), A_eq=table, b_eq=right, options=tight) for s in (1, -1)]
    if failed := [side.message for side in solved if not side.success]:
        raise ArithmeticError(failed[0])
    truth = float(kind.asked @ law)
    return worst(
        equals(solved[0].fun, lower, ROUNDING),
        equals(-solved[1].fun, upper, ROUNDING),
        equals(truth, (lower + upper) / 2, abs(upper - lower) / 2 + ROUNDING),
    )


def product(formula: Callable, case: Case) -> Measured:
    """Independent groups {0} and {1, 2}: the limits of β are those of the groups, multiplied."""
    law = np.array(pattern_law(case), dtype=float)
    alpha = [float(law @ WRONG[:, i]) for i in range(3)]
    lower, upper = formula({"rates": alpha, "independent": [[0], [1, 2]]}, "all_wrong")
    return worst(
        equals(alpha[0] * max(0.0, alpha[1] + alpha[2] - 1), lower, ROUNDING),
        equals(alpha[0] * min(alpha[1], alpha[2]), upper, ROUNDING),
    )


def rate(law: np.ndarray, *models: int) -> float:
    """P(all of them wrong)."""
    return float(law @ WRONG[:, list(models)].all(axis=1))


def row(*models: int) -> np.ndarray:
    """Where all of them are wrong."""
    return WRONG[:, list(models)].all(axis=1).astype(float)


def _rates(law: np.ndarray) -> list[float]:
    return [rate(law, i) for i in range(3)]


def _rate_rows(law: np.ndarray) -> list[tuple[np.ndarray, float]]:
    return [(row(i), rate(law, i)) for i in range(3)]


def _exchanged(law: np.ndarray) -> np.ndarray:
    """The law averaged over an exchange of models 0 and 1."""
    swapped = WRONG[:, [1, 0, 2]] @ (1 << np.arange(3))
    codes = WRONG @ (1 << np.arange(3))
    return (law + law[[int(np.flatnonzero(codes == code)[0]) for code in swapped]]) / 2


def _mixed(atoms: np.ndarray, law: np.ndarray) -> np.ndarray:
    """A mixture of some of the atoms, with the law's first probabilities as weights."""
    chosen = np.linspace(0, atoms.shape[1] - 1, min(8, atoms.shape[1])).astype(int)
    weights = law[: len(chosen)] + 1e-3
    return atoms[:, chosen] @ (weights / weights.sum())


def _given(nodes: np.ndarray) -> np.ndarray:
    """Patterns given a factor's nodes, (patterns, nodes)."""
    return np.where(WRONG[:, None, :], nodes, 1 - nodes).prod(axis=2)


def _swap_invariant() -> list[tuple[np.ndarray, float]]:
    """Rows that make models 0 and 1 interchangeable: patterns 10x and 01x are as likely."""
    found = []
    for last in (False, True):
        one, two = (np.equal(WRONG, [a, b, last]).all(axis=1).astype(float) for a, b in ((True, False), (False, True)))
        found.append((one - two, 0.0))
    return found


COUNT = WRONG.sum(axis=1)
GRID = _given(np.linspace(0, 1, 3001)[:, None] * np.ones(3))
FACTOR = _given(np.array(NODES))
MAJORITY = (COUNT <= 1).astype(float)
# Two cells: patterns of cell 0, then those of cell 1; P(cell 0) = .7 and the pattern's law in it is twice turned round.
IN_CELL = np.repeat([[1.0, 0.0], [0.0, 1.0]], 8, axis=1)


def _celled(law: np.ndarray) -> np.ndarray:
    return np.concatenate([0.7 * law, 0.3 * law[::-1]])


def _cell_rate(law: np.ndarray) -> float:
    return float(law[:8] @ WRONG[:, 0] / 0.7)


def _both_rate(law: np.ndarray, model: int) -> float:
    return float(law @ np.tile(WRONG[:, model], 2))


def _conditional(law: np.ndarray) -> float:
    return rate(law, 0, 1) / rate(law, 1)


def _order(law: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort(_rates(law), kind="stable"))


KINDS = {
    "rates and pairs": Kind(
        lambda law: {"rates": _rates(law), "pairs": [rate(law, i, j) for i, j in combinations(range(3), 2)]},
        "all_wrong",
        lambda law: [*_rate_rows(law), *((row(i, j), rate(law, i, j)) for i, j in combinations(range(3), 2))],
        row(0, 1, 2),
    ),
    "some pairs and triples": Kind(
        lambda law: {
            "rates": _rates(law),
            "some_pairs": [[0, 1, rate(law, 0, 1)]],
            "triples": [[0, 1, 2, rate(law, 0, 1, 2)]],
        },
        "at_least(2)",
        lambda law: [*_rate_rows(law), (row(0, 1), rate(law, 0, 1)), (row(0, 1, 2), rate(law, 0, 1, 2))],
        (COUNT >= 2).astype(float),
    ),
    "moments": Kind(
        lambda law: {"n_models": 3, "moments": [float(law @ COUNT) / 3, float(law @ (COUNT * (COUNT - 1))) / 6]},
        "all_wrong",
        lambda law: [
            (COUNT / 3, float(law @ COUNT) / 3),
            (COUNT * (COUNT - 1) / 6, float(law @ (COUNT * (COUNT - 1))) / 6),
        ],
        row(0, 1, 2),
    ),
    "events": Kind(
        lambda law: {"rates": _rates(law), "events": [f"P(right(0,1) >= 1) = {1 - rate(law, 0, 1):.17g}"]},
        "majority",
        lambda law: [*_rate_rows(law), (row(0, 1), rate(law, 0, 1))],
        MAJORITY,
    ),
    "conditional rates": Kind(
        lambda law: {"rates": [None, rate(law, 1), rate(law, 2)], "conditional": [[0, 1, _conditional(law)]]},
        "at_least(2)",
        lambda law: [(row(1), rate(law, 1)), (row(2), rate(law, 2)), (row(0, 1), rate(law, 0, 1))],
        (COUNT >= 2).astype(float),
    ),
    "interchangeable models": Kind(
        lambda law: {
            "rates": [rate(law, 0), None, rate(law, 2)],
            "some_pairs": [[0, 2, rate(law, 0, 2)]],
            "interchangeable": [[0, 1]],
        },
        "all_wrong",
        lambda law: [(row(0), rate(law, 0)), (row(2), rate(law, 2)), (row(0, 2), rate(law, 0, 2)), *_swap_invariant()],
        row(0, 1, 2),
        shape=_exchanged,
    ),
    "an endless supply": Kind(
        lambda law: {"moments": [rate(law, 0), rate(law, 0, 1)], "extendible": "all", "n_models": 3},
        "all_wrong",
        lambda law: [(row(0), rate(law, 0)), (row(0, 1), rate(law, 0, 1))],
        row(0, 1, 2),
        GRID,
        partial(_mixed, GRID),
    ),
    "a factor": Kind(
        lambda law: {"rates": [rate(law, 0), None, None], "factor": {"models": "all", "nodes": NODES}},
        "all_wrong",
        lambda law: [(row(0), rate(law, 0))],
        row(0, 1, 2),
        FACTOR,
        partial(_mixed, FACTOR),
    ),
    "cells": Kind(
        lambda law: {
            "rates": [_both_rate(law, 0), _both_rate(law, 1), None],
            "cells": [0.7, 0.3],
            "events": [f"P(wrong(0) | cell(0)) = {_cell_rate(law):.17g}"],
        },
        "router(0,1)",
        lambda law: [
            (IN_CELL[0], 0.7),
            (np.tile(WRONG[:, 0], 2).astype(float), _both_rate(law, 0)),
            (np.tile(WRONG[:, 1], 2).astype(float), _both_rate(law, 1)),
            (IN_CELL[0] * np.tile(WRONG[:, 0], 2), 0.7 * _cell_rate(law)),
        ],
        IN_CELL[0] * np.tile(~WRONG[:, 0], 2) + IN_CELL[1] * np.tile(~WRONG[:, 1], 2),
        shape=_celled,
    ),
}


def monotone(formula: Callable, case: Case) -> Measured:
    """A better model is wrong where a worse one is right with at most the slack, for every better and worse one."""
    from scipy.optimize import linprog

    law = np.array(pattern_law(case), dtype=float)
    order = _order(law)
    pairs = [(WRONG[:, a] & ~WRONG[:, b]).astype(float) for a, b in combinations(order, 2)]
    slack = max(float(pair @ law) for pair in pairs) + 1e-9
    lower, upper = formula({"rates": _rates(law), "monotone": list(order), "slack": slack}, "all_wrong")
    rows = [(np.ones(8), 1.0), *_rate_rows(law)]
    table, right = np.array([r for r, _ in rows]), [value for _, value in rows]
    ends = [s * linprog(s * row(0, 1, 2), np.array(pairs), [slack] * 3, table, right).fun for s in (1, -1)]
    return worst(equals(ends[0], lower, ROUNDING), equals(ends[1], upper, ROUNDING))
