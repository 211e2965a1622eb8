"""Figures of small inputs without two equal numbers, kept with all that they show, on both sides of each branch."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.cluster import hierarchy

from cofail_lab.bounds.without_replacement import ReadingLimits
from cofail_lab.claims.checking.slices import Slice
from cofail_lab.decisions.release_history import Advantage, Timeline
from cofail_lab.report.figures.atlas import atlas
from cofail_lab.report.figures.audit import reading
from cofail_lab.report.figures.check import margin
from cofail_lab.report.figures.churn import timeline
from cofail_lab.report.figures.declared import extremal_pools, facts_one_by_one
from cofail_lab.report.figures.errors import errors
from cofail_lab.report.figures.heatmap import correlation_heatmap
from cofail_lab.report.figures.refutation import refutation
from tests.experiments.drawn import drawn
from tests.experiments.whole import keep


def kept(name: str, *figures: Figure) -> None:
    keep(f"figures_{name}", [line for number, figure in enumerate(figures) for line in drawn(str(number), figure)])


def test_a_reading() -> None:
    limits = ReadingLimits(*(np.array(one) for one in ([0, 0, 1], [9, 8, 7], [0, 1, 2], [8, 6, 5])))
    kept("reading", reading(limits, np.array([True, False]), 9))


def test_a_margin_as_a_line_and_as_a_map() -> None:
    shown = Slice(("x",), (np.array([1.0, 10.0, 100.0]),), np.array([-0.2, 0.4, 0.1]), (11.0,), (True,))
    linear = shown._replace(values=(np.linspace(0, 1, 30),), margin=np.linspace(-1, 2, 30), point=(0.4,), log=(False,))
    lattice = np.array([[-0.02, 0.3, np.nan], [0.5, 0.9, 0.7]])
    both = Slice(("x", "y"), (np.array([1.0, 2]), np.array([1.0, 10, 100])), lattice, (2.0, 10.0), (False, True))
    kept("margin", margin(shown), margin(linear), margin(both), margin(both._replace(margin=np.abs(lattice))))


def test_what_facts_leave_open() -> None:
    names, limits = ["none", "error rates", "all pairs"], [(0.0, 1.0), (0.1, 0.4), (0.15, 0.3)]
    law = lambda *probs: SimpleNamespace(count_probs=lambda: np.array(probs))  # noqa: E731
    found: Any = SimpleNamespace(
        lower_law=law(0.5, 0.0, 0.3, 0.2), upper_law=law(0.25, 0.35, 0.0, 0.4), lower=0.2, upper=0.4
    )
    found.target = SimpleNamespace(words="all wrong")
    kept(
        "facts",
        facts_one_by_one(names, limits, "all wrong", 0.2),
        facts_one_by_one(names, limits, "all wrong", None),
        extremal_pools(found),
        extremal_pools(SimpleNamespace(**vars(found) | {"lower_law": None})),  # type: ignore[arg-type]
    )


def test_more_releases_than_fit_beside_a_timeline() -> None:
    n = 18
    line = Timeline(np.arange(n), 30 * np.arange(n), np.arange(n), np.arange(n) < 3, 60)
    released = np.datetime64("2024-01-01") + line.day
    accuracy = np.linspace(0.5, 0.8, n)
    seen = Advantage(accuracy, np.array(0.53), np.array(0.1), np.array(0.02))
    split = Advantage(accuracy - 0.01, np.array(0.52), np.array(0.09), np.array(0.01))
    adopted = np.arange(n), [f"model {i}" for i in range(n)]
    kept("timeline", timeline(line, released, accuracy, seen, split, accuracy + 0.1, adopted, None))


def test_an_atlas_of_near_and_of_far_ratios() -> None:
    shares = np.array([[0.7, 0.2], [0.5, 0.15]])
    near = atlas(
        ["one", "two"], {"one factor": [1.2, None], "families": [0.9, 0.0]}, [(0.8, 1.3), (None, None)], shares
    )
    far = atlas(["one", "two"], {"one factor": [2e4, 0.07]}, [(0.8, 1.3), (0.2, 40.0)], shares)
    kept("atlas", near, far, atlas(["one"], {"one factor": [None]}, [(None, None)], shares[:1]))


def test_correlations_of_families_with_pairs_on_their_bounds() -> None:
    """d is constant; a and b are nested, b and c disjoint; the family of two comes first, of it the more correlated."""
    r = np.array([[1, 0.9, 0.2, np.nan], [0.9, 1, -0.7, np.nan], [0.2, -0.7, 1, np.nan], [np.nan] * 3 + [1]])
    edge = np.array([[0, 1, 0, 0], [1, 0, -1, 0], [0, -1, 0, 0], [0, 0, 0, 0]])
    by_family = correlation_heatmap(r, ["a", "b", "c", "d"], ["f", "g", "g", "h"], edge)
    kept("heatmap", by_family, correlation_heatmap(r[:3, :3], ["a", "b", "c"], None, np.zeros((3, 3), int)))


def test_names_beside_a_tree_of_errors() -> None:
    for k, n_names in ((60, 60), (61, 0)):
        tree = hierarchy.linkage(np.linspace(0.1, 0.9, k * (k - 1) // 2), "average")
        table = errors(tree, np.full((k, k), 0.4), [f"m{i}" for i in range(k)]).axes[1]
        assert [len(table.get_xticks()), len(table.get_yticks())] == [n_names, n_names]


def test_what_refutes() -> None:
    """Side by side, beyond an end that is infinite, on a log scale, far too wide a claim, and points alone."""
    kept(
        "refutation",
        refutation((0.2, 0.4), (0.5, 0.7)),
        refutation((-np.inf, 0.4), (0.5, 0.7)),
        refutation((0.6, np.inf), (0.2, 0.3)),
        refutation((0.01, 0.02), (3.0, 5.0)),
        refutation((-0.01, 0.02), (3.0, 5.0)),
        refutation((0.2, 90.0), (0.1, 0.15)),
        refutation((-90.0, 0.2), (0.25, 0.3)),
        refutation((1.0, 1.0), (1.0, 1.0)),
        refutation((0.0, 0.0), (0.0, 0.0)),
    )
