"""Independent host-side random streams: one per purpose and index, the same for any batching."""

import numpy as np

# Every purpose that draws has its own number, so that adding one never changes another.
BOOTSTRAP, HELDOUT, CHURN = 1, 2, 3
FULL_SIGMA, FOLDS = 4, 5
NULL, NULL_LOADINGS, POWER, SCAN, LUCK = 6, 7, 8, 9, 10
NULL_FULL_SIGMA = 11
TAIL = 20
OUTER_FOLDS, INNER_FOLDS, POLICY_BOOTSTRAP, CASCADE_BOOTSTRAP = 21, 22, 23, 24
SETS, SPLIT = 25, 26
MATCHED, BANDS, CHURN_BOOTSTRAP, VOTE_SIZES = 27, 28, 29, 30
RATERS, COMPARE, SHARED_ERRORS = 41, 42, 43
PLANTED_KEYS, READING_ORDER = 51, 52
TAIL_PLAN = 44


def generator(seed: int, purpose: int, index: int = 0) -> np.random.Generator:
    """The generator of replicate ``index`` of a purpose: same seed, same numbers, in any order of the replicates."""
    return np.random.Generator(np.random.Philox(key=np.array([(purpose << 32) + index, seed], dtype=np.uint64)))
