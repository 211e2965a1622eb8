"""`experiment=certify`: the finite-sample certificates alone, from a matrix or from four totals."""

from dataclasses import dataclass

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.certificate import Certificate, certify_counts, certify_outcomes
from cofail_lab.data.health.checks import examine
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Grades
from cofail_lab.report.answer import exhibit
from cofail_lab.report.certificate import certificate_section, on_one_screen
from cofail_lab.report.health import health_section
from cofail_lab.result import Result


@dataclass(frozen=True)
class Certify:
    """Certificates P1.iv (September form), P1.v and, from a matrix, P1.vii.

    Attributes:
        delta: error probability of each certificate, and of the limits of β.
        overhead: what combining costs, in accuracy; None leaves the decision open.
    """

    delta: float = 0.05
    overhead: float | None = 0.02

    def __post_init__(self) -> None:
        checks.probability("experiment.delta", self.delta)
        checks.overhead("experiment.overhead", self.overhead)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Certify what the source holds."""
        del progress  # instant
        loaded = inputs.counts_or_grades()
        outcomes, findings, health = None, [], ()
        if isinstance(loaded, Grades):
            outcomes, findings = loaded.outcomes(), examine(loaded)
            health = (health_section(loaded, findings),)
            certificate = certify_outcomes(outcomes, delta=self.delta, overhead=self.overhead)
        else:
            certificate = certify_counts(
                n_all_wrong=loaded.n_all_wrong,
                n_queries=loaded.n_queries,
                n_models=loaded.n_models,
                best_correct=loaded.best_correct,
                delta=self.delta,
                overhead=self.overhead,
            )
        headline, brief = on_one_screen(certificate, outcomes, findings, loaded.notes)
        return Result(
            headline=headline,
            metrics=metrics(certificate),
            labels={
                "decision": certificate.decision,
                "decision_outcome": certificate.outcome,
                **({} if certificate.best_model is None else {"best_model": certificate.best_model}),
            },
            brief=brief,
            sections=(certificate_section(certificate, loaded.notes), *health),
            exhibit=None if outcomes is None else exhibit(outcomes, certificate, findings),
        )


def metrics(certificate: Certificate) -> dict[str, float | int | None]:
    """The numbers of a certificate by name."""
    n, k = certificate.n_queries, certificate.n_all_wrong
    low, high = clopper_pearson(k, n, certificate.delta)
    errors = n - certificate.best_correct
    return {
        "n_models": certificate.n_models,
        "n_queries": n,
        "n_all_wrong": k,
        "all_wrong": k / n,
        "all_wrong_lower": float(low),
        "all_wrong_upper": float(high),
        "single_best": certificate.best_correct / n,
        "single_best_lower": certificate.single_best_lower,
        "oracle": 1 - k / n,
        "oracle_gain": (errors - k) / n,
        "oracle_gain_certified_lower": certificate.gain_range[0],
        "oracle_gain_certified_upper": certificate.gain_range[1],
        "foreclosed_share": k / errors if errors else None,
        "max_gain": certificate.max_gain,
        "paired_max_gain": certificate.paired_max_gain,
        "paired_min_gain": certificate.paired_min_gain,
    }
