"""Clayton counts keep their tails."""

import numpy as np
import pytest

from cofail_lab.models import Clayton


@pytest.mark.parametrize("theta", [0.01, 0.5, 8.0])
def test_clayton_counts_keep_their_tails(theta: float) -> None:
    """The law of C against closed forms: β, Σ α_i and Σ p_ij, with models that hardly ever or nearly always fail."""
    rates = np.array([1e-4, *np.linspace(0.05, 0.95, 58), 1 - 1e-6])
    law = Clayton(rates, theta)
    counts, j = np.asarray(law.count_probs()), np.arange(61)
    assert np.log(counts[-1]) == pytest.approx(float(law.log_all_wrong()), abs=2e-11)
    assert counts.sum() == pytest.approx(1, abs=1e-11)
    assert counts @ j == pytest.approx(rates.sum(), rel=2e-11)
    pairs = np.asarray(law.pairwise_wrong()).sum() - rates.sum()
    assert counts @ (j * (j - 1)) == pytest.approx(pairs, rel=2e-11)
