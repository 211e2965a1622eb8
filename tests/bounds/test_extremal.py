"""Two pools with the same pairwise table, one of which never fails together."""

import jax
import numpy as np
import pytest

from cofail_lab.bounds import extendible_envelope, wrong_count_range
from cofail_lab.bounds.extremal import endless_laws, extremal_laws


def test_two_pools_with_the_same_pairwise_table_one_of_which_never_fails_together():
    lower, upper = extremal_laws(wrong_count_range([0.335, 0.1355], 67))
    np.testing.assert_allclose(lower.pairwise_wrong(), upper.pairwise_wrong(), atol=1e-12)
    assert float(lower.all_wrong()) == 0
    assert float(upper.all_wrong()) == pytest.approx(0.0559712, abs=5e-8)
    assert not lower.sample(jax.random.key(0), 2000).all(axis=1).any()
    mixing, shock = endless_laws(extendible_envelope(0.335, 0.1355), 67)
    np.testing.assert_allclose(mixing.pairwise_wrong(), shock.pairwise_wrong(), atol=1e-12)
    assert float(shock.all_wrong()) == pytest.approx(0.05, abs=1e-12)
    assert float(mixing.all_wrong()) < 1e-20
