"""The table of all claims, and the selection of some of them by id."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from cofail_lab.claims.claim import Claim
from cofail_lab.errors import InputError

# Modules with a table CLAIMS, in the order of the theory file.
PROPOSITIONS = (
    "p1_ceiling",
    "p1_certificates",
    "p1_paired",
    "p1_sample_size",
    "p1_foreclosed",
    "p2_common_shock",
    "p2_growth",
    "p2_gaussian_tail",
    "p2_clayton",
    "p2_envelope",
    "p2_pearson",
    "p3_identification",
    "p3_pair_bound",
    "p3_ladder",
    "p3_extremes",
    "p3_closed_forms",
    "p3_individual",
    "p3_declared",
    "l1_types",
    "p4_budget",
    "p4_prices",
    "p4_frontier",
    "p4_routing_gain",
    "p5_diversification",
    "p6_members",
    "p7_price",
    "p7_votes",
    "p7_rule",
    "p7_weights",
    "p8_cascades",
    "p8_area",
    "p8_prices",
    "c1_dominance",
    "p8_deferral",
    "p9_churn",
    "c2_correlation",
    "p10_luck",
    "p10_ceilings",
    "p10_coverage",
    "p11_selection",
    "p12_routers",
    "p12_labels",
    "p13_dollars",
    "p13_critical_auc",
    "p13_area",
    "p14_votes",
    "p14_weights",
    "p14_slopes",
    "p15_matched",
    "p16_raters",
    "p16_audits",
)

_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_RELEASES = ("june", "sept", "lab")


@cache
def all_claims() -> tuple[Claim, ...]:
    """Every registered claim, in the order of the theory file."""
    modules = [import_module(f"cofail_lab.claims.propositions.{name}") for name in PROPOSITIONS]
    claims = [claim for module in modules for claim in module.CLAIMS]
    order = list(dict.fromkeys(claim.id.split(".")[0] for claim in claims))
    return tuple(sorted(claims, key=lambda claim: (order.index(claim.id.split(".")[0]), *_place(claim))))


def _place(claim: Claim) -> tuple[int, str, int]:
    """Sorting key in the order of the theory file: number of the part in its proposition, letter, first release."""
    _, part, letter = f"{claim.id}..".split(".")[:3]
    return _ROMAN.index(part) if part in _ROMAN else 0, letter, _RELEASES.index(claim.releases[0])


def select(claims: str | Sequence[str] | None) -> tuple[Claim, ...]:
    """The claims with these ids: ``P2`` is a whole proposition, ``P1.iv`` a part, ``P1.iv,P8.ii`` several; None is all.

    Raises:
        InputError: a name that no claim has.
    """
    if claims is None:
        return all_claims()
    names = [part.strip() for part in (claims.split(",") if isinstance(claims, str) else map(str, claims))]
    for name in names:
        if not any(_under(claim.id, name) for claim in all_claims()):
            known = ", ".join(dict.fromkeys(claim.id.split(".")[0] for claim in all_claims()))
            alike = {claim.id.casefold(): claim.id for claim in all_claims()}
            meant = f", did you mean {alike[name.casefold()]}?" if name.casefold() in alike else ""
            raise InputError(
                f"experiment.claims: {name!r} is no claim{meant}; there are {known} and their parts, such as P1.iv"
            )
    return tuple(claim for claim in all_claims() if any(_under(claim.id, name) for name in names))


def _under(claim: str, name: str) -> bool:
    return claim == name or claim.startswith(f"{name}.")
