"""What every check of every claim measures and allows, on some of its cases: the table that tests pin.

python -m tests.claims.allowed          # writes allowed.yaml beside this file, for a diff to be read
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import isclose, isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from cofail_lab.claims import Claim, all_claims
from cofail_lab.claims.claim import Case, Check, Measured
from cofail_lab.claims.verifier import Finding, mutant_status
from tests.claims.verdicts import TRIAL, name

TABLE = Path(__file__).with_suffix(".yaml")


class Allowed(NamedTuple):
    """Half the width of a two-sided interval, or the end of a one-sided one, and the error of what is measured.

    Attributes:
        sign: ``±``, ``≥`` or ``≤``.
        value: the half width or the end.
        error: half the width of the measured interval.
        rounding: of ``value``, where it is a difference of rounded numbers.
    """

    sign: str
    value: float
    error: float
    rounding: float = 0.0

    def __str__(self) -> str:
        return f"{self.sign} {self.value:.{3 if self.sign == '±' else 13}g}, error {self.error:.1g}"

    @classmethod
    def of(cls, measured: Measured) -> "Allowed":
        least, most = float(measured.least), float(measured.most)
        error = 0.0 if measured.low == measured.high else float(measured.high - measured.low) / 2
        if not isfinite(most):
            return cls("≥", least, error, 1e-12 * max(1.0, abs(least)))
        if not isfinite(least):
            return cls("≤", most, error, 1e-12 * max(1.0, abs(most)))
        half = float(measured.most - measured.least) / 2
        return cls("±", half, error, 5e-3 * abs(half) + 4 * np.finfo(float).eps * max(abs(least), abs(most)))

    def is_as(self, pinned: str) -> bool:
        """Whether the table says this: the value to its digits, the error to a factor of five (or to rounding)."""
        (sign, value), (_, error) = (part.split() for part in pinned.split(", "))
        errors = [max(one, 1e-15) for one in (float(error), self.error)]
        same = sign == self.sign and abs(float(value) - self.value) <= self.rounding
        return same and max(errors) <= 5 * min(errors)


class Row(NamedTuple):
    """What a check finds on one case; the middles of what is measured and of what is allowed."""

    measured: float
    claimed: float
    allowed: Allowed

    def __str__(self) -> str:
        return f"{self.measured:.9g} for {self.claimed:.9g}, {self.allowed}"

    @classmethod
    def of(cls, found: Measured) -> "Row":
        claimed = np.nan if found.claimed is None else found.claimed
        return cls(float(found.low + found.high) / 2, claimed, Allowed.of(found))

    def is_as(self, pinned: str) -> bool:
        """Whether the table says this, up to what libraries of other machines round otherwise."""
        numbers, _, rest = pinned.partition(", ")
        pairs = zip((self.measured, self.claimed), map(float, numbers.split(" for ")), strict=True)
        return all(isclose(*pair, rel_tol=1e-6, abs_tol=1e-8) for pair in pairs) and self.allowed.is_as(rest)


def some_cases(check: Check) -> Iterator[Case]:
    """The first and the last that are listed, and one that the adversary may try, off the middle of its box."""
    listed = check.listed(TRIAL)
    yield from listed[:1] + listed[1:][-1:]
    if check.search is not None:
        yield check.search.case(0.618 * np.arange(1, check.search.n_coordinates + 1) % 1)


def found_by(formula: Any, check: Check, most: int = 3) -> list[Row | int]:
    """How many cases are listed, then what some of them measure, at ``most`` so many; 0 for one that has no value."""
    found: list[Row | int] = [len(check.listed(TRIAL))]
    for case in islice(some_cases(check), most):
        try:
            found.append(Row.of(check.measure(formula, case)))
        except ArithmeticError:
            found.append(0)
    return found


def of_claim(claim: Claim) -> dict[str, list[Row | int]]:
    """Of every check; and of every check of the control, on the first case."""
    found = {check.name: found_by(claim.formula, check) for check in claim.checks}
    control = claim.control.checks or claim.checks
    return found | {f"control, {check.name}": found_by(claim.control.formula, check, 1) for check in control}


def of_mutant(finding: Finding) -> list[Row | int]:
    """By what numbers a mutant is refuted, unless it took the adversary to find them."""
    return [finding.n_cases, *([] if finding.n_searched else [Row.of(finding.worst)])]


def same(found: Sequence[Row | int], pinned: Sequence[str | int]) -> bool:
    """Whether the table says this."""
    return len(found) == len(pinned) and all(
        one.is_as(other) if isinstance(one, Row) and isinstance(other, str) else one == other
        for one, other in zip(found, pinned, strict=True)
    )


def pinned() -> Mapping[str, Mapping[str, Sequence[str | int]]]:
    return yaml.load(TABLE.read_text(encoding="utf-8"), yaml.CSafeLoader)


if __name__ == "__main__":
    table = {
        name(claim): of_claim(claim)
        | {f"mutant, {mutant}": of_mutant(mutant_status(claim, mutant, TRIAL)[1]) for mutant in claim.mutants}
        for claim in all_claims()
    }
    rows = {
        claim: {check: [one if isinstance(one, int) else str(one) for one in found] for check, found in checks.items()}
        for claim, checks in table.items()
    }
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None)
    TABLE.write_text(text, encoding="utf-8")
