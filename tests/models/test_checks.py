"""What laws accept, just inside and just outside."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.models import AtomInflated, ExchangeableCount, GaussianCopula, Independent


def test_open_ends_are_refused_and_closed_ones_accepted() -> None:
    for rate in (0.0, 1.0):
        with pytest.raises(InputError, match=rf"law\.error_rates\[1\]: {rate:g} is outside \(0, 1\)"):
            Independent([0.3, rate])
    assert float(AtomInflated(0.0, Independent([0.3])).shock) == 0
    with pytest.raises(InputError, match=r"law\.shock: 1 is outside \[0, 1\)"):
        AtomInflated(1.0, Independent([0.3]))


def test_probabilities_may_miss_one_by_a_billionth() -> None:
    ExchangeableCount([0.4, 0.6 - 5e-10])
    with pytest.raises(InputError, match=r"the probabilities sum to 0\.999999995"):
        ExchangeableCount([0.4, 0.6 - 5e-9])


def with_eigenvalue(smallest: float) -> np.ndarray:
    """Equicorrelated, 3 x 3: 1 + 2r is its smallest eigenvalue."""
    r = (smallest - 1) / 2
    return np.full((3, 3), r) + (1 - r) * np.eye(3)


def test_eigenvalues_may_be_negative_by_a_billionth() -> None:
    GaussianCopula([0.3] * 3, with_eigenvalue(-5e-10))
    with pytest.raises(InputError, match="smallest eigenvalue -5e-09"):
        GaussianCopula([0.3] * 3, with_eigenvalue(-5e-9))


def test_a_diagonal_and_a_symmetry_may_be_off_by_rounding() -> None:
    GaussianCopula([0.3] * 2, [[1, 0.2], [0.2 + 5e-13, 1 - 5e-13]])
    with pytest.raises(InputError, match="not symmetric"):
        GaussianCopula([0.3] * 2, [[1, 0.2], [0.2 + 5e-12, 1]])
    with pytest.raises(InputError, match="5e-12 away from 1"):
        GaussianCopula([0.3] * 2, [[1, 0.2], [0.2, 1 - 5e-12]])


def test_members_are_counted_from_either_end_and_no_farther() -> None:
    """JAX takes an index that is too large for the last one: it must not get that far."""
    law = Independent([0.1, 0.2, 0.3])
    np.testing.assert_allclose(law.subpool([-1, 0]).error_rates, [0.3, 0.1])
    np.testing.assert_allclose(law.subpool([-3, 2]).error_rates, [0.1, 0.3])
    for outside in ([3], [0, 3], [-4]):
        with pytest.raises(InputError, match="members: "):
            law.subpool(outside)
    for twice in ([1, 1], [0, -3]):
        with pytest.raises(InputError, match="named twice"):
            law.subpool(twice)
