"""Joint counts of resampled queries, in the form of a CPU and in that of an accelerator, against sums one by one."""

import numpy as np
import pytest

from cofail_lab.fitting.replicates import weighted_counts
from cofail_lab.numerics import devices

WRONG = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1]])
# Two resamples; all queries but the third, and but the fourth; a fifth row whose second query was drawn often.
WEIGHTS = np.array([[1, 0, 2, 2, 0], [0, 3, 0, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 0, 1], [1, 70_001, 1, 1, 1]])
JOINT = [
    [[sum(w for w, row in zip(drawn, WRONG, strict=True) if row[i] and row[j]) for j in range(3)] for i in range(3)]
    for drawn in WEIGHTS.tolist()
]


@pytest.mark.parametrize("at_once", [None, 1, 2, 5])
def test_joint_counts_of_every_replicate(monkeypatch: pytest.MonkeyPatch, at_once: int | None) -> None:
    """``at_once`` replicates suit the memory of an accelerator, of which a sixteenth is theirs; None: on a CPU."""
    columns, asked = WRONG.astype(np.float32), []
    monkeypatch.setattr(devices, "accelerated", lambda: at_once is not None)
    monkeypatch.setattr(devices, "memory", lambda: 16 * columns.nbytes * (at_once or 0) + 15)
    product = weighted_counts._products
    monkeypatch.setattr(weighted_counts, "_products", lambda *given: asked.append(len(given[1])) or product(*given))
    np.testing.assert_array_equal(weighted_counts.weighted_joint_counts(columns, WEIGHTS), JOINT)
    assert asked == {None: [], 1: [1] * 5, 2: [2, 2, 1], 5: [5]}[at_once]
    assert len({str(counts) for counts in JOINT}) == 5
