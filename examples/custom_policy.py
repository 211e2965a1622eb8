"""Your own policy, judged like every other: each query is decided by a policy that was fitted to other queries.

    python examples/custom_policy.py

One model is good at short prompts and another at long ones. The policy learns which of them to call; beside it stand
the single best model, chosen on the training queries too, and the ceiling of all policies.
"""

from dataclasses import dataclass

import numpy as np

import cofail_lab as cl
from cofail_lab.policies import Graded
from cofail_lab.policies.base import AbsentPolicyError, AbstractFitted, AbstractPolicy, Choices, View
from cofail_lab.policies.contest import hold
from cofail_lab.policies.folds import cross_fitting


@dataclass(frozen=True)
class FittedByLength(AbstractFitted):
    """One model for short prompts, another for long ones.

    Attributes:
        cut: number of characters from which on a prompt is long.
        short, long: positions of the two models.
    """

    cut: float
    short: int
    long: int

    def decide(self, view: View) -> Choices:
        """A policy sees prompts and may call models; it never sees a grade."""
        length = np.char.str_len(np.asarray(view.features.prompt, dtype=str))
        return Choices.pick(np.where(length < self.cut, self.short, self.long), view.n_models)


@dataclass(frozen=True)
class ByLength(AbstractPolicy):
    """The best model for short prompts and the best one for long ones; its fields are the keys of its YAML.

    Attributes:
        share: share of the training prompts that counts as short, in (0, 1).
    """

    share: float = 0.5

    def fit(self, train: Graded, seed: int) -> FittedByLength:
        """Choose the models on the training queries."""
        del seed
        if train.features.prompt is None:
            raise AbsentPolicyError("there are no prompts")
        length = np.char.str_len(np.asarray(train.features.prompt, dtype=str))
        cut = float(np.quantile(length, self.share))
        short, long = (int(train.right[side].mean(axis=0).argmax()) for side in (length < cut, length >= cut))
        return FittedByLength(cut, short, long)


def made_up(n: int = 1500, seed: int = 0) -> cl.Outcomes:
    """Grades of three models: one for short prompts, one for long ones, one for all."""
    rng = np.random.default_rng(seed)
    length = rng.integers(20, 2000, n)
    easy = np.column_stack([length < 1000, length >= 1000, np.zeros(n, dtype=bool)])
    wrong = rng.random((n, 3)) > np.where(easy, 0.9, [0.55, 0.55, 0.75])
    prompts = np.array(["x" * size for size in length])
    names = tuple(f"q-{i}" for i in range(n))
    return cl.Outcomes(wrong, names, ("short", "long", "all-round"), "made up", per_query={"prompt": prompts})


def main() -> None:
    """Judge the policy, and print whether to use it."""
    outcomes = made_up()
    graded = Graded.of(outcomes)
    folds = cross_fitting(graded.n_queries, 5, seed=0, cluster=None)
    contest = hold({"by_length": ByLength()}, graded, folds, replicates=2000, level=0.95, seed=0)
    for name in ("single_best", "by_length", "oracle"):
        score = contest.by_name[name]
        print(f"{name:12} right on {score.accuracy:.1%}")
    mine = contest.by_name["by_length"]
    # Limits are None where the policy never differs from the single best.
    low, high = mine.gain_lower or 0.0, mine.gain_upper or 0.0
    limits = f"95%: {100 * low:.1f} to {100 * high:.1f}"
    print(f"It gains {100 * mine.gain:.1f} points over the single best ({limits}),")
    print(f"{mine.captured:.0%} of what a perfect selector would gain.")
    verdict = "use it" if low > 0.02 else "keep the single best"
    print(f"Decision: at an overhead of 2 points, {verdict}.")


if __name__ == "__main__":
    main()
