"""The fit of a matrix: published numbers, the bootstrap against a direct refit, and what it does at the edges."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.optimize import brentq

import cofail_lab as cl
from cofail_lab.experiments.fit import LAWS
from cofail_lab.fitting.estimators import clayton, one_factor
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.fitted_laws_tmp import fitted_laws
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.replicates import bootstrap as bootstrap_module
from cofail_lab.fitting.replicates import stages as replicates_module
from cofail_lab.fitting.replicates.bootstrap import bootstrap, resample_counts
from cofail_lab.fitting.replicates.intervals import percentile_interval
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result

from .conftest import outcomes_from


@pytest.fixture(scope="module")
def cruxeval(real: Callable[[str], Outcomes]) -> Result:
    return cl.fit(real("cruxeval_output"), bootstrap=200, overhead=0.02, null=0, folds=0)


def test_published_fit_of_cruxeval_output(cruxeval: Result) -> None:
    """Issue 2, to every published digit."""
    published = {
        "n_queries": (800, 0), "n_models": (35, 0), "n_all_wrong": (43, 0),
        "single_best": (0.82375, 1e-12), "oracle_gain": (0.1225, 1e-12),
        "all_wrong_lower": (0.03917, 5e-6), "all_wrong_upper": (0.07172, 5e-6),
        "pearson": (0.47456, 5e-6), "tetrachoric": (0.71523, 5e-6),
        "predicted_one_factor": (0.04878, 5e-6), "clayton_theta": (2.52104, 5e-6), "predicted_clayton": (0.09388, 5e-6),
        "max_gain": (0.18349, 5e-6), "paired_max_gain": (0.16067, 5e-6),
    }  # fmt: skip
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


def test_one_factor_by_scipy(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    """The prediction against SciPy's adaptive quadrature of the definition."""
    rates = real("cruxeval_output").error_rates
    for name, r in (
        ("one_factor", cruxeval.metrics["tetrachoric"]),
        ("one_factor_pearson", cruxeval.metrics["pearson"]),
    ):
        assert r is not None
        load, rest, thresholds = np.sqrt(r), np.sqrt(1 - r), stats.norm.ppf(rates)

        def integrand(z: float, load: float = load, rest: float = rest, thresholds: np.ndarray = thresholds) -> float:
            return float(stats.norm.pdf(z) * np.prod(stats.norm.cdf((thresholds - load * z) / rest)))

        expected, error = integrate.quad(integrand, -9, 9, epsabs=1e-13, limit=400)
        assert cruxeval.metrics[f"predicted_{name}"] == pytest.approx(expected, abs=max(error, 1e-12))


