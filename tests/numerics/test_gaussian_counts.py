"""The law of C of a full matrix: its errors are honest, for rare counts too."""

import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.models import BlockFactor, GaussianCopula, OneFactorGaussian
from cofail_lab.numerics import gaussian_counts


def z_scores(n_cases: int, sizes: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """|z| of every P(C = j), and its exact value, over pools with one factor or with families."""
    rng, found = np.random.default_rng(seed), []
    for case in range(n_cases):
        m = int(rng.choice(sizes))
        rates = 10 ** rng.uniform(-2.5, -0.1, m)
        rates = 1 - rates if case % 3 == 0 else rates
        if case % 2:
            loadings = rng.uniform(-0.95, 0.95, m) if case % 4 == 1 else np.full(m, rng.uniform(0.1, 0.95))
            sigma, exact = np.outer(loadings, loadings), OneFactorGaussian(rates, loadings).count_probs()
        else:
            family = np.arange(m) % int(rng.integers(2, 4))
            between, within = np.sort(rng.uniform(0, 0.95, 2)) * [case % 4 // 2, 1]
            sigma = np.where(family[:, None] == family, within, between)
            exact = BlockFactor(rates, family, between, within).count_probs()
        np.fill_diagonal(sigma, 1)
        probs, errors = (np.asarray(x) for x in GaussianCopula(rates, sigma).count_probs_estimate())
        assert probs.sum() == pytest.approx(1, abs=1e-12)
        found.append([np.abs(probs - exact) / errors, exact])
    return np.concatenate([z for z, _ in found]), np.concatenate([np.asarray(p) for _, p in found])


def judge(z: np.ndarray) -> None:
    """At most 2% beyond 3 and none beyond 8 standard errors, and errors that are not simply huge."""
    assert (z > 3).mean() <= 0.02
    assert z.max() < 8
    assert 0.3 < np.median(z) < 1.2


def test_errors_are_honest() -> None:
    z, exact = z_scores(6, (8,), 20261202)
    judge(z[exact > 1e-7])
    assert z[exact < 1e-7].max(initial=0) < 5


@pytest.mark.slow
def test_errors_are_honest_in_80_pools() -> None:
    z, exact = z_scores(80, (4, 8, 12, 20), 20261203)
    judge(z[exact > 1e-7])
    assert z[exact < 1e-7].max() < 5


def test_a_rare_event_is_seen() -> None:
    """Two hardly correlated families of three: β = 1.5e-6 or so, where plain simulation of 8,192 queries sees none."""
    family = np.array([0, 0, 0, 1, 1, 1])
    rates = np.full(6, 0.004)
    exact = np.asarray(BlockFactor(rates, family, 0.0, 0.8).count_probs())
    assert 1e-7 < exact[-1] < 1e-5
    sigma = np.where(family[:, None] == family, 0.8, 0.0)
    np.fill_diagonal(sigma, 1)
    probs, errors = (np.asarray(x) for x in GaussianCopula(rates, sigma).count_probs_estimate())
    assert (np.abs(probs - exact) < 5 * errors).all()
    assert errors[-1] < 0.01 * exact[-1]
    rough, spread = gaussian_counts.count_law(ndtri(rates), sigma)
    assert abs(rough[-1] - exact[-1]) < 5 * spread[-1] < 0.5 * exact[-1]
