"""The common shock against published values."""

import pytest

from cofail_lab.models import CommonShock


def test_published_common_shock() -> None:
    law = CommonShock(0.05, [0.3] * 67)
    alpha, p = float(law.error_rates[0]), float(law.pairwise_wrong()[0, 1])
    assert alpha == pytest.approx(0.335, abs=1e-15)
    assert (p - alpha**2) / (alpha * (1 - alpha)) == pytest.approx(0.1044776, abs=5e-8)
