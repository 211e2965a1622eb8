"""What all votes share: who votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.policies.base import AbstractFitted, Choices, View
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class FittedVote(AbstractFitted):
    """The same weights on every query.

    Attributes:
        kind: of vote, as in `Choices`.
        weights: of the models, >= 0, (m,); a model without weight is not asked.
    """

    kind: Literal["vote", "majority"]
    weights: Float[np.ndarray, " m"]

    def decide(self, view: View) -> Choices:
        """A vote of the members."""
        return Choices(self.kind, np.tile(self.weights, (view.n_queries, 1)))


def check_members(policy: str, members: Any, top_k: Any) -> None:
    """Raise InputError unless at most one of both is given, and is a list of different names or a whole number >= 1."""
    if members is not None:
        named = isinstance(members, Sequence) and not isinstance(members, str)
        if not named or not members or not all(isinstance(name, str) for name in members):
            raise InputError(f"policy.{policy}.members: {members!r} is not a list of model names or null")
        if len(set(members)) < len(members):
            raise InputError(f"policy.{policy}.members: {list(members)!r} names a model twice")
        if top_k is not None:
            raise InputError(f"policy.{policy}: members and top_k both say who votes; one of them must be null")
    if top_k is not None:
        checks.whole(f"policy.{policy}.top_k", top_k, least=1)


def members_of(policy: str, train: Graded, members: Sequence[str] | None, top_k: int | None) -> np.ndarray:
    """Who votes, positions in the order of the matrix: those named, the train-best ``top_k``, else all.

    Raises:
        InputError: a name that no model has, more members than models.
    """
    if members is not None:
        return np.sort([train.model(name, f"policy.{policy}.members") for name in members])
    if top_k is None:
        return np.arange(train.n_models)
    if top_k > train.n_models:
        raise InputError(f"policy.{policy}.top_k: {top_k} of {train.n_models} models")
    # Of equals the first.
    return np.sort(np.argsort(-train.right.sum(axis=0), kind="stable")[:top_k])
