"""The claims of the theory, one file per proposition: each with its formula, evidence, mutants and a control."""

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
