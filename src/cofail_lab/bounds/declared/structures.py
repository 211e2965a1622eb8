"""Facts that shape a law rather than fix a number: interchangeable, extendible, given a factor, independent groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float

from cofail_lab.bounds.declared.facts import Rows, set_labels
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.states import Block, Sparse, States

GRID = 129
"""Error rates of the first grid of a mixing law; more are added where the certificate asks for them."""


@dataclass(frozen=True)
class Interchangeable:
    """Any exchange of these models leaves the joint law as it is."""

    models: tuple[int, ...]
    kind: str = "interchangeable"

    def labels(self, pool: Pool) -> np.ndarray:
        """No model of the block is told apart by this."""
        return set_labels([self.models], pool)

    def rows(self, states: States) -> None:
        """None: the atoms have it."""
        del states

    def block(self) -> Block:
        """Its models with their atoms."""
        return Block(self.models, "interchangeable")


@dataclass(frozen=True)
class Extendible(Interchangeable):
    """Interchangeable, and so is every longer sequence of such models: a mixture over one error rate (de Finetti)."""

    kind: str = "extendible"

    def block(self) -> Block:
        """Its models on a grid of error rates, denser at both ends."""
        return Block(self.models, "extendible", np.sin(np.linspace(0, np.pi / 2, GRID))[:, None] ** 2)


@dataclass(frozen=True, eq=False)
class Factor:
    """Models that err independently given a factor with stated nodes; its weights are unknown.

    Attributes:
        models: b of them.
        nodes: error rate of each model at each node, (nodes, b).
    """

    models: tuple[int, ...]
    nodes: Float[np.ndarray, "k b"]
    kind: str = "factor"

    def labels(self, pool: Pool) -> np.ndarray:
        """Models with the same rates at every node are not told apart."""
        kinds = np.unique(self.nodes, axis=1, return_inverse=True)[1].reshape(-1)
        return set_labels([[self.models[i] for i in np.flatnonzero(kinds == k)] for k in range(kinds.max() + 1)], pool)

    def rows(self, states: States) -> None:
        """None: the atoms have it."""
        del states

    def block(self) -> Block:
        """Its models with one atom a node."""
        return Block(self.models, "factor", self.nodes)


@dataclass(frozen=True)
class Independent:
    """Groups of models that err independently of each other.

    Independence is no linear condition. What is linear: whatever the answers of the other groups, a group still has
    every fact that is known of it alone. Limits from this are outer unless the law that attains them is a product.
    """

    groups: tuple[tuple[int, ...], ...]

    def labels(self, pool: Pool) -> np.ndarray:
        """By group."""
        return set_labels(self.groups, pool)

    def rows(self, states: States) -> None:
        """None: its rows follow from those of the other facts."""
        del states

    def conditioned(self, states: States, facts: Sequence[Rows]) -> list[Rows]:
        """Every unconditional row that lies in one group, once for each answer of the other groups."""
        found = []
        for number, group in enumerate(self.groups):
            others = [model for other, members in enumerate(self.groups) if other != number for model in members]
            part = states.patterns_of(others)
            answers: Sparse = sp.csr_matrix((np.ones(len(part)), (part, np.arange(len(part)))))
            for rows in facts:
                inside = [r for r, models in enumerate(rows.models) if models and models <= set(group)]
                if inside and rows.given is None:
                    found.append(_given_answers(rows, inside, answers))
        return found

    def within_a_group(self, models: Sequence[int]) -> bool:
        """Whether one group has all of some models."""
        return any(set(models) <= set(group) for group in self.groups)

    def product(self, states: States, law: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"] | None:
        """The law with the same groups, made independent; None where models outside the groups stand beside them."""
        if sum(map(len, self.groups)) < states.pool.n_models or states.pool.n_cells > 1:
            return None
        made = np.ones(states.n_states)
        for group in self.groups:
            part = states.patterns_of(group)
            made *= np.bincount(part, law)[part]
        return made


def _given_answers(rows: Rows, inside: list[int], answers: Sparse) -> Rows:
    n, k = answers.shape[0], len(inside)
    value: Sparse = sp.vstack([answers.multiply(rows.value[r].toarray()) for r in inside], format="csr")
    return Rows(
        "independent",
        tuple(f"{rows.labels[r]} whatever the other groups answer" for r in inside for _ in range(n)),
        value,
        np.repeat(rows.low[inside], n),
        np.repeat(rows.high[inside], n),
        tuple(rows.models[r] for r in inside for _ in range(n)),
        sp.csr_matrix(sp.vstack([answers] * k, format="csr")),
    )
