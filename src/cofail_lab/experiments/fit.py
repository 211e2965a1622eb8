"""`experiment=fit`: what combining the models of a matrix can gain, and what pairwise statistics would have said."""

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.bounds.certificate import Certificate, certify_wrong_counts
from cofail_lab.estimate import Estimate
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.laws import fitted_count_probs
from cofail_lab.fitting.matrix import MatrixFit, bootstrapped, fit_matrix
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import fit_summary, fit_tables
from cofail_lab.result import Result

LAWS = ("independent", "one_factor", "one_factor_pearson", "clayton")


@dataclass(frozen=True)
class Fit:
    """Fit a 0/1 matrix (theory section 4, points 1 to 3).

    Attributes:
        bootstrap: query-bootstrap replicates, each a complete refit; 0 leaves the intervals out.
        delta: error probability of each certificate.
        overhead: what combining costs, in accuracy; None leaves the decision open.
        level: confidence of the intervals of the ratios; .90 is the published level.
    """

    bootstrap: int = 2000
    delta: float = 0.05
    overhead: float | None = 0.02
    level: float = 0.90

    def __post_init__(self) -> None:
        checks.whole("experiment.bootstrap", self.bootstrap, least=0)
        checks.probability("experiment.delta", self.delta)
        checks.probability("experiment.level", self.level)
        checks.overhead("experiment.overhead", self.overhead)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load the matrix, fit it, and say what it means."""
        return self.analyse(inputs.outcomes(), inputs.options.seed, progress)

    def analyse(self, outcomes: Outcomes, seed: int, progress: Progress = silent) -> Result:
        """The fit of a matrix at hand."""
        certificate = certify_wrong_counts(
            outcomes.error_counts, outcomes.n_all_wrong, outcomes.n_queries, outcomes.models,
            delta=self.delta, overhead=self.overhead,
        )  # fmt: skip
        point = fit_matrix(outcomes, level=self.level, seed=seed)
        count_probs = fitted_count_probs(point)
        with progress("Bootstrap replicates", total=self.bootstrap) as advance:
            fit = bootstrapped(point, self.bootstrap, seed, advance)
        done = 0 if fit.replicates is None else len(fit.replicates.all_wrong)
        return Result(
            headline=fit_summary.headline(fit, certificate),
            metrics=_metrics(fit, certificate),
            labels=_labels(fit, certificate),
            estimates=_estimates(fit),
            tables=fit_tables.tables(fit, certificate, count_probs),
            figures=fit_summary.figures(fit, count_probs),
            sections=fit_summary.sections(fit, certificate),
            interrupted=None if done == self.bootstrap else f"{done:,} of {self.bootstrap:,} bootstrap replicates done",
        )


def _metrics(fit: MatrixFit, certificate: Certificate) -> dict[str, float | int | None]:
    outcomes, point, replicates = fit.outcomes, fit.point, fit.replicates
    low, high = fit.all_wrong_interval
    left_out = outcomes.left_out
    metrics: dict[str, float | int | None] = {
        "n_models": outcomes.n_models,
        "n_queries": outcomes.n_queries,
        "n_all_wrong": outcomes.n_all_wrong,
        "n_left_out": 0 if left_out is None else left_out.n_queries,
        "n_constant_models": int(outcomes.constant.sum()),
        "n_replicates": 0 if replicates is None else len(replicates.all_wrong),
        "all_wrong": outcomes.all_wrong(),
        "all_wrong_lower": low,
        "all_wrong_upper": high,
        "all_wrong_worst_case": outcomes.all_wrong_worst_case(),
        "single_best": fit.single_best,
        "single_best_heldout": fit.single_best_heldout,
        "single_best_lower": certificate.single_best_lower,
        "oracle": 1 - outcomes.all_wrong(),
        "oracle_gain": fit.oracle_gain,
        **_limits("oracle_gain", fit.interval(None if replicates is None else replicates.oracle_gain)),
        "max_gain": certificate.max_gain,
        "paired_max_gain": certificate.paired_max_gain,
        "paired_min_gain": certificate.paired_min_gain,
        "foreclosed_share": fit.foreclosed_share,
        **_limits("foreclosed_share", fit.interval(None if replicates is None else replicates.foreclosed_share)),
        "clayton_theta": _number(point.clayton_theta),
        "implied_correlation": fit.implied_correlation,
        "negative_eigenvalues": fit.negative_eigenvalues,
        "nearest_correlation_mean": fit.nearest_mean,
        "nearest_correlation_distance": fit.nearest_distance,
        "n_boundary_pairs": int(point.n_boundary_pairs[0]),
    }
    for name in ("pearson", "pearson_within", "pearson_across", "tetrachoric", "tetrachoric_interior"):
        metrics[name] = _number(getattr(point, name))
        drawn = None if replicates is None else getattr(replicates.fit, name)
        metrics |= _limits(name, fit.interval(drawn))
    metrics["pearson_gap"] = _number(point.pearson_within - point.pearson_across)
    gap = None if replicates is None else replicates.fit.pearson_within - replicates.fit.pearson_across
    metrics |= _limits("pearson_gap", fit.interval(gap))
    for law in LAWS:
        metrics[f"predicted_{law}"] = fit.predicted(law)
        # Below the smallest float a prediction still has a log.
        metrics[f"log_predicted_{law}"] = fit.log_predicted(law)
        metrics[f"ratio_{law}"] = fit.ratio(law)
        metrics |= _limits(f"ratio_{law}", fit.ratio_interval(law))
    return metrics


def _labels(fit: MatrixFit, certificate: Certificate) -> dict[str, str]:
    outcomes = fit.outcomes
    constant = [outcomes.models[j] for j in np.flatnonzero(outcomes.constant)]
    labels = {
        "source": outcomes.source,
        "best_model": outcomes.models[fit.best],
        "regime": fit.regime,
        "decision": certificate.decision,
        "decision_outcome": certificate.outcome,
        "boundary_pairs": "kept at +1 or -1 in the mean tetrachoric correlation (published convention)",
    }
    if constant:
        labels["constant_models"] = ", ".join(constant)
    if outcomes.n_all_wrong == 0:
        labels["ratio"] = "degenerate: no query defeats every model, so observed/predicted has no finite information"
    for law in LAWS:
        if fit.predicted(law) is None:
            labels[f"predicted_{law}"] = fit_summary.why_absent(fit, law)
    return labels


def _estimates(fit: MatrixFit) -> dict[str, Estimate]:
    """Figures with their sampling error (bootstrap); predictions at the fitted parameters with their numerical one."""
    estimates = {}
    replicates = fit.replicates
    if replicates is not None and len(replicates.all_wrong) > 1:
        sampled = {
            "all_wrong": (fit.outcomes.all_wrong(), replicates.all_wrong),
            "single_best": (fit.single_best, replicates.single_best),
            "oracle_gain": (fit.oracle_gain, replicates.oracle_gain),
            "pearson": (_number(fit.point.pearson), replicates.fit.pearson),
            "tetrachoric": (_number(fit.point.tetrachoric), replicates.fit.tetrachoric),
        }
        for name, (value, drawn) in sampled.items():
            if value is not None and np.isfinite(drawn).sum() > 1:
                estimates[name] = Estimate(value, float(np.nanstd(drawn, ddof=1)), "monte_carlo")
    numerical = {
        "independent": ("exact", np.zeros(1)),
        "one_factor": ("quadrature", fit.point.one_factor_error),
        "one_factor_pearson": ("quadrature", fit.point.one_factor_pearson_error),
        "clayton": ("exact", np.zeros(1)),
    }
    for law, (kind, error) in numerical.items():
        value = fit.predicted(law)
        estimates[f"predicted_{law}"] = Estimate(value, None if value is None else value * float(error[0]), kind)
    return estimates


def _limits(name: str, interval: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {f"{name}_lower": low, f"{name}_upper": high}


def _number(values: np.ndarray) -> float | None:
    return None if np.isnan(values[0]) else float(values[0])
