"""Sample sizes: published ones, brute force, and what is said when no size will do."""

import numpy as np
import pytest

from cofail_lab.bounds import plan_certificate
from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.planner import failures_allowed, least_queries, success_probability
from cofail_lab.errors import InputError


def test_planner_published_and_brute_force():
    assert [least_queries(gain, 67) for gain in (0.05, 0.02, 0.01)] == [141, 357, 717]
    for gain, m in ((0.05, 67), (0.1, 1), (0.5, 3)):
        n = least_queries(gain, m)
        assert clopper_pearson_upper(0, n, 0.05 / m) <= gain < clopper_pearson_upper(0, n - 1, 0.05 / m)
    plan = plan_certificate(0.1, 0.03, 10)
    sizes = np.arange(1, 1000)
    success = np.array([success_probability(int(n), 0.1, 0.03, 10) for n in sizes])
    lasting = sizes[np.minimum.accumulate(success[::-1])[::-1] >= 0.8]
    assert plan.n_queries == lasting[0]
    assert plan.probability == pytest.approx(success[lasting[0] - 1])
    assert plan.failures_allowed == failures_allowed(lasting[0], 0.1, 10)


def test_planner_says_when_nothing_will_do():
    assert plan_certificate(0.05, 0.05, 10).n_queries is None
    assert plan_certificate(0.02, 0.019, 10, search=2000).n_queries is None
    with pytest.raises(InputError, match="gain: 0"):
        least_queries(0, 10)
