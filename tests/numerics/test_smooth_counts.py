"""The law of C in large pools, against the sum of products at every node."""

import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.fitting.estimators.count_likelihood import factor_nodes
from cofail_lab.numerics import smooth_counts
from cofail_lab.numerics.poisson_binomial import mixture_counts_at_once

# Of 300 models, some with the same rate.
RATES = np.round(np.geomspace(0.01, 0.8, 300), 3)


def nodes(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    log_weights, log_wrong, log_right = factor_nodes(ndtri(RATES), loadings)
    return np.exp(log_weights), np.exp(log_wrong), np.exp(log_right)


@pytest.mark.parametrize("r", [0.2, 0.4, 0.8])
def test_it_is_the_sum_of_products(r: float) -> None:
    """To 1e-9 where a count is likelier than 1e-12, and to 1e-19 where it is not."""
    weights, wrong, right = nodes(np.full(300, np.sqrt(r)))
    found, exact = (
        smooth_counts.mixture_counts(weights, wrong, ndtri(RATES)),
        mixture_counts_at_once(weights, wrong, right),
    )
    assert found is not None
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-19)


def test_models_with_loadings_of_their_own_have_no_smooth_law() -> None:
    weights, wrong, _ = nodes(np.random.default_rng(1).uniform(0.3, 0.8, 300))
    assert smooth_counts.mixture_counts(weights, wrong, ndtri(RATES)) is None


def test_a_count_that_no_node_comes_near_to_has_none() -> None:
    """One node: C is within 100 of its mean as good as surely, and 0 is out of reach."""
    wrong = RATES[None]
    assert smooth_counts.mixture_counts(np.ones(1), wrong, ndtri(RATES)) is None
