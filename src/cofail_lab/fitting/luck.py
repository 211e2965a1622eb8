"""How much of the oracle gain is luck (theory P10.i): what one run's oracle reaches, and what could be routed to.

With success probabilities π_i(x), runs independent given the query, the oracle of one graded run reaches
1 - E Π(1 - π_i), but a router that decides before answering gets at most E max_i π_i.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.regimes import CONFIDENCE
from cofail_lab.numerics.streams import LUCK, generator
from cofail_lab.outcomes import Outcomes

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
    """

    models: Int[np.ndarray, " models"]
    right: Int[np.ndarray, "n models"]
    runs: Int[np.ndarray, "n models"]


class Bracketed(NamedTuple):
    """A mean over queries with its 95% query-bootstrap interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Luck:
    """The routable ceiling of the models that were run repeatedly.

    Attributes:
        n_models, n_queries: analysed.
        single_best: greatest mean accuracy of one run.
        first_pick: accuracy, on another run, of a model that was right on a first run (the better on average if
            several were): at most E max π in expectation.
        half_pick: likewise with half of the runs choosing and the rest scoring, the tighter of the two.
        routable_upper: mean over queries of the greatest share of right runs; at least E max π in expectation.
        oracle: 1 - E Π(1 - π), the oracle of one run of every model, estimated without bias from all runs.
        luck_lower, luck_upper: the share of the one-run oracle gain that no router can have is between them (limits of
            the means; sampling error is that of the others), 0 <= lower <= upper <= 1: on every query the greatest
            share is no more than the oracle's, and a router may always take the best model. None where the oracle
            gains nothing.
    """

    n_models: int
    n_queries: int
    single_best: Bracketed
    first_pick: Bracketed
    half_pick: Bracketed
    routable_upper: Bracketed
    oracle: Bracketed
    luck_lower: float | None
    luck_upper: float | None


def find_runs(outcomes: Outcomes) -> "Runs | str | None":
    """Repeated runs behind the cells: of the companion ``samples``, else read off the shares in ``frac``.

    A share tells the number of runs where a model's shares have a least common denominator up to 20 that some cell
    shows in lowest terms; models for which it does not (one run, or cells of different numbers of runs) are left out.

    Returns:
        Why there are none, where a companion is there but cannot be read so; None without a companion.
    """
    samples, shares = outcomes.per_cell.get("samples"), outcomes.per_cell.get("frac")
    if samples is not None and np.ndim(samples) == 3:
        graded = ~np.isnan(samples)
        return _repeated(np.where(graded, samples, 0).sum(axis=2), graded.sum(axis=2))
    if shares is None:
        return None
    if np.isnan(shares).any():
        return "some cells have no share of right runs"
    if ((shares >= 0.5) == outcomes.wrong).any():
        return "the shares are not of right runs: some cell is right below one half, or wrong above"
    denominators = [_denominator(shares[:, j]) for j in range(outcomes.n_models)]
    runs = np.array([1 if d is None else d for d in denominators])
    return _repeated(np.rint(shares * runs), np.broadcast_to(runs, shares.shape))


def _repeated(right: np.ndarray, runs: np.ndarray) -> "Runs | str":
    models = np.flatnonzero((runs >= 2).all(axis=0))
    if len(models) < 2:
        return f"{len(models)} model(s) with repeated runs, at least 2 needed"
    return Runs(models, right[:, models].astype(np.int64), runs[:, models].astype(np.int64))


def _denominator(shares: np.ndarray) -> int | None:
    """The number of runs behind a model's shares; None where it cannot be told."""
    for runs in range(1, _MOST_RUNS + 1):
        counts = shares * runs
        whole = np.rint(counts).astype(int)
        if np.abs(counts - whole).max() <= _ROUNDING * runs:
            return runs if (np.gcd(whole, runs) == 1).any() and runs > 1 else None
    return None


def measure_luck(runs: Runs, seed: int) -> Luck:
    """The two-run sandwich of P10.i with everything the repeats allow.

    Splits of a cell's runs are drawn from the hypergeometric law given its number of right ones, which is exact: the
    order of runs carries nothing. Ties between models go to the one that is right more often on average.
    """
    rng = generator(seed, LUCK)
    right, total = runs.right, runs.runs
    share = right / total
    merit = share.mean(axis=0)
    # Less than any difference of shares of right runs.
    tie_break = 1e-6 * np.argsort(np.argsort(merit)) / len(merit)
    first, half = (np.zeros(len(right)) for _ in range(2))
    rows = np.arange(len(right))
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
    weights = rng.multinomial(len(right), np.full(len(right), 1 / len(right)), size=_REPLICATES) / len(right)
    means = {name: _bracketed(float(values.mean()), weights @ values) for name, values in per_query.items()}
    best = _bracketed(float(merit.max()), (weights @ share).max(axis=1))
    gain = means["oracle"].value - best.value
    # A router may always take the best model, so a worse pick by half of the runs says no more than that.
    luck = [
        1 - max(means[name].value - best.value, 0.0) / gain if gain > 0 else None
        for name in ("routable_upper", "half_pick")
    ]
    return Luck(right.shape[1], len(right), best, **means, luck_lower=luck[0], luck_upper=luck[1])


def _bracketed(value: float, drawn: np.ndarray) -> Bracketed:
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Bracketed(value, float(low), float(high))


class Guessing(NamedTuple):
    """β and the routable ceiling corrected for pure guessing among k options.

    Attributes:
        all_wrong: β_know = β / (1 - 1/k)^m, the share of queries that nobody knows; with its 95% limits, from those of
            β. Above 1 the premise fails: wrong answers are shared, not guessed.
        ceiling: 1 - β_know (1 - 1/k): a router over models that guess gets one in k of those right.
    """

    all_wrong: Bracketed
    ceiling: Bracketed


def guess_corrected(n_all_wrong: int, n_queries: int, n_models: int, choices: int) -> Guessing:
    """P10.i for multiple choice: models that do not know guess uniformly and independently."""
    log_all_miss = n_models * np.log1p(-1 / choices)
    limits = clopper_pearson(n_all_wrong, n_queries, 1 - CONFIDENCE)
    know = [float(rate * np.exp(-log_all_miss)) for rate in (n_all_wrong / n_queries, *limits)]
    missed = 1 - 1 / choices
    return Guessing(Bracketed(*know), Bracketed(1 - know[0] * missed, 1 - know[2] * missed, 1 - know[1] * missed))