def test_clayton_by_its_definition(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    """θ by Brent's method on the literal formulas."""
    outcomes = real("cruxeval_output")
    i, j = np.triu_indices(outcomes.n_models, 1)
    rates = outcomes.error_rates

    def excess(theta: float) -> float:
        modelled = (rates[i] ** -theta + rates[j] ** -theta - 1) ** (-1 / theta)
        return float(modelled.mean() - outcomes.pairwise_wrong()[i, j].mean())

    theta = float(brentq(excess, 0.1, 10, xtol=1e-13))  # type: ignore[arg-type]
    assert cruxeval.metrics["clayton_theta"] == pytest.approx(theta, rel=1e-10)
    all_wrong = ((rates**-theta).sum() - len(rates) + 1) ** (-1 / theta)
    assert cruxeval.metrics["predicted_clayton"] == pytest.approx(all_wrong, rel=1e-9)


def test_implied_correlation_gives_the_observed_rate(cruxeval: Result, real: Callable[[str], Outcomes]) -> None:
    outcomes = real("cruxeval_output")
    implied = np.asarray(cruxeval.metrics["implied_correlation"])
    log_all_wrong, _ = one_factor.log_all_wrong(outcomes.error_rates, implied)
    assert np.exp(log_all_wrong) == pytest.approx(outcomes.all_wrong(), rel=1e-9)


def test_fitted_laws_say_what_the_fit_says(real: Callable[[str], Outcomes]) -> None:
    """The laws of `models` and the batched pipeline are two roads to the same β."""
    outcomes = real("chembench")
    fit = fit_matrix(outcomes, level=0.9, seed=0)
    laws = fitted_laws(fit)
    assert set(laws) == set(LAWS)
    for name, law in laws.items():
        assert float(law.all_wrong()) == pytest.approx(fit.predicted(name), rel=1e-10), name


def test_replicates_are_complete_refits(real: Callable[[str], Outcomes]) -> None:
    """Replicate b equals the point fit of the resampled matrix itself, row by row."""
    outcomes = real("swebench_pro_public")
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    drawn = bootstrap(outcomes.wrong, pairs, 5, 7).replicates()
    for b in range(5):
        rows = np.repeat(np.arange(outcomes.n_queries), resample_counts(outcomes.n_queries, 7, b))
        again = outcomes_from(outcomes.wrong[rows], per_model={"family": outcomes.family})
        joint = again.joint_wrong_counts[pairs.left, pairs.right][None]
        direct, _ = fit_counts(again.error_counts[None], joint, again.n_queries, pairs)
        assert drawn.all_wrong[b] == again.all_wrong()
        for name, values in direct._asdict().items():
            assert getattr(drawn.fit, name)[b] == pytest.approx(values[0], rel=1e-9, nan_ok=True), name


def test_replicates_do_not_depend_on_batches(real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = real("swebench_pro_public")
    pairs = Pairs.of(outcomes.n_models)
    whole = bootstrap(outcomes.wrong, pairs, 23, 0).replicates()
    monkeypatch.setattr(bootstrap_module, "_PAIRS_PER_BATCH", 4 * len(pairs.left))
    parts = bootstrap(outcomes.wrong, pairs, 23, 0).replicates()
    np.testing.assert_array_equal(whole.all_wrong, parts.all_wrong)
    np.testing.assert_allclose(whole.fit.tetrachoric, parts.fit.tetrachoric, rtol=1e-13)
    other_seed = bootstrap(outcomes.wrong, pairs, 23, 1).replicates()
    assert not np.array_equal(whole.all_wrong, other_seed.all_wrong)


def test_bootstrap_spread_of_the_all_wrong_rate_is_binomial(cruxeval: Result) -> None:
    """The standard error of K/n under resampling is √(β(1-β)/n); 200 replicates know it within 5 standard errors
    (4·10⁻⁷).
    """
    beta, n = 0.05375, 800
    expected = np.sqrt(beta * (1 - beta) / n)
    measured = cruxeval.estimates["all_wrong"].error
    assert measured == pytest.approx(expected, abs=5 * expected / np.sqrt(2 * 200))


def test_an_interruption_keeps_what_is_done(real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch) -> None:
    original = replicates_module.in_batches

    def cut(*arguments: object) -> Iterator[Replicates]:
        batches = original(*arguments)  # type: ignore[arg-type]
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(replicates_module, "in_batches", cut)
    monkeypatch.setattr(bootstrap_module, "_PAIRS_PER_BATCH", 30 * 36)
    result = cl.fit(real("swebench_pro_public"), bootstrap=100, null=0, folds=0)
    assert result.interrupted == "30 of 100 bootstrap replicates done"
    assert result.metrics["n_replicates"] == 30
    assert result.metrics["oracle_gain_lower"] is not None
    assert result.tables["bootstrap"].num_rows == 30


def test_no_all_wrong_query_gives_no_ratio(real: Callable[[str], Outcomes]) -> None:
    """Theory section 4: a ratio is degenerate at K = 0, and said to be."""
    whole = real("farel_bench")
    result = cl.fit(outcomes_from(whole.wrong[:, ::4]), bootstrap=20, null=0, folds=0)
    assert result.metrics["ratio_one_factor"] is None
    assert result.metrics["ratio_one_factor_lower"] is None
    assert result.metrics["implied_correlation"] is None
    assert "degenerate" in result.labels["ratio"]
    assert result.labels["regime"] == "realizability-bound"


def test_constant_and_duplicate_models(real: Callable[[str], Outcomes]) -> None:
    """Four models that are always right stay in β and the certificate, and out of every correlation."""
    whole = real("canaicode_junior")
    # All that are constant or alike and some others: the whole pool of 420 says the same and takes a minute.
    _, kind, times = np.unique(whole.wrong, axis=1, return_inverse=True, return_counts=True)
    outcomes = outcomes_from(whole.wrong[:, whole.constant | (times[kind] > 1) | (np.arange(whole.n_models) % 8 == 0)])
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
    for law in LAWS:
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
    for law in LAWS:
        assert result.metrics[f"predicted_{law}"] is None
        assert "no pair to read" in result.labels[f"predicted_{law}"]
    assert result.metrics["oracle_gain"] == 0


def test_clayton_theta_over_its_whole_range() -> None:
    """θ from .001 to 80 comes back from the mean p_ij it implies."""
    rates = np.array([[0.30, 0.31, 0.50, 0.52]])
    pairs = np.triu_indices(4, 1)
    for theta in (1e-3, 0.05, 1.0, 7.0, 80.0):
        logs = -theta * np.log(rates[0])
        top = np.maximum(logs[pairs[0]], logs[pairs[1]])
        low = np.minimum(logs[pairs[0]], logs[pairs[1]])
        mean = np.exp(-(top + np.log1p(np.exp(low - top) - np.exp(-top))) / theta).mean()
        found = clayton.fit_theta(rates, pairs, np.array([mean]))[0]
        assert found == pytest.approx(theta, rel=1e-8)


def test_clayton_has_no_theta_outside_its_range() -> None:
    rates, pairs = np.array([[0.2, 0.4]]), (np.array([0]), np.array([1]))
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.08])))  # independence
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.05])))  # negative
    assert np.isnan(clayton.fit_theta(rates, pairs, np.array([0.2])))  # Fréchet bound


