"""Fixtures shared by all tests."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.outcomes import Outcomes

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def real_path(name: str) -> Path:
    """A real matrix that lives beside the project; absent it is a failure in CI and a stated skip elsewhere."""
    path = REAL_DATA / f"{name}.csv.gz"
    if not path.exists():
        message = f"the real matrix {name} is not at {REAL_DATA}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def real() -> Callable[[str], Outcomes]:
    """Loads a real matrix by name, once."""
    loaded: dict[str, Outcomes] = {}

    def load(name: str) -> Outcomes:
        if name not in loaded:
            loaded[name] = load_outcomes(real_path(name))
        return loaded[name]

    return load


@pytest.fixture
def rng() -> np.random.Generator:
    """A fixed seed: no test depends on luck."""
    return np.random.default_rng(20260927)


def outcomes_from(wrong: np.ndarray, **columns: object) -> Outcomes:
    """A matrix with made-up names."""
    n, m = wrong.shape
    names = {"queries": tuple(f"q{i}" for i in range(n)), "models": tuple(f"m{j}" for j in range(m))}
    return Outcomes(wrong=np.asarray(wrong, dtype=bool), source="test", **{**names, **columns})  # type: ignore[arg-type]
