"""Coverage of what repeated runs say: accuracy of the best model, routable bounds, share of the gain that is luck.

    python -m studies.coverage.luck --matrices 200

The three routable bounds have limits of E max π, both bounds of the share that is luck have limits of the share itself.
"""

import argparse

import numpy as np

from cofail_lab.fitting.readings.luck import Runs, measure_luck
from studies.coverage.limits import coverage
from studies.coverage.truths import TRUTHS, Truth

NAMES = (
    "opposed",
    "families",
    "two_equal",
    "ties_20",
    "shock_67",
    "sparse",
    "tiny",
    "strong_best",
    "heavy_tail",
    "duplicates",
    "more_models",
)


def targets(truth: Truth) -> dict[str, float]:
    """The numbers that the intervals of `measure_luck` should contain, all of them exact."""
    population = truth.population
    weights, prob, single = population.weights, 1 - population.probs, population.single_best
    oracle = float(weights @ (1 - (1 - prob[:, population.copies]).prod(axis=1)))
    routable = max(single, float(weights @ prob.max(axis=1)))
    return {
        "single_best": single,
        "oracle": oracle,
        "first_pick": routable,
        "half_pick": routable,
        "routable_upper": routable,
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
        wanted = targets(truth)
        found: dict[str, list[tuple[float, float]]] = {key: [] for key in wanted}
        for seed in range(arguments.matrices):
            rng = np.random.default_rng([seed, number])
            right = truth.population.draw_runs(rng, truth.n_queries, arguments.runs)
            luck = measure_luck(
                Runs(np.arange(right.shape[1]), right, np.full(right.shape, arguments.runs), inferred=False), seed
            )
            for key in found:
                # Both bounds of the luck share have the limits of the share itself.
                interval = getattr(luck, "luck_lower" if key == "luck" else key)
                if interval is not None:
                    found[key].append((interval.lower, interval.upper))
        for key, target in wanted.items():
            got = coverage(np.array(found[key]), target)
            numbers = f"{got.inside / got.matrices:.3f} | {got.below} | {got.above} | {got.width:.4f}"
            print(f"| {name} | {key} | {target:.4f} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
