"""Repeated draws of one model against draws of different ones, at equal numbers of draws (theory P15)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped
from scipy.stats import hypergeom

from cofail_lab.decisions.samples import Samples, check_size, mixed_vote, self_vote
from cofail_lab.decisions.votes import majority_right, plurality_right


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
        check_size(k)
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
        None where fewer than k models are within the band on one of the halves, or in every resample.
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
        """Choices and mean votes of queries that occur this many times each."""
        chosen, total = [], np.zeros(6)
        for ranked, scored in parts:
            choice = choice_of(times[ranked] @ share[ranked] / times[ranked].sum())
            if choice is None:
                return None
            chosen.append(choice)
            total += times[scored] @ draws.votes(choice)[scored]
        return chosen, total / n

    whole = score(np.ones(n))
    if whole is None:
        return None
    differences = []
    for _ in range(replicates):
        times = np.zeros(n)
        for _, scored in parts:
            times[scored] = rng.multinomial(len(scored), np.full(len(scored), 1 / len(scored)))
        if (again := score(times)) is not None:
            differences.append(again[1][1] - again[1][0])
    if not differences:
        return None
    return Matched.of(*whole, np.array(differences))


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
