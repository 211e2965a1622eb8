"""`experiment=certify`: every number by hand, or as a quantile of SciPy's beta law."""

from typing import Any

import pytest
from scipy.stats import beta

from cofail_lab.data.counts import Counts, CountsSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.certify import Certify
from cofail_lab.selection import Selection


def metrics(selection: Selection | None = None, seed: int = 0, delta: float = 0.1, **totals: int) -> dict[str, Any]:
    inputs = Inputs(RunOptions(seed=seed), lambda: CountsSource(**totals), selection or Selection(seed=seed))
    return dict(Certify(delta=delta).run(inputs).metrics)


def lower(k: int, n: int, delta: float) -> float:
    return float(beta.ppf(delta, k, n - k + 1))


def upper(k: int, n: int, delta: float) -> float:
    return float(beta.ppf(1 - delta, k + 1, n - k))


def test_totals_by_hand() -> None:
    """Of 100 queries the best of four models misses 30, and all of them 11: 19 could be mended. δ is .1."""
    found = metrics(n_all_wrong=11, n_queries=100, n_models=4, best_correct=70)
    assert found.pop("paired_min_gain") is None  # it needs the count of every model
    assert found == pytest.approx(
        {
            "n_models": 4,
            "n_queries": 100,
            "n_all_wrong": 11,
            "all_wrong": 0.11,
            "all_wrong_lower": lower(11, 100, 0.05),
            "all_wrong_upper": upper(11, 100, 0.05),
            "single_best": 0.7,
            "single_best_lower": lower(70, 100, 0.1 / 8),
            "oracle": 0.89,
            "oracle_gain": 0.19,
            "oracle_gain_certified_lower": lower(19, 100, 0.05),
            "oracle_gain_certified_upper": upper(19, 100, 0.1 / 8),
            "foreclosed_share": 11 / 30,
            "max_gain": 1 - lower(11, 100, 0.05) - lower(70, 100, 0.1 / 8),
            "paired_max_gain": upper(19, 100, 0.1 / 4),
        },
        abs=1e-12,
    )


def test_no_error_forecloses_nothing() -> None:
    """Where the best model is never wrong, no share of its errors exists; 0 would be another statement."""
    assert metrics(n_all_wrong=0, n_queries=10, n_models=2, best_correct=10)["foreclosed_share"] is None
    assert metrics(n_all_wrong=0, n_queries=10, n_models=2, best_correct=9)["foreclosed_share"] == 0


def test_totals_have_a_seed_and_no_selection() -> None:
    totals = {"n_all_wrong": 1, "n_queries": 10, "n_models": 2, "best_correct": 8}
    assert metrics(seed=3, **totals) == metrics(seed=0, **totals)
    with pytest.raises(InputError, match=r"data=counts: totals cannot be selected from"):
        metrics(Selection(pool_size=2), **totals)


@pytest.mark.parametrize(("accuracy", "n", "smallest", "largest"), [(0.8, 330, 248, 280), (0.836, 330, 276, 276)])
def test_a_published_accuracy_is_the_smallest_count_that_rounds_to_it(
    accuracy: float, n: int, smallest: int, largest: int
) -> None:
    """248/330 = .7515 and 280/330 = .8485 round to .8, their neighbours .7485 and .8515 do not."""
    found = CountsSource(1, n, 2, best_accuracy=accuracy).load()
    assert isinstance(found, Counts)
    assert found.best_correct == smallest
    counts = [k for k in range(n + 1) if round(k / n, len(str(accuracy)) - 2) == accuracy]
    assert (counts[0], counts[-1]) == (smallest, largest)
    assert (f"up to {largest} would round" in found.notes[0]) == (largest > smallest)
