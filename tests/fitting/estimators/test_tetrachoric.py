"""Every pair is solved against a bivariate normal that shares no code with the solver: Owen's T function."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr, ndtri, owens_t

from cofail_lab.errors import ConvergenceError
from cofail_lab.fitting.estimators import tetrachoric as module
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts, frechet_boundary, tetrachoric
from cofail_lab.outcomes import Outcomes


def owen_cdf(h: np.ndarray, k: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Φ2(h, k; r) by Owen (1956), for |r| < 1."""
    root = np.sqrt((1 - r) * (1 + r))
    with np.errstate(divide="ignore", invalid="ignore"):
        a_h, a_k = (k - r * h) / (h * root), (h - r * k) / (k * root)
        # At h = 0 the slope is infinite with the sign of k - r h; T(0, ±∞) = ±1/4.
        a_h, a_k = np.where(h == 0, np.sign(k) * np.inf, a_h), np.where(k == 0, np.sign(h) * np.inf, a_k)
    product = h * k
    opposite = (product < 0) | ((product == 0) & (h + k < 0))
    value = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, a_h) - owens_t(k, a_k) - opposite / 2
    return np.where((h == 0) & (k == 0), 0.25 + np.arcsin(r) / (2 * np.pi), value)


def residuals(outcomes: Outcomes) -> np.ndarray:
    """|Φ2(t_i, t_j; r_ij) - p_ij| over the interior pairs of a matrix."""
    found = tetrachoric(outcomes.wrong)
    i, j = np.triu_indices(outcomes.n_models, 1)
    keep = (found.boundary[i, j] == 0) & ~np.isnan(found.correlation[i, j])
    i, j = i[keep], j[keep]
    modelled = owen_cdf(found.thresholds[i], found.thresholds[j], found.correlation[i, j])
    return np.abs(modelled - outcomes.pairwise_wrong()[i, j])


@pytest.mark.parametrize(
    "name",
    ["cruxeval_output", "farel_bench", "misguided_attention", "mmlu_pro", "canaicode_junior", "swebench_pro_public"],
)
def test_every_pair_of_a_real_matrix_meets_its_joint_rate(real: Callable[[str], Outcomes], name: str) -> None:
    assert residuals(real(name)).max() < 1e-12


def test_the_residual_check_can_fail(real: Callable[[str], Outcomes]) -> None:
    """Control: the same check rejects correlations that are off by one part in a million."""
    outcomes = real("cruxeval_output")
    found = tetrachoric(outcomes.wrong)
    i, j = np.triu_indices(outcomes.n_models, 1)
    modelled = owen_cdf(found.thresholds[i], found.thresholds[j], found.correlation[i, j] * (1 - 1e-6))
    assert np.abs(modelled - outcomes.pairwise_wrong()[i, j]).max() > 1e-8


def test_correlations_near_one_are_recovered() -> None:
    """Rates from 1 in a million to 1 - that, |r| from .9 to .9999 and both signs, from counts of a huge sample."""
    n = 10**7
    rng = np.random.default_rng(5)
    size = 4000
    h = rng.normal(size=size) * 1.5
    k = np.where(rng.random(size) < 0.5, h + rng.normal(size=size) * 0.02, rng.normal(size=size) * 1.5)
    r = rng.choice([-1, 1], size) * (1 - 10.0 ** rng.uniform(-4, -1, size))
    a, b = np.rint(n * ndtr(h)).astype(int), np.rint(n * ndtr(k)).astype(int)
    both = np.rint(n * owen_cdf(h, k, r)).astype(int)
    sign, constant = frechet_boundary(a, b, both, n)
    inside = (sign == 0) & ~constant & (both >= np.maximum(0, a + b - n)) & (both <= np.minimum(a, b))
    a, b, both = a[inside], b[inside], both[inside]
    found, _ = correlation_from_counts(a, b, both, n)
    assert (np.abs(found) > 0.99).sum() > 500
    modelled = owen_cdf(ndtri(a / n), ndtri(b / n), found)
    assert np.abs(modelled - both / n).max() < 1e-12


