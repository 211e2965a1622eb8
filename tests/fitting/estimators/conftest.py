"""Matrices that several estimators are tested on."""

import jax
import numpy as np
import pytest

from cofail_lab.models import AtomInflated, OneFactorGaussian


@pytest.fixture(scope="session")
def drawn() -> np.ndarray:
    law = AtomInflated(0.05, OneFactorGaussian(np.linspace(0.25, 0.7, 15), np.linspace(0.4, 0.85, 15)))
    return np.asarray(law.sample(jax.random.key(3), 1500))
