"""The adversary: it follows the worst points of the design downhill, all of them in one call at every step.

`claims.adversary` does the same for one function of one case. A proposition is evaluated at a thousand points in the
time of one, so that each round here tries many steps of many starts at once: random ones in shrinking neighbourhoods
(global), then along the gradient of the margin, taken by differences (local).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.claims.checking.box import Box

_KEPT, _ROUNDS, _TRIED = 12, 5, 256
_DESCENTS, _STEPS = 4, 10
# Step lengths of a line search, as shares of the box.
_LENGTHS = np.concatenate([[0.0], 0.5 ** np.arange(1, 24)])

Slack = Callable[[Float[np.ndarray, "n d"]], Float[np.ndarray, " n"]]


class Found(NamedTuple):
    """The worst positions met.

    Attributes:
        shares: of the unit cube, worst first, (k, d).
        slack: at them, (k,).
        n_tried: positions looked at.
    """

    shares: Float[np.ndarray, "k d"]
    slack: Float[np.ndarray, " k"]
    n_tried: int


def worst(
    box: Box, slack: Slack, start: Float[np.ndarray, "n d"], at_start: Float[np.ndarray, " n"], seed: int, effort: float
) -> Found:
    """Search from the worst of some positions.

    Args:
        box: for the steps that whole numbers need.
        slack: what is made small; 1e6 where it does not exist.
        start, at_start: positions and their slack.
        seed: of the random steps.
        effort: a factor on the positions tried in a round.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, 22]))
    d = start.shape[1]
    if d == 0:
        return Found(start[:1], at_start[:1], 0)
    order = np.argsort(at_start, kind="stable")[:_KEPT]
    best, values, n_tried = start[order], at_start[order], 0
    radius = 0.25
    tried = max(12, int(_TRIED * effort))
    for _ in range(_ROUNDS):
        parents = best[rng.integers(len(best), size=tried)]
        steps = rng.standard_normal((tried, d)) * radius
        # Half of the children move along one axis only.
        single = np.arange(d) == rng.integers(d, size=(tried, 1))
        steps = np.where((np.arange(tried) % 2 == 0)[:, None] & ~single, 0.0, steps)
        best, values = _kept(best, values, np.clip(parents + steps, 0, 1), slack)
        n_tried += tried
        radius /= 2.5
    for _ in range(_STEPS if effort >= 1 else 1):
        descents = _DESCENTS if effort >= 1 else 1
        children = _down(box, best[:descents], values[:descents], slack)
        n_tried += children[1]
        before = values[0]
        best, values = _kept(best, values, children[0], slack)
        n_tried += len(children[0])
        if not values[0] < before - 1e-12 * abs(before):
            break
    return Found(best, values, n_tried)


def _kept(best: np.ndarray, values: np.ndarray, children: np.ndarray, slack: Slack) -> tuple[np.ndarray, np.ndarray]:
    """The worst of old and new positions, no two alike."""
    positions = np.vstack([best, children])
    together = np.concatenate([values, slack(children)])
    positions, first = np.unique(positions, axis=0, return_index=True)
    order = np.argsort(together[first], kind="stable")[:_KEPT]
    return positions[order], together[first][order]


def _down(box: Box, best: np.ndarray, values: np.ndarray, slack: Slack) -> tuple[np.ndarray, int]:
    """Positions along the gradient of each start, by differences to the side where there is room."""
    d = best.shape[1]
    step = np.concatenate([np.full(axis.width, axis.step() if axis.whole else 1e-5) for axis in box.axes.values()])
    signs = np.where(best + step > 1, -1.0, 1.0)
    moved = np.clip(best[:, None, :] + np.eye(d) * (signs * step)[:, None, :], 0, 1)
    change = slack(moved.reshape(-1, d)).reshape(len(best), d) - values[:, None]
    gradient = np.where(np.abs(change) < 1e5, change / (signs * step), 0.0)
    # A component that points out of the cube does not count.
    outward = ((best <= 0) & (gradient > 0)) | ((best >= 1) & (gradient < 0))
    gradient = np.where(outward, 0.0, gradient)
    size = np.abs(gradient).max(axis=1, keepdims=True)
    direction = -gradient / np.where(size > 0, size, 1.0)
    children = np.clip(best[:, None, :] + _LENGTHS[1:, None] * direction[:, None, :], 0, 1)
    return children.reshape(-1, d), moved.shape[0] * d