def test_heldout_best_is_unbiased_for_equal_models() -> None:
    """Twenty equally good models: in-sample best is well above ½, held-out best is ½ within 5 standard errors
    (4·10⁻⁷).
    """
    wrong = np.random.default_rng(11).random((400, 20)) < 0.5
    in_sample = 1 - wrong.mean(axis=0).min()
    heldout = single_best_heldout(wrong, 300, 0)
    standard_error = np.sqrt(0.25 / 400)
    assert in_sample > 0.5 + 1.2 * standard_error
    assert abs(heldout - 0.5) < 5 * standard_error
    assert heldout < in_sample


def test_heldout_best_chooses_the_best() -> None:
    """Error rates .1, .5, .9: on halves of 200 queries the first always wins, so its accuracy is what is scored."""
    rng = np.random.default_rng(2)
    wrong = rng.random((400, 3)) < [0.1, 0.5, 0.9]
    # Averaged over both directions of every split, each query is scored equally often.
    assert single_best_heldout(wrong, 100, 0) == pytest.approx(1 - wrong[:, 0].mean(), rel=1e-12)


def test_correlations_by_family_and_regimes(real: Callable[[str], Outcomes], cruxeval: Result) -> None:
    """Independent figures: phi by NumPy's corrcoef, within and across families; the regime by its two conditions."""
    outcomes = real("cruxeval_output")
    phi = np.corrcoef(outcomes.wrong.T.astype(float))
    i, j = np.triu_indices(outcomes.n_models, 1)
    assert outcomes.family is not None
    same = outcomes.family[i] == outcomes.family[j]
    assert cruxeval.metrics["pearson_within"] == pytest.approx(phi[i, j][same].mean(), rel=1e-12)
    assert cruxeval.metrics["pearson_across"] == pytest.approx(phi[i, j][~same].mean(), rel=1e-12)
    gap = phi[i, j][same].mean() - phi[i, j][~same].mean()
    assert cruxeval.metrics["pearson_gap"] == pytest.approx(gap, rel=1e-12)
    assert cruxeval.metrics["pearson_gap_lower"] < gap < cruxeval.metrics["pearson_gap_upper"]  # type: ignore[operator]
    assert cruxeval.metrics["foreclosed_share"] == pytest.approx(43 / 141)
    assert cruxeval.labels["regime"] == "undetermined"
    assert cl.fit(real("swebench_pro_public"), bootstrap=0, null=0, folds=0).labels["regime"] == "ceiling-bound"


@pytest.mark.parametrize(("shared", "regime"), [(5, "undetermined"), (6, "ceiling-bound")])
def test_the_ceiling_binds_above_half(shared: int, regime: str) -> None:
    """The best model errs ten times; the pool shares five or six of these."""
    wrong = np.zeros((100, 2), dtype=bool)
    wrong[:10, 0] = True
    wrong[:shared, 1] = wrong[20:40, 1] = True
    assert cl.fit(outcomes_from(wrong), bootstrap=0, null=0, folds=0).labels["regime"] == regime


def test_unknown_families_are_not_one_family() -> None:
    family = np.array(["", "", "a", "a"], dtype=object)
    assert Pairs.of(4, family).same_family.tolist() == [False, False, False, False, False, True]  # type: ignore[union-attr]


def test_percentile_interval_wants_enough_replicates() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert percentile_interval(values, 0.5) == (1.5, 2.5)
    assert percentile_interval(np.array([1.0, np.nan, np.nan]), 0.9) is None
