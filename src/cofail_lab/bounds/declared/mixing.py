"""Whether a class with a mixing law is empty: a grid of error rates that misses every law of it does not say so.

A thin class (pairs at the square of the rates: everyone independent) has laws at a few error rates only. The law that
leaves the rows of the facts most room is sought by the same program as any target, its grid refined until it has the
facts, or until the prices prove that no mixture has them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cofail_lab.bounds.declared.certificate import certify
from cofail_lab.bounds.declared.facts import Rows
from cofail_lab.bounds.declared.program import Program
from cofail_lab.bounds.declared.states import States

# Rounds; how near a law has to come to the facts; what proves that there is none.
_ROUNDS, _MET, _MISSED = 12, 1e-12, 1e-11
WIDTH = 1e-9
"""What rows are opened by, so that a solver finds the one law again that a thin class has."""


def refined(states: States, nodes: Sequence[float]) -> States:
    """States whose mixing grid has more nodes."""
    blocks = [
        replace(block, nodes=np.unique(np.append(block.nodes, nodes))[:, None])  # type: ignore[arg-type]
        if block.kind == "extendible"
        else block
        for block in states.blocks
    ]
    return States(states.pool, blocks, states.group_of)


def nodes_of_a_law(states: States, rows: Sequence[Rows]) -> tuple[float, ...] | None:
    """Error rates to add to the grid, so that it has a law with the facts.

    Args:
        states: with an extendible block, whose grid has no law with the facts.
        rows: the facts' inequalities.

    Returns:
        None where no law has the facts, or none was found.
    """
    room, missed = _room(states, rows), np.inf
    added: tuple[float, ...] = ()
    for _ in range(_ROUNDS):
        finer = refined(states, added)
        solved = Program(finer, (), len(room)).maximize(room)
        missed = -solved.value
        if missed < _MET:
            return added
        proof = certify(finer, (), room, 1, solved.weights, ())
        more = {*added, *proof.worst_nodes, *_between(finer, solved.law)}
        if proof.limit < -_MISSED:
            return None
        if len(more) == len(added):
            break
        added = tuple(sorted(more))
    return added if missed < WIDTH else None


def _between(states: States, law: np.ndarray) -> list[float]:
    """Means of neighbouring error rates that a law mixes: what it would rather have."""
    at = next(i for i, block in enumerate(states.blocks) if block.kind == "extendible")
    sizes = [*(states.n_atoms_of(i) for i in range(len(states.blocks))), states.pool.n_cells]
    weight = np.moveaxis(law.reshape(sizes), at, -1).reshape(-1, sizes[at])
    nodes = np.asarray(states.blocks[at].nodes)[:, 0]
    left, right = weight[:, :-1], weight[:, 1:]
    both = (left > 0) & (right > 0)
    mean = (left * nodes[:-1] + right * nodes[1:])[both] / (left + right)[both]
    # Closer ones are the same.
    return np.unique(mean.round(12)).tolist()


def _room(states: States, rows: Sequence[Rows]) -> np.ndarray:
    """What is left to both ends of every row, (2 rows, states)."""
    left = []
    for fact in rows:
        value = fact.value.toarray()
        given = np.ones((1, states.n_states)) if fact.given is None else fact.given.toarray()
        left += [fact.high[:, None] * given - value, value - fact.low[:, None] * given]
    return np.vstack(left)
