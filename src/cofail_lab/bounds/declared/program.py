"""One CVXPY problem for a class of laws: facts are constraints, a target is the objective, values are parameters.

The problem is canonicalised once. Whatever is asked of it afterwards (the other limit, another value of a fact, a fact
left out) changes only numbers in the data that CVXPY hands to HiGHS, and HiGHS goes on from the solution that it has.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float

from cofail_lab.bounds.declared.facts import Rows
from cofail_lab.bounds.declared.states import Sparse, States

if TYPE_CHECKING:
    import cvxpy as cp

OPTIONS = {"presolve": "off", "solver": "simplex", "primal_feasibility_tolerance": 1e-10}
_DUAL_TOLERANCE = ("dual_feasibility_tolerance", 1e-10)
# Values of a row that leave everything open: every row's function lies between 0 and `given`.
OPEN = (-1.0, 2.0)


class InfeasibleFactsError(ArithmeticError):
    """No law has these facts, as far as a float program can tell."""


class Solved(NamedTuple):
    """One solved side.

    Attributes:
        value: greatest mean of the least of the pieces.
        law: probability of every atom.
        multipliers: one for each row of each fact; positive ones price its high end, negative ones its low end.
        weights: of the pieces, >= 0, summing to one.
    """

    value: float
    law: Float[np.ndarray, " a"]
    multipliers: list[Float[np.ndarray, " r"]]
    weights: Float[np.ndarray, " k"]


class Line(NamedTuple):
    """The right side of CVXPY's data on a line: that at value 0 and that at value 1 of a fact."""

    start: np.ndarray
    end: np.ndarray

    def at(self, value: float) -> np.ndarray:
        """The right side at any value."""
        return self.start + value * (self.end - self.start)


class _Priced(NamedTuple):
    """A constraint on some rows of a fact: their value (0), their high end (1) or their low end (-1)."""

    rows: np.ndarray
    end: int
    constraint: cp.Constraint


