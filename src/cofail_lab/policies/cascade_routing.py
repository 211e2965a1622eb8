"""`cascade_routing`: after each answer, stop, or ask the model that is worth its dollars by what is known so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.decisions import budget_frontier
from cofail_lab.errors import InputError
from cofail_lab.policies.base import AbsentPolicyError, AbstractFitted, AbstractPolicy, Choices, View
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.probabilities import Inputs, Predictor, boosted, regressed
from cofail_lab.policies.voting import check_members

MOST_MEMBERS = 4
"""There are 3^k - 2^k pairs of a state and a superset, each with a predictor of its own."""

State = tuple[int, ...]
"""Who has answered: places among the members, increasing."""


@dataclass(frozen=True)
class CascadeRouting(AbstractPolicy):
    """The states are the sets of members that have answered; from each the set that is worth most is aimed at.

    A set is worth the expected maximum of P(right) over its members, less the price of those not asked yet; P(right) is
    learned in each set from the answers in it, and its expected maximum from what is known before. A maximum of
    estimates is too high by their noise: it is an upper baseline, which decides and is never reported. What counts is
    the answer given, that of the member that is most likely right when the policy stops.

    Attributes:
        members: two to four names; None for the last three corners of the hull of accuracy against price.
        price: accuracy that a dollar must buy, >= 0; None for what it buys on the hull's last edge.
    """

    members: Sequence[str] | None
    price: float | None

    def __post_init__(self) -> None:
        check_members("cascade_routing", self.members, None)
        if self.members is not None and not 2 <= len(self.members) <= MOST_MEMBERS:
            raise InputError(
                f"policy.cascade_routing.members: {len(self.members)} names; 2 to {MOST_MEMBERS} are accepted"
            )
        if self.price is not None:
            checks.number("policy.cascade_routing.price", self.price)
            if self.price < 0:
                raise InputError(f"policy.cascade_routing.price: {self.price!r} is below 0")

    def fit(self, train: Graded, seed: int) -> FittedRouting:
        """Learn what the members are worth in every state.

        Raises:
            AbsentPolicyError: no costs, or no two corners of the hull.
        """
        if train.prices is None:
            raise AbsentPolicyError("there are no costs")
        hull = budget_frontier(train.accuracy[None], train.prices, np.ones(1))
        corners = [int(hull.start[0]), *hull.steps[:, 2].tolist()][-3:]
        if len(corners) < 2 and (self.members is None or self.price is None):
            raise AbsentPolicyError(f"{train.models[corners[0]]}, the best model, is the cheapest too")
        members = corners
        if self.members is not None:
            members = [train.model(name, "policy.cascade_routing.members") for name in self.members]
        inputs = Inputs.of(train.features)
        states = _states(len(members))
        known = {s: inputs.after(train.features, train, [members[i] for i in s]) for s in ((), *states)}
        right = {s: [boosted(known[s], train.right[:, members[i]], seed) for i in s] for s in states}
        reached = {s: np.max([learned(known[s]) for learned in right[s]], axis=0) for s in states}
        value = {
            (now, then): regressed(known[now], reached[then], seed)
            for now in ((), *states)
            for then in states
            if set(now) < set(then)
        }
        price = float(hull.slopes[-1]) if self.price is None else self.price
        return FittedRouting(tuple(members), train.prices[members] * price, inputs, right, value)


@dataclass(frozen=True)
class FittedRouting(AbstractFitted):
    """What is learned of the members.

    Attributes:
        members: positions of the models.
        toll: what each member costs, in accuracy, (k,).
        inputs: what the predictors are given.
        right: P(right) of the members of each state, in its order.
        value: of each larger set, as seen from a state.
    """

    members: State
    toll: Float[np.ndarray, " k"]
    inputs: Inputs
    right: Mapping[State, Sequence[Predictor]]
    value: Mapping[tuple[State, State], Predictor]

    def decide(self, view: View) -> Choices:
        """Ask members one by one, of a set aimed at the cheapest first, until no larger set is worth its price."""
        members = np.array(self.members)
        asked = np.zeros((view.n_queries, len(members)), dtype=bool)
        pick = np.zeros(view.n_queries, dtype=int)
        going = np.ones(view.n_queries, dtype=bool)
        while going.any():
            mask = np.zeros((view.n_queries, view.n_models), dtype=bool)
            mask[:, members] = asked
            answers = view.call(mask)
            # The states of this round: who is asked in it answers in the next one.
            answered = asked.copy()
            for state in ((), *_states(len(members))):
                here = np.flatnonzero(going & (answered == np.isin(np.arange(len(members)), state)).all(axis=1))
                if not here.size:
                    continue
                known = self.inputs.after(view.features, answers, [self.members[i] for i in state])[here]
                following, best = self._next(state, known)
                stops = following < 0
                pick[here[stops]] = members[best[stops]]
                going[here[stops]] = False
                asked[here[~stops], following[~stops]] = True
        return Choices.pick(pick, view.n_models)

    def _next(self, state: State, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whom to ask next (-1 to stop), and who is most likely right among those who answered."""
        larger = [then for now, then in self.value if now == state]
        worth = [self.value[state, then](known) - sum(self.toll[i] for i in then if i not in state) for then in larger]
        cheapest = [min((i for i in then if i not in state), key=lambda i: self.toll[i]) for then in larger]
        best = np.zeros(len(known), dtype=int)
        if state:
            sure = np.array([learned(known) for learned in self.right[state]])
            best = np.array(state)[sure.argmax(axis=0)]
            # A tie stops.
            worth, cheapest = [sure.max(axis=0), *worth], [-1, *cheapest]
        return np.array(cheapest)[np.argmax(worth, axis=0)], best


def _states(k: int) -> list[State]:
    """All sets of k members but the empty one, smaller ones first."""
    return [state for size in range(1, k + 1) for state in combinations(range(k), size)]
