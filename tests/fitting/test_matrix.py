"""The fit of a matrix: published numbers, and what it does at the edges."""

from collections.abc import Callable

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.bounds.frechet import all_wrong_range
from cofail_lab.fitting import matrix
from cofail_lab.fitting.comparison.laws import POINT_LAWS
from cofail_lab.fitting.estimators.point import point_laws
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result
from tests.conftest import outcomes_from


def test_published_fit_of_cruxeval_output(cruxeval: Result) -> None:
    """Issue 2, to every published digit."""
    published = {
        "n_queries": (800, 0),
        "n_models": (35, 0),
        "n_all_wrong": (43, 0),
        "single_best": (0.82375, 1e-12),
        "oracle_gain": (0.1225, 1e-12),
        "all_wrong_lower": (0.03917, 5e-6),
        "all_wrong_upper": (0.07172, 5e-6),
        "pearson": (0.47456, 5e-6),
        "tetrachoric": (0.71523, 5e-6),
        "predicted_one_factor": (0.04878, 5e-6),
        "clayton_theta": (2.52104, 5e-6),
        "predicted_clayton": (0.09388, 5e-6),
        "max_gain": (0.18349, 5e-6),
        "paired_max_gain": (0.16067, 5e-6),
    }
    for name, (value, tolerance) in published.items():
        assert cruxeval.metrics[name] == pytest.approx(value, abs=tolerance), name


def test_published_fits_of_two_more(real: Callable[[str], Outcomes]) -> None:
    zeroeval = cl.fit(real("zeroeval_crux"), bootstrap=0, null=0, folds=0).metrics
    assert zeroeval["n_all_wrong"] == 4
    assert zeroeval["tetrachoric"] == pytest.approx(0.67800, abs=5e-6)
    assert zeroeval["predicted_one_factor"] == pytest.approx(0.00745, abs=5e-6)
    misguided = cl.fit(real("misguided_attention"), bootstrap=0, null=0, folds=0).metrics
    assert misguided["n_boundary_pairs"] == 75
    assert misguided["tetrachoric"] == pytest.approx(0.61083, abs=5e-6)
    assert misguided["tetrachoric_interior"] == pytest.approx(0.59234, abs=5e-6)


def test_fitted_laws_say_what_the_fit_says(real: Callable[[str], Outcomes]) -> None:
    """The laws of `models` and the batched pipeline are two roads to the same β."""
    outcomes = outcomes_from(real("chembench").wrong[:, :9])
    fit = fit_matrix(outcomes, level=0.9, seed=0)
    laws = point_laws(fit.point, outcomes.error_rates[outcomes.varying])
    assert set(laws) == set(POINT_LAWS)
    for name, law in laws.items():
        assert float(law.all_wrong()) == pytest.approx(fit.predicted(name), rel=1e-10), name


def test_no_all_wrong_query_gives_no_ratio(real: Callable[[str], Outcomes]) -> None:
    """Theory section 4: a ratio is degenerate at K = 0, and said to be."""
    whole = real("farel_bench")
    strong = np.argsort(whole.error_rates)[3:12]
    result = cl.fit(outcomes_from(whole.wrong[:, strong]), bootstrap=20, null=0, folds=0)
    assert result.metrics["ratio_one_factor"] is None
    assert result.metrics["ratio_one_factor_lower"] is None
    assert result.metrics["implied_correlation"] is None
    assert "degenerate" in result.labels["ratio"]
    assert result.labels["regime"] == "realizability-bound"


def test_constant_and_duplicate_models(real: Callable[[str], Outcomes]) -> None:
    """Four models that are always right stay in β and the certificate, and out of every correlation."""
    whole = real("canaicode_junior")
    # All that are constant, two pairs that are alike and five others: the pool of 420 says the same in a minute.
    _, kind = np.unique(whole.wrong, axis=1, return_inverse=True)
    alike, others = np.isin(kind, kind[[40, 80]]), np.arange(whole.n_models) % 80 == 0
    outcomes = outcomes_from(whole.wrong[:, whole.constant | alike | others])
    result = cl.fit(outcomes, bootstrap=0, null=0, folds=0)
    assert result.metrics["n_constant_models"] == 4
    assert result.metrics["oracle_gain"] == 0
    varying = outcomes_from(outcomes.wrong[:, ~outcomes.constant])
    without = cl.fit(varying, bootstrap=0, null=0, folds=0)
    expected = np.log(outcomes.error_rates[~outcomes.constant]).sum()
    assert result.metrics["predicted_independent"] == pytest.approx(np.exp(expected), rel=1e-9)
    assert result.metrics["log_predicted_independent"] == pytest.approx(expected, rel=1e-12)
    for name in ("pearson", "tetrachoric", "predicted_one_factor", "predicted_clayton", "negative_eigenvalues"):
        assert result.metrics[name] == pytest.approx(without.metrics[name], rel=1e-12), name
    text = " ".join(sentence for section in result.sections for sentence in section.sentences)
    assert "always right or always wrong" in text
    assert "exactly the same answers" in text


