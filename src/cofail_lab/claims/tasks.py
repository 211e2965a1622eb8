"""The parts of a run over claims that do not depend on each other: any process can compute any of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cofail_lab.claims.claim import Claim, Trial
from cofail_lab.claims.registry import select
from cofail_lab.claims.self_test import PlantedMutant, plant_mutants
from cofail_lab.claims.verifier import verify_claim
from cofail_lab.verdict import Verdict


@dataclass(frozen=True)
class ClaimTasks:
    """What is left to compute of a run over claims. It can be sent to another process.

    Attributes:
        names: of the claims, as `registry.select` takes them.
        trial: the conditions of the run.
    """

    names: str | Sequence[str] | None
    trial: Trial

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of the run."""
        return select(self.names)

    def verdicts(self, number: int) -> list[Verdict]:
        """The verdicts on a claim, by its place among `claims`."""
        return verify_claim(self.claims[number], self.trial)

    def mutants(self, number: int) -> list[PlantedMutant]:
        """How the checks of a claim come out on its planted false variants."""
        return plant_mutants(self.claims[number], self.trial)
