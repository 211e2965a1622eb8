"""Every law at the edges of its parameters: the law of C, β, rates and pairs are the same law."""

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.models import AbstractErrorLaw, GaussianCopula
from tests.models.edges import LARGE, SMALL


def check(law: AbstractErrorLaw) -> None:
    """Sum 1, β = P(C = m), and the first two factorial moments; all relative where nothing is simulated.

    A relative error of 1e-10 is allowed and, for moments, the rounding of the larger terms that they are sums of; where
    the law simulates, five standard errors (two-sided 6e-7 a comparison).
    """
    m = law.n_models
    rates, pairs, counts = (np.asarray(x) for x in (law.error_rates, law.pairwise_wrong(), law.count_probs()))
    log_beta, j = float(law.log_all_wrong()), np.arange(m + 1)
    errors = np.zeros(m + 1)
    if isinstance(law, GaussianCopula):
        errors = 5 * np.asarray(law.count_probs_estimate()[1])
    assert counts.shape == (m + 1,)
    assert (counts >= 0).all()
    assert counts.sum() == pytest.approx(1, abs=1e-11)
    assert float(law.all_wrong()) == pytest.approx(counts[-1], rel=1e-10, abs=0)
    if counts[-1] > 1e-290:
        assert np.log(counts[-1]) == pytest.approx(log_beta, abs=1e-10 + 1e-14 * abs(log_beta))
    else:
        assert log_beta < np.log(1.1e-290)
    assert counts @ j == pytest.approx(rates.sum(), rel=1e-10, abs=errors @ j)
    assert (1 - rates).sum() == pytest.approx(counts @ (m - j), rel=1e-10, abs=errors @ j + 1e-15 * m)
    off = pairs.sum() - np.trace(pairs)
    if m > 1:
        np.testing.assert_allclose(pairs, pairs.T, rtol=1e-12)
        np.testing.assert_allclose(np.diag(pairs), rates, rtol=1e-14)
        assert (pairs <= np.minimum(rates, rates[:, None]) * (1 + 1e-12)).all()
        assert counts @ (j * (j - 1.0)) == pytest.approx(off, rel=1e-9, abs=errors @ (j * (j - 1.0)) + 1e-15)
    estimate = law.all_wrong_estimate()
    assert estimate.value is not None
    assert estimate.error is not None
    assert estimate.value == pytest.approx(float(law.all_wrong()), rel=1e-10, abs=0)
    assert np.isfinite(estimate.error)


@pytest.mark.parametrize("name", SMALL)
def test_small_pools(name: str) -> None:
    check(SMALL[name]())


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in LARGE])
def test_pools_of_2000(name: str) -> None:
    check(LARGE[name]())


def test_every_law_is_there() -> None:
    public = {getattr(models, name) for name in models.__all__} - {AbstractErrorLaw}
    assert {type(build()) for build in SMALL.values()} == public
