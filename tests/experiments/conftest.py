"""Fixtures of the experiments."""

import numpy as np
import pytest


@pytest.fixture
def wrong():
    rng = np.random.default_rng(0)
    return (rng.random((300, 6)) < 0.3) | (rng.random((300, 1)) < 0.1)
