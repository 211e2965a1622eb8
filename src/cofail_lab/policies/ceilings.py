"""What no policy can pass, beside every policy: 1 - β, the certificate, and the routable ceiling of repeated runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.policies.suspicion import Suspicion


@dataclass(frozen=True)
class Ceilings:
    """Ceilings of a matrix.

    Attributes:
        certificate: on the oracle gain, P1.iv and P1.v.
        oracle: 1 - β of the complete queries.
        single_best: in-sample accuracy of the best model.
        routable: accuracy that no router which decides before the answers can pass, and its upper limit, from repeated
            runs; None where there are none.
        routable_gain: upper limit of what such a router gains over the single best; None without repeated runs.
        flagged: recorded policies that gain more than any choice made before the answers can, by name, and why.
    """

    certificate: Certificate
    oracle: float
    single_best: float
    routable: tuple[float, float] | None = None
    routable_gain: float | None = None
    flagged: Mapping[str, Suspicion] = field(default_factory=dict)
