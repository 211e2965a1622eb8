"""Sharp bounds on events in C, the number of wrong models, from its first K moments (theory P3.ii, P3.iv).

The law of C has m + 1 unknowns and K + 1 equations, one per binomial moment E[C(C, k)] = C(m, k) p_k, where p_k is the
mean, over the sets of k models, of the probability that the whole set is wrong. These moments belong to any pool,
exchangeable or not; for an exchangeable one p_k is the whole of what k-wise statistics say, so the bounds are sharp.

A float solver on discrete Chebyshev polynomials (the scaled moment basis) proposes the basis; it is finished in
rational arithmetic, so a bound has no numerical error and its certificate is a polynomial identity anyone can re-check.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.exact_simplex import InfeasibleError, Vertex, is_dominated, maximize
from cofail_lab.bounds.rounding import round_down, round_up
from cofail_lab.errors import InputError

Number = int | float | Fraction
Moment = Number | tuple[Number, Number]
# Moments given as floats may miss the moment space by rounding alone; they then count as intervals of this width.
_ROUNDING = Fraction(1, 2**50)


class CountCertificate(NamedTuple):
    """A proof of one bound: a polynomial in C on one side of the event's indicator at every C = 0..m.

    Attributes:
        n_models: m.
        at_least: the event is C >= at_least.
        side: ``upper`` (polynomial >= indicator) or ``lower`` (polynomial <= indicator).
        coefficients: y_k, the polynomial is Σ y_k C(C, k).
        bound: the polynomial's expectation (its largest or smallest, where moments are intervals).
    """

    n_models: int
    at_least: int
    side: str
    coefficients: tuple[Fraction, ...]
    bound: Fraction

    def holds(self) -> bool:
        """Whether the polynomial is on its side of the indicator, checked in exact arithmetic at every count."""
        sign = 1 if self.side == "upper" else -1
        powers = _binomials(self.n_models, len(self.coefficients) - 1)
        event = _indicator(self.n_models, self.at_least)
        return is_dominated(powers, sign * event, [sign * y for y in self.coefficients])


class CountRange(NamedTuple):
    """The interval of P(C >= at_least) over all laws of C with the given moments.

    Attributes:
        lower, upper: in [0, 1], rounded outwards by at most one unit in the last place.
        method: how they were obtained.
        sharp: True: each limit is attained by a law with these moments (the laws below).
        lower_law, upper_law: P(C = j), j = 0..m, the laws that attain them; parameters of `models.ExchangeableCount`.
        lower_certificate, upper_certificate: exact proofs that no law goes beyond.
    """

    lower: float
    upper: float
    method: str
    sharp: bool
    lower_law: Float[np.ndarray, " m+1"]
    upper_law: Float[np.ndarray, " m+1"]
    lower_certificate: CountCertificate
    upper_certificate: CountCertificate


def wrong_count_range(moments: Sequence[Moment], n_models: int, at_least: int | None = None) -> CountRange:
    """Sharp interval of P(C >= at_least) given the first K binomial moments of C.

    Args:
        moments: p_1..p_K in [0, 1], p_k = E[C(C, k)] / C(m, k): error rate, pairwise all-wrong rate, ... Each is a
            number,
            taken as exact (use Fraction where a float would round), or an interval (low, high).
        n_models: m >= 1; K <= m.
        at_least: 1..m; m, all wrong, unless given. The majority is wrong from m // 2 + 1.

    Raises:
        InputError: moments that no law of C has; the message gives the inequality they break.

    Cost: about 0.1 s at m = 2,000 and K = 3; grows as m K for each of a few pivots.
    """
    at_least = n_models if at_least is None else at_least
    boxes = _checked(moments, n_models, at_least)
    try:
        return _solve(boxes, n_models, at_least)
    except InfeasibleError as error:
        # Higher moments leave so little room that even rounding can leave it.
        if any(isinstance(moment, float) for moment in moments):
            widened = [(low - _ROUNDING * low, high + _ROUNDING * high) for low, high in boxes]
            try:
                return _solve(widened, n_models, at_least)
            except InfeasibleError:
                pass
        raise InputError(_explain(error, boxes, n_models)) from None


def binomial_moments(count_probs: Sequence[Number] | np.ndarray, n_moments: int) -> tuple[Fraction, ...]:
    """p_1..p_K of a law of C, exactly.

    Args:
        count_probs: P(C = j), j = 0..m, or counts; normalized exactly, so floats that sum to one up to rounding will
            do.
        n_moments: K in 1..m.
    """
    weights = [Fraction(weight) for weight in (q.item() if isinstance(q, np.generic) else q for q in count_probs)]
    m, total = len(weights) - 1, sum(weights)
    return tuple(
        sum((comb(j, k) * weights[j] for j in range(k, m + 1)), Fraction(0)) / (total * comb(m, k))
        for k in range(1, n_moments + 1)
    )


def _checked(moments: Sequence[Moment], n_models: int, at_least: int) -> list[tuple[Fraction, Fraction]]:
    if n_models < 1:
        raise InputError(f"n_models: {n_models} is not a whole number >= 1")
    if not 1 <= len(moments) <= n_models:
        raise InputError(f"moments: {len(moments)} given, 1 to {n_models} (the number of models) can be used")
    if not 1 <= at_least <= n_models:
        raise InputError(f"at_least: {at_least} is outside 1..{n_models}")
    boxes = []
    for k, moment in enumerate(moments, start=1):
        low, high = moment if isinstance(moment, tuple) else (moment, moment)
        if not (np.isfinite(float(low)) and np.isfinite(float(high)) and 0 <= low <= high <= 1):
            raise InputError(f"moments: p_{k} = {moment} is not a probability or an interval of probabilities")
        boxes.append((Fraction(low), Fraction(high)))
    return boxes


def _solve(boxes: list[tuple[Fraction, Fraction]], n_models: int, at_least: int) -> CountRange:
    program = _Program(boxes, n_models)
    event = _indicator(n_models, at_least)
    upper, lower = program.maximize(event), program.maximize(-event)
    certificates = [
        CountCertificate(n_models, at_least, side, program.coefficients(vertex, sign), sign * vertex.value)
        for side, vertex, sign in (("lower", lower, -1), ("upper", upper, 1))
    ]
    if not all(certificate.holds() for certificate in certificates):
        raise ArithmeticError("a certificate of the count program failed its exact check")
    return CountRange(
        round_down(-lower.value),
        round_up(upper.value),
        f"linear program in C, exact, {len(boxes)} moments",
        True,
        program.law(lower),
        program.law(upper),
        *certificates,
    )


class _Program:
    """The equations of the law of C: columns 0..m are the counts, then two slacks per moment known as an interval."""

    def __init__(self, boxes: list[tuple[Fraction, Fraction]], n_models: int):
        self.n_models = n_models
        powers = _binomials(n_models, len(boxes))
        rows, right, self.moment_of_row, slacks = [powers[0]], [Fraction(1)], [0], []
        for k, (low, high) in enumerate(boxes, start=1):
            for bound, slack in ((low, 0),) if low == high else ((high, 1), (low, -1)):
                if slack:
                    slacks.append((len(rows), slack))
                rows.append(powers[k])
                right.append(bound * comb(n_models, k))
                self.moment_of_row.append(k)
        self.columns = np.zeros((len(rows), n_models + 1 + len(slacks)), dtype=object)
        self.columns[:, : n_models + 1] = rows
        for j, (row, sign) in enumerate(slacks):
            # In units of the moment, so that the float solver sees slacks and probabilities alike.
            self.columns[row, n_models + 1 + j] = sign * comb(n_models, self.moment_of_row[row])
        self.right = right

    def maximize(self, event: np.ndarray) -> Vertex:
        cost = np.concatenate([event, np.zeros(self.columns.shape[1] - len(event), dtype=object)])
        return maximize(self.columns, self.right, cost, self._candidates(cost))

    def coefficients(self, vertex: Vertex, sign: int) -> tuple[Fraction, ...]:
        total = [Fraction(0)] * (max(self.moment_of_row) + 1)
        for k, y in zip(self.moment_of_row, vertex.dual, strict=True):
            total[k] += sign * y
        return tuple(total)

    def law(self, vertex: Vertex) -> np.ndarray:
        probs = np.zeros(self.n_models + 1)
        for j, value in zip(vertex.basis, vertex.solution, strict=True):
            if j <= self.n_models:
                probs[j] = float(value)
        return probs

    def _candidates(self, cost: np.ndarray) -> Iterator[int]:
        """Columns in the order in which they enter the first basis: what a float solver uses, then neighbours."""
        matrix, right = self._scaled()
        guess = _float_solution(matrix, right, cost.astype(float))
        used = [int(j) for j in np.argsort(-guess, kind="stable") if guess[j] > 1e-11]
        yield from used
        for j in used:
            if j <= self.n_models:
                yield from (i for i in (j - 1, j + 1) if 0 <= i <= self.n_models)
        yield from range(self.columns.shape[1] - 1, self.n_models, -1)
        yield from (int(j) for j in np.linspace(0, self.n_models, 4 * len(right)).astype(int))
        yield from range(self.n_models + 1)

    def _scaled(self) -> tuple[np.ndarray, np.ndarray]:
        """The equations in floats: exact moments as discrete Chebyshev polynomials, every row scaled to 1.

        The change of basis is done in integers, where nothing cancels.
        """
        exact = [i for i, k in enumerate(self.moment_of_row) if self.moment_of_row.count(k) == 1]
        prefix = [i for i in exact if self.moment_of_row[i] == exact.index(i)]
        columns, right = self.columns.copy(), list(self.right)
        for n in range(len(prefix)):
            weights = [(-1) ** (n - k) * comb(n + k, k) * comb(self.n_models - k, n - k) for k in range(n + 1)]
            columns[prefix[n]] = sum(w * self.columns[prefix[k]] for k, w in enumerate(weights))
            right[prefix[n]] = sum((w * self.right[prefix[k]] for k, w in enumerate(weights)), Fraction(0))
        scales = [max(abs(v) for v in row) for row in columns]
        matrix = np.array([[float(Fraction(v, s)) for v in row] for row, s in zip(columns, scales, strict=True)])
        return matrix, np.array([float(value / s) for value, s in zip(right, scales, strict=True)])


def _float_solution(matrix: np.ndarray, right: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """A solution good enough to guess the basis from; where the program is infeasible in floats, the nearest one."""
    from scipy.optimize import linprog

    solution = linprog(-cost, A_eq=matrix, b_eq=right, method="highs")
    if solution.x is None:
        n, eye = matrix.shape[1], np.eye(len(right))
        elastic = np.concatenate([np.zeros(n), np.ones(2 * len(right))])
        solution = linprog(elastic, A_eq=np.hstack([matrix, eye, -eye]), b_eq=right, method="highs")
        if solution.x is None:
            return np.zeros(n)
        return solution.x[:n]
    return solution.x


def _binomials(n_models: int, degree: int) -> np.ndarray:
    """C(j, k) for k = 0..degree (rows) and j = 0..m, Python integers."""
    rows = np.empty((degree + 1, n_models + 1), dtype=object)
    for k in range(degree + 1):
        rows[k] = [comb(j, k) for j in range(n_models + 1)]
    return rows


def _indicator(n_models: int, at_least: int) -> np.ndarray:
    return np.array([int(j >= at_least) for j in range(n_models + 1)], dtype=object)


def _explain(error: InfeasibleError, boxes: list[tuple[Fraction, Fraction]], n_models: int) -> str:
    given = ", ".join(f"p_{k} = {float(low):.6g}" for k, (low, _) in enumerate(boxes, start=1))
    if any(low != high for low, high in boxes):
        return f"moments: no law of the number of wrong among {n_models} models has moments inside all these intervals"
    factors = "".join(
        f"({node} - C)" if node == n_models else f"(C - {node})" if node else "C" for node in sorted(error.others)
    )
    # The proof is the interpolation polynomial of one node, positive there; the factors alone may have the other sign.
    outside = next(j for j in range(n_models + 1) if j not in error.others)
    nodes = list(error.others)
    sign, value = _product_sign(nodes, outside, n_models), _product_mean(nodes, boxes, n_models)
    shown = factors if sign > 0 else f"-{factors}"
    return (
        f"moments: {given} belong to no law of the number C of wrong among {n_models} models: "
        f"{shown} is never negative, but its mean would be {sign * float(value):.6g}"
    )


def _product_sign(nodes: list[int], at: int, n_models: int) -> int:
    """Sign at a non-node of the product of (C - node), the factor of m written as (m - C)."""
    sign = 1
    for node in nodes:
        sign *= 1 if (at > node) != (node == n_models) else -1
    return sign


def _product_mean(nodes: list[int], boxes: list[tuple[Fraction, Fraction]], n_models: int) -> Fraction:
    """Mean of the product of (C - node), the factor of m written as (m - C), under the given binomial moments."""
    # Newton's identity C(C, k) (C - a) = (k + 1) C(C, k + 1) + (k - a) C(C, k).
    poly = [Fraction(1)]
    for node in nodes:
        longer = [Fraction(0)] * (len(poly) + 1)
        for k, c in enumerate(poly):
            longer[k + 1] += c * (k + 1)
            longer[k] += c * (k - node)
        poly = [-c for c in longer] if node == n_models else longer
    moments = [Fraction(1), *(low * comb(n_models, k) for k, (low, _) in enumerate(boxes, start=1))]
    return sum((c * s for c, s in zip(poly, moments, strict=True)), Fraction(0))
