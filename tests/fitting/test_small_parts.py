"""Small parts of the estimators and of replicates, each by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from cofail_lab.fitting.estimators import block, skew_factor, student_factor
from cofail_lab.fitting.estimators.atom import BASES
from cofail_lab.fitting.estimators.count_likelihood import _nodes
from tests.report.by_hand import replicates


def test_claytons_parameter_from_kendalls_tau() -> None:
    """τ = θ/(θ + 2)."""
    assert [BASES["clayton"].value(tau) for tau in (0.2, 0.5)] == [0.5, 2.0]
    assert [BASES[name].max_position for name in ("independent", "one_factor", "clayton")] == [1.0, 0.99, 0.95]


@pytest.mark.parametrize(
    ("between", "within", "exists"),
    [
        (0.0, 0.5, True),
        (0.3, 0.3, True),
        (0.3, 0.29, False),
        (0.3, 0.3 - 1e-11, False),
        (0.3, 0.3 - 1e-13, True),
        (-0.01, 0.5, False),
        (0.3, 1.0, False),
        (0.3, 0.999, True),
    ],
)
def test_correlations_that_a_block_law_can_have(between: float, within: float, exists: bool) -> None:
    family = np.array([0, 0, 1, 1])
    matrix = np.where(family[:, None] == family, within, between)
    np.fill_diagonal(matrix, 1)
    expected = [between, within] if exists else [np.nan, np.nan]
    np.testing.assert_allclose(block.fit(matrix, family), expected, rtol=0, atol=2e-13)


def test_where_there_is_one_kind_of_pair_the_other_is_like_it() -> None:
    matrix = np.full((3, 3), 0.4)
    for family in ([0, 0, 0], [0, 1, 2]):
        np.testing.assert_allclose(block.fit(matrix, np.array(family)), [0.4, 0.4])


@pytest.mark.parametrize(
    ("weak", "ends", "share"),
    [
        ((3e-5, 0.4), ((0.0, 0.4), (1e-4, 0.4)), 0.3),
        ((0.25, 0.25005), ((0.25, 0.25), (0.25, 0.2502)), 0.25),
    ],
)
def test_weak_factors_lie_between_two_laws(weak: Any, ends: Any, share: float) -> None:
    family, thresholds = np.array([0, 0, 1, 1]), ndtri(np.array([0.3, 0.5, 0.4, 0.6]))
    low, high = (block.log_all_wrong(thresholds, family, *end)[0] for end in ends)
    found, error = block.log_all_wrong(thresholds, family, *weak)
    assert found == pytest.approx(low + share * (high - low), abs=1e-12)
    assert error >= high - low > 0


def test_shapes_that_are_tried() -> None:
    skew, student = vars(skew_factor.SHAPE).values(), vars(student_factor.SHAPE).values()
    assert [*skew][:1] + [*skew][2:] == ["skewness", -3.0, 3.0, (-1.0, 0.0, 1.0, 2.0)]
    assert [*student][2:] == [0.0, 0.8, (0.02, 0.2, 0.5)]
    law = [*student][1]
    rates, loadings = np.array([0.3, 0.4]), np.array([0.5, 0.5])
    found = [float(law(rates, loadings, inverse).degrees_of_freedom) for inverse in (0.25, 0.005, 0.0)]  # type: ignore[attr-defined]
    assert found == [4, 200, np.inf]


@pytest.mark.parametrize("module", [skew_factor, student_factor])
def test_a_fit_of_a_shape_passes_on_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    def given(*args: Any, **options: Any) -> Any:
        return *args, options

    monkeypatch.setattr(module, "fit_shape", given)
    pool: Any = "pool"
    assert module.fit_pool(pool) == (pool, False, module.SHAPE, {"atom": False, "own_loadings": False})
    for intervals, atom, own in ((True, False, True), (False, True, True), (True, True, False)):
        options = {"atom": atom, "own_loadings": own}
        assert module.fit_pool(pool, intervals, **options) == (pool, intervals, module.SHAPE, options)


def test_nodes_at_which_all_are_wrong_are_merged() -> None:
    """Of five nodes at two every model is wrong; at another one only the first is."""
    log_wrong = np.array([[0.0, 0.0], [0.0, -1.0], [0.0, 0.0], [-2.0, -3.0], [-1e-15, -0.5]])
    law: Any = SimpleNamespace(factor_grid=lambda: (np.log([0.1, 0.2, 0.3, 0.15, 0.25]), log_wrong, log_wrong - 1))
    weights, wrong, right = _nodes(law)
    np.testing.assert_allclose(np.exp(weights), [0.4, 0.2, 0.15, 0.25])
    np.testing.assert_array_equal(wrong, log_wrong[[0, 1, 3, 4]])
    np.testing.assert_array_equal(right, log_wrong[[0, 1, 3, 4]] - 1)


def test_some_replicates_are_rows_of_all() -> None:
    """β .09, .1, .12 and .13 over 5.5% by one factor; without an all-wrong query a ratio is 0."""
    drawn = replicates(log_block=np.log([0.03, 0.05, np.nan, 0.13]))
    some = drawn.take(np.array([3, 1]))
    assert (some.all_wrong.tolist(), some.single_best.tolist()) == ([0.13, 0.1], [0.82, 0.74])
    assert some.oracle_gain == pytest.approx([0.05, 0.16])
    assert some.ratios("one_factor") == pytest.approx([0.13 / 0.055, 0.1 / 0.055])
    assert some.ratios("block") == pytest.approx([1, 2])
    assert (drawn.has("block"), drawn.has("clayton"), drawn.has("full_sigma")) == (True, True, False)
    none = drawn._replace(all_wrong=np.array([0, 0.1, 0.0, 0.13]))
    assert none.ratios("block") == pytest.approx([0, 2, 0, 1])
