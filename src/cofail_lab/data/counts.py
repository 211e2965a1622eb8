"""`data=counts`: the totals of a published table, when the matrix itself is not at hand."""

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
        checks.whole("data.n_queries", self.n_queries, least=1)
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
    candidates = [
        k
        for k in range(max(0, int((published - half_unit) * n) - 1), min(n, int((published + half_unit) * n) + 1) + 1)
        if abs(Decimal(k) / n - published) <= half_unit
    ]
    if not candidates:
        raise InputError(f"data.best_accuracy: no count of {n} queries rounds to {accuracy}; give data.best_correct")
    more = f" (up to {candidates[-1]} would round to it too; the smallest is used)" if len(candidates) > 1 else ""
    return candidates[0], f"Accuracy {accuracy} of {n} queries was read as {candidates[0]} right answers{more}."
