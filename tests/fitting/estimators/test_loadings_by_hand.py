"""Loadings of rank-one matrices, and where the search of the likeliest ones starts and what is read from its end."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import OptimizeResult
from scipy.special import expit, logit, ndtr, ndtri

from cofail_lab.fitting.estimators import loadings, loadings_ml
from cofail_lab.fitting.estimators.loadings import Minres
from cofail_lab.fitting.estimators.pool import VaryingPool

# Ten queries of three models: one is all wrong; 4, 5 and 6 errors.
WRONG = np.zeros((10, 3), dtype=bool)
WRONG[:4, 0] = WRONG[3:8, 1] = WRONG[[0, 1, 3, 7, 8, 9], 2] = True


def test_loadings_have_a_sum_above_zero_whichever_of_them_are_negative() -> None:
    for own in ([-0.3, 0.6, 0.7], [0.6, -0.3, 0.7], [0.9, -0.5, -0.2]):
        matrix = np.outer(own, own)
        np.fill_diagonal(matrix, 1.0)
        np.testing.assert_allclose(loadings.fit(np.stack([matrix, matrix])), [own, own], atol=1e-6)


def test_notes_count_loadings_at_either_limit() -> None:
    held = np.array([0.995, -0.995, 0.99, 0.2])
    settled, unsettled = Minres(held, np.array(True)), Minres(held[2:], np.array(False))
    assert settled.notes == ("2 loading(s) held at 0.995",)
    assert unsettled.notes == ("the loadings had not settled after 500 sweeps",)


class Searched:
    """Notes what is maximized, and says that the optimum is at ``x``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, x: list[float]) -> None:
        self.asked: list[tuple] = []
        monkeypatch.setattr(loadings_ml, "log_all_wrong", lambda mixture, found: (mixture, found.tolist()))
        monkeypatch.setattr(loadings_ml, "maximize", self)
        self._x = np.array(x)

    def __call__(self, start: np.ndarray, data: Any, mixture_at: Any, bounds: Any, atom: bool) -> Any:
        del data, mixture_at
        self.asked.append((start, bounds, atom))
        return OptimizeResult(x=self._x, fun=0.75, success=True), "grid"


@pytest.mark.parametrize(
    ("wrong", "given", "shock", "removed", "atom"),
    [
        (WRONG, {"atom": True}, 0.05, 0.5, True),
        (WRONG, {"atom": False}, 0.0, 0.0, False),
        (WRONG, {"atom": False, "held_shock": 0.3}, 0.3, 0.98, True),
        (WRONG & (np.arange(10) != 3)[:, None], {"atom": True}, 0.0, 0.0, False),
    ],
)
def test_where_the_search_starts(
    monkeypatch: pytest.MonkeyPatch, wrong: np.ndarray, given: dict, shock: float, removed: float, atom: bool
) -> None:
    """Half of the all-wrong share; its errors are not the base's, and no more than nearly all of the K = 1 there is."""
    search, start = Searched(monkeypatch, [0.0] * 7), np.array([0.6, 0.8, -0.6])
    loadings_ml.fit(wrong, start, held_loading=(1, 0.6), **given)
    (found, bounds, with_atom), scale = search.asked[0], np.array([0.8, 0.6, 0.8])
    rates = (wrong.sum(axis=0) - removed) / (10 - removed)
    np.testing.assert_allclose(found[:3], ndtri(rates) / scale)
    np.testing.assert_allclose(found[3:6], [0.75, 0.75, -0.75])  # the second one is held at .6
    assert found[6] == pytest.approx(logit(max(shock, 1e-8))) and with_atom == atom
    limit = 0.995 / np.sqrt(1 - 0.995**2)
    assert bounds[:3] == [(None, None)] * 3 and bounds[4] == (pytest.approx(0.75), pytest.approx(0.75))
    assert bounds[3] == bounds[5] == (pytest.approx(-limit), pytest.approx(limit))
    moves = given["atom"] and atom
    assert bounds[6] == pytest.approx((logit(1e-8), logit(0.1)) if moves else (found[6], found[6]))


def test_what_the_optimum_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slopes -.75, 10 and -.75·20: their sum is negative, so that every loading changes its sign."""
    limit = 0.995 / np.sqrt(1 - 0.995**2)
    Searched(monkeypatch, [-0.5, 0.2, 0.1, -0.75, limit, -limit, -2.0])
    found = loadings_ml.fit(WRONG, np.zeros(3), atom=True)
    np.testing.assert_allclose(found.loadings, [0.6, -0.995, 0.995])
    np.testing.assert_allclose(
        found.error_rates, ndtr(np.array([-0.5, 0.2, 0.1]) * [0.8, *[np.sqrt(1 - 0.995**2)] * 2])
    )
    assert (found.shock, found.log_likelihood) == (pytest.approx(expit(-2.0)), pytest.approx(-7.5))
    assert (found.n_at_limit, found.converged) == (2, True)
    assert found.log_all_wrong == ("grid", [-0.5, 0.2, 0.1, -0.75, limit, -limit])
    assert loadings_ml.fit(WRONG, np.zeros(3), atom=False).shock == 0


@pytest.mark.parametrize(("atom", "intervals"), [(True, True), (True, False), (False, True)])
def test_an_atom_has_limits_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, atom: bool, intervals: bool
) -> None:
    free = loadings_ml.MarginalFit(np.full(3, 0.5), np.array([0.5, 0.6, 0.995]), 0.04 * atom, -9.0, -1.0, 1, False)
    monkeypatch.setattr(loadings_ml, "fit", lambda *_, **__: free)
    monkeypatch.setattr(loadings_ml, "shock_interval", lambda *_: (0.01, 0.09))
    found = loadings_ml.fit_pool(VaryingPool(WRONG, None), intervals, atom=atom)
    assert found.intervals == ({"shock": (0.01, 0.09)} if atom and intervals else {})
    assert found.notes == ("1 loading(s) held at 0.995", "the optimizer stopped before it converged")
    assert found.parameters == {
        "loading_mean": pytest.approx(0.6983333),
        "loading_lowest": 0.5,
        "loading_highest": 0.995,
        **({"shock": 0.04} if atom else {}),
    }
