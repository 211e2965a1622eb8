"""The atom keeps its error's numbers."""

import numpy as np

from cofail_lab.models import AtomInflated, Independent


def test_the_atom_keeps_its_errors_numbers() -> None:
    """Parameters of laws are arrays of JAX, which no table can hold."""
    for column in AtomInflated(0.05, Independent([0.2, 0.3])).log_all_wrong_by_size(np.array([1, 2])):
        assert type(column) is np.ndarray
