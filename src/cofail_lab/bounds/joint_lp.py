"""Sharp bounds from every single and pairwise rate of a heterogeneous pool (theory P3.ii): column generation.

The program has one variable per pattern of wrong models (2^m) and one equation per model and pair. Only patterns that
can improve the current solution are generated. Up to `ENUMERATED` models all patterns are priced, so the result is
the exact program's optimum. Beyond, pricing is an integer quadratic program: local search finds patterns, and a
mixed-integer solver bounds what it may have missed; where that does not close within the time given, the limits are
valid outer limits and not sharp. Every limit comes with a quadratic certificate.
"""

from time import monotonic
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.bounds.lattice import lattice_bound
from cofail_lab.bounds.moments import gallot_kounias, right_moments
from cofail_lab.bounds.pricing import (
    INTERIOR_TOLERANCE,
    VERTEX_TOLERANCE,
    Priced,
    enumerate_all,
    integer_pricing,
    local_search,
)
from cofail_lab.bounds.quadratic import ENUMERATED, QuadraticCertificate, all_counts, all_values, pair_index
from cofail_lab.bounds.rounding import round_down, round_up
from cofail_lab.errors import InputError

# For a limit to count as sharp: how far the rates of its law may be off, and how far its value may be from the limit.
_RESIDUAL = 1e-7
_CLOSED = 1e-6
# Certificates are rounded to this many binary digits below their largest coefficient, so that integers check them.
_DIGITS = 40


class JointLaw(NamedTuple):
    """A law of the wrong pattern with finitely many patterns.

    Attributes:
        patterns: True where wrong, (patterns, m).
        probs: their probabilities, (patterns,), summing to one.
        residual: largest deviation of its single and pairwise rates from those asked for.
    """

    patterns: Bool[np.ndarray, "s m"]
    probs: Float[np.ndarray, " s"]
    residual: float


class JointRange(NamedTuple):
    """The interval of P(C >= at_least) over all laws with the given single and pairwise rates.

    Attributes:
        lower, upper: limits that no law exceeds.
        attained_lower, attained_upper: values of the two laws below, inside [lower, upper] up to their residuals.
        method: how they were obtained.
        sharp: whether limits and attained values agree to 1e-7.
        lower_law, upper_law: the laws.
        lower_certificate, upper_certificate: proofs of the limits.
    """

    lower: float
    upper: float
    attained_lower: float
    attained_upper: float
    method: str
    sharp: bool
    lower_law: JointLaw
    upper_law: JointLaw
    lower_certificate: QuadraticCertificate
    upper_certificate: QuadraticCertificate


def joint_range(
    error_rates: Float[np.ndarray, " m"],
    pairwise_wrong: Float[np.ndarray, "m m"],
    at_least: int | None = None,
    patterns: Bool[np.ndarray, "s m"] | None = None,
    seconds: float = 60.0,
) -> JointRange:
    """Interval of P(C >= at_least), sharp for m <= 16 and where column generation closes.

    Args:
        error_rates: P(i wrong), (m,).
        pairwise_wrong: P(i and j wrong), (m, m), diagonal = error rates.
        at_least: 1..m; m, all wrong, unless given. Beyond 16 models only m is supported.
        patterns: patterns to start from, for instance the distinct rows of a matrix with these rates.
        seconds: time allowed per limit beyond 16 models.

    Raises:
        InputError: no joint law has these rates.
    """
    m = len(error_rates)
    at_least = m if at_least is None else at_least
    if not 1 <= at_least <= m:
        raise InputError(f"at_least: {at_least} is outside 1..{m}")
    if m > ENUMERATED and at_least != m:
        raise InputError(
            f"at_least: {at_least}; beyond {ENUMERATED} models pairwise programs bound the all-wrong event only"
        )
    rates = np.asarray(error_rates, dtype=float), np.asarray(pairwise_wrong, dtype=float)
    start = np.zeros((0, m), dtype=bool) if patterns is None else np.asarray(patterns, dtype=bool)
    sides = [_extreme(*rates, at_least, sign, start, seconds) for sign in (-1, 1)]
    (lower, lower_law, lower_proof), (upper, upper_law, upper_proof) = sides
    outer = round_down(lower_proof.bound(*rates)), round_up(upper_proof.bound(*rates))
    residual = max(lower_law.residual, upper_law.residual)
    sharp = max(lower - outer[0], outer[1] - upper) < _CLOSED and residual < _RESIDUAL
    method = (
        f"linear program over {2**m} patterns"
        if m <= ENUMERATED
        else f"column generation ({upper_proof.proof}), " + ("closed" if sharp else "outer limits")
    )
    # Rates are rounded themselves: limits that meet can cross, or leave [0, 1], by a rounding.
    limits = max(0.0, min(outer)), min(1.0, max(0.0, *outer))
    return JointRange(*limits, lower, upper, method, sharp, lower_law, upper_law, lower_proof, upper_proof)


