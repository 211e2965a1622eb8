"""What holds for every law whatever its parameters: pools of four models drawn at random, in closed form each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BetaMixing,
    Clayton,
    CommonShock,
    ExchangeableCount,
    ExchangeableMixing,
    Independent,
)

RATES = st.lists(st.floats(0.01, 0.99), min_size=4, max_size=4)
SHARE = st.floats(0.0, 0.9)
POSITIVE = st.floats(0.05, 20.0)

MIXED = st.one_of(
    st.builds(lambda rates: Independent(rates), RATES),
    st.builds(lambda shock, rates: CommonShock(shock, rates), SHARE, RATES),
    st.builds(lambda rates, theta: Clayton(rates, theta), RATES, st.floats(0.0, 50.0)),
    st.builds(lambda shock, rates: AtomInflated(shock, Clayton(rates, 1.0)), SHARE, RATES),
)
"""Laws in which the errors of models are independent, or help each other."""

EXCHANGEABLE = st.one_of(
    st.builds(lambda a, b: BetaMixing(a, b, 4), POSITIVE, POSITIVE),
    st.builds(lambda p, q, w: ExchangeableMixing([p, q], [w, 1 - w], 4), SHARE, SHARE, SHARE),
)

ORDER = st.permutations(range(4))
often = settings(max_examples=40, deadline=None, derandomize=True)


@often
@given(MIXED, ORDER)
def test_a_pool_has_no_order(law: AbstractErrorLaw, order: list[int]) -> None:
    moved = law.subpool(order)
    assert float(moved.log_all_wrong()) == pytest.approx(float(law.log_all_wrong()), rel=1e-12, abs=1e-13)
    np.testing.assert_allclose(moved.count_probs(), law.count_probs(), rtol=1e-9, atol=1e-15)


@often
@given(MIXED)
def test_errors_help_each_other_and_more_models_fail_together_less_often(law: AbstractErrorLaw) -> None:
    """Π α_i <= β <= min α_i, pair by pair too; β falls along nested pools, whose logs are those of each pool alone."""
    rates, pairs = np.asarray(law.error_rates), np.asarray(law.pairwise_wrong())
    beta = float(law.all_wrong())
    assert rates.prod() * (1 - 1e-10) <= beta <= rates.min() * (1 + 1e-12)
    assert (pairs >= np.minimum(np.outer(rates, rates), rates[:, None]) * (1 - 1e-10)).all()
    assert (pairs <= np.minimum(rates, rates[:, None]) * (1 + 1e-12)).all()
    nested, _ = law.log_all_wrong_by_size(np.arange(1, 5))
    assert (np.diff(nested) <= 1e-12).all()
    np.testing.assert_allclose(nested[[0, 1, 3]], np.log([rates[0], pairs[0, 1], beta]), rtol=1e-10, atol=1e-12)


@often
@given(MIXED | EXCHANGEABLE)
def test_models_left_out_are_summed_over(law: AbstractErrorLaw) -> None:
    """P(C = j) averaged over the pools that lack one model is that of C less a model at random."""
    counts, j = np.asarray(law.count_probs()), np.arange(4)
    without = np.mean([law.subpool([i for i in range(4) if i != k]).count_probs() for k in range(4)], axis=0)
    expected = counts[:-1] * (4 - j) / 4 + counts[1:] * (j + 1) / 4
    np.testing.assert_allclose(without, expected, rtol=1e-9, atol=1e-14)


@often
@given(EXCHANGEABLE, st.integers(1, 3))
def test_an_exchangeable_law_is_its_law_of_counts(law: AbstractErrorLaw, size: int) -> None:
    """The same sub-pools, pairs and β whether the mixing law or the counts are kept."""
    same = ExchangeableCount(np.asarray(law.count_probs()) / np.asarray(law.count_probs()).sum())
    assert float(same.all_wrong()) == pytest.approx(float(law.all_wrong()), rel=1e-10)
    np.testing.assert_allclose(same.pairwise_wrong(), law.pairwise_wrong(), rtol=1e-10, atol=1e-15)
    members = list(range(size))
    np.testing.assert_allclose(
        same.subpool(members).count_probs(), law.subpool(members).count_probs(), rtol=1e-9, atol=1e-14
    )