def test_boundary_pairs_are_found_on_the_counts() -> None:
    base = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    nested = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
    disjoint = np.array([0, 0, 0, 0, 0, 0, 1, 1], dtype=bool)
    covering = ~base | np.array(
        [1, 0, 0, 0, 0, 0, 0, 0], dtype=bool
    )  # overlaps base once, and no query is right for both
    interior = np.array([1, 0, 0, 1, 0, 0, 0, 0], dtype=bool)
    always_wrong, always_right = np.ones(8, dtype=bool), np.zeros(8, dtype=bool)
    columns = (base, base, nested, disjoint, covering, interior, always_wrong, always_right)
    found = tetrachoric(np.column_stack(columns))
    assert found.boundary[0].tolist() == [0, 1, 1, -1, -1, 0, 0, 0]
    assert found.correlation[0, :5].tolist() == [1, 1, 1, -1, -1]
    assert -1 < found.correlation[0, 5] < 1
    assert np.isnan(found.correlation[0, 6:]).all()
    assert found.thresholds[6] == np.inf
    assert found.thresholds[7] == -np.inf


def test_flipping_a_column_flips_its_correlations(rng: np.random.Generator) -> None:
    wrong = (rng.normal(size=(500, 1)) + rng.normal(size=(500, 6))) < rng.normal(size=6)
    flipped = wrong.copy()
    flipped[:, 2] = ~flipped[:, 2]
    before, after = tetrachoric(wrong).correlation, tetrachoric(flipped).correlation
    np.testing.assert_allclose(after[2, [0, 1, 3, 4, 5]], -before[2, [0, 1, 3, 4, 5]], atol=1e-12)


def test_median_splits_have_the_closed_form() -> None:
    """At rates ½ the orthant law gives r = -cos(2π p) exactly (Sheppard 1899)."""
    n = 1000
    both = np.arange(1, 500, 7)
    half = np.full(len(both), 500)
    found, _ = correlation_from_counts(half, half, both, n)
    np.testing.assert_allclose(found, -np.cos(2 * np.pi * both / n), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "mean", "n_boundary"),
    [("cruxeval_output", 0.71523, 0), ("zeroeval_crux", 0.67800, 0), ("misguided_attention", 0.61083, 75)],
)
def test_published_means(real: Callable[[str], Outcomes], name: str, mean: float, n_boundary: int) -> None:
    """The last row: 75 pairs are exactly nested on the integer counts (see docs/numbers.md for the 32 of a float
    rule).
    """
    found = tetrachoric(real(name).wrong)
    upper = np.triu_indices(real(name).n_models, 1)
    assert found.correlation[upper].mean() == pytest.approx(mean, abs=5e-6)
    assert np.count_nonzero(found.boundary[upper]) == n_boundary


def test_a_root_that_is_not_reached_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_ROUNDS", 0)
    with pytest.raises(ConvergenceError, match="residual"):
        correlation_from_counts(np.array([30]), np.array([40]), np.array([20]), 100)


@pytest.mark.parametrize(
    ("residual", "accepted"), [(9e-14, True), (-9e-14, True), (1.1e-13, False), (-1.1e-13, False), (np.nan, False)]
)
def test_a_residual_above_a_few_roundings_is_refused(
    monkeypatch: pytest.MonkeyPatch, residual: float, accepted: bool
) -> None:
    monkeypatch.setattr(module, "_search", lambda *_: (np.full(1, 0.5), np.full(1, residual)))
    pair = [np.array([count]) for count in (30, 40, 20)]
    if accepted:
        assert correlation_from_counts(*pair, 100)[0] == pytest.approx(np.sin(0.5))
        return
    with pytest.raises(ConvergenceError, match=r"rates 0\.3, 0\.4 and joint rate 0\.2; at most 1e-13 was expected"):
        correlation_from_counts(*pair, 100)


def test_the_order_of_a_pair_changes_no_bit() -> None:
    """Of so many pairs that counts are remembered by the smaller and the larger one."""
    rng, n = np.random.default_rng(5), 97
    a, b = rng.integers(5, 92, (2, module._CHUNK))
    both = np.clip(a * b // n + rng.integers(-2, 3, len(a)), np.maximum(0, a + b - n) + 1, np.minimum(a, b) - 1)
    found = correlation_from_counts(a, b, both, n)
    assert not found[1].any()
    for one, other in zip(found, correlation_from_counts(b, a, both, n), strict=True):
        np.testing.assert_array_equal(one, other)
    few = slice(500)
    np.testing.assert_allclose(correlation_from_counts(a[few], b[few], both[few], n)[0], found[0][few], atol=1e-12)
