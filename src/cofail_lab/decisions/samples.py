"""Repeated answers of models, graded, and the votes of some of them (theory P15.i)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import hypergeom

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.numerics.poisson_binomial import counts_at_once

MAX_SAMPLES = 20
"""Fractions are read as multiples of one over a whole number up to this."""

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
        for s in range(1, MAX_SAMPLES + 1):
            nearest = np.rint(column * s)
            if (np.abs(column - nearest / s) <= _ROUNDED).all():
                right[:, j], drawn[:, j] = nearest.astype(int), s
                break
        else:
            raise InputError(
                f"frac: partial credit: the fractions of {name!r} are multiples of 1/S for no S up to {MAX_SAMPLES}; "
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
    check_size(k)
    if (least := int(drawn.min())) < k:
        raise InputError(f"k: {k} distinct draws of {least} samples; at most {least} are accepted")
    return hypergeom.sf(k // 2, drawn, right, k)


def mixed_vote(share: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    """P(more than half of k independent draws, one of each member, are right), (n,).

    Args:
        share: chance that a draw of each member is right; k odd.
    """
    k = share.shape[1]
    check_size(k)
    return counts_at_once(share, 1 - share)[:, k // 2 + 1 :].sum(axis=1)


def check_size(k: int) -> None:
    """Raise InputError unless k is odd."""
    checks.whole("k", k, least=1)
    if k % 2 == 0:
        raise InputError(f"k: {k}; an odd number is accepted: an even vote can be tied")
