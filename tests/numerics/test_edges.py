"""Derivatives at the edge of a range: those of a little inside, and those of an atom that is not there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cofail_lab.numerics.edges import derivative_inside, log_with_atom


@pytest.mark.parametrize(("atom", "rest"), [(0.0, -0.7), (0.0, -40.0), (0.2, -0.7), (1e-12, -3.0), (0.9, 0.0)])
def test_an_atom_and_the_rest(atom: float, rest: float) -> None:
    """log(ω + (1-ω)e^x) and its slopes, (1 - e^x)/β and (1-ω)e^x/β."""
    beta = atom + (1 - atom) * np.exp(rest)
    assert float(log_with_atom(atom, rest)) == pytest.approx(np.log(beta), abs=1e-14)
    slopes = jax.grad(log_with_atom, argnums=(0, 1))(atom, rest)
    np.testing.assert_allclose(slopes, [(1 - np.exp(rest)) / beta, (1 - atom) * np.exp(rest) / beta], rtol=1e-12)


def test_a_derivative_is_taken_inside_and_the_value_where_it_is() -> None:
    """cos √x, smooth at 0 with slope -1/2, though its formula has no slope there; its second one is 1/12."""
    smooth = derivative_inside(lambda x: jnp.cos(jnp.sqrt(x)), lambda x: (jnp.maximum(x, 1e-3),))
    assert float(smooth(0.0)) == 1.0
    assert float(jax.grad(smooth)(0.0)) == pytest.approx(-0.5, abs=1e-3)
    assert float(jax.grad(smooth)(0.5)) == pytest.approx(-np.sin(0.5**0.5) / (2 * 0.5**0.5), rel=1e-12)
    assert float(jax.grad(jax.grad(smooth))(0.5)) == pytest.approx(float(_second(0.5)), rel=1e-9)
    assert np.isnan(jax.grad(lambda x: jnp.cos(jnp.sqrt(x)))(0.0))


def _second(x: float) -> float:
    root = np.sqrt(x)
    return np.sin(root) / (4 * root**3) - np.cos(root) / (4 * x)
