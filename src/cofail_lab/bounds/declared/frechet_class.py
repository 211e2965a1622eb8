"""A Fréchet class: all joint laws of errors with some facts, and the limits of a target over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from math import prod

import numpy as np

from cofail_lab.bounds.declared import exact
from cofail_lab.bounds.declared.answer import DeclaredRange, Law
from cofail_lab.bounds.declared.certificate import Certificate, certify
from cofail_lab.bounds.declared.facts import Fact, Rows, SetRates, joint_labels, set_labels
from cofail_lab.bounds.declared.mixing import WIDTH, nodes_of_a_law, refined
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.program import InfeasibleFactsError, Program, Solved
from cofail_lab.bounds.declared.states import Block, States
from cofail_lab.bounds.declared.structures import Factor, Independent, Interchangeable
from cofail_lab.bounds.declared.targets import Target
from cofail_lab.bounds.exact_simplex import InfeasibleError
from cofail_lab.bounds.rounding import round_up
from cofail_lab.errors import InputError

# A limit counts as sharp where its law comes this near to it and misses no fact by more.
_ATTAINED = 1e-7
# Rounds in which a mixing law's grid may be refined, and the gap that is left then.
_REFINEMENTS, _CLOSED = 25, 2e-8


@dataclass(frozen=True, eq=False)
class Side:
    """One solved side: the greatest mean, with its law and proof."""

    limit: float
    law: Law
    certificate: Certificate


@dataclass(eq=False)
class FrechetClass:
    """All joint laws with some facts.

    Attributes:
        pool: the models.
        facts: what is known; none leaves every law.
    """

    pool: Pool
    facts: tuple[Fact, ...]
    _programs: dict[tuple, Program] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        taken: set[int] = set()
        for fact in self.structures:
            if again := taken & set(fact.models):
                raise InputError(
                    f"known.{fact.kind}: model {self.pool.name(min(again))} is in another structure already; one of "
                    "interchangeable, extendible and factor is accepted for each model"
                )
            taken |= set(fact.models)
        if sum(fact.kind == "extendible" for fact in self.structures) > 1:
            raise InputError("known.extendible: more than one group; one is accepted")

    @property
    def structures(self) -> list[Interchangeable | Factor]:
        """The facts that shape atoms."""
        return [fact for fact in self.facts if isinstance(fact, Interchangeable | Factor)]

    def given(self, *facts: Fact) -> FrechetClass:
        """The class with more facts."""
        return FrechetClass(self.pool, (*self.facts, *facts))

    def range(self, target: Target) -> DeclaredRange:
        """Both limits of a target.

        Raises:
            InputError: no law has the facts; the message names a smallest set of them that contradict each other.
        """
        from cofail_lab.bounds.declared import fast
        from cofail_lab.bounds.declared.conflict import explain

        if (known := fast.limits(self, target)) is not None:
            return known
        try:
            upper = self.side(target, 1)
            lower = [self.side(piece, -1) for piece in self.lower_targets(target)]
        except InfeasibleFactsError:
            raise InputError(explain(self, target)) from None
        least = max(lower, key=lambda side: side.limit)
        states = upper.certificate.states
        attained = max(upper.limit - upper.law.value, least.limit + least.law.value)
        sharp = attained < _ATTAINED and max(upper.law.residual, least.law.residual) < _ATTAINED
        # Both hold; those of a thin class may cross by the tolerance up to which its facts are met.
        high = min(1.0, upper.limit)
        low = min(max(0.0, -least.limit), high)
        proof = "in rationals" if upper.certificate.exact and least.certificate.exact else "violations charged"
        return DeclaredRange(
            target,
            low,
            high,
            sharp,
            f"linear program over {states.n_states:,} {_kind(states)}, {proof}",
            least.law,
            upper.law,
            (*(side.certificate for side in lower), upper.certificate),
        )

    def lower_targets(self, target: Target) -> list[Target]:
        """Targets of one piece: the lower limit of a target is the least of theirs."""
        if not target.singled:
            return [target]
        known = {
            model
            for fact in self.facts
            if isinstance(fact, SetRates) and fact.kind == "rates"
            for (model,), ends in fact.table.items()
            if ends.exact
        }
        alike, found = self.labels(target), {}
        for k, model in enumerate(target.singled):
            # A known rate is a constant: models that no fact tells apart then have the same lower limit.
            alone = () if model in known else (model,)
            piece = partial(_piece, target, k)
            sets = (*target.sets, alone) if alone else target.sets
            found.setdefault((alone, int(alike[model])), replace(target, pieces=piece, sets=sets, singled=()))
        return list(found.values())

    def side(self, target: Target, sign: int) -> Side:
        """The upper limit of a target (sign 1), or that of minus a target with one piece (sign -1).

        Raises:
            InfeasibleFactsError: no law has the facts.
        """
        states, added, thin = self.states(target), (), False
        side: Side | None = None
        for round_ in count(1):
            program = self.program(states, target, added, thin)
            try:
                side = self._solve(program, sign * target.pieces(program.states), sign)
            except InfeasibleFactsError:
                if side is not None:
                    # A finer grid only has more laws: the solver is at its end, the limit holds.
                    return side
                mixed = any(block.kind == "extendible" for block in states.blocks)
                found = nodes_of_a_law(states, program.rows) if mixed and not thin else None
                if found is None:
                    raise
                added, thin = found, True
                continue
            gap = side.limit - sign * side.law.value
            if gap < _CLOSED or not side.certificate.worst_nodes or round_ == _REFINEMENTS:
                return side
            added = tuple(sorted({*added, *side.certificate.worst_nodes}))
        raise AssertionError("the loop above returns")

    def _solve(self, program: Program, pieces: np.ndarray, sign: int) -> Side:
        states, rows = program.states, program.rows
        small = len(pieces) == 1 and exact.fits(states, rows)
        solved: Solved | None = None
        try:
            solved = program.maximize(pieces)
        except InfeasibleFactsError:
            if not small:
                raise
        if small:
            try:
                done = exact.finish(states, rows, pieces[0], None if solved is None else solved.law)
            except InfeasibleError as error:
                raise InfeasibleFactsError("no law, in rationals") from error
            except ValueError:
                # Facts that follow from others leave no basis to finish.
                pass
            else:
                proof = Certificate(
                    states, rows, pieces, sign, np.ones(1), tuple(done.multipliers), round_up(done.value), True
                )
                return Side(proof.limit, self._law(states, rows, done.law, sign * pieces), proof)
        if solved is None:
            raise InfeasibleFactsError("HiGHS: infeasible")
        proof = certify(states, rows, pieces, sign, solved.weights, solved.multipliers)
        return Side(proof.limit, self._law(states, rows, states.atoms @ solved.law, sign * pieces), proof)

    def _law(self, states: States, rows: Sequence[Rows], probs: np.ndarray, pieces: np.ndarray) -> Law:
        for fact in self.facts:
            made = None
            # A structure across groups is lost where these are made independent.
            if isinstance(fact, Independent) and all(fact.within_a_group(shape.models) for shape in self.structures):
                made = fact.product(states, probs)
            if made is not None and max(np.abs(pieces @ (made - probs)).max(), _residual(rows, made)) < _ATTAINED:
                probs = made
        residual = _residual(rows, probs)
        for fact in self.facts:
            if isinstance(fact, Independent):
                made = fact.product(states, probs)
                residual = max(residual, 1.0 if made is None else float(np.abs(made - probs).max()))
        used = np.flatnonzero(probs > 0)
        return Law(
            states.sizes,
            tuple(members for groups in states.groups for members in groups),
            states.n_wrong_in[used],
            states.cell[used],
            probs[used],
            float((pieces @ probs).min()),
            residual,
        )

    def least_committed(self, target: Target) -> Law | None:
        """The law with the facts that has the greatest entropy; None where it is not found."""
        states = self.states(target)
        program = self.program(states, target)
        probs = program.least_committed()
        return None if probs is None else self._law(program.states, program.rows, probs, target.pieces(states))

    def labels(self, target: Target) -> np.ndarray:
        """A label per model, equal for models that neither the facts nor the target tell apart, (m,)."""
        shaped = [set_labels([fact.models], self.pool) for fact in self.structures]
        asked = [fact.labels(self.pool) for fact in self.facts]
        return joint_labels([*asked, *shaped, set_labels(target.sets, self.pool)])

    def n_states(self, target: Target) -> int:
        """Number of states that facts and target tell apart."""
        inside = np.full(self.pool.n_models, -1)
        for number, fact in enumerate(self.structures):
            inside[list(fact.models)] = number
        sizes = np.bincount(joint_labels([self.labels(target), inside]))
        return prod(int(size) + 1 for size in sizes) * self.pool.n_cells

    def states(self, target: Target) -> States:
        """The states that facts and target tell apart."""
        blocks = [fact.block() for fact in self.structures]
        inside = {model for block in blocks for model in block.models}
        free = tuple(model for model in range(self.pool.n_models) if model not in inside)
        return States(self.pool, [*([Block(free)] if free else []), *blocks], self.labels(target))

    def rows(self, states: States) -> list[Rows]:
        """The inequalities of all facts."""
        found = [rows for fact in self.facts if (rows := fact.rows(states)) is not None]
        for fact in self.facts:
            if isinstance(fact, Independent):
                found += fact.conditioned(states, tuple(found))
        return found

    def program(self, states: States, target: Target, added: tuple[float, ...] = (), thin: bool = False) -> Program:
        """The CVXPY problem over some states; the same one for the same groups, so that it is built once.

        Args:
            states: of the laws.
            target: what is asked.
            added: error rates that the grid of a mixing law has besides its own.
            thin: whether the rows are opened a little, for a class with hardly any law.
        """
        n_pieces = len(target.pieces(states))
        key = (tuple(map(tuple, states.groups)), n_pieces, added, thin)
        if key not in self._programs:
            if added:
                states = refined(states, added)
            made = Program(states, self.rows(states), n_pieces, loose=thin)
            for low, high in made.limits if thin else ():
                low.value, high.value = low.value - WIDTH, high.value + WIDTH
            self._programs[key] = made
        return self._programs[key]


def _piece(target: Target, k: int, states: States) -> np.ndarray:
    return target.pieces(states)[k : k + 1]


def _residual(rows: Sequence[Rows], probs: np.ndarray) -> float:
    worst = 0.0
    for fact in rows:
        value, given = fact.value @ probs, np.ones(1) if fact.given is None else fact.given @ probs
        worst = max(worst, float(np.maximum(fact.low * given - value, value - fact.high * given).max(initial=0.0)))
    return worst


def _kind(states: States) -> str:
    if len(states.sizes) == 1:
        return "counts"
    return "patterns" if (states.sizes == 1).all() else "group counts"
