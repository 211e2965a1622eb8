"""Iterations that are cut short, and what has no value, no matrix or no part."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from cofail_lab.errors import ConvergenceError
from cofail_lab.fitting.estimators import atom, clayton, factor_mixture
from cofail_lab.fitting.estimators.full_sigma import log_all_wrong
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.readings.difficulty import _gaussian
from cofail_lab.fitting.readings.parts import parts
from cofail_lab.fitting.readings.pool_scan import COMPOSITIONS, Compositions
from cofail_lab.fitting.replicates.stages import Batch
from tests.conftest import outcomes_from


def test_theta_is_found_in_a_hundred_steps_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """(2·2^θ - 1)^(-1/θ) of two models of rate ½: θ = 1 has a pair of 1/3, and one step from there is the start."""
    rates = np.full((1, 1), 0.5)
    found = clayton._solve(rates, rates, np.ones((1, 1)), np.array([1 / 3]))
    assert found == pytest.approx([1.0], rel=1e-10)
    monkeypatch.setattr(clayton, "_MAX_STEPS", 1)
    assert clayton._solve(rates, rates, np.ones((1, 1)), np.array([1 / 3])) == pytest.approx([1.0])
    with pytest.raises(ConvergenceError, match=r"^Clayton θ: mean p_ij off by 2\.\de-01 \(relative\) after 1 "):
        clayton._solve(rates, rates, np.ones((1, 1)), np.array([0.27]))


def test_weights_that_are_cut_short_are_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    table, histogram = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([30.0, 70.0])
    best = factor_mixture.likeliest_weights(table, histogram, np.full(2, 0.5))
    assert best @ table == pytest.approx([0.3, 0.7], rel=1e-6)
    monkeypatch.setattr(factor_mixture, "_MAX_STEPS", 0)
    assert factor_mixture.likeliest_weights(table, histogram, np.full(2, 0.5)).tolist() == [0.5, 0.5]
    monkeypatch.setattr(factor_mixture, "_MAX_STEPS", 1)
    once = factor_mixture.likeliest_weights(table, histogram, np.full(2, 0.5))
    assert once.sum() == pytest.approx(1) and once[0] < 0.5


def test_models_that_are_one_fall_with_the_rarest() -> None:
    """Scores of two copies at .3 and .2 beside a third at .4: SciPy's bivariate normal at .2 and .4."""
    matrix = np.array([[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]])
    value, error = log_all_wrong(matrix, norm.ppf([0.3, 0.2, 0.4]))
    pair = multivariate_normal.cdf(norm.ppf([0.2, 0.4]), cov=[[1, 0.5], [0.5, 1]])
    assert np.exp(value) == pytest.approx(pair, rel=6 * error + 1e-6) and error < 1e-3
    alone, none = log_all_wrong(np.ones((2, 2)), norm.ppf([0.3, 0.2]))
    assert np.exp(alone) == pytest.approx(0.2) and none == 0.0


def test_a_normal_difficulty_is_that_of_tables() -> None:
    assert _gaussian(0.3, np.array([0.0, 1.959963984540054])) == pytest.approx([0.5, 0.975])


def test_columns_of_one_value_or_of_many_make_no_parts() -> None:
    wrong = np.random.default_rng(0).random((40, 18)) < 0.4
    columns = {
        "vendor": ["x"] * 8 + [""] * 10,  # known of some only, and the same
        "tag": [f"t{j // 2}" for j in range(18)],  # nine of two models each
        "size": ["big", "small"] * 9,
        "family": ["x"] * 9 + [""] * 9,
    }
    made = outcomes_from(wrong, per_model={name: np.array(column, object) for name, column in columns.items()})
    keys = {part.key for part in parts(made)}
    assert {key for key in keys if "=" in key} == {"size=big", "size=small", "family=x"}


def test_sizes_without_a_counted_composition_have_no_ratio() -> None:
    compositions = Compositions(4, 50, 0)
    wrong = np.random.default_rng(0).random((1, 50, 4)) < 0.5
    joint = np.einsum("bni,bnj->bij", wrong.astype(int), wrong.astype(int))
    beyond = compositions.count(COMPOSITIONS, wrong, joint)
    all_wrong, ratio = compositions.ratios(beyond)
    assert all_wrong.shape == ratio.shape == (len(compositions.sizes), COMPOSITIONS)
    assert np.isnan(all_wrong).all() and np.isnan(ratio).all()


def test_a_batch_says_which_of_two_kinds_it_is() -> None:
    counts = np.ones((1, 2), dtype=np.int64)
    values = None
    resampled = Batch(0, counts, values, weights=np.ones((1, 4), dtype=np.int64))  # type: ignore[arg-type]
    simulated = Batch(0, counts, values, wrong=np.ones((1, 4, 2), bool), joint=np.ones((1, 2, 2), int))  # type: ignore[arg-type]
    assert resampled.resampled_error_rates.tolist() == [[0.25, 0.25]]
    assert simulated.simulated[0].shape == (1, 4, 2)
    with pytest.raises(ValueError, match=r"^a batch of simulated matrices has no query weights$"):
        simulated.resampled_error_rates  # noqa: B018
    for batch in (resampled, Batch(0, counts, values, wrong=np.ones((1, 4, 2), bool))):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^a batch of resampled queries has no matrices$"):
            batch.simulated  # noqa: B018


def test_a_base_without_a_likelihood_of_the_matrix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = np.random.default_rng(0).random((60, 4)) < 0.4
    monkeypatch.setattr(atom, "matrix_log_likelihood", lambda *_: None)
    with pytest.raises(ValueError, match=r"^base 'independent' has no likelihood of the matrix$"):
        atom.fit(VaryingPool(wrong), "independent", atom=False, target="matrix")
