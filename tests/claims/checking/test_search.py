"""The adversary's steps: along the gradient alone, and at random alone, each goes down."""

import numpy as np
import pytest

from cofail_lab.claims.checking import search
from cofail_lab.claims.checking.box import read_box

BOX = read_box({"x": [0, 1], "y": [0, 1]}, 1)
START = np.array([[0.9, 0.2], [0.5, 0.5]])


def bowl(shares: np.ndarray) -> np.ndarray:
    return ((shares - [0.3, 0.6]) ** 2).sum(axis=1)


@pytest.mark.parametrize(("off", "within"), [("_ROUNDS", 1e-6), ("_STEPS", 1e-3)])
def test_each_kind_of_step_goes_down(monkeypatch: pytest.MonkeyPatch, off: str, within: float) -> None:
    monkeypatch.setattr(search, off, 0)
    found = search.worst(BOX, bowl, START, bowl(START), 0, 1.0)
    assert found.slack[0] < within
    assert found.slack.tolist() == sorted(found.slack)
    assert found.n_tried > 0


def test_steps_stay_in_the_box() -> None:
    found = search.worst(BOX, lambda s: s.sum(axis=1), START, START.sum(axis=1), 0, 1.0)
    assert (found.shares >= 0).all() and (found.shares <= 1).all()
    assert found.slack[0] == pytest.approx(0, abs=1e-9)


def test_the_search_follows_the_worst_and_says_what_it_tried() -> None:
    start = np.random.default_rng(0).random((40, 2))
    tried: list[int] = []

    def counted(shares: np.ndarray) -> np.ndarray:
        tried.append(len(shares))
        return bowl(shares)

    found = search.worst(BOX, counted, start, bowl(start), 3, 1.0)
    assert found.n_tried == sum(tried)
    assert len(found.shares) == search._KEPT
    again, other = (search.worst(BOX, bowl, start, bowl(start), seed, 0.1) for seed in (3, 4))
    assert not np.array_equal(again.shares, other.shares)
    # Two valleys, of which the lower one is narrow and has the worst start: it is the one that is followed.
    two = np.array([[0.2, 0.2], [0.8, 0.8]])

    def valleys(shares: np.ndarray) -> np.ndarray:
        apart = np.abs(shares - 0.2).max(axis=1)
        return np.where(apart < 0.002, apart - 1, 1 + ((shares - 0.8) ** 2).sum(axis=1))

    assert search.worst(BOX, valleys, np.vstack([two, start]), valleys(np.vstack([two, start])), 0, 1.0).slack[0] < -0.9


def test_random_steps_become_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """About a lowest point in the middle: each round is narrower than the one before, half of its steps on one axis."""
    monkeypatch.setattr(search, "_STEPS", 0)
    middle, rounds = np.full((1, 2), 0.5), []

    def cone(shares: np.ndarray) -> np.ndarray:
        rounds.append(shares - 0.5)
        return np.abs(shares - 0.5).max(axis=1)

    search.worst(BOX, cone, middle, np.zeros(1), 0, 1.0)
    widths = np.array([np.median(np.abs(steps).max(axis=1)) for steps in rounds])
    assert (widths[1:] < 0.6 * widths[:-1]).all() and 0.1 < widths[0] < 0.3
    assert (rounds[0] == 0).any(axis=1).mean() == 0.5


def test_steps_along_the_gradient_go_down_and_turn_at_the_edge() -> None:
    """From a point at the upper end the difference is taken inwards; a slope out of the cube counts for nothing."""
    best = np.array([[1.0, 0.5]])
    children, n_tried = search._down(BOX, best, bowl(best), bowl)
    assert n_tried == 2
    assert bowl(children).min() < 0.25 * bowl(best)[0]
    flat = search._down(BOX, best, -best[:, 0], lambda s: -s[:, 0])[0]
    assert (flat == best).all()
    whole = read_box({"m": [3, 203], "x": [0, 1]}, 1)
    assert search._down(whole, best, best.sum(axis=1), lambda s: s.sum(axis=1))[0].shape == (23, 2)