def test_always_wrong_models_change_nothing_but_the_pool(rng: np.random.Generator) -> None:
    wrong = (rng.normal(size=(300, 1)) + rng.normal(size=(300, 5))) < -0.3
    with_constant = np.column_stack([wrong, np.ones(300, dtype=bool)])
    plain, padded = (
        cl.fit(outcomes_from(wrong), bootstrap=0, null=0, folds=0),
        cl.fit(outcomes_from(with_constant), bootstrap=0, null=0, folds=0),
    )
    assert padded.metrics["n_all_wrong"] == plain.metrics["n_all_wrong"]
    for law in POINT_LAWS:
        assert padded.metrics[f"predicted_{law}"] == pytest.approx(plain.metrics[f"predicted_{law}"], rel=1e-12)
    shifted = padded.tables["wrong_counts"]["probability_one_factor"].to_numpy()
    np.testing.assert_allclose(
        shifted[1:], plain.tables["wrong_counts"]["probability_one_factor"].to_numpy(), rtol=1e-12
    )


def test_negative_dependence_has_no_common_factor() -> None:
    """Models that fail on complementary queries: the one-factor and Clayton predictions do not exist, and say so."""
    rng = np.random.default_rng(3)
    first = rng.random(400) < 0.5
    wrong = np.column_stack([first, ~first ^ (rng.random(400) < 0.1)])
    result = cl.fit(outcomes_from(wrong), bootstrap=20, null=0, folds=0)
    assert result.metrics["tetrachoric"] is not None
    assert result.metrics["tetrachoric"] < 0
    for law in ("one_factor", "one_factor_pearson", "clayton"):
        assert result.metrics[f"predicted_{law}"] is None
        assert "does not exist" in result.labels[f"predicted_{law}"]
    assert result.metrics["predicted_independent"] is not None


def test_identical_models_fail_as_one() -> None:
    column = np.random.default_rng(0).random(200) < 0.3
    result = cl.fit(outcomes_from(np.column_stack([column] * 4)), bootstrap=10, null=0, folds=0)
    assert result.metrics["tetrachoric"] == 1
    assert result.metrics["predicted_one_factor"] == pytest.approx(column.mean(), rel=1e-12)
    assert result.metrics["ratio_one_factor"] == pytest.approx(1, rel=1e-12)
    assert result.labels["regime"] == "ceiling-bound"
    assert result.metrics["foreclosed_share"] == 1


def test_all_models_constant() -> None:
    wrong = np.zeros((50, 3), dtype=bool)
    wrong[:, 1] = True
    result = cl.fit(outcomes_from(wrong), bootstrap=10, null=0, folds=0)
    assert result.metrics["pearson"] is None
    for law in POINT_LAWS:
        assert result.metrics[f"predicted_{law}"] is None
        assert "no pair to read" in result.labels[f"predicted_{law}"]
    assert result.metrics["oracle_gain"] == 0


@pytest.mark.parametrize("most", [5, 3])
def test_the_interval_from_pairs_of_a_very_large_pool_is_that_of_models_that_differ(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Ten models with five columns of answers; where three of the five are too many for it, the limits are wider."""
    wrong = np.random.default_rng(2).random((30, 5)) < [0.6, 0.5, 0.7, 0.4, 0.8]
    wrong[:2] = True
    outcomes = outcomes_from(np.hstack([wrong, wrong[:, ::-1]]))
    whole = all_wrong_range(outcomes.error_rates, outcomes.pairwise_wrong())
    monkeypatch.setattr(matrix, "_MOST_IN_RANGE", most)
    few = matrix._frechet(outcomes)
    if most == 5:
        assert (few.lower, few.upper) == pytest.approx((whole.lower, whole.upper), abs=1e-9)
    else:
        assert few.lower == 0 < outcomes.all_wrong() <= whole.upper < few.upper


def test_only_negative_eigenvalues_are_counted() -> None:
    """A pool of two near copies has a small positive eigenvalue; three models that err apart have a negative one."""
    draw = np.random.default_rng(0)
    one = draw.random(400) < 0.4
    copy = one ^ (draw.random(400) < 0.01)
    fit = fit_matrix(outcomes_from(np.stack([one, copy, draw.random(400) < 0.4], axis=1)), level=0.9, seed=0)
    values = np.linalg.eigvalsh(fit.tetrachoric_matrix(np.arange(3)))
    assert 0 < values[0] < 0.1 and fit.negative_eigenvalues == 0
    apart = np.zeros((90, 3), dtype=bool)
    for k in range(90):
        apart[k, k % 3] = apart[k, (k + 1) % 3] = k % 2
    apart[:20, 0] = True
    fit = fit_matrix(outcomes_from(apart), level=0.9, seed=0)
    values = np.linalg.eigvalsh(fit.tetrachoric_matrix(np.arange(3)))
    assert fit.negative_eigenvalues == (values < -1e-8).sum()
