"""Reports of decisions on numbers that were chosen so that no two of them are alike."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from cofail_lab.decisions import Scope
from cofail_lab.decisions.selection import Chosen, SelectionLimits, Value
from cofail_lab.decisions.vote_slopes import Slope, VoteSets
from cofail_lab.policies.cascade_reading import AtFraction, CascadeReading, Ranged
from cofail_lab.policies.contest import Contest, OverTable
from cofail_lab.policies.score import Score
from cofail_lab.report.select import Selected, Split
from cofail_lab.report.vote import Votes
from tests.report.by_hand import pool


def reading(cheap_price: float = 1.0, strong_price: float = 4.0, gap: float = -0.0123, **noise: float) -> Any:
    """A cascade of L and H: 3.12 points over random escalation at half, -1.23 at the same dollars."""
    prices = "strong_cheaper" if strong_price <= cheap_price else "usual"
    curve = SimpleNamespace(
        cheap_accuracy=0.7, strong_accuracy=0.9, largest_gap=0.041, fraction=np.array([0.0, 0.25, 0.5, 1.0])
    )
    dollars = SimpleNamespace(
        prices=prices,
        cheap_price=cheap_price,
        strong_price=strong_price,
        dollar_gaps=np.array([0.0, 0.0045, gap, -0.1]),
        strong_spent=np.array([0.0, 1.0, 3.5, 4.0]),
    )
    degraded = {"noise": 1.0, "area": 0.001, "area_lower": -0.002, "area_upper": 0.003, "largest_gap": 0.017} | noise
    half = AtFraction(
        0.5, 3.0, Ranged(0.0312, 0.021, 0.043), 0.66, Ranged(gap, -0.02, -0.003), Ranged(0.0077, 0.001, 0.015)
    )
    routes = SimpleNamespace(integral=0.0234, by_auc=0.0235, by_covariance=0.0236)
    return CascadeReading(
        400,
        "L",
        "H",
        "margin",
        curve,
        routes,
        Ranged(0.0234, 0.011, 0.033),
        0.81,
        0.57,  # type: ignore[arg-type]
        dollars,
        (half,),
        (SimpleNamespace(**degraded),),  # type: ignore[arg-type]
    )


def scoped(*systems: float) -> Scope:
    """20 of 200 queries fail all members: a ceiling of 90%."""
    k, share = len(systems), np.array([0.35, 0.25, 0.15])
    return Scope(200, 20, np.array([0.5, 0.8]), np.array(systems), share[:k], share[:k] - 0.1, share[:k] + 0.1, 0.45)


def selected(**change: Any) -> Selected:
    """a and c of the matrix by hand leave 18 of 100 queries; all three leave 11."""
    made = Selected(
        pool(),
        (0, 1),
        Chosen((0, 2), 18, 18, 1, ((0, 2),), "by trying all"),
        SelectionLimits(0.071, 0.283, 0.257, 3),
        Split((0,), 13, 50, 0.1),
        Value(np.array([0.4, 0.3, 0.19]), np.array([20, 7, 2]), np.array([31, 18, 13])),
        {},
        0.1,
        None,
        None,
        None,
    )
    return replace(made, **change)


def votes(gains: list[float], controlled: Slope | None = None) -> Votes:
    sets = VoteSets(
        np.array([[0, 1, 2]] * len(gains)),
        np.full(len(gains), 0.75),
        np.array(gains),
        np.full(len(gains), 0.2),
        np.full(len(gains), 0.24),
        np.full(len(gains), 0.13),
        7,
    )
    published = Slope(0.5, 0.1, 0.3, 0.7, 0.05)
    return Votes(pool(), 3, sets, published, controlled, (0, 1, 2), 0.6, (0.55, 0.65), None, None)


def score(name: str, gain: float, **change: Any) -> Score:
    made = Score(
        name,
        False,
        0.8 + gain,
        0.8 + gain,
        gain,
        gain - 0.01,
        gain + 0.02,
        17,
        5,
        0.004,
        0.31,
        2.5,
        0.013,
        None,
        np.array([0.6, 0.3, 0.1]),
        0.6,
        False,
    )
    return replace(made, **change)


def contest(*scores: Score, over: tuple[OverTable, ...] = ()) -> Contest:
    best = score("single_best", 0.0, cost=10.0, gain_lower=None)
    oracle = score("oracle", 0.09, ceiling=True)
    graded = SimpleNamespace(models=("a", "b", "c"), unpriced=None, hidden=())
    trials: Any = SimpleNamespace(graded=graded, best_models=["a", "a"], absent={}, trials=())
    return Contest(trials, (best, *scores, oracle), over, 0.9, dict.fromkeys((s.name for s in scores), None))
