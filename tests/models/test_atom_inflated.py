"""The atom keeps its error's numbers."""

import numpy as np
import pytest

from cofail_lab.models import AtomInflated, GaussianCopula, Independent


def test_the_atom_keeps_its_errors_numbers() -> None:
    """Parameters of laws are arrays of JAX, which no table can hold."""
    for column in AtomInflated(0.05, Independent([0.2, 0.3])).log_all_wrong_by_size(np.array([1, 2])):
        assert type(column) is np.ndarray


def test_the_atom_over_two_models_by_hand() -> None:
    law = AtomInflated(0.1, Independent([0.2, 0.5]))
    np.testing.assert_allclose(law.error_rates, [0.28, 0.55], rtol=1e-14)
    np.testing.assert_allclose(law.count_probs(), [0.9 * 0.4, 0.9 * 0.5, 0.1 + 0.9 * 0.1], rtol=1e-14)
    np.testing.assert_allclose(law.pairwise_wrong(), [[0.28, 0.19], [0.19, 0.55]], rtol=1e-14)
    assert float(law.all_wrong()) == pytest.approx(0.19, rel=1e-14)
    assert float(law.log_all_wrong()) == pytest.approx(np.log(0.19), rel=1e-14)


def test_the_error_of_beta_is_that_outside_the_atom() -> None:
    base = GaussianCopula([0.2, 0.3, 0.4], 0.5 * np.eye(3) + 0.5)
    inside, outside = AtomInflated(0.25, base).all_wrong_estimate(), base.all_wrong_estimate()
    assert outside.value is not None and outside.error is not None and outside.error > 0
    assert inside.value == pytest.approx(0.25 + 0.75 * outside.value, rel=1e-14)
    assert inside.error == pytest.approx(0.75 * outside.error, rel=1e-14)
