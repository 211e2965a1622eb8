"""`data=counts`: the totals of a published table, when the matrix itself is not at hand."""

import math
from dataclasses import dataclass
from decimal import Decimal

from cofail_lab import checks
from cofail_lab.errors import InputError


@dataclass(frozen=True)
class Counts:
    """Totals that suffice for a certificate: K, n, m and the right answers of the best model."""

    n_all_wrong: int
    n_queries: int
    n_models: int
    best_correct: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountsSource:
    """Totals from the command line; either ``best_correct`` or the published ``best_accuracy``."""

    n_all_wrong: int
    n_queries: int
    n_models: int
    best_correct: int | None = None
    best_accuracy: float | None = None

    def load(self) -> Counts:
        """The totals; an accuracy is read back to the count it was rounded from. InputError for neither or both."""
        if (self.best_correct is None) == (self.best_accuracy is None):
            raise InputError(
                "data.best_correct: give either data.best_correct (a count) or data.best_accuracy (in [0, 1])"
            )
        checks.within("data.n_queries", self.n_queries, 1, 2**53)
        if self.best_accuracy is None:
            assert self.best_correct is not None  # noqa: S101  (the line above)
            return Counts(self.n_all_wrong, self.n_queries, self.n_models, self.best_correct)
        correct, note = _count_behind(self.best_accuracy, self.n_queries)
        return Counts(self.n_all_wrong, self.n_queries, self.n_models, correct, (note,))


def _count_behind(accuracy: float, n: int) -> tuple[int, str]:
    """The smallest count that rounds to the published accuracy: a smaller best model makes every certificate wider."""
    checks.share("data.best_accuracy", accuracy, "percentages are given as fractions")
    published = Decimal(repr(float(accuracy)))
    half_unit = Decimal(5).scaleb(int(published.as_tuple().exponent) - 1)
    fewest = math.ceil((published - half_unit) * n)
    most = min(n, math.floor((published + half_unit) * n))
    fewest = max(0, fewest)
    if fewest > most:
        raise InputError(f"data.best_accuracy: no count of {n} queries rounds to {accuracy}; give data.best_correct")
    more = f" (up to {most} would round to it too; the smallest is used)" if most > fewest else ""
    return fewest, f"Accuracy {accuracy} of {n} queries was read as {fewest} right answers{more}."
