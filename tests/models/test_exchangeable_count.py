"""An exchangeable law by counting sets: sub-pools, pairs and rare ends."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.models import ExchangeableCount
from cofail_lab.models.exchangeable_count import hypergeometric

PROBS = np.array([0.1, 0.25, 0.0, 0.3, 0.2, 0.15])


@pytest.mark.parametrize(("m", "k"), [(5, 3), (5, 5), (6, 1), (4, 2)])
def test_the_share_of_wrong_ones_by_choosing(m: int, k: int) -> None:
    """C(c, j) C(m - c, k - j) / C(m, k), zero where there are not as many wrong, or right, ones."""
    found = np.exp(hypergeometric(m, k))
    assert found.shape == (k + 1, m + 1)
    for j in range(k + 1):
        for c in range(m + 1):
            assert found[j, c] == pytest.approx(comb(c, j) * comb(m - c, k - j) / comb(m, k), abs=1e-13)


def test_every_number_by_going_through_the_patterns() -> None:
    """Each pattern with j wrong has q_j / C(5, j)."""
    law, m = ExchangeableCount(PROBS), 5
    probs = {wrong: PROBS[j] / comb(m, j) for j in range(m + 1) for wrong in combinations(range(m), j)}

    def all_wrong(members: tuple[int, ...]) -> float:
        return sum(p for wrong, p in probs.items() if set(members) <= set(wrong))

    assert law.n_models == m
    np.testing.assert_allclose(law.error_rates, [all_wrong((i,)) for i in range(m)])
    np.testing.assert_allclose(law.pairwise_wrong(), [[all_wrong((i, j)) for j in range(m)] for i in range(m)])
    values, errors = law.log_all_wrong_by_size(np.array([1, 2, 3, 5]))
    np.testing.assert_allclose(np.exp(values), [all_wrong(tuple(range(k))) for k in (1, 2, 3, 5)], rtol=1e-12)
    assert ((errors > 0) & (errors < 1e-12)).all()
    some = np.zeros(4)
    for wrong, p in probs.items():
        some[len({0, 2, 4} & set(wrong))] += p
    np.testing.assert_allclose(law.subpool([4, 0, 2]).count_probs(), some, atol=1e-13)
    assert float(law.all_wrong()) == 0.15 == pytest.approx(np.exp(float(law.log_all_wrong())))
    np.testing.assert_array_equal(law.count_probs(), PROBS)


def test_a_single_model_and_what_is_refused() -> None:
    alone = ExchangeableCount([0.7, 0.3])
    np.testing.assert_allclose(alone.pairwise_wrong(), [[0.3]])
    for probs, message in (([1.0], "count_probs"), ([0.5, 0.6], "sum to 1.1"), ([1.2, -0.2], "is outside")):
        with pytest.raises(InputError, match=message):
            ExchangeableCount(probs)
    # Nobody can be wrong three times: log of nothing, without a warning.
    assert ExchangeableCount([0.5, 0.5, 0.0]).log_all_wrong_by_size(np.array([2]))[0][0] == -np.inf
