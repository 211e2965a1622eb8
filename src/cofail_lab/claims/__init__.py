"""The claims of the theory and the machine that checks them.

Here: what a claim is, the verifier, the adversary, the table of claims, and the verifier's own test. `propositions`:
one file per proposition or part, each claim with its formula, checks, mutants and a control. `reference`: independent
ways to compute what the claims are compared with.
"""

from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_least, at_most, equals, holds
from cofail_lab.claims.registry import all_claims, select
from cofail_lab.claims.verifier import replay, verify_claim

__all__ = [
    "Case",
    "Check",
    "Claim",
    "Control",
    "Measured",
    "Trial",
    "all_claims",
    "at_least",
    "at_most",
    "equals",
    "holds",
    "replay",
    "select",
    "verify_claim",
]
