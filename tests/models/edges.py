"""Laws at the edges of their parameters, by name; small pools, and pools of 2,000 models."""

from collections.abc import Callable

import numpy as np

from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BetaMixing,
    BlockFactor,
    Clayton,
    CommonShock,
    ExchangeableCount,
    ExchangeableMixing,
    FactorMixture,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    SkewFactor,
    StudentFactor,
)

TINY, HUGE = 1e-12, 1 - 1e-12
MIXED = [TINY, 0.3, 0.5, HUGE]
TWO_FAMILIES = ["a", "a", "b", "b"]


def _equicorrelation(m: int, r: float) -> np.ndarray:
    return np.full((m, m), r) + (1 - r) * np.eye(m)


def _by_rates(name: str, law: Callable[[list[float]], AbstractErrorLaw]) -> dict[str, Callable[[], AbstractErrorLaw]]:
    pools = {"tiny": [TINY] * 3, "huge": [HUGE] * 3, "mixed": MIXED, "alone": [0.3], "tiny alone": [TINY]}
    return {f"{name}, {pool}": lambda rates=rates: law(rates) for pool, rates in pools.items()}


SMALL: dict[str, Callable[[], AbstractErrorLaw]] = {
    **_by_rates("independent", Independent),
    **{
        name: build
        for shock in (0.0, 1e-300, TINY, HUGE)
        for name, build in _by_rates(
            f"shock {shock:.17g}", lambda rates, shock=shock: CommonShock(shock, rates)
        ).items()
    },
    **{
        name: build
        for theta in (0.0, 1e-300, 1e-6, 1e-3, 1 / 620, 1.0, 50.0, 1e6, 1e300)
        for name, build in _by_rates(f"clayton {theta:g}", lambda rates, theta=theta: Clayton(rates, theta)).items()
    },
    **{
        name: build
        for loading in (0.0, 1e-9, -0.999999, 0.999999)
        for name, build in _by_rates(
            f"one factor {loading:g}", lambda rates, loading=loading: OneFactorGaussian(rates, [loading] * len(rates))
        ).items()
    },
    "one factor, opposite loadings": lambda: OneFactorGaussian(MIXED, [0.9999, -0.9999, 0.0, -0.5]),
    **{
        f"block {between:g} {within:g}": lambda between=between, within=within: BlockFactor(
            MIXED, TWO_FAMILIES, between, within
        )
        for between, within in (
            *((0, 0), (0, 0.6), (0.6, 0.6), (1e-12, 0.6)),
            *((1e-300, 1e-300), (0.5, 0.5 + 1e-12), (0.9, 0.999), (0, 0.99999)),
        )
    },
    "student, heavy": lambda: StudentFactor([1e-6, 0.3, 1 - 1e-6], [0.9, 0.0, -0.9], 2.0),
    "student, normal": lambda: StudentFactor(MIXED, [0.9, 0.0, -0.9, 0.5], np.inf),
    "skewed": lambda: SkewFactor([TINY, 0.3, HUGE], [0.9, 0.0, -0.9], 4.0),
    "points": lambda: FactorMixture([TINY, 0.3, HUGE], [0.9, 0.0, -0.9], [-9.0, 0.0, 5.0], [TINY, 1 - 2 * TINY, TINY]),
    "block, tiny rates": lambda: BlockFactor([TINY] * 4, TWO_FAMILIES, 0.3, 0.6),
    "block, huge rates": lambda: BlockFactor([HUGE] * 4, TWO_FAMILIES, 0.3, 0.6),
    "block, alone": lambda: BlockFactor([0.3], ["a"], 0.3, 0.6),
    "full, tiny rates": lambda: GaussianCopula([1e-6] * 3, _equicorrelation(3, 0.5)),
    "full, huge rates": lambda: GaussianCopula([1 - 1e-6] * 3, _equicorrelation(3, 0.5)),
    "full, singular": lambda: GaussianCopula([0.2, 0.3, 0.5], _equicorrelation(3, -0.5)),
    "full, equal": lambda: GaussianCopula([0.2, 0.3, 0.5], np.ones((3, 3))),
    "full, complementary pair": lambda: GaussianCopula([0.3, 0.7, 0.5], [[1, -1, 0.4], [-1, 1, -0.4], [0.4, -0.4, 1]]),
    "full, opposite pair": lambda: GaussianCopula([0.6, 0.7, 0.5], [[1, -1, 0.4], [-1, 1, -0.4], [0.4, -0.4, 1]]),
    "full, alone": lambda: GaussianCopula([TINY], [[1.0]]),
    "atom 0 over Clayton 0": lambda: AtomInflated(0.0, Clayton(MIXED, 0.0)),
    "atom almost 1": lambda: AtomInflated(HUGE, OneFactorGaussian(MIXED, [0.5] * 4)),
    "mixing, ends": lambda: ExchangeableMixing([0.0, 1.0], [0.5, 0.5], 4),
    "mixing, all right": lambda: ExchangeableMixing([0.0], [1.0], 4),
    "mixing, all wrong": lambda: ExchangeableMixing([1.0], [1.0], 4),
    "mixing, tiny": lambda: ExchangeableMixing([TINY, HUGE], [TINY, 1 - TINY], 4),
    "mixing, alone": lambda: ExchangeableMixing([0.2, 0.4], [0.5, 0.5], 1),
    **{
        f"beta {a:g} {b:g} m={m}": lambda a=a, b=b, m=m: BetaMixing(a, b, m)
        for a, b, m in (
            *((1e-6, 1, 5), (1, 1e-6, 5), (1e-6, 1e-6, 5), (1e-300, 1, 2)),
            *((1e9, 1e9, 5), (1e300, 1e300, 5), (2, 3, 1)),
        )
    },
    "count, all wrong": lambda: ExchangeableCount([0.0, 0.0, 0.0, 1.0]),
    "count, never all": lambda: ExchangeableCount([0.5, 0.25, 0.25, 0.0]),
    "count, alone": lambda: ExchangeableCount([TINY, HUGE]),
}

_SPREAD = np.linspace(0.05, 0.95, 2000)

LARGE: dict[str, Callable[[], AbstractErrorLaw]] = {
    "independent": lambda: Independent(_SPREAD),
    "shock": lambda: CommonShock(1e-9, _SPREAD),
    "Clayton 0": lambda: Clayton(_SPREAD, 0.0),
    "Clayton 1e-6": lambda: Clayton(_SPREAD, 1e-6),
    "Clayton .02": lambda: Clayton(_SPREAD, 0.02),
    "Clayton 1e5": lambda: Clayton(_SPREAD, 1e5),
    "one factor": lambda: OneFactorGaussian(_SPREAD, np.full(2000, 0.2)),
    "block": lambda: BlockFactor(_SPREAD, np.arange(2000) % 50, 0.2, 0.3),
    "mixing": lambda: ExchangeableMixing([0.0, 0.3, 1.0], [0.2, 0.7, 0.1], 2000),
    "beta": lambda: BetaMixing(1e-6, 3.0, 2000),
    "count": lambda: ExchangeableCount(np.full(2001, 1 / 2001)),
}
