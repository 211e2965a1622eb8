"""Repeated draws of one model against draws of different ones, at equal numbers of draws (theory P15)."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.stats import hypergeom

from cofail_lab import checks
from cofail_lab.decisions.votes import majority_right, plurality_right
from cofail_lab.errors import InputError
from cofail_lab.numerics.poisson_binomial import counts_at_once

MOST_SAMPLES = 20
"""Fractions are read as multiples of one over a whole number up to this."""

SETS_AT_MOST = 400
"""Most sets of one size that are looked at; where there are more, this many are drawn."""

# Fractions in files are rounded to three digits or more; those of different S <= 20 are at least 1/380 apart.
_ROUNDED = 5e-4


class Samples(NamedTuple):
    """Repeated answers, graded.

    Attributes:
        right: c, number of right ones, (n, m).
        drawn: S, number of them, (n, m).
    """

    right: Int[np.ndarray, "n m"]
    drawn: Int[np.ndarray, "n m"]

    @property
    def share(self) -> Float[np.ndarray, "n m"]:
        """c / S, the chance that one draw is right."""
        return self.right / self.drawn


def samples_of_fractions(
    fractions: Float[np.ndarray, "n m"], wrong: Bool[np.ndarray, "n m"], models: Sequence[str]
) -> Samples:
    """Counts behind pass fractions: S is the smallest whole number of which all fractions of a model are multiples.

    Args:
        fractions: share of right samples of each cell, in [0, 1].
        wrong: the graded cells, which must be those with a fraction below a half.
        models: names, for errors.

    Raises:
        InputError: fractions that are no counts of samples but partial credit, or that are missing.
    """
    n, m = fractions.shape
    right, drawn = np.empty((n, m), dtype=int), np.empty((n, m), dtype=int)
    for j, name in enumerate(models):
        column = fractions[:, j]
        if np.isnan(column).any():
            raise InputError(f"frac: {name!r} has no fraction on {int(np.isnan(column).sum())} of {n} queries")
        if other := int(((column < 0.5) != wrong[:, j]).sum()):
            raise InputError(
                f"frac: partial credit: on {other} of {n} queries the fraction of {name!r} and its 0/1 cell are not on "
                "the same side of one half; shares of right samples are needed"
            )
        for s in range(1, MOST_SAMPLES + 1):
            nearest = np.rint(column * s)
            if (np.abs(column - nearest / s) <= _ROUNDED).all():
                right[:, j], drawn[:, j] = nearest.astype(int), s
                break
        else:
            raise InputError(
                f"frac: partial credit: the fractions of {name!r} are multiples of 1/S for no S up to {MOST_SAMPLES}; "
                "shares of right samples are needed"
            )
    return Samples(right, drawn)


def samples_of_runs(runs: Float[np.ndarray, "n m S"], models: Sequence[str]) -> Samples:
    """Counts of graded runs: 1 for right, 0 for wrong, nan for none.

    Raises:
        InputError: a cell without a graded run.
    """
    graded = ~np.isnan(runs.astype(float))
    drawn = graded.sum(axis=2)
    if (empty := drawn == 0).any():
        j = int(empty.any(axis=0).argmax())
        raise InputError(f"samples: {models[j]!r} has no graded run on {int(empty[:, j].sum())} of {len(runs)} queries")
    return Samples((np.where(graded, runs, 0) > 0).sum(axis=2), drawn)


def self_vote(right: Int[np.ndarray, " n"], drawn: Int[np.ndarray, " n"], k: int) -> Float[np.ndarray, " n"]:
    """P(more than half of k distinct ones of S samples, c of them right, are right), (n,) (P15.i).

    Its mean over queries is unbiased for k fresh draws of the model.

    Args:
        right: c.
        drawn: S >= k.
        k: odd.
    """
    _check_size(k)
    if (least := int(drawn.min())) < k:
        raise InputError(f"k: {k} distinct draws of {least} samples; at most {least} are accepted")
    return hypergeom.sf(k // 2, drawn, right, k)


def mixed_vote(share: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    """P(more than half of k independent draws, one of each member, are right), (n,).

    Args:
        share: chance that a draw of each member is right; k odd.
    """
    k = share.shape[1]
    _check_size(k)
    return counts_at_once(share, 1 - share)[:, k // 2 + 1 :].sum(axis=1)


class Choice(NamedTuple):
    """Who is compared: a model with itself, and members with one another; ascending by model."""

    model: int
    members: tuple[int, ...]


def choose(
    accuracy: Float[np.ndarray, " m"],
    repeated: Bool[np.ndarray, " m"],
    k: int,
    band: float,
    given: int | None = None,
) -> Choice | None:
    """The most accurate model with enough samples, and the k most accurate models within ``band`` of it.

    Args:
        accuracy: to rank by. It must come from other queries than those that are scored: ranked on the same, the
            members' votes are better by .005 in six clones (P15.ii).
        repeated: models with at least k samples.
        k: number of draws.
        band: largest difference in accuracy, in either direction.
        given: the model, where it is not chosen.

    Returns:
        None where fewer than k models are within the band.
    """
    model = int(np.where(repeated, accuracy, -1.0).argmax()) if given is None else given
    order = np.argsort(-accuracy, kind="stable")
    near = [int(i) for i in order if abs(accuracy[i] - accuracy[model]) <= band + 1e-12]
    return Choice(model, tuple(sorted(near[:k]))) if len(near) >= k else None


class Draws:
    """Votes of repeated draws and of members, each query by query; what was computed is kept."""

    def __init__(self, samples: Samples, k: int) -> None:
        _check_size(k)
        self.samples, self.k = samples, k
        self.repeated = samples.drawn.min(axis=0) >= k
        self._votes: dict[Choice, np.ndarray] = {}

    def votes(self, choice: Choice) -> Float[np.ndarray, "n 6"]:
        """On each query: both majorities, at least one draw right, and one draw right; of the model, of the members."""
        if choice not in self._votes:
            right, drawn = self.samples.right[:, choice.model], self.samples.drawn[:, choice.model]
            share = self.samples.share[:, list(choice.members)]
            self._votes[choice] = np.column_stack(
                [
                    self_vote(right, drawn, self.k),
                    mixed_vote(share),
                    hypergeom.sf(0, drawn, right, self.k),
                    1 - np.prod(1 - share, axis=1),
                    right / drawn,
                    share.mean(axis=1),
                ]
            )
        return self._votes[choice]


class Matched(NamedTuple):
    """A comparison at an equal number of draws.

    Attributes:
        choices: who was compared: once where all were given, otherwise in each direction of the halves; none for runs.
        self_accuracy, mixed_accuracy: of the majorities.
        self_ceiling, mixed_ceiling: at least one of the k draws is right.
        self_single, mixed_single: one draw is right.
        lower, upper: 95% limits of `difference`, by bootstrap over queries with the choices made anew.
    """

    choices: tuple[Choice, ...]
    self_accuracy: float
    mixed_accuracy: float
    self_ceiling: float
    mixed_ceiling: float
    self_single: float
    mixed_single: float
    lower: float
    upper: float

    @classmethod
    def of(cls, choices: Sequence[Choice], means: Iterable[float], differences: np.ndarray) -> "Matched":
        """From the means in the order of the fields, and the differences of the resamples."""
        lower, upper = np.quantile(differences, [0.025, 0.975])
        return cls(tuple(choices), *map(float, (*means, lower, upper)))

    @property
    def difference(self) -> float:
        """Mixed less self."""
        return self.mixed_accuracy - self.self_accuracy


def matched(
    draws: Draws,
    band: float,
    rng: np.random.Generator,
    model: int | None = None,
    members: tuple[int, ...] | None = None,
    replicates: int = 2000,
) -> Matched | None:
    """Compare a model with members, on other queries than they are chosen on.

    What is not given is chosen on one half of the queries and scored on the other, in both directions.

    Args:
        draws: the samples, and k.
        band, model: as `choose`.
        rng: splits the queries and draws the bootstrap.
        members: k models; a model that is not given is then the most accurate of those with enough samples.
        replicates: of the bootstrap.

    Returns:
        None where fewer than k models are within the band on one of the halves.
    """
    n, share = len(draws.samples.right), draws.samples.share

    def choice_of(accuracy: np.ndarray) -> Choice | None:
        if members is None:
            return choose(accuracy, draws.repeated, draws.k, band, model)
        among = np.isin(np.arange(len(accuracy)), members) & draws.repeated
        return Choice(int(np.where(among, accuracy, -1.0).argmax()) if model is None else model, members)

    if model is not None and members is not None:
        parts = [(np.arange(n), np.arange(n))]
    else:
        order = rng.permutation(n)
        half = order[: n // 2], order[n // 2 :]
        parts = [(half[0], half[1]), (half[1], half[0])]

    def score(times: np.ndarray) -> tuple[list[Choice], np.ndarray] | None:
        """Choices and mean votes of queries that occur so many times each."""
        chosen, total = [], np.zeros(6)
        for ranked, scored in parts:
            choice = choice_of(times[ranked] @ share[ranked] / times[ranked].sum())
            if choice is None:
                return None
            chosen.append(choice)
            total += times[scored] @ draws.votes(choice)[scored]
        return chosen, total / n

    found = score(np.ones(n))
    if found is None:
        return None
    differences = []
    for _ in range(replicates):
        times = np.zeros(n)
        for _, scored in parts:
            times[scored] = rng.multinomial(len(scored), np.full(len(scored), 1 / len(scored)))
        if (again := score(times)) is not None:
            differences.append(again[1][1] - again[1][0])
    return Matched.of(*found, np.array(differences))


def matched_runs(
    own: tuple[Bool[np.ndarray, "n k"], Shaped[np.ndarray, "n k"] | None],
    mixed: tuple[Bool[np.ndarray, "n k"], Shaped[np.ndarray, "n k"] | None],
    rng: np.random.Generator,
    replicates: int = 2000,
) -> Matched:
    """Compare k runs of one model with one run of each of k members: by plurality where answers are known.

    Args:
        own, mixed: whether each run is right, and what it answered; without answers the vote is a majority.
        rng: draws the bootstrap over queries.
        replicates: of the bootstrap.
    """
    votes = [
        majority_right(right).low if answers is None else plurality_right(answers, right)
        for right, answers in (own, mixed)
    ]
    n = len(votes[0])
    times = rng.multinomial(n, np.full(n, 1 / n), size=replicates)
    means = [votes[0], votes[1], own[0].any(axis=1), mixed[0].any(axis=1), own[0], mixed[0]]
    return Matched.of((), map(np.mean, means), times @ (votes[1] - votes[0]) / n)


class BandSets(NamedTuple):
    """All sets of one size within a band, each against repeated draws of its most accurate member, (sets,).

    Attributes:
        size: members of each set, and draws.
        n_all: number of such sets.
        gap: best less mean accuracy of the members, on the queries they are ranked on.
        difference: mixed less self, on the other queries.
        at_no_gap: difference at equal quality, the intercept of its regression on the gap; None with too few sets.
        lower, upper: 95% limits of it, by bootstrap over the scored queries.
    """

    size: int
    n_all: int
    gap: Float[np.ndarray, " sets"]
    difference: Float[np.ndarray, " sets"]
    at_no_gap: float | None
    lower: float | None
    upper: float | None


def band_sets(
    samples: Samples, size: int, band: float, rng: np.random.Generator, replicates: int = 2000
) -> BandSets | None:
    """Sets of one size whose members are within ``band`` of their best, ranked on one half and scored on the other.

    Args:
        samples: right and drawn.
        size: k, odd; the best member needs as many samples.
        band: largest spread of accuracy in a set.
        rng: splits the queries, draws sets where there are too many, and the bootstrap.
        replicates: of the bootstrap.

    Returns:
        None where no set is within the band.
    """
    draws, share = Draws(samples, size), samples.share
    n = len(share)
    order = rng.permutation(n)
    ranked, scored = order[: n // 2], order[n // 2 :]
    accuracy = share[ranked].mean(axis=0)
    # A set whose most accurate member has too few samples has nothing to be compared with.
    best_first = np.argsort(-accuracy, kind="stable")
    sets = []
    for place, model in enumerate(best_first):
        if draws.repeated[model]:
            near = [i for i in best_first[place + 1 :] if accuracy[model] - accuracy[i] <= band + 1e-12]
            sets.append((int(model), [int(i) for i in near], comb(len(near), size - 1)))
    n_all = sum(number for *_, number in sets)
    if not n_all:
        return None
    listed = [
        Choice(model, (model, *others))
        for model, near, number in sets
        for others in (combinations(near, size - 1) if number <= SETS_AT_MOST else _some(near, size - 1, rng))
    ]
    if len(listed) > SETS_AT_MOST:
        listed = [listed[i] for i in sorted(rng.choice(len(listed), SETS_AT_MOST, replace=False))]
    gap = np.array([accuracy[one.model] - accuracy[list(one.members)].mean() for one in listed])
    each = np.column_stack([mixed_vote(share[scored][:, list(one.members)]) for one in listed])
    own = {i: self_vote(samples.right[scored, i], samples.drawn[scored, i], size) for i in {c.model for c in listed}}
    each -= np.column_stack([own[one.model] for one in listed])
    difference = each.mean(axis=0)
    if len(listed) < 3 or gap.std() < 1e-9:
        return BandSets(size, n_all, gap, difference, None, None, None)
    # The intercept is linear in the differences, and these in the queries: one number for each query.
    intercept = np.linalg.pinv(np.column_stack([np.ones(len(gap)), gap]))[0]
    by_query = each @ intercept
    times = rng.multinomial(len(scored), np.full(len(scored), 1 / len(scored)), size=replicates)
    lower, upper = np.quantile(times @ by_query / len(scored), [0.025, 0.975])
    return BandSets(size, n_all, gap, difference, float(by_query.mean()), float(lower), float(upper))


def _some(near: list[int], size: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    drawn = {tuple(sorted(rng.choice(near, size, replace=False).tolist())) for _ in range(SETS_AT_MOST)}
    return sorted(drawn)


def _check_size(k: int) -> None:
    checks.whole("k", k, least=1)
    if k % 2 == 0:
        raise InputError(f"k: {k}; an odd number is accepted: an even vote can be tied")
