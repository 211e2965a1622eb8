"""Formulas that are almost right are refuted: the checks see a fiftieth of δ, a digit of π/2, a millionth of a gain."""

from collections.abc import Callable
from typing import Any

import pytest

from cofail_lab.bounds.binomial import clopper_pearson_lower
from cofail_lab.claims import Claim, all_claims
from cofail_lab.claims.propositions.p7_votes import stretched
from cofail_lab.claims.verifier import investigate
from tests.claims.verdicts import TRIAL, name


def at_level(factor: float) -> Callable:
    """A formula of (..., δ) at another δ."""
    return lambda formula: lambda *given: formula(*given[:-1], factor * given[-1])


def scaled(factor: float) -> Callable:
    """A formula whose value is off by a factor."""
    return lambda formula: lambda *given: factor * formula(*given)


def instead(other: Any) -> Callable:
    return lambda _: other


NEAR: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("P1.iii-june", "1.02 δ"): at_level(1.02),
    ("P1.iii-june", "1.0001 δ"): at_level(1.0001),
    ("P1.iii-june", "one failure more"): instead(lambda k, n, delta: clopper_pearson_lower(k + (k < n), n, delta)),
    ("P1.v-lab", "1.2 δ"): at_level(1.2),
    ("P1.ix.b-lab", "1.02 δ"): at_level(1.02),
    ("P1.ix.c-lab", "1.02 δ"): at_level(1.02),
    ("P2.v.b-sept", "a factor 1.0001 in the log"): scaled(1.0001),
    ("P3.iii.b-lab", "a factor 1.001"): scaled(1.001),
    ("P6.i-june", "a factor 1 + 1e-9"): scaled(1 + 1e-9),
    ("P7.i-june", "a factor 1 + 1e-9"): scaled(1 + 1e-9),
    ("P7.ii-lab", "1.6 for π/2"): instead(stretched(1.6)),
    ("P7.ii-lab", "1.57 for π/2"): instead(stretched(1.57)),
    ("P7.ii-lab", "1.5709 for π/2"): instead(stretched(1.5709)),
    ("P8.i-june", "a factor 1 + 1e-12"): scaled(1 + 1e-12),
    ("P9.i-june", "a factor 1 + 1e-7"): scaled(1 + 1e-7),
    ("P9.ii-june", "a factor 1 + 1e-7"): scaled(1 + 1e-7),
    ("P4.vi.b-lab", "a factor 1 + 1e-8"): scaled(1 + 1e-8),
    ("P5.ii-june", "a factor 1.0001"): scaled(1.0001),
}


@pytest.mark.parametrize(("claim", "what"), NEAR, ids=[f"{claim}, {what}" for claim, what in NEAR])
def test_a_near_miss_is_refuted(claim: str, what: str) -> None:
    found = by_name(claim)
    findings = investigate(found.checks, NEAR[claim, what](found.formula), TRIAL)
    assert findings[-1].status == "refuted", [(finding.check, finding.status) for finding in findings]


def by_name(wanted: str) -> Claim:
    (found,) = (claim for claim in all_claims() if name(claim) == wanted)
    return found
