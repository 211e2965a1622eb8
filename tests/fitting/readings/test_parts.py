"""Parts of a pool and their resamples."""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.outcomes import Outcomes
from tests.conftest import outcomes_from


def columns(**extra: list[str]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=object) for name, values in extra.items()}


def test_parts_of_a_pool() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random((200, 6)) < [0.5, 0.2, 0.3, 0.4, 0.6, 0.7]
    wrong[:, 5] = wrong[:, 4]  # a duplicate
    per_model = columns(
        family=["a", "a", "a", "b", "b", ""],
        tier=["big", "big", "small", "small", "big", "small"],
        released=["2024-01-01", "2024-06-01", "", "2025-01-05", "2023-02-03", "2025-03-01"],
    )
    found = {part.key: part.members.tolist() for part in readings.parts(outcomes_from(wrong, per_model=per_model))}
    assert found["one_per_family"] == [1, 3]
    assert found["no_near_duplicates"] == [0, 1, 2, 3, 4]
    assert found["best_quarter"] == [1, 2]
    assert found["newest_half_by_released"] == [3, 5]
    assert found["family=a"] == [0, 1, 2]
    assert found["tier=big"] == [0, 1, 4]
    assert "family=b" not in found  # two models are no family to read


def test_resampled_parts_are_refits(real: Callable[[str], Outcomes]) -> None:
    """The interval of a part comes from ratios of the part in each resampled matrix."""
    from cofail_lab.fitting.replicates.bootstrap import resample_counts
    from cofail_lab.fitting.replicates.stages import run_stages
    from cofail_lab.fitting.resampling import Bootstrap

    outcomes = real("swebench_pro_public")
    fit = fit_matrix(outcomes, level=0.9, seed=0)
    resampling = Bootstrap(fit, 3, 0)
    fit = resampling.attach(run_stages(resampling.stages())[0], finished=True)
    assert fit.replicates is not None
    for b in range(3):
        rows = np.repeat(np.arange(outcomes.n_queries), resample_counts(outcomes.n_queries, 0, b))
        members = fit.parts[0].part.members
        direct = fit_matrix(outcomes_from(outcomes.wrong[np.ix_(rows, members)]), level=0.9, seed=0)
        assert fit.replicates.more["parts"][b, 0] == pytest.approx(direct.ratio("one_factor"), rel=1e-9)


def test_all_models_are_no_part() -> None:
    """No two of three are alike; two of four are alike, and three are left."""
    wrong = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=bool)
    assert "no_near_duplicates" not in {part.key for part in readings.parts(outcomes_from(wrong))}
    found = {part.key: part.members.tolist() for part in readings.parts(outcomes_from(wrong[:, [0, 1, 2, 2]]))}
    assert found["no_near_duplicates"] == [0, 1, 2]
