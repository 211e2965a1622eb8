"""What every evaluation holds, whether it is asked for or not: policies that read nothing, and the ceilings."""

from collections.abc import Mapping

from cofail_lab.policies.cheapest import Cheapest
from cofail_lab.policies.evaluation import AnyPolicy
from cofail_lab.policies.mixture import Mixture
from cofail_lab.policies.oracle import Oracle
from cofail_lab.policies.partition_oracle import PartitionOracle
from cofail_lab.policies.random import Random
from cofail_lab.policies.single_best import SingleBest

REFERENCE = "single_best"


def with_baselines(policies: Mapping[str, AnyPolicy]) -> dict[str, AnyPolicy]:
    """The single best first, then these policies, then the other baselines and the ceilings that are not among them."""
    first: dict[str, AnyPolicy] = {REFERENCE: SingleBest()}
    last: dict[str, AnyPolicy] = {
        "cheapest": Cheapest(),
        "random": Random(),
        "mixture": Mixture(budget=None),
        "partition_oracle": PartitionOracle(),
        "oracle": Oracle(),
    }
    return {**first, **policies, **{name: policy for name, policy in last.items() if name not in policies}}
