"""What a class of laws makes of a solver that is at its end: another way, None, or an error, and no wrong limit."""

from types import SimpleNamespace
from typing import Any

import pytest

from cofail_lab.bounds.declared import mixing
from cofail_lab.bounds.declared.frechet_class import FrechetClass, Side
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.program import InfeasibleFactsError, Program
from cofail_lab.bounds.declared.targets import target

KNOWN = Known(n_models=3, rates=[0.2, 0.3, 0.4], pairs=[0.1, 0.1, 0.15]).on()
QUESTION = target("all_wrong", KNOWN.pool)
PIECES = QUESTION.pieces(KNOWN.states(QUESTION))


@pytest.fixture
def program() -> Program:
    return Program(KNOWN.states(QUESTION), KNOWN.rows(KNOWN.states(QUESTION)), 1)


@pytest.mark.parametrize("directly", [True, False])
def test_facts_that_no_law_has_end_both_ways_alike(directly: bool) -> None:
    known = Known(n_models=3, rates=0.2, pairs=0.3).on()
    states = known.states(QUESTION)
    with pytest.raises(InfeasibleFactsError, match=r"^HiGHS: infeasible$"):
        Program(states, known.rows(states), 1).maximize(QUESTION.pieces(states), directly=directly)


class Troubled:
    """A solver that does not say where it is before it is asked often enough."""

    def __init__(self, solver: Any, answers_at: int):
        self.solver, self.left, self.options = solver, answers_at, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.solver, name)

    def getModelStatus(self) -> Any:  # noqa: N802
        self.left -= 1
        return self.solver.getModelStatus() if self.left <= 0 else SimpleNamespace(name="kUnknown")

    def setOptionValue(self, name: str, value: Any) -> None:  # noqa: N802
        self.options.append((name, value))
        self.solver.setOptionValue(name, value)


@pytest.mark.parametrize("answers_at", [1, 2, 3, 9])
def test_numerical_trouble_is_met_by_starting_again_twice(program: Program, answers_at: int) -> None:
    """Without presolve, then with it; after that it is an error. The next solution is without it again."""
    expected = program.maximize(PIECES).value
    solver = program._hot.solver = Troubled(program._hot.solver, answers_at)
    if answers_at == 9:
        with pytest.raises(ArithmeticError, match=r"^HiGHS ended as kUnknown: neither limits nor a conflict "):
            program.maximize(PIECES)
    else:
        assert program.maximize(PIECES).value == pytest.approx(expected, abs=1e-12)
    assert solver.options == [("presolve", how) for how in (*["off", "on"][: answers_at - 1], "off")]


def test_time_of_the_solver_is_that_of_its_last_solution(program: Program) -> None:
    program.maximize(PIECES)
    assert 0 < program.solver_seconds == program._hot.solver.getRunTime() < 1


@pytest.mark.parametrize("raised", [True, False])
def test_a_least_committed_law_that_is_not_found_is_none(monkeypatch: pytest.MonkeyPatch, raised: bool) -> None:
    import cvxpy as cp
    from cvxpy.error import SolverError

    def solve(*_: Any, **__: Any) -> None:
        if raised:
            raise SolverError("no")

    assert KNOWN.least_committed(QUESTION) is not None
    monkeypatch.setattr(cp.Problem, "solve", solve)
    monkeypatch.setattr(cp.Problem, "status", "infeasible")
    assert KNOWN.least_committed(QUESTION) is None


def test_a_conflict_that_only_floats_see_is_looked_at_in_rationals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the exact program has a basis its limit is told, though HiGHS had none; else what HiGHS says stands."""

    def infeasible(*_: Any, **__: Any) -> None:
        raise InfeasibleFactsError("HiGHS: no")

    def no_basis(*_: Any) -> None:
        raise ValueError("no basis")

    expected = KNOWN.side(QUESTION, 1).limit
    monkeypatch.setattr(Program, "maximize", infeasible)
    assert KNOWN.side(QUESTION, 1).limit == expected
    monkeypatch.setattr("cofail_lab.bounds.declared.exact.finish", no_basis)
    with pytest.raises(InfeasibleFactsError, match=r"^HiGHS: infeasible$"):
        KNOWN.side(QUESTION, 1)


def test_a_finer_grid_on_which_the_solver_is_at_its_end_leaves_the_limit_that_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = Known(n_models=10, moments=[0.335, 0.1355, 0.0756], extendible=list(range(10))).on()
    question = target("all_wrong", known.pool)
    best = known.side(question, 1).limit
    solve, sides = FrechetClass._solve, []

    def once(self: FrechetClass, *given: Any) -> Side:
        if sides:
            raise InfeasibleFactsError("HiGHS: infeasible")
        sides.append(solve(self, *given))
        return sides[0]

    monkeypatch.setattr(FrechetClass, "_solve", once)
    found = known.side(question, 1)
    assert found is sides[0] and best < found.limit < best + 0.01


def test_nodes_are_sought_in_a_few_rounds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs at the square of the rate have one law, at .3: found at once, near enough, or not at all."""
    known = Known(n_models=3, rates=0.3, pairs=0.09, extendible=[0, 1, 2]).on()
    states = known.states(target("all_wrong", known.pool))
    rows = known.rows(states)

    def nearest() -> float | None:
        nodes = mixing.nodes_of_a_law(states, rows)
        return None if nodes is None else min(abs(node - 0.3) for node in nodes)

    first = nearest()
    assert first is not None and first < 1e-9
    # Without a law that is near enough, it goes on until nothing is left to add, and has what is near.
    tried, refined = [], mixing.refined
    monkeypatch.setattr(mixing, "refined", lambda *given: (tried.append(given), refined(*given))[1])
    monkeypatch.setattr(mixing, "_MET", -1.0)
    for rounds, found, n_tried in ((40, first, 14), (4, first, 4), (1, None, 1), (0, None, 0)):
        tried.clear()
        monkeypatch.setattr(mixing, "_ROUNDS", rounds)
        assert nearest() == found
        assert len(tried) == n_tried or 4 < len(tried) < rounds
