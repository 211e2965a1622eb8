"""Figures of the audit and of the replay: what is drawn is what was given, at the smallest and the largest size."""

import numpy as np

from cofail_lab.bounds.without_replacement import reading_limits
from cofail_lab.data.sheet import STATES
from cofail_lab.report.figures.audit import reading
from cofail_lab.report.figures.reference_work import audited, beside


def test_limits_along_a_reading() -> None:
    genuine = np.array([True, False, True])
    limits = reading_limits(genuine, 5)
    axes = reading(limits, genuine, 5).axes[0]
    paths = [list(np.asarray(line.get_ydata())) for line in axes.lines if len(np.asarray(line.get_xdata())) == 4]
    assert paths == [list(limits.fixed_lower), list(limits.fixed_upper), [0, 1, 1, 2]]
    assert axes.get_xlim() == (0, 5)
    many = np.zeros(400, bool)
    assert reading(reading_limits(many, 400), many, 400).axes[0].get_ylim() == (0, 400)
    assert reading(reading_limits(many[:0], 0), many[:0], 0).axes


def test_published_numbers_with_ours_on_them() -> None:
    axes = beside(["one", "two", "three"], [0.1, 0.2, 0.3], [0.1, None, 0.31]).axes[0]
    rings, dots = (np.asarray(points.get_offsets()) for points in axes.collections)
    assert rings.tolist() == [[0.1, 2], [0.2, 1], [0.3, 0]]
    assert dots.tolist() == [[0.1, 2], [0.31, 0]]
    assert axes.get_xscale() == "linear"
    assert beside(["shares", "count"], [0.1, 26], [None, None]).axes[0].get_xscale() == "symlog"
    assert len(beside([f"n{i}" for i in range(60)], [0.5] * 60, [0.5] * 60).axes[0].get_yticks()) == 60


def test_bars_of_an_audit_add_up() -> None:
    counts = dict(zip(STATES, (1, 2, 3, 4, 5, 0), strict=True))
    axes = audited({"pool": counts, "other": dict.fromkeys(STATES, 0)}).axes[0]
    widths = np.array([[bar.get_width() for bar in container] for container in axes.containers])  # type: ignore[attr-defined]
    assert widths[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert widths[:, 1].sum() == 0
