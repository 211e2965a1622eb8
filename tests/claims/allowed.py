"""What every check of every claim allows, on its first case: the table that `test_allowed` pins.

python -m tests.claims.allowed          # writes allowed.yaml beside this file, for a diff to be read
"""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from cofail_lab.claims import Claim, all_claims
from cofail_lab.claims.claim import Check, Measured
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
        error = float(measured.high - measured.low) / 2
        if not isfinite(most):
            return cls("≥", least, error, 1e-12 * max(1.0, abs(least)))
        if not isfinite(least):
            return cls("≤", most, error, 1e-12 * max(1.0, abs(most)))
        half = float(measured.most - measured.least) / 2
        return cls("±", half, error, 5e-3 * half + 4 * np.finfo(float).eps * max(abs(least), abs(most)))

    def is_as(self, pinned: str) -> bool:
        """Whether the table says this: the value to its digits, the error to a factor of five (or to rounding)."""
        (sign, value), (_, error) = (part.split() for part in pinned.split(", "))
        errors = [max(one, 1e-15) for one in (float(error), self.error)]
        same = sign == self.sign and abs(float(value) - self.value) <= self.rounding
        return same and max(errors) <= 5 * min(errors)


def allowed(claim: Claim, check: Check) -> Allowed:
    """On the first listed case, or in the middle of what the adversary searches."""
    cases = check.listed(TRIAL)
    if not cases and check.search is not None:
        cases = [check.search.case(np.full(check.search.n_coordinates, 0.5))]
    return Allowed.of(check.measure(claim.formula, cases[0]))


def table() -> dict[str, dict[str, Allowed]]:
    return {name(claim): {check.name: allowed(claim, check) for check in claim.checks} for claim in all_claims()}


def pinned() -> Mapping[str, Mapping[str, str]]:
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    rows = {claim: {check: str(one) for check, one in checks.items()} for claim, checks in table().items()}
    TABLE.write_text(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=200), encoding="utf-8")
