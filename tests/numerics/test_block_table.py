"""Block quadrature by a table, against plain sums and nested quadrature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_ndtr, ndtri

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import block_factor, block_table, one_factor_arrays

# Under tracing one integral is nested inside the other.
NESTED = jax.jit(block_factor.log_all_below)


@pytest.mark.parametrize(
    ("between", "within", "rate"),
    [(0.01, 0.02, 1e-6), (0.3, 0.6, 0.3), (0.3, 0.6, 1 - 1e-6), (0.01, 0.99, 0.3), (0.9, 0.99, 1e-6), (0.9, 0.99, 0.5)],
)
def test_large_blocks_against_plain_sums(between: float, within: float, rate: float) -> None:
    """m = 2,000 in 20 families: a double Riemann sum in logs, over grids far finer and wider than need be."""
    z, f = np.arange(-60, 12, 0.025), np.arange(-24, 12, 0.02)
    shared, own, rest = np.sqrt([between, within - between, 1 - within])
    logs = 100 * log_ndtr((ndtri(rate) - shared * z[:, None] - own * f) / rest) - f * f / 2
    families = logs.max(axis=1) + np.log(np.exp(logs - logs.max(axis=1, keepdims=True)).sum(axis=1) * 0.02)
    outer = 20 * (families - np.log(2 * np.pi) / 2) - z * z / 2
    exact = outer.max() + np.log(np.exp(outer - outer.max()).sum() * 0.025 / np.sqrt(2 * np.pi))
    value, error = block_table.log_all_below(np.full((20, 100), ndtri(rate)), between, within)
    assert abs(value - exact) < error + 1e-13 * abs(exact) + 1e-12
    assert error < 1e-9


def test_blocks_by_table_and_nested() -> None:
    """Unequal families, one of them a single model, by two routes; and the two limits in which one factor suffices."""
    rng = np.random.default_rng(20260601)
    t = ndtri(10 ** rng.uniform(-5, -0.01, (4, 6)))
    t[0, 3:], t[2, 1:] = block_table.FILLER, block_table.FILLER
    for between, within in ((0.2, 0.7), (0.05, 0.97), (0.6, 0.6), (0.0, 0.4)):
        value, error = block_table.log_all_below(t, between, within)
        nested, _ = NESTED(jnp.asarray(t), between, within)
        assert abs(value - float(nested)) < 1e-11
        assert error < 1e-12
    # Under tracing the number of nodes is fixed: what they do not resolve is nan, not a number that is somewhat off.
    rough, error = NESTED(jnp.asarray(t), 0.2, 0.997)
    assert 1e-8 < error < 0.1
    assert np.isnan(rough)
    real = t[t < block_table.FILLER]
    for shape, loading in (((1, -1), 0.7), ((-1, 1), 0.2)):
        value, error = block_table.log_all_below(real.reshape(shape), 0.2, 0.7)
        one, own = one_factor_arrays.log_all_below(real[None], np.full((1, len(real)), np.sqrt(loading)))
        assert abs(value - one[0]) < own[0] + error


def test_blocks_too_stiff_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a smaller limit: the nodes of a law that needs 2^31 sums take gigabytes."""
    monkeypatch.setattr(block_table, "_MAX_ENTRIES", 2**20)
    with pytest.raises(ConvergenceError, match=r"law\.within"):
        block_table.log_all_below(np.full((2, 2), -0.5), 0.3, 1 - 1e-8)