def _extreme(
    error_rates: np.ndarray, pairwise_wrong: np.ndarray, at_least: int, sign: int, start: np.ndarray, seconds: float
) -> tuple[float, JointLaw, QuadraticCertificate]:
    """Largest (sign 1) or smallest (sign -1) probability of the event: value attained, law, proof."""
    m = len(error_rates)
    i, j = pair_index(m)
    right = np.concatenate([[1.0], np.where(i == j, error_rates[i], pairwise_wrong[i, j])])
    few = [np.zeros((1, m), dtype=bool), np.ones((1, m), dtype=bool), np.eye(m, dtype=bool), ~np.eye(m, dtype=bool)]
    enumerated = m <= ENUMERATED
    master = _Master(right, at_least, sign, interior=not enumerated)
    master.add(np.unique(np.vstack([*few, start]), axis=0))
    known = None if enumerated else _closed_form(error_rates, pairwise_wrong, sign)
    known_limit = np.inf if known is None else sign * float(known.bound(error_rates, pairwise_wrong))
    deadline = monotonic() + seconds
    while True:
        dual = master.solve()
        feasible = master.residual() < _RESIDUAL
        if known is not None and feasible and known_limit - master.value() < _CLOSED / 2:
            return sign * master.value(), master.law(), known
        priced = enumerate_all(dual, m, at_least, sign) if enumerated else local_search(dual, master.patterns)
        converged = priced.worst <= master.tolerance
        if converged and feasible:
            break
        if converged and not master.raise_penalty():
            raise InputError(
                f"pairwise_wrong: no joint law of {m} models has these error rates and pairwise rates; "
                f"the nearest one misses one of them by {master.residual():.3g}"
            )
        stuck = not converged and not master.add(priced.patterns)
        if stuck or (not enumerated and monotonic() > deadline):
            break
    if not enumerated and converged:
        priced = integer_pricing(dual, m, sign, max(5.0, deadline - monotonic()))
    proofs = [] if known is None else [known]
    if priced.proved:
        proofs.append(_certify(dual, priced, m, at_least, sign))
    best = min(proofs, key=lambda proof: sign * proof.bound(error_rates, pairwise_wrong))
    return sign * master.value(), master.law(), best


def _closed_form(error_rates: np.ndarray, pairwise_wrong: np.ndarray, sign: int) -> QuadraticCertificate:
    """A limit on the all-wrong probability that needs no program: it stops the iteration as soon as it is attained."""
    m = len(error_rates)
    if sign < 0:
        return QuadraticCertificate(m, m, "lower", 0, (0,) * len(pair_index(m)[0]), 1, "a probability")
    right = right_moments(error_rates, pairwise_wrong)
    return lattice_bound(right, gallot_kounias(right)[1]).certificate()


