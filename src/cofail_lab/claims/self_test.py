"""Tests of the verifier itself: planted false variants must be refuted, and verdicts must not depend on the seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.claims.claim import Claim, Trial
from cofail_lab.claims.verifier import mutant_status, split_level, verify_claim
from cofail_lab.verdict import Answer, Release, Status, Verdict


@dataclass(frozen=True)
class PlantedMutant:
    """A false variant and how the checks of its claim came out on it.

    Attributes:
        claim, release: the claim that the variant belongs to.
        name: what is wrong with it.
        status: of the variant; it must be refuted.
        check: the check that decided.
        margin: its slack; negative by how far the variant is off.
    """

    claim: str
    release: Release
    name: str
    status: Status
    check: str
    margin: float


def plant_mutants(claim: Claim, trial: Trial) -> list[PlantedMutant]:
    """Every registered mutant of a claim through its checks."""
    planted = []
    for name in claim.mutants:
        status, finding = mutant_status(claim, name, trial)
        margin = float(finding.worst.slack)
        planted.append(PlantedMutant(claim.id, claim.releases[-1], name, status, finding.check, margin))
    return planted


@dataclass(frozen=True)
class FalseAlarm:
    """A verdict that is not the expected one.

    Attributes:
        claim, release, status: the verdict.
        seed: of the run.
        simulated: whether a simulated check decided it, which must happen at the stated rate; the others never may.
    """

    claim: str
    release: Release
    status: Status | Answer
    seed: int
    simulated: bool


@dataclass(frozen=True)
class FalseAlarms:
    """How often whole runs, with their simulations and the adversary at other seeds, came out with another verdict.

    Attributes:
        n_trials: runs, one a seed.
        n_verdicts: verdicts of one run.
        n_simulated: simulated cases of one run.
        stated: the rate that a run promises for them together.
        alarms: all verdicts that were not the expected ones.
    """

    n_trials: int
    n_verdicts: int
    n_simulated: int
    stated: float
    alarms: tuple[FalseAlarm, ...]

    def n_runs(self, simulated: bool) -> int:
        """Runs with an unexpected verdict that a simulated check decided, or with one that none did."""
        return len({alarm.seed for alarm in self.alarms if alarm.simulated == simulated})

    def limits(self, simulated: bool) -> tuple[float, float]:
        """95% Clopper-Pearson limits of the rate of such runs."""
        low, high = clopper_pearson(self.n_runs(simulated), self.n_trials, 0.05)
        return float(low), float(high)


def false_alarms(
    claims: Sequence[Claim], n_trials: int, seed: int, stated: float, advance: Callable[[int], None] = lambda _: None
) -> FalseAlarms:
    """Repeat the whole run over the seeds after ``seed``."""
    trial = Trial(seed, split_level(claims, stated))
    alarms: list[FalseAlarm] = []
    for other in range(seed + 1, seed + n_trials + 1):
        for claim in claims:
            alarms += [
                FalseAlarm(v.id, v.release, v.status, other, _simulated(v))
                for v in verify_claim(claim, replace(trial, seed=other))
                if v.status != v.expected
            ]
        advance(1)
    n_simulated = sum(
        len(check.listed(trial)) for claim in claims for check in claim.checks if check.kind == "monte_carlo"
    )
    return FalseAlarms(n_trials, sum(len(claim.releases) for claim in claims), n_simulated, stated, tuple(alarms))


def _simulated(verdict: Verdict) -> bool:
    """Whether every check that did not confirm was simulated, and the control came out right."""
    odd = [check for check in verdict.evidence["checks"] if check["status"] != "confirmed"]
    control = verdict.evidence["control"]
    return bool(odd) and all(c["kind"] == "monte_carlo" for c in odd) and control["status"] == control["expected"]
