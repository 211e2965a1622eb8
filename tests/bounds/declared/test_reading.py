"""One question about a pool, read in full."""

import numpy as np

from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.reading import read


def test_the_truth_of_a_matrix_is_known_but_of_its_cells() -> None:
    matrix = Matrix(np.array([[True, False], [True, True], [False, True], [False, False]]))
    for text, truth in (("all_wrong", 0.25), ("right(0,1) >= 1", 0.75), ("gain", 0.25), ("router(0,1)", None)):
        known = Known(n_models=2, rates=0.5, cells=[0.5, 0.5]).on()
        assert read(known, text, "target", 100, matrix).truth == truth, text
        assert read(known, text, "target", 100).truth is None
