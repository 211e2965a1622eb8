"""Policies: what one does with a pool of models. One file per policy, under the bases of `base`."""

from cofail_lab.policies.base import (
    AbsentPolicyError,
    AbstractFitted,
    AbstractHindsight,
    AbstractPolicy,
    Answers,
    Choices,
    View,
)
from cofail_lab.policies.exam import Decisions, grade, hindsight, sit
from cofail_lab.policies.graded import Features, Graded

__all__ = [
    "AbsentPolicyError",
    "AbstractFitted",
    "AbstractHindsight",
    "AbstractPolicy",
    "Answers",
    "Choices",
    "Decisions",
    "Features",
    "Graded",
    "View",
    "grade",
    "hindsight",
    "sit",
]