class Program:
    """The laws with some facts, over the atoms of some states.

    Attributes:
        states: of the laws.
        rows: the facts' inequalities.
        limits: per fact, the two CVXPY parameters with the ends of its rows; their values may be changed.
    """

    def __init__(self, states: States, rows: Sequence[Rows], pieces: int = 1, loose: bool = False):
        """Build and check the problem.

        Args:
            states: of the laws.
            rows: the facts' inequalities.
            pieces: number of functions whose least mean is maximized.
            loose: exact values are written as two inequalities, so that their ends can be moved apart.
        """
        import cvxpy as cp

        self.states, self.rows, self.n_pieces = states, tuple(rows), pieces
        n = states.atoms.shape[1]
        self._law, self._cost = cp.Variable(n, nonneg=True), cp.Parameter((pieces, n))
        self.limits: list[tuple[Any, Any]] = [
            (cp.Parameter(len(r.low), value=r.low), cp.Parameter(len(r.high), value=r.high)) for r in rows
        ]
        self._constraints: list[list[_Priced]] = []
        for fact, (low, high) in zip(rows, self.limits, strict=True):
            exact = np.zeros(len(fact.low), dtype=bool) if loose else fact.low == fact.high
            parts = []
            for chosen, ends in ((np.flatnonzero(exact), (0,)), (np.flatnonzero(~exact), (-1, 1))):
                if chosen.size:
                    value = sp.csr_matrix(states.on_atoms(fact.value[chosen])) @ self._law
                    given = (
                        None if fact.given is None else sp.csr_matrix(states.on_atoms(fact.given[chosen])) @ self._law
                    )
                    for end in ends:
                        limit = (high if end > 0 else low)[chosen]
                        # A difference: Python would ask the right side first where it is of a finer type, and turn
                        # the sign of the dual.
                        excess = value - (limit if given is None else cp.multiply(limit, given))
                        one = excess == 0 if end == 0 else excess <= 0 if end > 0 else excess >= 0
                        parts.append(_Priced(chosen, end, one))
            self._constraints.append(parts)
        self._total = cp.sum(self._law) == 1
        facts: list[Any] = [self._total, *(one for parts in self._constraints for _, _, one in parts)]
        if pieces == 1:
            objective: cp.Expression = self._cost[0] @ self._law
            self._least: list[cp.Constraint] = []
        else:
            objective = cp.Variable()
            self._least = [objective <= self._cost @ self._law]
        self.problem = cp.Problem(cp.Maximize(objective), [*facts, *self._least])
        if not self.problem.is_dpp():
            raise ArithmeticError("the program of these facts is not DPP")

    def line(self, fact: int) -> Line | None:
        """How the data depend on the value of a fact's one row; None where more than their right side does.

        Args:
            fact: its place among `rows`.
        """
        import cvxpy as cp

        kept, ends = [parameter.value for parameter in self.limits[fact]], []
        for value in (0.0, 1.0):
            for parameter in self.limits[fact]:
                parameter.value = np.array([value])
            ends.append(self.problem.get_problem_data(cp.HIGHS)[0])
        for parameter, value in zip(self.limits[fact], kept, strict=True):
            parameter.value = value
        same = np.array_equal(sp.csc_matrix(ends[0]["A"]).data, sp.csc_matrix(ends[1]["A"]).data)
        return Line(np.asarray(ends[0]["b"]), np.asarray(ends[1]["b"])) if same else None

    def maximize(
        self, pieces: Float[np.ndarray, "k s"], directly: bool = True, right: np.ndarray | None = None
    ) -> Solved:
        """Greatest mean, over the laws, of the least of some functions of the state.

        Args:
            pieces: the functions, (pieces, states).
            directly: by HiGHS on CVXPY's data, from its last solution; else all of it by CVXPY, from the start.
            right: right side of CVXPY's data, where nothing else in them has changed since the last solution.

        Raises:
            InfeasibleFactsError: no law has the facts.
        """
        if right is None:
            self._cost.value = self.states.on_atoms(np.atleast_2d(pieces))
        if directly:
            if not self._hot.run(right):
                raise InfeasibleFactsError("HiGHS: infeasible")
        else:
            import cvxpy as cp

            self.problem.solve(solver=cp.HIGHS, warm_start=False, highs_options={**OPTIONS, _DUAL_TOLERANCE[0]: 1e-10})
        if self.problem.status not in ("optimal", "optimal_inaccurate"):
            raise InfeasibleFactsError(f"HiGHS: {self.problem.status}")
        multipliers = []
        for fact, parts in zip(self.rows, self._constraints, strict=True):
            prices = np.zeros(len(fact.low))
            for chosen, end, constraint in parts:
                prices[chosen] += np.asarray(constraint.dual_value) * (end or 1)
            multipliers.append(prices)
        weights = np.maximum(np.asarray(self._least[0].dual_value), 0) if self._least else np.ones(1)
        law = np.maximum(np.asarray(self._law.value), 0)
        return Solved(float(self.problem.value), law / law.sum(), multipliers, weights / weights.sum())  # type: ignore[arg-type]

    def least_committed(self) -> Float[np.ndarray, " s"] | None:
        """The law with the facts and the greatest entropy over patterns; None where the solver does not find it."""
        import cvxpy as cp
        from cvxpy.error import SolverError

        ways = self.states.log_patterns() if self.states.free else np.zeros(self._law.size)
        entropy = cp.sum(cp.entr(self._law)) + (ways - ways.max()) @ self._law
        problem = cp.Problem(cp.Maximize(entropy), [one for one in self.problem.constraints if one not in self._least])
        with warnings.catch_warnings():
            # What it is for is a guess.
            warnings.filterwarnings("ignore", "Solution may be inaccurate")
            try:
                problem.solve(solver=cp.CLARABEL)
            except SolverError:
                return None
        if problem.status not in ("optimal", "optimal_inaccurate"):
            return None
        law = np.maximum(np.asarray(self._law.value), 0)
        return self.states.atoms @ (law / law.sum())

    @property
    def solver_seconds(self) -> float:
        """Time that HiGHS itself took for the last solution."""
        return float(self._hot.solver.getRunTime())

    @cached_property
    def _hot(self) -> _Hot:
        return _Hot(self.problem)


