"""Sample sizes: published ones, brute force, and what is said when no size will do."""

import numpy as np
import pytest
from scipy.stats import binom

from cofail_lab.bounds import plan_certificate, planner
from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.certificate import Certificate
from cofail_lab.bounds.planner import failures_allowed, least_queries, queries_to_decide, success_probability
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


@pytest.mark.parametrize(("m", "delta", "wanted"), [(1, 0.1, 0.9), (6, 0.01, 0.6), (200, 0.05, 0.8)])
def test_the_plan_at_other_levels_by_brute_force(m: int, delta: float, wanted: float) -> None:
    """Binomial sums at every size: the first size from which on success never drops below what is wanted."""
    plan = plan_certificate(0.15, 0.05, m, delta, wanted, 900)
    sizes = np.arange(1, 900)
    at_most = binom.cdf(np.arange(60)[:, None], sizes, 0.15) <= delta / m
    allowed = at_most.sum(axis=0) - 1
    success = np.where(allowed < 0, 0.0, binom.cdf(allowed, sizes, 0.05))
    lasting = sizes[np.minimum.accumulate(success[::-1])[::-1] >= wanted]
    assert plan.n_queries == lasting[0] and plan.searched == 900
    assert plan.failures_allowed == allowed[lasting[0] - 1]
    assert plan.probability == pytest.approx(success[lasting[0] - 1], abs=1e-12)
    assert plan.n_least == sizes[allowed >= 0][0] == least_queries(0.15, m, delta)
    assert plan_certificate(0.15, 0.05, m, delta, wanted, lasting[0] - 1).n_queries is None
    for n in (1, plan.n_least - 1, plan.n_least, 300):
        assert failures_allowed(n, 0.15, m, delta) == allowed[n - 1]
        assert success_probability(n, 0.15, 0.05, m, delta) == pytest.approx(success[n - 1], abs=1e-12)


def seen(resolvable: int, overhead: float | None, n_queries: int = 100, delta: float = 0.05) -> Certificate:
    """Three models, of which the best fails on so many queries that others get right, and all on ten."""
    return Certificate(3, n_queries, 10, n_queries - 10 - resolvable, delta, overhead)


def test_queries_below_the_overhead_are_those_of_the_plan() -> None:
    for resolvable, overhead, delta in ((3, 0.05, 0.05), (0, 0.01, 0.05), (4, 0.06, 0.2)):
        plan = plan_certificate(overhead, resolvable / 100, 3, delta)
        assert queries_to_decide(seen(resolvable, overhead, delta=delta)) == plan.n_queries > 100
    assert queries_to_decide(seen(3, 0.05), search=200) is None


@pytest.mark.parametrize(("resolvable", "overhead", "delta"), [(8, 0.05, 0.05), (30, 0.25, 0.02), (6, 0.05, 0.01)])
def test_queries_above_the_overhead_by_binomial_sums(resolvable: int, overhead: float, delta: float) -> None:
    """P1.vii by itself: P(Bin(n, overhead) >= k) < δ of the count k that the same rate would give at n, to 1%."""
    n = queries_to_decide(seen(resolvable, overhead, delta=delta))

    def decides(n: int) -> bool:
        return binom.sf(round(resolvable / 100 * n) - 1, n, overhead) < delta

    assert n is not None and decides(n)
    assert not any(decides(k) for k in (int(0.9 * n), int(0.95 * n), 100))
    assert queries_to_decide(seen(resolvable, overhead, delta=delta), search=n // 2) is None
    assert queries_to_decide(seen(resolvable, overhead, delta=delta), search=2 * n) == n


def test_nothing_to_decide_or_to_say() -> None:
    assert queries_to_decide(seen(3, None)) is None
    assert queries_to_decide(seen(3, 0.0)) is None
    assert seen(0, 0.3).outcome == "skip" and queries_to_decide(seen(0, 0.3)) is None
    # The rate seen is the overhead itself: no size tells them apart.
    assert queries_to_decide(seen(5, 0.05), search=10**5) is None


def test_what_the_plan_refuses() -> None:
    for arguments, name in (((1, 0, 3), "gain"), ((0.1, 0, 0), "n_models"), ((0.1, 0, 3, 0), "delta")):
        with pytest.raises(InputError, match=f"^{name}: "):
            plan_certificate(*arguments)
    with pytest.raises(InputError, match=r"^resolvable: "):
        plan_certificate(0.1, 1.5, 3)
    with pytest.raises(InputError, match=r"^probability: "):
        plan_certificate(0.1, 0.0, 3, probability=1)


def test_a_size_counts_whose_least_success_until_the_next_failure_is_just_what_is_wanted() -> None:
    """Success falls at every size up to the next that allows one failure more: wanted is the bottom of such a fall."""
    sizes = np.arange(1, 600)
    allowed = (binom.cdf(np.arange(60)[:, None], sizes, 0.15) <= 0.05 / 4).sum(axis=0) - 1
    success = np.where(allowed < 0, 0.0, binom.cdf(allowed, sizes, 0.05))
    bottoms = [i for i in np.flatnonzero(np.diff(allowed)) if 0.5 < success[i] < 0.95]
    assert len(bottoms) > 5
    for bottom in bottoms:
        for wanted, counts in ((success[bottom] * (1 - 1e-9), True), (success[bottom] * (1 + 1e-9), False)):
            plan = plan_certificate(0.15, 0.05, 4, 0.05, wanted, 590)
            assert plan.failures_allowed == allowed[bottom] + (0 if counts else 1)
            assert plan.n_queries == sizes[np.flatnonzero(allowed == plan.failures_allowed)[0]]


@pytest.mark.parametrize(
    ("gain", "n_models", "delta", "least"),
    # The formula with logs gives 14 and 4: by rounding, one too few and one too many.
    [(0.1, 3, 0.6863037736488302, 15), (0.25, 1, 0.421875, 3)],
)
def test_the_least_number_of_queries_does_not_depend_on_the_rounding_of_logs(
    gain: float, n_models: int, delta: float, least: int
) -> None:
    assert least_queries(gain, n_models, delta) == least
    assert (1 - gain) ** least <= delta / n_models < (1 - gain) ** (least - 1)


@pytest.mark.parametrize("above", [12, 40, 110, 200])
def test_the_first_sample_size_that_certifies_with_some_failures(above: int) -> None:
    """Also where it is more than twice the size that is known to be too small."""
    first = planner._first_with(5, 0.1, 4, 0.05, above)
    certifies = [n for n in range(above + 1, 400) if binom.cdf(5, n, 0.1) <= 0.05 / 4]
    assert first == certifies[0]
