"""The figure of `plan.for=tail`: its axis of queries always has a number."""

import numpy as np
import pytest

from cofail_lab.report.figures.plan import queries_for_tail


@pytest.mark.parametrize(
    ("needed", "ends", "ticks"),
    [([300, None, 390], (100, 780), [100]), ([60, 90, 700], (30, 1400), [100, 1000]), ([2, 3, 3], (1, 6), [1])],
)
def test_a_power_of_ten_is_on_the_axis(needed: list[int | None], ends: tuple[float, float], ticks: list[float]) -> None:
    figure = queries_for_tail(np.array([4, 8, 16]), needed, None, None)
    axis = figure.axes[0].yaxis
    assert figure.axes[0].get_ylim() == pytest.approx(ends)
    assert [tick for tick in axis.get_major_locator()() if ends[0] <= tick <= ends[1]] == pytest.approx(ticks)
