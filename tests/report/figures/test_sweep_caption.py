"""What the caption of a sweep's figure says of an axis with many values."""

import pytest

from cofail_lab.report.figures.sweep import plan


@pytest.mark.parametrize(("many", "said"), [(5, "by law."), (6, "by law (5 of its 6 values).")])
def test_more_values_than_panels_are_said(many: int, said: str) -> None:
    axes = {
        "size": [size for size in range(8) for _ in range(2 * many)],
        "half": [0, 1] * (8 * many),
        "law": [f"law{k}" for k in range(many) for _ in (0, 1)] * 8,
    }
    assert plan(axes).caption == f"Every metric against size, by half, {said}"
