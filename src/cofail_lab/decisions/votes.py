"""Votes on one answer: majorities, pluralities, log-odds weights, and what is known where answers are not (theory P14).

Rows are queries, columns the members that vote. A vote that can fall either way has two values, a low and a high one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped
from scipy.special import logit

from cofail_lab import checks
from cofail_lab.errors import InputError

# Sums of the same weights in another order differ by rounding: closer than this, relative to the total, they are tied.
_TIED = 1e-12


class VoteRange(NamedTuple):
    """What a vote comes to on each query in the worst and in the best case: 1 for right, 0 for wrong.

    Attributes:
        low, high: low <= high, (n,).
    """

    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]


class VoteGain(NamedTuple):
    """What a majority of three gains over its first member (P14.i).

    Attributes:
        repaired: P(1 wrong, 2 and 3 right).
        spoilt: P(1 right, 2 and 3 wrong).
        gain: repaired - spoilt.
    """

    repaired: float
    spoilt: float
    gain: float


def majority_right(right: Bool[np.ndarray, "n k"], weights: Float[np.ndarray, "*n k"] | None = None) -> VoteRange:
    """Whether the right members hold more than half of the weight; just half is open, and falls either way.

    Args:
        right: whether each member is right, (n, k), k >= 1.
        weights: >= 0 with a positive sum, of the members (k,) or of each on each query (n, k); None weighs all alike.

    Raises:
        InputError: wrong shapes, weights outside their range.
    """
    votes, w = _weighted("right", right, weights)
    lead = (w * votes).sum(axis=1) - w.sum(axis=1) / 2
    margin = _TIED * w.sum(axis=1)
    return VoteRange((lead > margin).astype(float), (lead >= -margin).astype(float))


def plurality_range(right: Bool[np.ndarray, "n k"], weights: Float[np.ndarray, "*n k"] | None = None) -> VoteRange:
    """Between what a plurality vote is right where only right and wrong are known: all that can be said of it.

    It loses at worst unless the right members hold a majority: the wrong ones may all agree. It wins at best if no
    wrong member alone outweighs the right ones: no two may agree, and a tie may fall to the right answer. Arguments and
    errors as `majority_right`.
    """
    votes, w = _weighted("right", right, weights)
    support = (w * votes).sum(axis=1)
    strongest = np.where(votes, 0.0, w).max(axis=1)
    high = (support > 0) & (support >= strongest - _TIED * w.sum(axis=1))
    return VoteRange(majority_right(votes, w).low, high.astype(float))


def plurality_right(
    answers: Shaped[np.ndarray, "n k"],
    right: Bool[np.ndarray, "n k"],
    weights: Float[np.ndarray, "*n k"] | None = None,
) -> Float[np.ndarray, " n"]:
    """Probability that the answer with the most weight is right, equal ones drawn evenly, in [0, 1], (n,).

    Args:
        answers: what each member said, (n, k), k >= 1; an empty string is an abstention, and where all abstain the
            vote is wrong.
        right: whether that was right, (n, k).
        weights: as `majority_right`.

    Raises:
        InputError: wrong shapes, weights outside their range.
    """
    codes, top = _leading(answers, weights)
    hits = _rows("right", right)
    if hits.shape != codes.shape:
        raise InputError(f"right: shape {hits.shape}; {codes.shape} is needed, as answers has it")
    # Each leading answer counts once, however many members gave it.
    places = np.flatnonzero(top)
    once = np.zeros(top.shape)
    once.ravel()[places[np.unique(codes.ravel()[places], return_index=True)[1]]] = 1
    return (once * hits).sum(axis=1) / np.maximum(once.sum(axis=1), 1)


def tied_votes(
    answers: Shaped[np.ndarray, "n k"], weights: Float[np.ndarray, "*n k"] | None = None
) -> Bool[np.ndarray, " n"]:
    """Whether several answers lead with equal weight, (n,). Arguments and errors as `plurality_right`."""
    codes, top = _leading(answers, weights)
    first = codes[np.arange(len(codes)), top.argmax(axis=1)]
    return (top & (codes != first[:, None])).any(axis=1)


def log_odds_weights(accuracies: Float[np.ndarray, " k"], n_options: int = 2) -> Float[np.ndarray, " k"]:
    """ln(a(K - 1)/(1 - a)), and 0 for a member that is right no more often than a guess among K, (k,) (P14.ii).

    The best weights for independent members on questions with K equally likely answers, of which the wrong ones are
    given equally often. A negative weight has no meaning beyond two answers: what a bad member does not say is not
    thereby right.

    Args:
        accuracies: in (0, 1), (k,).
        n_options: K >= 2.

    Raises:
        InputError: an accuracy outside (0, 1), fewer than two options.
    """
    a = np.asarray(accuracies, dtype=float)
    if a.ndim != 1 or not a.size:
        raise InputError(f"accuracies: shape {a.shape}; (k,) is needed")
    if not (inside := (a > 0) & (a < 1)).all():
        raise InputError(f"accuracies: {a[~inside][0]} is outside (0, 1)")
    checks.whole("n_options", n_options, least=2)
    return np.maximum(logit(a) + np.log(n_options - 1), 0.0)


def three_vote_gain(right: Bool[np.ndarray, "n 3"], mass: Float[np.ndarray, " n"] | None = None) -> VoteGain:
    """P(majority of three right) - P(first member right), whatever their dependence (P14.i).

    Args:
        right: whether each is right, (n, 3).
        mass: of each row, >= 0 with a positive sum, (n,); None counts the rows alike.

    Raises:
        InputError: another number of members, mass outside its range.
    """
    votes = _rows("right", right).astype(bool)
    if votes.shape[1] != 3:
        raise InputError(f"right: {votes.shape[1]} members; 3 are needed")
    share = np.ones(len(votes)) if mass is None else np.asarray(mass, dtype=float)
    if share.shape != (len(votes),):
        raise InputError(f"mass: shape {share.shape}; ({len(votes)},) is needed")
    _check_weights("mass", share[None, :])
    share = share / share.sum()
    first, others = votes[:, 0], votes[:, 1:]
    repaired, spoilt = float(share @ (~first & others.all(axis=1))), float(share @ (first & ~others.any(axis=1)))
    return VoteGain(repaired, spoilt, repaired - spoilt)


def agreement_when_wrong(
    answers: Shaped[np.ndarray, "n k"], right: Bool[np.ndarray, "n k"]
) -> Float[np.ndarray, "k k"]:
    """How often two members give the same answer where both are wrong; nan where they never are, and on the diagonal.

    Args:
        answers: what each member said, (n, k); an empty string is no answer, and agrees with none.
        right: whether it was right, (n, k).

    Raises:
        InputError: shapes that differ.
    """
    given, hits = _rows("answers", answers).astype(str), _rows("right", right).astype(bool)
    if given.shape != hits.shape:
        raise InputError(f"right: shape {hits.shape}; {given.shape} is needed, as answers has it")
    k = given.shape[1]
    share = np.full((k, k), np.nan)
    for i in range(k):
        for j in range(i):
            both = ~hits[:, i] & ~hits[:, j]
            if both.any():
                alike = (given[both, i] == given[both, j]) & (given[both, i] != "")
                share[i, j] = share[j, i] = alike.mean()
    return share


def _leading(answers: object, weights: object) -> tuple[np.ndarray, np.ndarray]:
    """A number for each answer to each query, and who gave one that leads, both (n, k)."""
    texts = _rows("answers", answers).astype(str)
    _, w = _weighted("answers", texts != "", weights)
    codes = np.unique(texts, return_inverse=True)[1].reshape(texts.shape)
    # The same text on two queries is not the same answer.
    codes = codes + np.arange(len(codes))[:, None] * (codes.max(initial=0) + 1)
    codes = np.unique(codes, return_inverse=True)[1].reshape(texts.shape)
    voting = np.where(texts == "", 0.0, w)
    support = np.bincount(codes.ravel(), voting.ravel())[codes]
    close = support.max(axis=1, keepdims=True) - _TIED * w.sum(axis=1, keepdims=True)
    return codes, (voting > 0) & (support >= close)


def _weighted(name: str, values: object, weights: object) -> tuple[np.ndarray, np.ndarray]:
    """Votes as bool and their weights, both (n, k)."""
    votes = _rows(name, values).astype(bool)
    w = np.ones(votes.shape[1]) if weights is None else np.asarray(weights, dtype=float)
    if w.shape not in (votes.shape, votes.shape[1:]):
        raise InputError(f"weights: shape {w.shape}; {votes.shape[1:]} or {votes.shape} is needed")
    w = np.broadcast_to(w, votes.shape)
    _check_weights("weights", w)
    return votes, w


def _rows(name: str, values: object) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 2 or not array.shape[1]:
        raise InputError(f"{name}: shape {array.shape}; (n, k) with k >= 1 is needed")
    return array


def _check_weights(name: str, weights: np.ndarray) -> None:
    if not (inside := (weights >= 0) & np.isfinite(weights)).all():
        raise InputError(f"{name}: {weights[~inside][0]} is not a finite number >= 0")
    if not (weights.sum(axis=1) > 0).all():
        raise InputError(f"{name}: all are 0; a positive sum is needed")
