"""What pairwise data can and cannot say: bounds on joint failure, certificates, sample sizes."""

from cofail_lab.bounds.confidence_sequence import AnytimeCertificate, certify_anytime
from cofail_lab.bounds.count_lp import CountRange, binomial_moments, wrong_count_range
from cofail_lab.bounds.envelope import Envelope, extendible_envelope
from cofail_lab.bounds.frechet import AllWrongRange, all_wrong_range, closed_forms
from cofail_lab.bounds.joint_lp import JointRange, joint_range
from cofail_lab.bounds.moment_ladder import Rung, confident_range, law_ladder, matrix_ladder
from cofail_lab.bounds.planner import Plan, plan_certificate

__all__ = [
    "AllWrongRange",
    "AnytimeCertificate",
    "CountRange",
    "Envelope",
    "JointRange",
    "Plan",
    "Rung",
    "all_wrong_range",
    "binomial_moments",
    "certify_anytime",
    "closed_forms",
    "confident_range",
    "extendible_envelope",
    "joint_range",
    "law_ladder",
    "matrix_ladder",
    "plan_certificate",
    "wrong_count_range",
]
