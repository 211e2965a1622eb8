"""Figures of raters, comparisons, shared errors and atlases: what they show, and their smallest and largest sizes."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.cluster import hierarchy

from cofail_lab.report.figures.compare import compare
from cofail_lab.report.figures.errors import errors
from cofail_lab.report.figures.raters import raters

HOSTILE = ["$x_1$", "a\x1bb", "名前" * 20, "<b>", ""]


def inside(figure: Figure) -> None:
    """Everything is drawn on the page."""
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02


@pytest.mark.parametrize("k", [2, 5, 70])
def test_raters(k: int) -> None:
    kappa = np.full((k, k), 0.5)
    kappa[0, -1] = np.nan
    names = (HOSTILE * 14)[:k]
    quality = np.stack([np.linspace(0.5, 0.9, k), np.linspace(0.8, 0.95, k)], axis=1)
    figure = raters(names, kappa, quality)
    inside(figure)
    points = figure.axes[-1].lines[0]
    np.testing.assert_allclose(points.get_xdata(), quality[:, 1])
    np.testing.assert_allclose(points.get_ydata(), quality[:, 0])
    assert figure.axes[-1].get_xlabel() == "specificity"
    assert len(raters(names, kappa, None).axes) == 2


def test_compare_shows_a_query_at_both_shares() -> None:
    first, second = np.array([0.0, 1.0, 0.5, 0.5]), np.array([0.2, 0.4, 0.5, 0.5])
    figure = compare(first, second, np.array([[0.3, 0.7]]))
    inside(figure)
    usual, defeated = figure.axes[0].collections
    np.testing.assert_allclose(defeated.get_offsets(), [[1.0, 0.4]])
    np.testing.assert_allclose(usual.get_offsets(), [[0.0, 0.2], [0.5, 0.5]])
    assert usual.get_sizes()[1] > usual.get_sizes()[0]
    np.testing.assert_allclose(figure.axes[1].lines[0].get_xydata(), [[0.3, 0.7]])
    assert len(compare(first, second, np.empty((0, 2))).axes) == 1


@pytest.mark.parametrize("k", [2, 5, 70])
def test_errors_in_the_order_of_the_tree(k: int) -> None:
    distance = np.linspace(0.1, 0.9, k * (k - 1) // 2)
    alike = np.full((k, k), 0.4)
    figure = errors(hierarchy.linkage(distance, "average"), alike, (HOSTILE * 14)[:k])
    inside(figure)
    tree, table = figure.axes[:2]
    assert len(tree.lines) == k - 1
    assert tree.get_xlim() == (-0.5, k - 0.5)
    assert len(table.get_xticklabels()) == (k if k <= 60 else 0)
