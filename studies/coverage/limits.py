"""Coverage of the limits that need no bootstrap: oracle gain, foreclosed share, regime, accuracy of the best model.

    python -m studies.coverage.limits --matrices 400

Matrix s of a truth is drawn from the seed (s, number of the truth). Prints for every interval and truth how many
matrices have the truth inside, below and above the limits, and the mean width.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.certificate import certify_wrong_counts
from cofail_lab.bounds.foreclosed import foreclosed_range
from cofail_lab.bounds.least_of_many import least_mean_limits, oracle_gain_limits
from cofail_lab.fitting.readings.regimes import measure_regime
from studies.coverage.truths import TRUTHS, Population, Truth

DELTA = 0.05
Limits = tuple[float, float]


class Kind(NamedTuple):
    """An interval of a matrix.

    Attributes:
        about: what it covers, and how it is made.
        target: the number of the population that it should contain; None where that does not exist.
        limits: of a matrix, True for wrong.
    """

    about: str
    target: Callable[[Population], float | None]
    limits: Callable[[np.ndarray], Limits]


class Coverage(NamedTuple):
    """How often an interval had the truth inside.

    Attributes:
        matrices: number of matrices with an interval.
        inside, below, above: number of them where the truth is inside the limits, below the lower or above the upper.
        width: mean width.
    """

    matrices: int
    inside: int
    below: int
    above: int
    width: float


def _adaptive(wrong: np.ndarray) -> Limits:
    found = oracle_gain_limits(wrong, DELTA)
    return found.lower, found.upper


def _certified(wrong: np.ndarray) -> Limits:
    return certify_wrong_counts(wrong.sum(axis=0), int(wrong.all(axis=1).sum()), len(wrong), delta=DELTA).gain_range


def _foreclosed(wrong: np.ndarray) -> Limits:
    found = foreclosed_range(int(wrong.all(axis=1).sum()), wrong.sum(axis=0), DELTA)
    return float(found.lower), float(found.upper)


def _best(wrong: np.ndarray) -> Limits:
    found = least_mean_limits(wrong, DELTA)
    return 1 - found.upper, 1 - found.lower


KINDS = {
    "oracle_gain": Kind("G, adaptive", lambda truth: truth.oracle_gain, _adaptive),
    "oracle_gain_certified": Kind("G, P1.vii at δ/2 with P1.v at δ/2m", lambda truth: truth.oracle_gain, _certified),
    "foreclosed": Kind("β / (1 − a_sb), P1.ix", lambda truth: truth.foreclosed_share, _foreclosed),
    "single_best": Kind("a_sb, adaptive", lambda truth: truth.single_best, _best),
}
"""The intervals by the stem of their metrics."""


def draw(truth: Truth, number: int, matrices: int) -> Iterator[np.ndarray]:
    """Matrices of a truth; ``number``, that of the truth, is a part of their seeds."""
    for seed in range(matrices):
        yield truth(np.random.default_rng([seed, number])).wrong


def measure(truth: Truth, number: int, matrices: int, kinds: Iterable[str]) -> dict[str, Coverage]:
    """Coverage of some of `KINDS` on matrices of a truth, by name; without those whose number does not exist there."""
    targets = {name: KINDS[name].target(truth.population) for name in kinds}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, target in targets.items() if target is not None}
    for wrong in draw(truth, number, matrices):
        for name, limits in found.items():
            limits.append(KINDS[name].limits(wrong))
    return {name: coverage(np.array(limits), targets[name] or 0.0) for name, limits in found.items()}


def coverage(limits: Float[np.ndarray, "matrices 2"], target: float) -> Coverage:
    """How many (lower, upper) contain the target; rounding of a limit that is exactly the target is no miss."""
    below, above = int((limits[:, 0] > target + 1e-12).sum()), int((limits[:, 1] < target - 1e-12).sum())
    return Coverage(len(limits), len(limits) - below - above, below, above, float(np.ptp(limits, axis=1).mean()))


def regimes(truth: Truth, number: int, matrices: int) -> dict[str, int]:
    """How many matrices of a truth get each regime."""
    return dict(Counter[str](measure_regime(wrong, "").regime for wrong in draw(truth, number, matrices)))


def main() -> None:
    """Print the coverage of every interval on every truth, and the regimes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrices", type=int, default=400)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--truths", nargs="*", default=list(TRUTHS), choices=list(TRUTHS))
    arguments = parser.parse_args()
    print("| truth | interval | true value | inside | truth below | truth above | mean width |")
    print("|---|---|---|---|---|---|---|")
    for number, (name, truth) in enumerate(TRUTHS.items()):
        if name not in arguments.truths:
            continue
        for stem, found in measure(truth, number, arguments.matrices, arguments.kinds).items():
            numbers = f"{found.inside / found.matrices:.4f} | {found.below} | {found.above} | {found.width:.4f}"
            print(f"| {name} | {stem} | {KINDS[stem].target(truth.population):.4f} | {numbers} |", flush=True)
        print(f"| {name} | regime | | {regimes(truth, number, arguments.matrices)} | | | |", flush=True)


if __name__ == "__main__":
    main()
