"""What a law is a law of: states, each a number of wrong models per group, and the atoms that laws are mixtures of.

Models that no fact tells apart form a group, and only the number of wrong in it counts: with groups of one model the
states are the 2^m patterns, with a single group the counts 0..m. A block of models with a structure (interchangeable, a
mixture over error rates, independent given a factor) has fewer atoms than states; each atom is itself a law of the
block's states, so that every law of the class is a mixture of atoms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, prod
from typing import Any

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int
from scipy.special import gammaln

from cofail_lab.bounds.block_lp import LARGEST
from cofail_lab.bounds.declared.bernstein import binomial_table
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.errors import InputError

Sparse = Any
"""A SciPy matrix in compressed rows; its stubs know too many classes for one."""


@dataclass(frozen=True, eq=False)
class Block:
    """Models with a structure of their own.

    Attributes:
        models: those of the block.
        kind: ``free``, ``interchangeable``, ``extendible`` or ``factor``.
        nodes: error rates of the models given the factor, (nodes, models); of an extendible block the grid, (nodes, 1).
    """

    models: tuple[int, ...]
    kind: str = "free"
    nodes: Float[np.ndarray, "k b"] | None = None


class States:
    """All states of a pool whose groups are known, and its atoms.

    Attributes:
        pool: the models.
        blocks: a partition of the models.
        groups: per block, its groups of models; states are ordered as these are.
        n_wrong_in: number of wrong in each group, (states, groups).
        cell: cell of each state, (states,).
        atoms: probability of every state in every atom, (states, atoms), sparse.
    """

    def __init__(self, pool: Pool, blocks: Sequence[Block], label: Int[np.ndarray, " m"]):
        self.pool, self.blocks = pool, tuple(blocks)
        self.groups = [_grouped(block.models, label) for block in self.blocks]
        sizes = [len(members) for groups in self.groups for members in groups]
        n_states = prod(size + 1 for size in sizes) * pool.n_cells
        if n_states > LARGEST:
            raise InputError(
                f"known: these facts tell apart {n_states:.3g} states of the pool, at most {LARGEST:,} can be solved"
            )
        axes = [np.arange(size + 1) for size in sizes] + [np.arange(pool.n_cells)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(n_states, len(axes))
        self.n_wrong_in, self.cell = grid[:, :-1], grid[:, -1]
        self.sizes = np.array(sizes)
        self.group_of = np.empty(pool.n_models, dtype=int)
        for number, members in enumerate(members for groups in self.groups for members in groups):
            self.group_of[list(members)] = number

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.cell)

    @cached_property
    def atoms(self) -> Sparse:
        """Probability of each state in each atom."""
        matrix: Sparse = sp.csr_matrix(np.ones((1, 1)))
        for block, groups in zip(self.blocks, self.groups, strict=True):
            matrix = sp.kron(matrix, _atoms_of(block, [len(members) for members in groups], groups), format="csr")
        return sp.csr_matrix(sp.kron(matrix, sp.identity(self.pool.n_cells), format="csr"))

    def on_atoms(self, functions: Any) -> Any:
        """Means of functions of the state in every atom: functions one a row, (rows, states), dense or sparse."""
        return functions if self.free else functions @ self.atoms

    def n_atoms_of(self, block: int) -> int:
        """Number of atoms of a block."""
        return _atoms_of(self.blocks[block], [len(g) for g in self.groups[block]], self.groups[block]).shape[1]

    @property
    def free(self) -> bool:
        """Whether atoms are the states themselves."""
        return all(block.kind == "free" for block in self.blocks)

    def n_wrong(self, models: tuple[int, ...]) -> Int[np.ndarray, " s"]:
        """Number of wrong models of a set that is a union of groups."""
        groups = np.unique(self.group_of[list(models)])
        if self.sizes[groups].sum() != len(models):
            raise ValueError(f"the states do not tell models {models} apart from others")
        return self.n_wrong_in[:, groups].sum(axis=1)

    def in_cell(self, cell: int) -> Int[np.ndarray, " s"]:
        """1 on the states of a cell."""
        return (self.cell == cell).astype(int)

    def all_wrong(self, models: tuple[int, ...]) -> Float[np.ndarray, " s"]:
        """Share of the ways to draw such a set, so many from each group, in which everyone is wrong."""
        share = np.ones(self.n_states)
        for group, size in zip(*np.unique(self.group_of[list(models)], return_counts=True), strict=True):
            for k in range(int(size)):
                share *= np.maximum(self.n_wrong_in[:, group] - k, 0) / (self.sizes[group] - k)
        return share

    def whole_all_wrong(self, models: tuple[int, ...]) -> tuple[np.ndarray, int]:
        """`all_wrong` as Python integers over one denominator."""
        share, denominator = np.ones(self.n_states, dtype=object), 1
        for group, size in zip(*np.unique(self.group_of[list(models)], return_counts=True), strict=True):
            ways = np.array([comb(c, int(size)) for c in range(int(self.sizes[group]) + 1)], dtype=object)
            share = share * ways[self.n_wrong_in[:, group]]
            denominator *= comb(int(self.sizes[group]), int(size))
        return share, denominator

    def log_patterns(self) -> Float[np.ndarray, " s"]:
        """Log of the number of patterns of wrong models that each state stands for."""
        sizes = self.sizes
        return (gammaln(sizes + 1) - gammaln(self.n_wrong_in + 1) - gammaln(sizes - self.n_wrong_in + 1)).sum(axis=1)

    def patterns_of(self, models: Sequence[int]) -> Int[np.ndarray, " s"]:
        """A number for the part of every state that concerns some models, a union of groups; equal for equal parts."""
        groups = np.unique(self.group_of[list(models)])
        return np.unique(self.n_wrong_in[:, groups], axis=0, return_inverse=True)[1].reshape(-1)


def _grouped(models: Sequence[int], label: np.ndarray) -> list[tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for model in models:
        found.setdefault(int(label[model]), []).append(model)
    return [tuple(members) for members in found.values()]


def _atoms_of(block: Block, sizes: list[int], groups: list[tuple[int, ...]]) -> Sparse:
    counts = np.stack(np.meshgrid(*(np.arange(n + 1) for n in sizes), indexing="ij"), axis=-1).reshape(-1, len(sizes))
    if block.kind == "free" or (block.kind == "interchangeable" and len(sizes) == 1):
        return sp.csr_matrix(sp.identity(len(counts)))
    if block.kind == "interchangeable":
        # Given their number, every choice of the wrong ones is as likely: hypergeometric counts in the groups.
        total = counts.sum(axis=1)
        ways = prod(_ways(n)[counts[:, g]] for g, n in enumerate(sizes))
        share = (ways / _ways(sum(sizes))[total]).astype(float)
        return sp.csr_matrix((share, (np.arange(len(counts)), total)))
    nodes = np.asarray(block.nodes)
    table = np.ones((len(counts), len(nodes)))
    for g, members in enumerate(groups):
        column = 0 if block.kind == "extendible" else block.models.index(members[0])
        table *= binomial_table(sizes[g], nodes[:, column])[counts[:, g]]
    return sp.csr_matrix(table)


def _ways(n: int) -> np.ndarray:
    """C(n, c) for c = 0..n, Python integers: their quotients are rounded once."""
    return np.array([comb(n, c) for c in range(n + 1)], dtype=object)
