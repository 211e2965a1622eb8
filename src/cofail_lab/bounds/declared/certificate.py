"""Why no law goes beyond a limit: prices of the facts, and the state at which the priced target is greatest.

With prices λ_r >= 0 of high ends and λ_r < 0 of low ends, any law with the facts has
E[target] <= E[target - Σ λ_r (value_r - end_r · given_r)] <= the greatest of this over all atoms,
whatever the prices: a solver's error makes the limit worse, never wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.declared.bernstein import greatest, peaks
from cofail_lab.bounds.declared.facts import Rows
from cofail_lab.bounds.declared.states import Block, States
from cofail_lab.bounds.moments import rounding_margin

# Probabilities of binomials and their products are right to this many units in the last place.
_OF_ATOMS = 2000


@dataclass(frozen=True, eq=False)
class Certificate:
    """A proof of one limit.

    Attributes:
        states, rows: of the class.
        pieces: functions of the state whose least mean is limited, (pieces, states).
        sign: 1 for an upper limit of it, -1 for a lower limit of minus it.
        weights: of the pieces, >= 0, summing to one.
        multipliers: prices, one for each row of each fact; floats, or rationals where the limit is exact.
        limit: no law with the facts has a greater mean; rounded outwards.
        exact: whether the limit was computed in rationals.
        worst_nodes: error rates that a mixture would gain by, which the grid of an extendible block lacks.
    """

    states: States
    rows: tuple[Rows, ...]
    pieces: Float[np.ndarray, "k s"]
    sign: int
    weights: Float[np.ndarray, " k"]
    multipliers: tuple[Float[np.ndarray, " r"], ...]
    limit: float
    exact: bool = False
    worst_nodes: tuple[float, ...] = ()

    def holds(self) -> bool:
        """Whether the limit follows from the prices, in rationals at every state.

        Values of rows are taken as integers over a denominator where the fact has them, else as the floats they are.

        Raises:
            ValueError: an extendible block or another structure, whose atoms are no rationals.
        """
        if not self.states.free:
            raise ValueError("the atoms of a structured class are no rationals; `limit` charges their rounding")
        total = Fraction(0)
        priced = [
            sum((Fraction(w) * Fraction(v) for w, v in zip(self.weights, column, strict=True)), Fraction(0))
            for column in self.pieces.T
        ]
        for fact, prices in zip(self.rows, self.multipliers, strict=True):
            for r in np.flatnonzero(prices):
                price = Fraction(prices[r])
                end = Fraction(float(fact.high[r] if price > 0 else fact.low[r]))
                if fact.whole is None:
                    values, denominator = [Fraction(float(v)) for v in fact.value[r].toarray()[0]], 1
                else:
                    values, denominator = fact.whole(int(r))
                if fact.given is None:
                    total += price * end
                else:
                    given = fact.given[r].toarray()[0]
                    priced = [
                        p + price * end * Fraction(float(g)) if g else p for p, g in zip(priced, given, strict=True)
                    ]
                priced = [
                    p - price * Fraction(v) / denominator if v else p for p, v in zip(priced, values, strict=True)
                ]
        return total + max(priced) <= Fraction(self.limit)


def certify(
    states: States,
    rows: Sequence[Rows],
    pieces: Float[np.ndarray, "k s"],
    sign: int,
    weights: Float[np.ndarray, " k"],
    multipliers: Sequence[Float[np.ndarray, " r"]],
) -> Certificate:
    """The limit that some prices prove, with every violation and every rounding error charged."""
    pieces = np.atleast_2d(pieces)
    priced, constant, magnitude, n_terms = weights @ pieces, 0.0, float(np.abs(weights) @ np.abs(pieces).max(axis=1)), 4
    for fact, prices in zip(rows, multipliers, strict=True):
        ends = prices * np.where(prices > 0, fact.high, fact.low)
        priced = priced - fact.value.T @ prices
        if fact.given is None:
            constant += float(ends.sum())
        else:
            priced = priced + fact.given.T @ ends
        magnitude += float(np.abs(prices).sum() + np.abs(ends).sum())
        n_terms += len(prices)
    nodes: tuple[float, ...] = ()
    if any(block.kind == "extendible" for block in states.blocks):
        polynomials = _polynomials(states, priced)
        grid = next(block.nodes for block in states.blocks if block.kind == "extendible")
        most, nodes = greatest(polynomials), peaks(polynomials, np.asarray(grid)[:, 0])
    else:
        most = float(states.on_atoms(priced).max())
    margin = rounding_margin(n_terms + (0 if states.free else _OF_ATOMS), magnitude)
    limit = float(np.nextafter(constant + most + margin, np.inf))
    return Certificate(states, tuple(rows), pieces, sign, weights, tuple(multipliers), limit, worst_nodes=nodes)


def _polynomials(states: States, priced: np.ndarray) -> np.ndarray:
    """Bernstein coefficients in the mixed error rate, a row for every atom of the rest, (rows, models + 1)."""
    counted = [
        Block(block.models, "interchangeable") if block.kind == "extendible" else block for block in states.blocks
    ]
    at = next(i for i, block in enumerate(states.blocks) if block.kind == "extendible")
    label = np.empty(states.pool.n_models, dtype=int)
    for number, members in enumerate(members for groups in states.groups for members in groups):
        label[list(members)] = number
    coarse = States(states.pool, counted, label)
    sizes = [coarse.n_atoms_of(i) for i in range(len(counted))]
    table = (priced @ coarse.atoms).reshape(*sizes, states.pool.n_cells)
    return np.moveaxis(table, at, -1).reshape(-1, sizes[at])
