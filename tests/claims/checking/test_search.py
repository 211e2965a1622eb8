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
