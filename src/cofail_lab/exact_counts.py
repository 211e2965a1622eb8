"""Counts by matrix product: as fast as floating point, and exact."""

import numpy as np
from jaxtyping import Bool, Int


def count_dtype(n_queries: int) -> type[np.float32] | type[np.float64]:
    """The fastest type in which a matrix product counts up to ``n_queries`` exactly.

    float32 holds every whole number up to 2^24, float64 up to 2^53; both run at BLAS speed, which integers do not.
    """
    return np.float32 if n_queries < 2**24 else np.float64


def joint_counts(wrong: Bool[np.ndarray, "n m"]) -> Int[np.ndarray, "m m"]:
    """Number of queries that both models get wrong; the diagonal holds each model's number of errors."""
    columns = wrong.astype(count_dtype(len(wrong)))
    return (columns.T @ columns).astype(np.int64)
