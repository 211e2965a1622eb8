"""Pools with too many states: limits from moment matrices of the wrong and of the right side of an event (a lift).

Let z = (1, E_1, ..., E_m) and split E[z z'] into its parts Y1 on the event and Y0 off it. Both are positive
semidefinite, their entries obey what probabilities of pairs obey, and products of E_i and 1 - E_i with the inequality
that the event is (C_S >= j on it, C_S <= j - 1 off it) have means >= 0. The greatest mass Y1[0, 0] under all this and
the facts that speak of at most two models at a time is an upper limit of the event's probability: outer, never sharp
by construction. A dual point proves it: what it leaves of each product E_i E_j is charged at its worst, 0 or 1.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float

from cofail_lab.bounds.declared.facts import EventRate, Fact, Moments, Monotone, Pairs, SetRates
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.quadratics import Quadratic, of_fact
from cofail_lab.bounds.declared.targets import Threshold
from cofail_lab.bounds.moments import rounding_margin
from cofail_lab.errors import InputError

LARGEST_LIFT = 60
"""Most models: a minute."""


class Lifted(NamedTuple):
    """Limits of the probability of a threshold event.

    Attributes:
        lower, upper: no law with the facts lies outside, whatever the accuracy of the solver.
        charged: what the certificates charge for what the solver left, the greater of both.
        left_out: kinds of facts that the lift has no use for.
    """

    lower: float
    upper: float
    charged: float
    left_out: tuple[str, ...]


def lifted_range(pool: Pool, facts: Sequence[Fact], event: Threshold) -> Lifted:
    """Limits from facts about at most two models at a time.

    Args:
        pool: up to `LARGEST_LIFT` models.
        facts: those about more models at a time are left out.
        event: what is limited; its ``wanted`` is not looked at.

    Raises:
        InputError: too many models, or facts that no law has.
        ArithmeticError: the solver ends without an answer.
    """
    if pool.n_models > LARGEST_LIFT:
        raise InputError(
            f"known: these facts tell {pool.n_models} models apart; at most {LARGEST_LIFT} such models can be solved"
        )
    rows, left_out = [], []
    for fact in facts:
        if isinstance(fact, SetRates | Pairs | Moments | Monotone | EventRate) and (found := of_fact(fact, pool)):
            rows += found
        else:
            left_out.append(getattr(fact, "kind", type(fact).__name__.lower()))
    program = _Lift(pool.n_models, rows, event)
    upper, over = program.limit(1)
    lower, under = program.limit(-1)
    return Lifted(max(0.0, -lower), min(1.0, upper), max(over, under), tuple(dict.fromkeys(left_out)))


class _Lift:
    """The semidefinite program of one event, for both signs of its objective."""

    def __init__(self, m: int, rows: Sequence[Quadratic], event: Threshold):
        import cvxpy as cp

        self.m, self.rows = m, rows
        self.sign = cp.Parameter(value=1.0)
        self.parts = [cp.Variable((m + 1, m + 1), symmetric=True) for _ in range(2)]
        total = self.parts[0] + self.parts[1]
        flat = cp.vec(total, order="C")
        table = (
            sp.csr_matrix(sp.vstack([sp.csr_matrix(row.matrix(m).reshape(1, -1)) for row in rows])) if rows else None
        )
        low, high = (np.array([row.limits[end] for row in rows]) for end in (0, 1))
        self.ends: list[tuple[int, Any]] = (
            [] if table is None else [(-1, table @ flat - low >= 0), (1, table @ flat - high <= 0)]
        )
        self.valid = [_valid(m, event, on) for on in (True, False)]
        self.cones = [part >> 0 for part in self.parts]
        self.linear: list[Any] = [
            valid @ cp.vec(part, order="C") >= 0 for valid, part in zip(self.valid, self.parts, strict=True)
        ]
        diagonal = [cp.diag(part) == part[0] for part in self.parts]
        constraints = [total[0, 0] == 1, *diagonal, *self.cones, *self.linear, *(one for _, one in self.ends)]
        self.problem = cp.Problem(cp.Maximize(self.sign * self.parts[0][0, 0]), constraints)
        if not self.problem.is_dpp():
            raise ArithmeticError("the lift of these facts is not DPP")

    def limit(self, sign: int) -> tuple[float, float]:
        """An upper limit of sign times the event's probability, and what it charges."""
        import cvxpy as cp

        self.sign.value = float(sign)
        with warnings.catch_warnings():
            # An inaccurate solution makes the limit worse, never wrong.
            warnings.filterwarnings("ignore", "Solution may be inaccurate")
            self.problem.solve(solver=cp.CLARABEL)
        if self.problem.status == "infeasible":
            raise InputError(
                "known: no law has these facts together; which of them contradict each other is sought where fewer "
                "models are told apart only"
            )
        if self.problem.status not in ("optimal", "optimal_inaccurate"):
            raise ArithmeticError(f"the semidefinite program ended as {self.problem.status}")
        priced, constant, magnitude = np.zeros((self.m + 1, self.m + 1)), 0.0, 2.0
        for end, constraint in self.ends:
            for row, price in zip(self.rows, np.maximum(np.asarray(constraint.dual_value), 0), strict=True):
                limit = row.limits.high if end > 0 else row.limits.low
                priced += end * price * row.matrix(self.m)
                constant += end * price * limit
                magnitude += abs(price) * (1 + np.abs(row.matrix(self.m)).sum())
        tops, charges = [], []
        for valid, cone, linear, worth in zip(self.valid, self.cones, self.linear, (sign, 0), strict=True):
            form = _positive(cone.dual_value) - priced
            form += (valid.T @ np.maximum(np.asarray(linear.dual_value), 0)).reshape(form.shape)
            own, rest = _reduced(form)
            tops.append(worth + own + float(np.maximum(rest, 0).sum()))
            charges.append(float(np.abs(rest).sum()))
            magnitude += float(np.abs(form).sum())
        margin = rounding_margin(4 * (self.m + 1) ** 2 + len(self.rows), magnitude)
        return float(constant + max(tops) + margin), max(charges)


