"""Log of sums of exponentials in place."""

import numpy as np
from scipy.special import logsumexp

from cofail_lab.numerics.log_sums import log_sums


def test_against_scipy() -> None:
    """Far apart, far down, with terms and whole rows of probability 0; the argument is used up."""
    logs = np.random.default_rng(0).normal(size=(40, 7)) * 30 - 500
    logs[3], logs[5, 2:], logs[:, 4] = -np.inf, -np.inf, -np.inf
    logs[7], logs[8] = 800.0, -1e5
    expected, kept = np.asarray(logsumexp(logs, axis=1)), logs.copy()
    np.testing.assert_allclose(log_sums(logs), expected, rtol=1e-15)
    assert expected[3] == -np.inf and not np.array_equal(logs, kept)
    np.testing.assert_allclose(log_sums(np.log([[0.25, 0.5]])), np.log([0.75]), rtol=1e-15)
