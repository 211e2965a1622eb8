"""How much of the oracle gain is luck (theory P10.i): what one run's oracle reaches, and what could be routed to.

With success probabilities π_i(x), runs independent given the query, the oracle of one graded run reaches
1 - E Π(1 - π_i), but a router that decides before answering gets at most E max_i π_i.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.fitting.readings.regimes import CONFIDENCE
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.numerics.streams import LUCK, generator
from cofail_lab.outcomes import Outcomes

# A gain or a difference of merits below this is rounding.
_NOTHING = 1e-9
# Random splits of the runs into those that choose and those that score, and bootstrap replicates of the queries.
_SPLITS = 40
_REPLICATES = 1000
# More runs than this in a cell, read off its share of right ones, are taken for a score that is not a share of runs.
_MOST_RUNS = 20
_ROUNDING = 1e-3


class Runs(NamedTuple):
    """Repeated runs of some models of a pool.

    Attributes:
        models: their indices.
        right: right runs of each cell, (n, models).
        runs: runs of each cell, (n, models), at least 2.
        inferred: whether ``runs`` was read off shares, where it can be too small (`find_runs`).
    """

    models: Int[np.ndarray, " models"]
    right: Int[np.ndarray, "n models"]
    runs: Int[np.ndarray, "n models"]
    inferred: bool


@dataclass(frozen=True)
class Luck:
    """The routable ceiling of the models that were run repeatedly.

    Attributes:
        n_models, n_queries: analysed.
        fewest_runs, most_runs: of a cell.
        runs_inferred: whether those were read off shares.
        single_best: greatest mean accuracy of one run, in sample like every oracle gain.
        first_pick: accuracy, on another run, of a model that was right on a first run (of several, the one that is
            better on the other queries): at most E max π in expectation.
        half_pick: likewise with half of the runs choosing and the rest scoring, the tighter of the two.
        routable_upper: mean over queries of the greatest share of right runs; at least E max π in expectation.
        oracle: 1 - E Π(1 - π), the oracle of one run of every model, estimated without bias from all runs.
        luck_lower, luck_upper: the share of the one-run oracle gain that no router can have is between them,
            0 <= lower <= upper <= 1: on every query the greatest share is no more than the oracle's, and a router may
            always take the best model. Limits over the replicates in which the oracle gains; None where it gains
            nothing.
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
    """Repeated runs behind the cells: of the companion ``samples``, else read off the shares in ``frac``.

    The number of runs is read as the fewest that give all shares of a model, up to 20, and only where some cell shows
    it in lowest terms; models for which none does (one run, or cells of different numbers of runs) are left out. It is
    an assumption: four runs that only ever show 0, ½ and 1 are read as two, which no share can tell.

    Returns:
        Why there are none, where a companion is there but cannot be read so; None without a companion.
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
    """The fewest runs that a model's shares can come from; None where no cell shows them in lowest terms."""
    for runs in range(1, _MOST_RUNS + 1):
        counts = shares * runs
        whole = np.rint(counts).astype(int)
        if np.abs(counts - whole).max() <= _ROUNDING * runs:
            return runs if (np.gcd(whole, runs) == 1).any() and runs > 1 else None
    return None


def measure_luck(runs: Runs, seed: int) -> Luck:
    """The two-run sandwich of P10.i with everything the repeats allow.

    Splits of a cell's runs are drawn from the hypergeometric law given its number of right ones, which is exact: the
    order of runs carries nothing. Ties go to the model that is right more often on the *other* queries.

    Why the picks are at most E max π in expectation: given the π of all queries, runs are independent. The pick on a
    query is a function of its choosing runs, of the other queries' runs and of noise; none of them is a scoring run of
    this query, so that whichever model i was picked, the expected share of right ones among its scoring runs is
    π_i <= max π. Merit over all queries would not do: it contains the scoring runs, and among equals prefers the
    model whose scoring runs came out well (30 coin flips, 50 queries, 3 runs: .57).
    """
    rng = generator(seed, LUCK)
    right, total = runs.right, runs.runs
    n, m = right.shape
    share = right / total
    # Less than any difference of shares of right runs.
    tie_break = 1e-6 * _ranks_elsewhere(share, rng) / m
    first, half = (np.zeros(n) for _ in range(2))
    rows = np.arange(n)
    for _ in range(_SPLITS):
        for score, choosing in ((first, np.ones_like(total)), (half, total // 2)):
            hits = rng.hypergeometric(right, total - right, choosing)
            pick = (hits / choosing + tie_break).argmax(axis=1)
            left_over = (right - hits)[rows, pick] / (total - choosing)[rows, pick]
            score += left_over / _SPLITS
    per_query = {
        "first_pick": first,
        "half_pick": half,
        "routable_upper": share.max(axis=1),
        "oracle": 1 - np.prod(1 - share, axis=1),
    }
    # The first row is the sample itself, the others its replicates.
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=_REPLICATES)
    weights = np.concatenate([np.ones((1, n)), drawn]) / n
    means = {name: weights @ values for name, values in per_query.items()}
    best = (weights @ share).max(axis=1)
    # Half of the runs may pick a little more than the greatest share by the noise of the splits.
    reached = (means["routable_upper"], np.minimum(means["half_pick"], means["routable_upper"]))
    lower, upper = (_luck(ceiling, best, means["oracle"]) for ceiling in reached)
    return Luck(
        m, n, int(total.min()), int(total.max()), runs.inferred, _interval(best),
        **{name: _interval(values) for name, values in means.items()},
        luck_lower=lower, luck_upper=upper,
    )  # fmt: skip


def _ranks_elsewhere(share: Float[np.ndarray, "n m"], rng: np.random.Generator) -> Int[np.ndarray, "n m"]:
    """Ranks of the models by their mean share on the other queries, equals in random order, for each query.

    Rounded, lest the last bit of a difference tell of the query left out; not in the order of the columns, which a
    leaderboard may have sorted by the very runs that score.
    """
    elsewhere = np.round((share.sum(axis=0) - share) / _NOTHING)
    order = np.lexsort((rng.random(share.shape), elsewhere), axis=1)
    return order.argsort(axis=1)


def _luck(reached: np.ndarray, best: np.ndarray, oracle: np.ndarray) -> Interval | None:
    """The share of the oracle gain beyond what is reached, in the sample (first) and its replicates."""
    gain = oracle - best
    if gain[0] <= _NOTHING:
        return None
    some = gain > _NOTHING
    # A router may always take the best model, so a worse pick by half of the runs says no more than that.
    return _interval(1 - np.maximum(reached[some] - best[some], 0.0) / gain[some])


def _interval(values: np.ndarray) -> Interval:
    """The sample's value (first) with the limits and the standard error of its replicates."""
    value, drawn = values[0], values[1:]
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(value), float(low), float(high), float(drawn.std(ddof=1)))