class _Master:
    """The restricted program: patterns generated so far, and slacks that make it feasible at a price."""

    def __init__(self, right: np.ndarray, at_least: int, sign: int, interior: bool):
        import highspy

        self.right, self.at_least, self.sign, self.interior = right, at_least, sign, interior
        self.penalty = 10.0
        self.patterns = np.zeros((0, 0), dtype=bool)
        self.seen: set[bytes] = set()
        # An interior solution's duals are central, which takes a tenth of the iterations on large pools; they are also
        # less precise than a vertex's.
        self.tolerance = INTERIOR_TOLERANCE if interior else VERTEX_TOLERANCE
        self.solver = solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        if interior:
            solver.setOptionValue("solver", "ipm")
            solver.setOptionValue("run_crossover", "off")
        else:
            solver.setOptionValue("dual_feasibility_tolerance", VERTEX_TOLERANCE)
            solver.setOptionValue("primal_feasibility_tolerance", VERTEX_TOLERANCE)
        empty = np.array([], dtype=np.int32)
        for value in right:
            solver.addRow(value, value, 0, empty, empty.astype(float))
        for row in range(1, len(right)):
            for slack in (1.0, -1.0):
                solver.addCol(
                    self.penalty, 0.0, highspy.kHighsInf, 1, np.array([row], dtype=np.int32), np.array([slack])
                )
        self.n_slacks = 2 * (len(right) - 1)

    def event(self, patterns: np.ndarray) -> np.ndarray:
        return patterns.sum(axis=1) >= self.at_least

    def add(self, patterns: np.ndarray) -> int:
        """Add new patterns; the number added."""
        import highspy

        fresh = [row for row in patterns if (key := row.tobytes()) not in self.seen and not self.seen.add(key)]
        if not fresh:
            return 0
        block = np.array(fresh)
        i, j = pair_index(block.shape[1])
        columns = np.hstack([np.ones((len(block), 1), dtype=bool), block[:, i] & block[:, j]])
        for column, event in zip(columns, self.event(block), strict=True):
            rows = np.flatnonzero(column).astype(np.int32)
            self.solver.addCol(-self.sign * float(event), 0.0, highspy.kHighsInf, len(rows), rows, np.ones(len(rows)))
        self.patterns = block if not self.patterns.size else np.vstack([self.patterns, block])
        return len(fresh)

    def solve(self) -> np.ndarray:
        """Solve; the dual of sign * P(event) as a maximum: event <= dual @ (1, pairs) on every known pattern."""
        if self.interior:
            self.solver.clearSolver()
        self.solver.run()
        self.solution = np.array(self.solver.getSolution().col_value)
        return -np.array(self.solver.getSolution().row_dual)

    def residual(self) -> float:
        return float(np.abs(self.solution[: self.n_slacks]).max(initial=0.0))

    def value(self) -> float:
        return self.sign * float(self.law().probs @ self.event(self.patterns[self.used()]))

    def used(self) -> np.ndarray:
        return np.flatnonzero(self.solution[self.n_slacks :] > 1e-12)

    def law(self) -> JointLaw:
        used = self.used()
        probs = self.solution[self.n_slacks :][used]
        probs = probs / probs.sum()
        patterns = self.patterns[used]
        i, j = pair_index(patterns.shape[1])
        rates = probs @ (patterns[:, i] & patterns[:, j])
        return JointLaw(patterns, probs, float(np.abs(rates - self.right[1:]).max()))

    def raise_penalty(self) -> bool:
        """Make slacks dearer; False once they are dear enough to conclude that no law exists."""
        if self.penalty >= 1e6:
            return False
        self.penalty *= 100
        for column in range(self.n_slacks):
            self.solver.changeColCost(column, self.penalty)
        return True


def _certify(dual: np.ndarray, priced: Priced, n_models: int, at_least: int, sign: int) -> QuadraticCertificate:
    """Round the dual to integers and raise its constant until it is on the right side of the event everywhere."""
    largest = float(np.abs(dual).max(initial=1.0))
    scale = 2 ** max(0, _DIGITS - int(np.ceil(np.log2(largest))))
    integers = [int(x) for x in np.rint(dual * scale)]
    if n_models <= ENUMERATED:
        form = all_values(np.array(integers[1:], dtype=np.int64), n_models)
        event = sign * scale * (all_counts(n_models) >= at_least)
        integers[0] = int((event - form).max())
    else:
        # Half a unit of rounding per coefficient, on top of what pricing may have missed.
        integers[0] += int(np.ceil(max(0.0, priced.worst) * scale)) + len(dual)
    side = "upper" if sign > 0 else "lower"
    proof = "every pattern checked in integers" if n_models <= ENUMERATED else "mixed-integer bound"
    coefficients = tuple(sign * x for x in integers[1:])
    return QuadraticCertificate(n_models, at_least, side, sign * integers[0], coefficients, scale, proof)
