"""A matrix that raises no health finding."""

import numpy as np
from scipy.stats import norm

from cofail_lab.grades import Cell, Grades


def clean(rng: np.random.Generator, n: int = 600, m: int = 24, r: float = 0.5) -> Grades:
    """A one-factor matrix with everything beside it that a log may have, and nothing wrong."""
    thresholds = norm.ppf(rng.uniform(0.15, 0.6, m))
    latent = np.sqrt(r) * rng.normal(size=(n, 1)) + np.sqrt(1 - r) * rng.normal(size=(n, m))
    cells = np.where(latent < thresholds, Cell.WRONG, Cell.RIGHT).astype(np.int8)
    tokens = np.floor(rng.lognormal(5, 1, (n, m)))
    return Grades(
        cells,
        tuple(f"q{i}" for i in range(n)),
        tuple(f"m{j}" for j in range(m)),
        "made",
        per_query={
            "dataset": np.array([f"d{i % 5}" for i in range(n)], dtype=object),
            "prompt": np.array([f"question {i}" for i in range(n)], dtype=object),
        },
        per_cell={"cost": rng.random((n, m)) + 1e-6, "tokens_out": tokens},
    )
