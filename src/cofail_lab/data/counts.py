"""`data=counts`: the totals of a published table, for use where the matrix itself is not available."""

import math
from dataclasses import dataclass
from decimal import Decimal

from cofail_lab import checks
from cofail_lab.errors import InputError


@dataclass(frozen=True)
class Counts:
    """Totals that suffice for a certificate.

    Attributes:
        n_all_wrong, n_queries, n_models: K, n, m.
        best_correct: right answers of the best model.
        notes: what was done on the way here, one sentence each.
    """

    n_all_wrong: int
    n_queries: int
    n_models: int
    best_correct: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountsSource:
    """Totals from the command line, with either ``best_correct`` or ``best_accuracy``.

    Attributes:
        n_all_wrong, n_queries, n_models: K, n, m.
        best_correct: right answers of the best model.
        best_accuracy: its published accuracy, in [0, 1].
    """

    n_all_wrong: int
    n_queries: int
    n_models: int
    best_correct: int | None = None
    best_accuracy: float | None = None

    def load(self) -> Counts:
        """The totals; a published accuracy is converted to a count (`_smallest_count`).

        Raises:
            InputError: neither or both of ``best_correct`` and ``best_accuracy``, or an accuracy that no count has.
        """
        checks.within("data.n_queries", self.n_queries, 1, 2**53)
        if self.best_correct is not None and self.best_accuracy is None:
            return Counts(self.n_all_wrong, self.n_queries, self.n_models, self.best_correct)
        if self.best_accuracy is not None and self.best_correct is None:
            correct, note = _smallest_count(self.best_accuracy, self.n_queries)
            return Counts(self.n_all_wrong, self.n_queries, self.n_models, correct, (note,))
        raise InputError("data.best_correct: give either data.best_correct (a count) or data.best_accuracy (in [0, 1])")


def _smallest_count(accuracy: float, n: int) -> tuple[int, str]:
    """The smallest count of right answers that rounds to a published accuracy, and a note.

    The smallest is the cautious choice: the fewer answers of the best model are right, the wider every certificate.

    Args:
        accuracy: in [0, 1]; its decimals are the precision to which it was rounded.
        n: queries.

    Raises:
        InputError: not in [0, 1], or no count of n queries rounds to it.
    """
    checks.share("data.best_accuracy", accuracy, "percentages are given as fractions")
    published = Decimal(repr(float(accuracy)))
    half_unit = Decimal(5).scaleb(int(published.as_tuple().exponent) - 1)
    smallest = max(0, math.ceil((published - half_unit) * n))
    largest = min(n, math.floor((published + half_unit) * n))
    if smallest > largest:
        raise InputError(f"data.best_accuracy: no count of {n} queries rounds to {accuracy}; give data.best_correct")
    more = f" (up to {largest} would round to it too; the smallest is used)" if largest > smallest else ""
    return smallest, f"Accuracy {accuracy} of {n} queries was read as {smallest} right answers{more}."
