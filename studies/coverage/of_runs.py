"""Coverage of the intervals of repeated runs, and of β and the ceiling where models guess."""

import numpy as np

from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.fitting.readings.luck import Runs, measure_luck
from studies.coverage import luck as luck_study
from studies.coverage.kept import Found, Kept, Row, count
from studies.coverage.truths import TRUTHS

LUCK_ROWS = {
    "single_best": Row("repeats_single_best", "accuracy of one run of the best model", "adaptive"),
    "oracle": Row("repeats_oracle", "accuracy of the oracle of one run", "Korn–Graubard"),
    "first_pick": Row("repeats_first_pick", "routable ceiling E max π", "both bounds, each from its side"),
    "half_pick": Row("repeats_half_pick", "routable ceiling", "both bounds, each from its side"),
    "routable_upper": Row("repeats_routable_upper", "routable ceiling", "both bounds, each from its side"),
    "luck": Row("luck_lower, luck_upper", "share of the gain that is luck", "query bootstrap, one model at a time"),
    "guess_know": Row("all_wrong_known", "β without lucky guesses (P10.i)", "Clopper–Pearson of β"),
    "guess_ceiling": Row("routable_ceiling", "routable ceiling with guesses (P10.i)", "Clopper–Pearson of β"),
}
LUCK_TRUTHS = ("ties_20", "shock_67", "sparse", "tiny", "strong_best", "heavy_tail")
COLUMNS = ("ties", "shock", "sparse", "tiny n", "strong best", "heavy tail")
_CHOICES = 4


def measure(matrices: int, kept: Kept) -> None:
    """Every interval of `LUCK_ROWS`: four runs a cell, and four options to guess among."""
    for number, (column, name) in enumerate(zip(COLUMNS, LUCK_TRUTHS, strict=True)):
        if kept.has("runs", column):
            continue
        found: Found = {row: {} for row in LUCK_ROWS}
        truth = TRUTHS[name]
        wanted = luck_study.targets(truth)
        for seed in range(matrices):
            rng = np.random.default_rng([seed, number])
            right = truth.population.draw_runs(rng, truth.n_queries, 4)
            runs = Runs(np.arange(right.shape[1]), right, np.full(right.shape, 4), inferred=False)
            measured = measure_luck(runs, seed)
            for stem, target in wanted.items():
                # Both bounds of the share that is luck have the limits of the share itself.
                got = getattr(measured, "luck_lower" if stem == "luck" else stem)
                count(found, stem, column, (None, None) if got is None else (got.lower, got.upper), target)
            # Whoever does not know guesses: a wrong answer of the truth turns right once in four times.
            unknown = truth(rng).wrong
            wrong = unknown & (rng.random(unknown.shape) >= 1 / _CHOICES)
            m, beta = unknown.shape[1], truth.population.all_wrong
            guess = guess_corrected(int(wrong.all(axis=1).sum()), len(wrong), m, _CHOICES)
            count(found, "guess_know", column, (guess.all_wrong.lower, guess.all_wrong.upper), beta)
            ceiling = 1 - beta * (1 - 1 / _CHOICES)
            count(found, "guess_ceiling", column, (guess.ceiling.lower, guess.ceiling.upper), ceiling)
        kept.add("runs", found)