def _valid(m: int, event: Threshold, on: bool) -> sp.csr_matrix:
    """Functions of z z' with means >= 0 on the event's side, one a row, (rows, (m + 1)²)."""
    i, j = np.triu_indices(m, 1)
    i, j, k = i + 1, j + 1, len(i)
    size, rows = m + 1, []

    def entries(*terms: tuple[np.ndarray, np.ndarray, float]) -> sp.csr_matrix:
        at = np.concatenate([np.arange(len(a)) for a, _, _ in terms])
        where = np.concatenate([a * size + b for a, b, _ in terms])
        weight = np.concatenate([np.full(len(a), w) for a, _, w in terms])
        return sp.csr_matrix((weight, (at, where)), shape=(len(terms[0][0]), size**2))

    zero = np.zeros(k, dtype=int)
    rows += [entries((i, j, 1.0)), entries((zero, i, 1.0), (i, j, -1.0)), entries((zero, j, 1.0), (i, j, -1.0))]
    rows.append(entries((zero, zero, 1.0), (zero, i, -1.0), (zero, j, -1.0), (i, j, 1.0)))
    every, none = np.arange(1, size), np.zeros(m, dtype=int)
    members = np.array(event.members) + 1
    # sign (C_S - least) >= 0, times E_i and times 1 - E_i.
    sign, least = (1.0, event.at_least) if on else (-1.0, event.at_least - 1)
    times = [(every, np.full(m, member), sign) for member in members]
    rows.append(entries(*times, (none, every, -sign * least)))
    plain = [(none, np.full(m, member), sign) for member in members]
    taken = [(a, b, -w) for a, b, w in times]
    rows.append(entries(*plain, *taken, (none, none, -sign * least), (none, every, sign * least)))
    return sp.csr_matrix(sp.vstack(rows))


def _positive(dual: object) -> Float[np.ndarray, "n n"]:
    """The nearest positive semidefinite matrix."""
    matrix = np.asarray(dual, dtype=float)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def _reduced(form: Float[np.ndarray, "n n"]) -> tuple[float, Float[np.ndarray, " t"]]:
    """(1,E)·form·(1,E) by E_i² = E_i: its constant, and the coefficients of every E_i and E_i E_j, i < j."""
    both = form + form.T
    single = np.diag(form)[1:] + both[0, 1:]
    pairs = both[1:, 1:][np.triu_indices(len(single), 1)]
    return float(form[0, 0]), np.concatenate([single, pairs])