class _Hot:
    """HiGHS kept with its basis; its numbers follow the parameters of a CVXPY problem."""

    def __init__(self, problem: cp.Problem):
        import highspy

        self.problem, self.solver = problem, highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        for name, value in (*OPTIONS.items(), _DUAL_TOLERANCE):
            self.solver.setOptionValue(name, value)
        self.known: dict[str, Any] | None = None
        self.way_back: list[Any] = []

    def run(self, right: np.ndarray | None = None) -> bool:
        """Solve at the present values of the parameters; the CVXPY problem gets the solution, if there is one.

        Args:
            right: right side of the data, where nothing else has changed; None asks CVXPY for all of them.
        """
        import cvxpy as cp

        if right is None:
            data, *self.way_back = self.problem.get_problem_data(cp.HIGHS)
            self._follow(data)
        else:
            self._move(right)
        self.solver.run()
        for presolve in ("off", "on"):
            if self.solver.getModelStatus().name in ("kOptimal", "kInfeasible"):
                break
            # Numerical trouble on the way from the old basis: once more from the start, at last with presolve.
            self.solver.clearSolver()
            self.solver.setOptionValue("presolve", presolve)
            self.solver.run()
        self.solver.setOptionValue("presolve", OPTIONS["presolve"])
        status = self.solver.getModelStatus().name
        if status == "kInfeasible":
            return False
        if status != "kOptimal":
            raise ArithmeticError(f"HiGHS ended as {status}: neither limits nor a conflict of the facts were found")
        results = {
            "solution": self.solver.getSolution(),
            "basis": self.solver.getBasis(),
            "info": self.solver.getInfo(),
            "model_status": "kOptimal",
            "run_time": self.solver.getRunTime(),
        }
        self.problem.unpack_results(results, *self.way_back)
        return True

    def _follow(self, data: dict[str, Any]) -> None:
        """Give the solver what has changed."""
        n_equal, inf = data["dims"].zero, self.solver.inf
        matrix: Sparse
        matrix, upper, cost = sp.csc_matrix(data["A"]), np.asarray(data["b"], dtype=float), np.asarray(data["c"])
        lower = np.where(np.arange(len(upper)) < n_equal, upper, -inf)
        known = self.known
        self.known = {"matrix": matrix, "upper": upper, "cost": cost, "n_equal": n_equal}
        if known is None or not np.array_equal(known["matrix"].data, matrix.data):
            self._pass(data, matrix, lower, upper, cost)
            return
        self.known["upper"] = known["upper"]
        self._move(upper)
        if (columns := np.flatnonzero(known["cost"] != cost)).size:
            self.solver.changeColsCost(len(columns), columns.astype(np.int32), cost[columns])

    def _move(self, upper: np.ndarray) -> None:
        """Give the solver the right sides that have changed."""
        known = self.known or {}
        for row in np.flatnonzero(known["upper"] != upper):
            high = float(upper[row])
            self.solver.changeRowBounds(int(row), high if row < known["n_equal"] else -self.solver.inf, high)
        known["upper"] = upper

    def _pass(
        self, data: dict[str, Any], matrix: Sparse, lower: np.ndarray, upper: np.ndarray, cost: np.ndarray
    ) -> None:
        import highspy

        basis = self.solver.getBasis() if self.solver.getNumCol() else None
        model, inf = highspy.HighsLp(), self.solver.inf
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_ = cost
        model.col_lower_ = np.full(matrix.shape[1], -inf) if data["lower_bounds"] is None else data["lower_bounds"]
        model.col_upper_ = np.full(matrix.shape[1], inf) if data["upper_bounds"] is None else data["upper_bounds"]
        model.row_lower_, model.row_upper_ = lower, upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        self.solver.passModel(model)
        if basis is not None and basis.valid:
            self.solver.setBasis(basis)
