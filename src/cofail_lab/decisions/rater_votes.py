"""What raters' votes come to: rules, how strict they are, and how many independent votes a panel is worth (P16).

Votes are 1 for right, 0 for wrong and -1 for none; a rater without a vote is not counted, and an item without any has
no outcome.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.errors import InputError

Rule = Literal["majority", "unanimous", "lenient"]
"""Right by more than half of the votes, by all of them, or by one at least."""
Ties = Literal["wrong", "right", "missing"]
"""What a majority of just half is."""

RULES: tuple[Rule, ...] = get_args(Rule)


def marked(votes: Int[np.ndarray, "n k"], rule: Rule, ties: Ties = "wrong") -> Int[np.ndarray, " n"]:
    """What each item comes to: 1 right, 0 wrong, -1 without an outcome, (n,).

    Raises:
        InputError: no such rule, no such way with ties.
    """
    if ties not in get_args(Ties):
        raise InputError(f"ties: {ties!r} is not one of {', '.join(get_args(Ties))}")
    given, right = (votes >= 0).sum(axis=1), (votes == 1).sum(axis=1)
    if rule == "majority":
        found = np.where(2 * right == given, {"wrong": 0, "right": 1, "missing": -1}[ties], 2 * right > given)
    elif rule == "unanimous":
        found = right == given
    elif rule == "lenient":
        found = right > 0
    else:
        raise InputError(f"rule: {rule!r} is not one of {', '.join(RULES)}")
    return np.where(given > 0, found.astype(np.int64), -1)


def marked_probability(
    shares: Float[np.ndarray, "... k"], rule: Rule, ties: Ties = "wrong"
) -> Float[np.ndarray, "..."]:
    """P(marked right) where each rater says right with its own probability, independently, (...) (P16.i).

    With sensitivities as shares it is P(marked right | right): .99144 for five of .9 by majority, .9477 for four with
    ties wrong. A missing outcome (``ties="missing"``) is not marked right.

    Args:
        shares: P(rater says right), in [0, 1], (..., k), k >= 1.
        rule, ties: as in `marked`.

    Raises:
        InputError: a share outside [0, 1]; no such rule.
    """
    p = np.asarray(shares, dtype=float)
    if not p.ndim or not p.shape[-1] or not ((p >= 0) & (p <= 1)).all():
        raise InputError(f"shares: {shares!r}; k >= 1 numbers in [0, 1] are accepted")
    k = p.shape[-1]
    law = np.zeros((*p.shape[:-1], k + 1))
    law[..., 0] = 1
    for i in range(k):
        won, lost = p[..., i : i + 1], 1 - p[..., i : i + 1]
        law[..., 1 : i + 2] = law[..., 1 : i + 2] * lost + law[..., : i + 1] * won
        law[..., :1] *= lost
    votes = np.tril(np.ones((k + 1, k), np.int64), -1)  # row j holds j votes for right
    return law @ (marked(votes, rule, ties) == 1)


class Own(NamedTuple):
    """What leaving out a model's vote on its own answers costs.

    Attributes:
        n_votes: such votes.
        n_ties: items that become tied by it.
        n_lost, n_gained: items right by the majority of all and wrong without the own vote, and the reverse.
        n_lost_to_ties: of those lost, the tied ones: the tie, not the rater's favour for itself, decides them.
        favour: share of own votes that say right less the share of the others' votes on the same items; None where
            nobody else voted on them.
    """

    n_votes: int
    n_ties: int
    n_lost: int
    n_gained: int
    n_lost_to_ties: int
    favour: float | None


def own_votes(votes: np.ndarray, own: np.ndarray, ties: Ties) -> Own | None:
    """The cost of self-exclusion; None where no rater votes on an answer of its own."""
    if not own.any():
        return None
    rest = np.where(own, -1, votes)
    whole, without = marked(votes, "majority", ties), marked(rest, "majority", ties)
    touched = own.any(axis=1)
    tied = touched & ((rest >= 0).sum(axis=1) == 2 * (rest == 1).sum(axis=1)) & (rest >= 0).any(axis=1)
    others = rest[touched]
    lost = (whole == 1) & (without == 0)
    n_others = int((others >= 0).sum())
    return Own(
        n_votes=int(own.sum()),
        n_ties=int(tied.sum()),
        n_lost=int(lost.sum()),
        n_gained=int(((whole == 0) & (without == 1)).sum()),
        n_lost_to_ties=int((lost & tied).sum()),
        favour=float(votes[own].mean() - (others == 1).sum() / n_others) if n_others else None,
    )


def effective_votes(n_raters: float, correlation: Float[np.ndarray, "..."] | float) -> Float[np.ndarray, "..."]:
    """Kish's k/(1 + (k - 1)ρ): as many independent votes have the variance of the mean of k alike ones (P16.i.c).

    Args:
        n_raters: k >= 1.
        correlation: ρ of the errors, mean over pairs; below 0 a panel is worth more than its number.
    """
    rho = np.asarray(correlation, dtype=float)
    spread = 1 + (n_raters - 1) * rho
    return n_raters / np.where(spread > 0, spread, np.nan)


def error_correlation(
    wrong: Bool[np.ndarray, "n k"], known: Bool[np.ndarray, "n k"], weights: Float[np.ndarray, "b n"] | None = None
) -> Float[np.ndarray, " b"]:
    """Mean over pairs of the correlation of errors, in each of b samples, (b,); nan where no pair has one.

    Args:
        wrong: whether each label is wrong, (n, k).
        known: where that is known; a pair is looked at where both are.
        weights: of the items, (b, n); None for one sample with all items once.
    """
    w = np.ones((1, len(wrong))) if weights is None else weights.astype(float)
    k = wrong.shape[1]
    total, pairs = np.zeros(len(w)), np.zeros(len(w))
    for i in range(k):
        for j in range(i):
            both = known[:, i] & known[:, j]
            a, b = wrong[both, i].astype(float), wrong[both, j].astype(float)
            sums = w[:, both] @ np.stack([np.ones(len(a)), a, b, a * b], axis=1)
            n = np.maximum(sums[:, 0], 1e-300)
            first, second, joint = sums[:, 1] / n, sums[:, 2] / n, sums[:, 3] / n
            spread = np.sqrt(first * (1 - first) * second * (1 - second))
            there = spread > 1e-12
            total += np.where(there, (joint - first * second) / np.where(there, spread, 1), 0)
            pairs += there
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)


class Shortfall(NamedTuple):
    """A panel's majority against the same raters voting independently, where the truth is known.

    Attributes:
        n_items: items that all raters labelled and whose truth is known.
        observed: share of them that more than half of the raters label truly; half counts as one half.
        independent: what it would be if each rater kept its own accuracy on each true value, independently.
        best: accuracy of the most accurate rater on the same items.
    """

    n_items: int
    observed: float
    independent: float
    best: float

    @property
    def shortfall(self) -> float:
        """Independent less observed."""
        return self.independent - self.observed


def shortfall(
    labels: Int[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None = None
) -> Shortfall | None:
    """What dependence costs a majority vote; None where no item has all labels and a truth.

    Args:
        labels: of all raters, -1 for none, (n, k).
        truth: true label, -1 where not known, (n,).
        weights: of the items, (n,); None for all once.
    """
    w = np.ones(len(labels)) if weights is None else weights.astype(float)
    whole = (labels >= 0).all(axis=1) & (truth >= 0) & (w > 0)
    if not whole.any():
        return None
    hit, w, value = labels[whole] == truth[whole, None], w[whole], truth[whole]
    k, total = labels.shape[1], w.sum()
    lead = 2 * hit.sum(axis=1) - k
    independent = 0.0
    for one in np.unique(value):
        here = value == one
        rates = w[here] @ hit[here] / w[here].sum()
        independent += w[here].sum() / total * _half_ties(rates)
    return Shortfall(int(whole.sum()), float(w @ ((lead > 0) + (lead == 0) / 2) / total), independent, _best(w, hit))


def _half_ties(rates: np.ndarray) -> float:
    """P(more than half are right) + P(just half)/2 of independent raters."""
    return float(marked_probability(rates, "majority", "wrong") + marked_probability(rates, "majority", "right")) / 2


def _best(w: np.ndarray, hit: np.ndarray) -> float:
    return float((w @ hit).max() / w.sum())
