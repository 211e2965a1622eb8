"""Which part of a matrix is analysed."""

import difflib
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cofail_lab import checks
from cofail_lab.errors import InputError

TREATMENTS = {
    "limits": ("as_graded", "missing", "wrong"),
    "errors": ("missing", "wrong"),
    "unanswered": ("missing", "wrong"),
}
"""What may be done with answers that are not plainly right or wrong, the default first."""


@dataclass(frozen=True)
class Selection:
    """Which part of a matrix to analyse; applied in the order of the fields.

    Attributes:
        dataset: name pattern(s) over the `dataset` column.
        models: model names, name patterns (``gpt-*``) or ``column=pattern`` over a per-model column
            (``family=openai``).
        min_coverage: share of the selected queries a model must have answered, in [0, 1]; sparser models are dropped
            first.
        pool_size: size of a random sub-pool, >= 2. For one seed, smaller sub-pools are parts of larger ones.
        seed: of the sub-pool.
        limits: what an answer stopped at a limit is: ``as_graded``, ``missing`` or ``wrong``.
        errors: what a run that failed is: ``missing`` or ``wrong``.
        unanswered: what an answer without a grade is: ``missing`` or ``wrong``.
    """

    dataset: str | Sequence[str] | None = None
    models: str | Sequence[str] | None = None
    min_coverage: float = 0.0
    pool_size: int | None = None
    seed: int = 0
    limits: Literal["as_graded", "missing", "wrong"] = "as_graded"
    errors: Literal["missing", "wrong"] = "missing"
    unanswered: Literal["missing", "wrong"] = "missing"

    def __post_init__(self) -> None:
        for key, accepted in TREATMENTS.items():
            if getattr(self, key) not in accepted:
                raise InputError(f"data.{key}: {getattr(self, key)!r} is not one of {', '.join(accepted)}")
        checks.patterns("data.dataset", self.dataset)
        checks.patterns("data.models", self.models)
        checks.share("data.min_coverage", self.min_coverage)
        if self.pool_size is not None:
            checks.whole("data.pool_size", self.pool_size, least=2)


def as_list(patterns: str | Sequence[str]) -> list[str]:
    """One pattern or several, as texts."""
    return [str(pattern) for pattern in patterns] if isinstance(patterns, list | tuple) else [str(patterns)]


def matches(names: Any, patterns: str | Sequence[str], field_name: str, source: str) -> np.ndarray:
    """Mask of the names that equal a pattern or match it (shell style); InputError for a pattern that matches none."""
    keep = np.zeros(len(names), dtype=bool)
    for pattern in as_list(patterns):
        # Equality comes first: model names may contain the special characters of a pattern, such as [ ].
        matching = np.array([str(name) == pattern for name in names])
        if not matching.any():
            matching = np.array([fnmatch.fnmatchcase(str(name), pattern) for name in names])
        if not matching.any():
            known = sorted({str(name) for name in names})
            near = difflib.get_close_matches(pattern, known, n=1)
            raise InputError(
                f"{field_name}: {pattern!r} matches nothing in {source}{f', did you mean {near[0]}?' if near else ''}; "
                f"there are {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}"
            )
        keep |= matching
    return keep
