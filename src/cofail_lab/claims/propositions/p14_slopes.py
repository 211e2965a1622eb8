"""P14.iii: the slope of a vote's gain on the correlation, and what its sign depends on."""

from collections.abc import Callable
from itertools import combinations
from math import comb, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, equals

# The slopes are quoted to three digits.
QUOTED = 0.0005


class Triplets(NamedTuple):
    """What a regression sees of all triplets of a pool, each (triplets,).

    Attributes:
        gain: majority less the best member.
        correlation: mean Pearson correlation of the three pairs of errors.
        headroom: 1 - the best accuracy.
        quality_gap: best less mean accuracy.
    """

    gain: np.ndarray
    correlation: np.ndarray
    headroom: np.ndarray
    quality_gap: np.ndarray


def one_factor(nodes: int) -> Triplets:
    """16 members, error rates .1 to .6 and loadings .9 (best) to .3 (worst), both equally spaced; in the population."""
    alpha, loading = np.linspace(0.1, 0.6, 16), np.linspace(0.9, 0.3, 16)
    z, weight = _hermite(nodes)
    wrong = ndtr((ndtri(alpha)[:, None] - loading[:, None] * z) / np.sqrt(1 - loading[:, None] ** 2))
    joint = (wrong * weight) @ wrong.T
    spread = np.sqrt(alpha * (1 - alpha))
    phi = (joint - np.outer(alpha, alpha)) / np.outer(spread, spread)
    rows = []
    for i, j, k in combinations(range(16), 3):
        x, y, v = 1 - wrong[[i, j, k]]
        accuracy = 1 - alpha[[i, j, k]]
        majority = float(weight @ (x * y + x * v + y * v - 2 * x * y * v))
        rows.append(
            (
                majority - accuracy.max(),
                (phi[i, j] + phi[i, k] + phi[j, k]) / 3,
                1 - accuracy.max(),
                accuracy.max() - accuracy.mean(),
            )
        )
    return Triplets(*np.array(rows).T)


def four_families(nodes: int) -> Triplets:
    """Four families of four: error rate .3, latent correlation .8 within and .2 across; all members are alike."""
    z, weight = _hermite(nodes)
    right = 1 - ndtr((float(ndtri(0.3)) - sqrt(0.2) * z[:, None] - sqrt(0.6) * z[None, :]) / sqrt(0.2))
    # Moments of P(right | Z, F) over F, then over Z: three of one family, two and one, three families.
    first, second, third = (right**power @ weight for power in (1, 2, 3))
    majority = [
        weight @ (3 * second - 2 * third),
        weight @ (second + 2 * first * first - 2 * second * first),
        weight @ (3 * first**2 - 2 * first**3),
    ]
    within, across = (float(weight @ moment - 0.49) / 0.21 for moment in (second, first**2))
    # A family has four triplets of its own, and gives two members in six ways beside twelve others.
    times = [4 * comb(4, 3), 4 * comb(4, 2) * 12, 4 * 4**3]
    gain = np.repeat(np.array(majority) - 0.7, times)
    correlation = np.repeat([within, (within + 2 * across) / 3, across], times)
    constant = np.zeros(len(gain))
    return Triplets(gain, correlation, constant + 0.3, constant)


def slope(triplets: Triplets, controls: tuple[str, ...]) -> float:
    """Least squares of the gain on 1, correlation and the controls that vary; the coefficient of the correlation."""
    columns = [np.ones(len(triplets.gain)), triplets.correlation]
    columns += [column for name in controls if np.ptp(column := getattr(triplets, name)) > 0]
    return float(np.linalg.lstsq(np.column_stack(columns), triplets.gain, rcond=None)[0][1])


def _hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return z, weight / weight.sum()


POOLS = {"one factor": one_factor, "four families": four_families}
AS_PUBLISHED = ("headroom",)
WITH_GAP = ("headroom", "quality_gap")


def slope_is(formula: Callable, case: Case) -> Measured:
    """The slope over all 560 triplets; its error is that of a coarser quadrature."""
    pool, controls = POOLS[case["pool"]], tuple(case["controls"])
    value, coarse = (slope(pool(nodes), controls) for nodes in (120, 80))
    return equals(value, formula(case["pool"], controls), QUOTED, min(abs(value - coarse), QUOTED))


def quoted(pool: str, controls: tuple[str, ...]) -> float:
    """+.900 as published; -1.396 with the quality gap controlled, -.149 in four families."""
    return -0.149 if pool == "four families" else -1.396 if "quality_gap" in controls else 0.900


CLAIMS = (
    Claim(
        id="P14.iii",
        releases=("june", "sept"),
        statement="With accuracy headroom controlled, a vote gains more the more correlated its members' errors are.",
        symbols="slope of gain on mean ρ, with 1 - a_best: +.900",
        hypothesis="One factor, 16 members, error rates .1 to .6, loadings .9 (best) to .3 (worst); all triplets.",
        expected="reported",
        formula=quoted,
        checks=(
            Check("all triplets", "quadrature", slope_is, ({"pool": "one factor", "controls": list(AS_PUBLISHED)},)),
        ),
        control=Control("no slope", "refuted", lambda *_: 0.0),
        note="The published regression in a population where it has the published sign; see the lab's row.",
    ),
    Claim(
        id="P14.iii",
        releases=("lab",),
        statement=(
            "That slope is a confound of the quality gap, best less mean accuracy: with it controlled the slope of the "
            "same population is negative, and so it is among members that are all alike."
        ),
        symbols="slope of gain on mean ρ: -1.396 with 1 - a_best and a_best - ā, -.149 in four equal families",
        hypothesis="The same population; four families of four, α = .3, ρ_w = .8, ρ_b = .2; all triplets.",
        expected="reported",
        formula=quoted,
        checks=(
            Check(
                "all triplets",
                "quadrature",
                slope_is,
                (
                    {"pool": "one factor", "controls": list(WITH_GAP)},
                    {"pool": "four families", "controls": list(WITH_GAP)},
                ),
            ),
        ),
        control=Control("the published sign", "refuted", lambda *_: 0.900),
        mutants={"the gap not controlled": lambda pool, _controls: quoted(pool, AS_PUBLISHED)},
        note="In samples the slopes are biased by noise in the regressors.",
    ),
)
