"""Tests of the verifier itself: planted false variants must be refuted, and true claims must survive other seeds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.claims.claim import Claim, Trial
from cofail_lab.claims.verifier import combine, investigate, mutant_status, simulated_part, split_level
from cofail_lab.verdict import Release, Status


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


def plant_mutants(claims: Iterable[Claim], trial: Trial, advance: Callable[[int], None]) -> list[PlantedMutant]:
    """Every registered mutant through the checks of its claim."""
    planted = []
    for claim in claims:
        for name in claim.mutants:
            status, finding = mutant_status(claim, name, trial)
            margin = float(finding.worst.slack)
            planted.append(PlantedMutant(claim.id, claim.releases[-1], name, status, finding.check, margin))
            advance(1)
    return planted


@dataclass(frozen=True)
class FalseAlarms:
    """How often the simulated checks of true claims came out as anything but confirmed.

    Attributes:
        n_trials: seeds; one run of all simulated checks each.
        n_wrong: runs with at least one wrong verdict.
        stated: the rate that the run promises.
        wrong: claims that came out wrong, with the seed.
        n_checks: simulated checks of one run.
    """

    n_trials: int
    n_wrong: int
    stated: float
    wrong: tuple[tuple[str, int], ...]
    n_checks: int

    @property
    def limits(self) -> tuple[float, float]:
        """95% Clopper-Pearson limits of the rate."""
        low, high = clopper_pearson(self.n_wrong, self.n_trials, 0.05)
        return float(low), float(high)


def false_alarms(
    claims: Sequence[Claim], n_trials: int, seed: int, stated: float, advance: Callable[[int], None] = lambda _: None
) -> FalseAlarms:
    """Repeat the simulated checks of the true claims over the seeds after ``seed``."""
    simulated = simulated_part(claims)
    level = split_level(simulated, stated)
    wrong: list[tuple[str, int]] = []
    for other in range(seed + 1, seed + n_trials + 1):
        trial = Trial(other, level)
        wrong += [(c.id, other) for c in simulated if combine(investigate(c.checks, c.formula, trial)) != "confirmed"]
        advance(1)
    n_wrong = len({other for _, other in wrong})
    return FalseAlarms(n_trials, n_wrong, stated, tuple(wrong), sum(len(claim.checks) for claim in simulated))
