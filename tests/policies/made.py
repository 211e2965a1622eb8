"""Made-up graded queries."""

import numpy as np

from cofail_lab.policies import Features, Graded


def graded(right: np.ndarray, **cells: object) -> Graded:
    """Graded queries q0, q1, ... of models m0, m1, ...; ``columns`` are features, the rest are fields of `Graded`."""
    n, m = right.shape
    columns = cells.pop("columns", {})
    features = Features(np.array([f"q{i}" for i in range(n)], dtype=object), columns)
    return Graded(features, tuple(f"m{j}" for j in range(m)), right.astype(bool), **cells)
