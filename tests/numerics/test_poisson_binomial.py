"""The count law against enumeration and the binomial."""

import jax.numpy as jnp
import numpy as np
from scipy import stats

from cofail_lab.numerics.poisson_binomial import mixture_counts


def test_count_law_against_enumeration_and_binomial() -> None:
    rng = np.random.default_rng(1)
    p, weights = rng.uniform(size=(3, 10)), np.array([0.2, 0.5, 0.3])
    law = np.zeros(11)
    for pattern in range(2**10):
        wrong = np.array([pattern >> i & 1 for i in range(10)], dtype=bool)
        law[wrong.sum()] += weights @ np.where(wrong, p, 1 - p).prod(axis=1)
    # The other 290 models are never wrong: both cases have one shape.
    filled = jnp.zeros((3, 300)).at[:, :10].set(p)
    got = np.asarray(mixture_counts(jnp.asarray(weights), filled, jnp.ones((3, 300)).at[:, :10].set(1 - p)))
    np.testing.assert_allclose(got[:11], law, rtol=1e-13)
    assert (got[11:] == 0).all()
    one = jnp.full((3, 300), 1e-3)
    binomial = stats.binom(300, 1e-3).logpmf(np.arange(80))  # down to 1e-160: relative accuracy everywhere
    got = mixture_counts(jnp.asarray(weights), one, 1 - one)
    np.testing.assert_allclose(np.log(got[:80]), binomial, atol=1e-10)
