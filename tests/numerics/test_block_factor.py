"""Block quadrature: its limits, and its lattice against integrals of other kinds."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics import block_factor, block_table, one_factor


def test_blocks_reduce_to_one_factor_and_to_independent_families() -> None:
    t = ndtri(np.array([[0.2, 0.5], [0.7, 0.4]]))
    one = one_factor.log_all_below(jnp.asarray(t.ravel()), jnp.full(4, np.sqrt(0.3)))[0]
    same, error = block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.3), jnp.asarray(0.3))
    assert abs(float(same - one)) < 1e-11 + float(error)
    apart, _ = block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.0), jnp.asarray(0.6))
    pairs = stats.multivariate_normal(cov=[[1, 0.6], [0.6, 1]])
    assert float(apart) == pytest.approx(sum(np.log(pairs.cdf(row)) for row in t), abs=1e-7)
    # The control: another correlation is told apart.
    assert abs(float(block_factor.log_all_below(jnp.asarray(t), jnp.asarray(0.3), jnp.asarray(0.31))[0] - one)) > 1e-4


def test_lattice_agrees_with_nested_quadrature() -> None:
    t, families = ndtri(np.array([0.2, 0.5, 0.7, 0.4, 0.3])), [np.array([0, 1]), np.array([2, 3]), np.array([4])]
    law = block_factor.count_law(block_factor.lattice(t, 2, 0.3, 0.6), families)
    filled = jnp.asarray([[t[0], t[1]], [t[2], t[3]], [t[4], 40.0]])
    nested, _ = block_factor.log_all_below(filled, jnp.asarray(0.3), jnp.asarray(0.6))
    assert np.log(law[-1]) == pytest.approx(float(nested), abs=1e-11)
    assert law.sum() == pytest.approx(1, abs=1e-12)


def test_a_rare_event_of_the_whole_pool_keeps_its_digits() -> None:
    """Six models of rate 1e-3 in three families: β = 2e-8 by the lattice, by integrals, and as it was printed."""
    rates, families = np.full(6, 1e-3), [np.arange(2), np.arange(2, 4), np.arange(4, 6)]
    t = ndtri(rates)
    law = block_factor.count_law(block_factor.lattice(t, 2, 0.3, 0.6), families)
    nested, _ = block_factor.log_all_below(jnp.asarray(t.reshape(3, 2)), jnp.asarray(0.3), jnp.asarray(0.6))
    assert np.log(law[-1]) == pytest.approx(float(nested), abs=1e-11)
    assert np.log(law[-1]) == pytest.approx(-17.525181468586, abs=1e-11)


def test_the_lattice_resolves_models_that_are_nearly_their_family() -> None:
    """ρ_w = .9999 against integrals over tables that are written otherwise; and a pool of one family."""
    t, families = ndtri(np.array([0.2, 0.25, 0.7, 0.4])), [np.array([0, 1]), np.array([2, 3])]
    for between, within in ((0.3, 0.9999), (0.99, 0.999)):
        law = block_factor.count_law(block_factor.lattice(t, 2, between, within), families)
        exact, error = block_table.log_all_below(t.reshape(2, 2), between, within)
        assert np.log(law[-1]) == pytest.approx(exact, abs=1e-11 + error)
        none, _ = block_table.log_all_below(-t.reshape(2, 2), between, within)
        assert np.log(law[0]) == pytest.approx(none, abs=1e-11 + error)


def test_a_table_that_would_be_too_large_is_refused_with_its_size() -> None:
    with pytest.raises(ConvergenceError) as refused:
        block_factor.lattice(np.zeros(400), 10, 0.3, 1 - 1e-6)
    assert str(refused.value) == (
        "law.between, law.within: 0.3, 0.999999 with 400 models need 796685 values of the common factor"
    )


def test_large_families_are_filled_up_with_models_that_are_never_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled program for large pools against the table for small ones, on families of three sizes."""
    t, families = ndtri(np.linspace(0.1, 0.6, 7)), [np.arange(4), np.arange(4, 6), np.array([6])]
    nodes = block_factor.lattice(t, 4, 0.2, 0.5)
    small = block_factor.count_law(nodes, families)
    monkeypatch.setattr(block_factor, "_SMALL", 0)
    assert block_factor.count_law(nodes, families) == pytest.approx(small, abs=1e-13)
    assert small.sum() == pytest.approx(1, abs=1e-12)
