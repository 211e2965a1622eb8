"""P2.viii: the Pearson correlation of errors against the tetrachoric behind it."""

from collections.abc import Callable, Iterable
from math import pi, sqrt

import numpy as np
from scipy.special import ndtri

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.claims.reference import exchangeable

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(120)


def phi(case: Case) -> float:
    """Pearson correlation of two thresholded normals: Plackett's integral of the density over the correlation."""
    a, b, r = case["first"], case["second"], case["r"]
    h, k = ndtri(a), ndtri(b)
    angle = np.arcsin(r) / 2 * (1 + _NODES)
    density = np.exp(-(h * h + k * k - 2 * h * k * np.sin(angle)) / (2 * np.cos(angle) ** 2)) / (2 * pi)
    covariance = float(np.arcsin(r) / 2 * (_WEIGHTS @ density))
    return covariance / sqrt(a * (1 - a) * b * (1 - b))


def below(bound: Callable, case: Case) -> Measured:
    """|φ| against what the claim allows it."""
    return at_most(abs(phi(case)), bound(case["r"]), 1e-12)


def underprices(_: Callable, case: Case) -> Measured:
    """log β_sf at the Pearson correlation less that at the tetrachoric."""
    r = exchangeable.one_factor(case["error_rate"], case["r"], case["m"]).log_all_wrong
    rho = phi({"first": case["error_rate"], "second": case["error_rate"], "r": case["r"]})
    return at_most(exchangeable.one_factor(case["error_rate"], rho, case["m"]).log_all_wrong - r, 0, 1e-9)


def boundary_share(_: Callable, case: Case) -> Measured:
    """P(a varying pair has an empty cell) under one-factor sampling, by inclusion and exclusion over the cells.

    Each of n queries falls into both wrong, one wrong (two cells) or none; an empty cell puts the pair on the boundary
    (no joint failure: r = -1; one model's failures inside the other's: r = +1).
    """
    a, n = case["error_rate"], case["n"]
    both = exchangeable.both_below(float(ndtri(a)), case["r"])
    one = a - both

    def empty(*cells: float) -> float:
        return (1 - sum(cells)) ** n

    constant = 2 * empty(both, one) - empty(both, one, one)
    disjoint = empty(both) - constant
    on_boundary = (
        empty(both) + 2 * empty(one) - 2 * empty(both, one) - empty(one, one) + empty(both, one, one) - constant
    )
    share = {"at -1": disjoint, "at -1 or +1": on_boundary}[case["which"]] / (1 - constant)
    return equals(share, case["expected"], 5e-3)


def _pairs(trial: Trial) -> Iterable[Case]:
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 23]))
    for _ in range(40):
        a, b = (float(x) for x in draw.uniform(0.01, 0.99, 2))
        yield {"first": a, "second": b, "r": float(draw.uniform(-0.99, 0.99))}


CLAIMS = (
    Claim(
        id="P2.viii",
        releases=("lab",),
        statement="The Pearson correlation of two errors is never above their tetrachoric one, so it underprices.",
        symbols="|φ| ≤ |r| for every interior pair; β_sf(ρ̄) ≤ β_sf(r)",
        hypothesis="Bivariate normal latent, -1 < r < 1.",
        expected="confirmed",
        formula=abs,
        checks=(
            Check(
                "Plackett's integral",
                "quadrature",
                below,
                _pairs,
                Search(
                    {"first": Range(0.001, 0.999), "second": Range(0.001, 0.999), "r": Range(-0.995, 0.995)},
                    n_starts=256,
                    n_polished=3,
                    n_steps=60,
                ),
            ),
            Check(
                "one-factor quadrature at either",
                "quadrature",
                underprices,
                tuple({"error_rate": a, "r": r, "m": m} for a in (0.1, 0.4) for r in (0.2, 0.7) for m in (3, 50, 1e6)),
            ),
        ),
        control=Control("|φ| ≤ r²", "refuted", lambda r: r * r),
        mutants={
            "|φ| ≤ r²": lambda r: r * r,
            "|φ| ≤ |r|/2": lambda r: abs(r) / 2,
            "φ in place of |φ| and no sign": lambda r: r,
        },
        universal=True,
    ),
    Claim(
        id="P2.viii.b",
        releases=("lab",),
        statement="In means over sparse data the order can reverse: most pairs are on the boundary, and enter at ±1.",
        symbols="α = .012, n = 330, r = .5: P(pair at -1) = .56, P(pair at ±1) = .59",
        hypothesis="Two models that each fail at least once.",
        expected="reported",
        formula=None,
        checks=(
            Check(
                "inclusion and exclusion over empty cells",
                "exact",
                boundary_share,
                tuple(
                    {"error_rate": 0.012, "n": 330, "r": 0.5, "which": which, "expected": share}
                    for which, share in (("at -1", 0.56), ("at -1 or +1", 0.59))
                ),
            ),
        ),
        control=Control(
            "a hundred times the queries",
            "confirmed",
            None,
            (
                Check(
                    "inclusion and exclusion over empty cells",
                    "exact",
                    boundary_share,
                    ({"error_rate": 0.012, "n": 33_000, "r": 0.5, "which": "at -1 or +1", "expected": 0.0},),
                ),
            ),
        ),
        note="The theory file gives 43% of pairs; the exact share of varying pairs is .56 at -1 and .59 at either end.",
    ),
)
