"""Coverage of what repeated runs say: accuracy of the best model, routable bounds, share of the gain that is luck.

    python -m studies.coverage.luck --matrices 200

The truth of ``routable_upper`` is its mean over 2,000,000 simulated cells; all others are exact. The last row is
the interval that a reader takes from the two bounds: from the lower limit of the first to the upper limit of the second
one, and its truth is the share itself.
"""

import argparse

import numpy as np

from cofail_lab.fitting.readings.luck import Runs, measure_luck
from studies.coverage.limits import coverage
from studies.coverage.truths import TRUTHS, Truth

NAMES = ("two_equal", "ties_20", "shock_67", "sparse", "tiny", "strong_best", "heavy_tail", "duplicates", "more_models")


def targets(truth: Truth, runs: int, rng: np.random.Generator) -> dict[str, float]:
    """The numbers that the intervals of `measure_luck` should contain."""
    population = truth.population
    weights, prob, single = population.weights, 1 - population.probs, population.single_best
    oracle = float(weights @ (1 - (1 - prob[:, population.copies]).prod(axis=1)))
    routable = max(single, float(weights @ prob.max(axis=1)))
    n = 2_000_000 // population.n_models
    upper = float((population.draw_runs(rng, n, runs) / runs).max(axis=1).mean())
    return {
        "single_best": single,
        "oracle": oracle,
        "routable_upper": upper,
        "luck_lower": 1 - (min(upper, oracle) - single) / (oracle - single),
        "luck": 1 - (routable - single) / (oracle - single),
    }


def main() -> None:
    """Print the coverage on every truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrices", type=int, default=200)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--truths", nargs="*", default=NAMES, choices=list(TRUTHS))
    arguments = parser.parse_args()
    print("| truth | interval | true value | inside | truth below | truth above | mean width |")
    print("|---|---|---|---|---|---|---|")
    for number, (name, truth) in enumerate(TRUTHS.items()):
        if name not in arguments.truths:
            continue
        wanted = targets(truth, arguments.runs, np.random.default_rng([10**6, number]))
        found: dict[str, list[tuple[float, float]]] = {key: [] for key in wanted}
        for seed in range(arguments.matrices):
            rng = np.random.default_rng([seed, number])
            right = truth.population.draw_runs(rng, truth.n_queries, arguments.runs)
            luck = measure_luck(
                Runs(np.arange(right.shape[1]), right, np.full(right.shape, arguments.runs), inferred=False), seed
            )
            for key in wanted:
                if key != "luck" and (interval := getattr(luck, key)) is not None:
                    found[key].append((interval.lower, interval.upper))
            if luck.luck_lower is not None and luck.luck_upper is not None:
                found["luck"].append((luck.luck_lower.lower, luck.luck_upper.upper))
        for key, target in wanted.items():
            got = coverage(np.array(found[key]), target)
            numbers = f"{got.inside / got.matrices:.3f} | {got.below} | {got.above} | {got.width:.4f}"
            print(f"| {name} | {key} | {target:.4f} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
