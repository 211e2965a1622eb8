"""How much of the oracle gain is luck (theory P10.i): the oracle of one run against the best possible router.

Model i answers query x right with probability π_i(x), independently in each run. The oracle, which knows the graded
answers of one run of every model, is right with probability 1 - E Π(1 - π_i). A router, which chooses a model before it
sees the answers, is right with probability at most E max_i π_i.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from cofail_lab.bounds.binomial import clopper_pearson_upper
from cofail_lab.bounds.least_of_many import least_mean_limits, mean_limits
from cofail_lab.fitting.readings.regimes import CONFIDENCE
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.numerics.streams import LUCK, generator
from cofail_lab.outcomes import Outcomes

# A gain or a difference of shares below this is rounding.
_NOTHING = 1e-9
# Random splits of the runs into choosing runs and scoring runs, and bootstrap replicates of the queries.
_SPLITS = 40
_REPLICATES = 1000
# A share of right runs that needs more runs than this is taken for a score of another kind.
_MAX_RUNS = 20
_ROUNDING = 1e-3


class Runs(NamedTuple):
    """Repeated runs of some models of a pool.

    Attributes:
        models: indices of these models in the pool.
        right: number of right runs of each cell.
        runs: number of runs of each cell, at least 2.
        inferred: whether ``runs`` was inferred from shares of right runs; it can then be too small (see `find_runs`).
    """

    models: Int[np.ndarray, " models"]
    right: Int[np.ndarray, "n models"]
    runs: Int[np.ndarray, "n models"]
    inferred: bool


@dataclass(frozen=True)
class Luck:
    """The routable ceiling of the models that were run repeatedly.

    Attributes:
        n_models, n_queries: number of analysed models and queries.
        fewest_runs, most_runs: smallest and largest number of runs of a cell.
        runs_inferred: whether the numbers of runs were inferred from shares of right runs.
        single_best: greatest mean accuracy of one model in one run, in sample like every oracle gain.
        first_pick: accuracy, on other runs, of a model that was right on a first run (of several such models, the one
            that is better on the other queries). In expectation at most E max π.
        half_pick: the same where half of the runs choose and the other runs score. In expectation at most E max π, and
            a tighter bound than ``first_pick``.
        routable_upper: mean over queries of the greatest share of right runs; in expectation at least E max π. All
            three bounds have limits of E max π: from the lower limit of a pick to the upper one of the greatest share.
        oracle: 1 - E Π(1 - π), the accuracy of the oracle of one run of every model, estimated without bias from all
            runs.
        luck_lower, luck_upper: bounds of the share of the oracle gain that no router can reach, with
            0 <= luck_lower <= luck_upper <= 1: on every query the greatest share of right runs is at most that of the
            oracle, and a router can always choose the best model. Both have the limits of the share itself: the lower
            limit of the first bound and the upper limit of the second. None where the oracle gains nothing.
    """

    n_models: int
    n_queries: int
    fewest_runs: int
    most_runs: int
    runs_inferred: bool
    single_best: Interval
    first_pick: Interval
    half_pick: Interval
    routable_upper: Interval
    oracle: Interval
    luck_lower: Interval | None
    luck_upper: Interval | None


def find_runs(outcomes: Outcomes) -> "Runs | str | None":
    """Repeated runs behind the cells, from the companion column ``samples``, or inferred from the shares in ``frac``.

    The number of runs of a model is inferred as the fewest runs, at most 20, that can give all of its shares. Some cell
    must show this number as the denominator of a share in lowest terms; models without such a cell (one run, or cells
    with different numbers of runs) are left out. This is an assumption: a model with four runs whose shares are only
    ever 0, ½ and 1 looks like a model with two runs, and its shares cannot show the difference.

    Returns:
        A sentence that says why no runs can be derived from an existing companion; None without a companion.
    """
    samples, shares = outcomes.per_cell.get("samples"), outcomes.per_cell.get("frac")
    if samples is not None and np.ndim(samples) == 3:
        graded = ~np.isnan(samples)
        return _repeated(np.where(graded, samples, 0).sum(axis=2), graded.sum(axis=2), inferred=False)
    if shares is None:
        return None
    if np.isnan(shares).any():
        return "some cells have no share of right runs"
    if ((shares >= 0.5) == outcomes.wrong).any():
        return "the shares are not of right runs: some cell is right below one half, or wrong above"
    denominators = [_denominator(shares[:, j]) for j in range(outcomes.n_models)]
    runs = np.array([1 if d is None else d for d in denominators])
    return _repeated(np.rint(shares * runs), np.broadcast_to(runs, shares.shape), inferred=True)


def _repeated(right: np.ndarray, runs: np.ndarray, *, inferred: bool) -> "Runs | str":
    models = np.flatnonzero((runs >= 2).all(axis=0))
    if len(models) < 2:
        return f"{len(models)} model(s) with repeated runs, at least 2 needed"
    return Runs(models, right[:, models].astype(np.int64), runs[:, models].astype(np.int64), inferred)


def _denominator(shares: np.ndarray) -> int | None:
    """The fewest runs that can give all shares of a model; None where no share has this number as its denominator."""
    for runs in range(1, _MAX_RUNS + 1):
        counts = shares * runs
        whole = np.rint(counts).astype(int)
        if np.abs(counts - whole).max() <= _ROUNDING * runs:
            return runs if (np.gcd(whole, runs) == 1).any() and runs > 1 else None
    return None


def measure_luck(runs: Runs, seed: int) -> Luck:
    """Bounds of E max π from repeated runs (the two-run sandwich of P10.i, with all runs used).

    How many right runs of a cell are among its choosing runs is drawn from the hypergeometric distribution, which is
    exact because the order of the runs carries no information. Of models that are equally good on the choosing runs,
    the one that is right more often on the *other* queries is picked.

    Why the picks are at most E max π in expectation: given the π of all queries, runs are independent. The pick on a
    query is a function of the choosing runs of this query, of the runs of the other queries and of random numbers.
    None of these is a scoring run of this query. So whichever model i is picked, the expected share of right runs
    among its scoring runs is π_i <= max π. Breaking ties by the accuracy on all queries would be wrong: this accuracy
    contains the scoring runs, and prefers the model whose scoring runs happened to be right (with 30 models that flip
    coins, 50 queries and 3 runs, the pick would reach .57 instead of .5).
    """
    rng = generator(seed, LUCK)
    right, total = runs.right, runs.runs
    n, m = right.shape
    share = right / total
    # Smaller than any difference between two shares of right runs.
    tie_break = 1e-6 * _ranks_elsewhere(share, rng) / m
    first, half = (np.zeros(n) for _ in range(2))
    rows = np.arange(n)
    for _ in range(_SPLITS):
        for score, choosing in ((first, np.ones_like(total)), (half, total // 2)):
            hits = rng.hypergeometric(right, total - right, choosing)
            pick = (hits / choosing + tie_break).argmax(axis=1)
            left_over = (right - hits)[rows, pick] / (total - choosing)[rows, pick]
            score += left_over
    first, half = first / _SPLITS, half / _SPLITS
    oracle = 1 - np.prod(1 - share, axis=1)
    per_query = {"first_pick": first, "half_pick": half, "routable_upper": share.max(axis=1), "oracle": oracle}
    delta = 1 - CONFIDENCE
    # Runs behind one value: no more than these can make a mean more certain than n single answers.
    at_most = 1 / (1 / total).mean(axis=0)
    wrong = least_mean_limits(1 - share, delta, at_most)
    limits = {name: mean_limits(values, delta, at_most.min()) for name, values in per_query.items()}
    limits |= _routable_limits(per_query, limits, wrong.competing)
    best = int(share.mean(axis=0).argmax())
    lower, upper = _luck_shares(per_query, share, wrong.competing, rng)
    return Luck(
        n_models=m,
        n_queries=n,
        fewest_runs=int(total.min()),
        most_runs=int(total.max()),
        runs_inferred=runs.inferred,
        single_best=Interval(
            float(share[:, best].mean()), 1 - wrong.upper, 1 - wrong.lower, _standard_error(share[:, best])
        ),
        **{
            name: Interval(float(values.mean()), *limits[name], _standard_error(values))
            for name, values in per_query.items()
        },
        luck_lower=lower,
        luck_upper=upper,
    )


def _ranks_elsewhere(share: Float[np.ndarray, "n m"], rng: np.random.Generator) -> Int[np.ndarray, "n m"]:
    """For each query, ranks of the models by their mean share on the other queries; equal models in random order.

    The sums are rounded, because the last bit of a difference depends on the query that is left out. Equal models are
    not ranked in the order of the columns, because a leaderboard may have sorted these by the runs that score.
    """
    elsewhere = np.round((share.sum(axis=0) - share) / _NOTHING)
    order = np.lexsort((rng.random(share.shape), elsewhere), axis=1)
    return order.argsort(axis=1)


def _luck_shares(
    per_query: Mapping[str, Float[np.ndarray, " n"]],
    share: Float[np.ndarray, "n m"],
    competing: float,
    rng: np.random.Generator,
) -> tuple[Interval | None, Interval | None]:
    """The two bounds of the luck share, both with the limits of the share; None where the oracle gains nothing."""
    n = len(share)
    # The first row is the sample itself, the others are its replicates.
    weights = np.concatenate([np.ones((1, n)), rng.multinomial(n, np.full(n, 1 / n), size=_REPLICATES)]) / n
    means = {name: weights @ values for name, values in per_query.items()}
    accuracy, oracle = weights @ share, means["oracle"]
    best = int(accuracy[0].argmax())
    if oracle[0] - accuracy[0, best] <= _NOTHING:
        return None, None
    # By the noise of the splits, half of the runs can appear to reach slightly more than the greatest share.
    reached = (means["routable_upper"], np.minimum(means["half_pick"], means["routable_upper"]))
    least, most = (_luck(ceiling[:, None], accuracy, oracle[:, None]) for ceiling in reached)
    values = [min(1.0, float(drawn[0, best])) for drawn in (least, most)]
    errors = [float(np.nanstd(drawn[1:, best], ddof=1)) for drawn in (least, most)]
    low, high = _lower_limit(least[:, best], competing), _upper_limit(most)
    if high - low <= _NOTHING or np.nanmax(most[:, best]) - np.nanmin(most[:, best]) <= _NOTHING:
        low, high = 0.0, max(values[1], _most_luck(per_query["oracle"], share))
    found = [Interval(value, low, high, error) for value, error in zip(values, errors, strict=True)]
    return found[0], found[1]


def _luck(reached: np.ndarray, accuracy: np.ndarray, oracle: np.ndarray) -> np.ndarray:
    """The share of the oracle gain over a model that is not reached; nan where the oracle gains nothing over it.

    Above 1 where the model itself is better than what is reached: a router can always choose the model, so that the
    share is then 1, but limits need to know how much better it is in this sample. The share grows with the accuracy:
    over the best model it is the largest one.
    """
    gain = oracle - accuracy
    return 1 - (reached - accuracy) / np.where(gain > _NOTHING, gain, np.nan)


def _lower_limit(drawn: Float[np.ndarray, " replicates"], competing: float) -> float:
    """Lower limit of the greatest share over models, from the best model's: farther off the more models compete.

    A replicate in which the oracle gains nothing says nothing of the share: it counts as 0 here, and as 1 above.
    """
    low = np.quantile(np.where(np.isnan(drawn), 0.0, drawn)[1:], (1 - CONFIDENCE) / 2)
    return float(np.clip(drawn[0] - _stretch(competing) * (drawn[0] - low), 0.0, 1.0))


def _upper_limit(drawn: Float[np.ndarray, "replicates m"]) -> float:
    """Upper limit of the greatest share over models: the greatest of their limits, which needs no correction."""
    limits = np.quantile(np.where(np.isnan(drawn), 1.0, drawn)[1:], (1 + CONFIDENCE) / 2, axis=0)
    return float(np.clip(limits.max(), 0.0, 1.0))


def _stretch(competing: float) -> float:
    """Distance of a limit that holds for this many independent models at once, relative to that for one."""
    tail = (1 - CONFIDENCE) / 2
    return float(ndtri(tail / competing) / ndtri(tail))


def _routable_limits(
    per_query: Mapping[str, Float[np.ndarray, " n"]], limits: Mapping[str, tuple[float, float]], competing: float
) -> dict[str, tuple[float, float]]:
    """Limits of E max π for each of its bounds: the lower one of what picks reach, the upper one of the greatest share.

    A pick follows the model that is ahead in the sample, on all queries at once, so that its lower limit is farther off
    the more models compete. Its upper limit would say nothing of E max π.
    """
    reached = {}
    for name in ("first_pick", "half_pick"):
        value = float(per_query[name].mean())
        low = max(0.0, value - _stretch(competing) * (value - limits[name][0]))
        # By the noise of the splits a pick can appear to reach slightly more than the greatest share.
        reached[name] = low, max(value, limits["routable_upper"][1])
    return reached | {"routable_upper": (reached["half_pick"][0], limits["routable_upper"][1])}


def _most_luck(oracle: Float[np.ndarray, " n"], share: Float[np.ndarray, "n m"]) -> float:
    """An upper limit of the luck share that no resampling is needed for, as where every run of every cell agrees.

    What no router can reach of a query's oracle is at most the chance that two runs of some cell differ, and so at most
    the chance that its runs were not all equal. An upper limit of the share of such queries, over a lower limit of the
    gain, each at δ/2, is an upper limit of the share that is luck.
    """
    delta = 1 - CONFIDENCE
    differ = int(((share > 0) & (share < 1)).any(axis=1).sum())
    gain = least_mean_limits(oracle[:, None] - share, delta).lower
    return min(1.0, float(clopper_pearson_upper(differ, len(share), delta / 2)) / gain) if gain > 0 else 1.0


def _standard_error(values: Float[np.ndarray, " n"]) -> float | None:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
