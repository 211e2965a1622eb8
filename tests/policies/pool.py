"""The table of policies: one line for each YAML of ``conf/policy``; the contract test runs all of them."""

from pathlib import Path

import numpy as np

from cofail_lab.policies import Graded
from cofail_lab.policies.boosting import Boosting
from cofail_lab.policies.cascade_routing import CascadeRouting
from cofail_lab.policies.cheapest import Cheapest
from cofail_lab.policies.deferral_cascade import DeferralCascade
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.evaluation import AnyPolicy
from cofail_lab.policies.knn import NearestNeighbours
from cofail_lab.policies.logistic import Logistic
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.mixture import Mixture
from cofail_lab.policies.multiclass import Multiclass
from cofail_lab.policies.oracle import Oracle
from cofail_lab.policies.partition_oracle import PartitionOracle
from cofail_lab.policies.plurality import Plurality
from cofail_lab.policies.random import Random
from cofail_lab.policies.recorded import Recorded
from cofail_lab.policies.ridge import Ridge
from cofail_lab.policies.single_best import SingleBest
from cofail_lab.policies.threshold_cascade import ThresholdCascade
from cofail_lab.policies.weighted_vote import WeightedVote
from tests.policies.made import graded

TOPICS = ("algebra", "botany", "chess")


def policies(folder: Path) -> dict[str, AnyPolicy]:
    """One of each, on the pool of `topics`; a policy that reads a file finds one in the folder."""
    picks = folder / "picks.csv"
    picks.write_text("query,model\nq0,m1\nq1,m2\n")
    return {
        "boosting": Boosting(guard=False, trees=5, rate=0.1, leaves=4, dimensions=8),
        "cascade_routing": CascadeRouting(members=None, price=None),
        "cheapest": Cheapest(),
        "deferral_cascade": DeferralCascade(cheap=None, strong=None, fraction=None),
        "domain_table": DomainTable(guard=False),
        "knn": NearestNeighbours(guard=False, neighbours=7),
        "logistic": Logistic(guard=False, C=1.0),
        "majority_vote": MajorityVote(members=None, top_k=3),
        "mixture": Mixture(budget=None),
        "multiclass": Multiclass(guard=False, C=10.0),
        "oracle": Oracle(),
        "partition_oracle": PartitionOracle(),
        "plurality": Plurality(members=None, top_k=None),
        "random": Random(),
        "recorded": Recorded(path=str(picks)),
        "ridge": Ridge(guard=False, alpha=1.0),
        "single_best": SingleBest(),
        "threshold_cascade": ThresholdCascade(cheap=None, strong=None, signal=None, fraction=None),
        "weighted_vote": WeightedVote(members=None, top_k=None, n_options=3),
    }


ROUTERS = ("boosting", "domain_table", "knn", "logistic", "multiclass", "ridge")


def topics(n: int, seed: int) -> Graded:
    """Three topics, each with a model that knows it; the prompt names the topic, and costs and answers are known."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(3, size=n)
    right = rng.random((n, 4)) < np.where(np.arange(4) == topic[:, None], 0.95, 0.4)
    right[:, 3] = rng.random(n) < 0.55
    filler = np.array(["what is the answer", "find the best move", "name one of these"], dtype=object)
    prompt = np.array(
        [f"{filler[i]} in {TOPICS[t]} {TOPICS[t]}" for i, t in zip(rng.integers(3, size=n), topic, strict=True)], object
    )
    key = np.array(list("ABC"), dtype=object)[rng.integers(3, size=n)]
    return graded(
        right,
        columns={"prompt": prompt, "dataset": np.array(TOPICS, dtype=object)[topic]},
        cost=np.tile([1.0, 2.0, 3.0, 0.5], (n, 1)) * (0.5 + rng.random((n, 1))),
        answer=np.where(right, key[:, None], "Z").astype(object),
        tokens=rng.random((n, 4)),
        confidence=np.where(right, 0.8, 0.5) * rng.random((n, 4)),
        key=key,
    )
