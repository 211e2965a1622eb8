"""Queries in parts: a law is fitted to all parts but one and scored on that one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cofail_lab.errors import ConvergenceError
from cofail_lab.fitting.comparison.fitted_law import MAX_SLOW_MODELS, FittedLaw
from cofail_lab.fitting.estimators.count_likelihood import count_law
from cofail_lab.fitting.estimators.fitted import AbsentLawError
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.numerics.streams import FOLDS, generator


@dataclass(frozen=True)
class Folds:
    """The parts of the queries: scores a law on each part after fitting it to the other parts.

    Attributes:
        pool: the models that vary in every training part.
        part: number of the part of each query.
        training: the pool without the queries of each part in turn.
    """

    pool: VaryingPool
    part: np.ndarray
    training: tuple[VaryingPool, ...]

    @classmethod
    def assign(cls, pool: VaryingPool, folds: int, seed: int) -> "Folds":
        """Assign the queries to ``folds`` parts of equal size at random; with 0 there is no part."""
        if not folds:
            return cls(pool, np.zeros(pool.n_queries, dtype=int), ())
        part = generator(seed, FOLDS).permutation(np.arange(pool.n_queries) % folds)
        # A model that is constant in some training part has no threshold there: C counts the other models only.
        errors = np.stack([pool.wrong[part != k].sum(axis=0) for k in range(folds)])
        sizes = np.array([(part != k).sum() for k in range(folds)])[:, None]
        kept = ((errors > 0) & (errors < sizes)).all(axis=0)
        reduced = VaryingPool(pool.wrong[:, kept], None if pool.family is None else pool.family[kept])
        return cls(reduced, part, tuple(reduced.rows(part != k) for k in range(folds)))

    def why_not(self, row: FittedLaw) -> str | None:
        """Why a law is not judged on held-out queries, whatever its fits are; None where it is."""
        if not self.training:
            return "no held-out comparison was asked for"
        if self.pool.n_models < 2:
            return "fewer than two models vary in every training part"
        if row.speed != "quick" and self.pool.n_models > MAX_SLOW_MODELS:
            return f"not refitted in every fold: the pool has more than {MAX_SLOW_MODELS} models"
        return None

    def score(self, row: FittedLaw, part: int) -> np.ndarray:
        """Log P(C) of every query of a part under the law fitted to the other parts.

        Raises:
            AbsentLawError, ConvergenceError: the other parts have no such law.
        """
        law = count_law(row.fit(self.training[part], False).law, seed=part)
        return law.log_probs[self.pool.n_wrong[self.part == part]]

    def heldout(
        self, row: FittedLaw, absent: str | None, score: Callable[[int], np.ndarray], advance: Callable[[int], None]
    ) -> tuple[np.ndarray | None, str | None]:
        """Log P(C) of every query under the law fitted to the other parts, or None and the reason why not.

        Args:
            row: of the law.
            absent: why the whole matrix has no such law; None where it has one.
            score: `score` of this law, of a part.
            advance: called with 1 after each part, and with the number of parts that were left out.
        """
        done, why_not = 0, absent or self.why_not(row)
        logs = np.empty(self.pool.n_queries)
        try:
            if why_not is not None:
                return None, why_not
            for k in range(len(self.training)):
                logs[self.part == k] = score(k)
                done += 1
                advance(1)
        except (AbsentLawError, ConvergenceError) as reason:
            return None, f"in fold {done + 1}: {reason}"
        finally:
            advance(len(self.training) - done)
        impossible = int(np.isneginf(logs).sum())
        if impossible:
            return None, f"it gives {impossible} held-out queries a probability below the smallest float"
        return logs, None
