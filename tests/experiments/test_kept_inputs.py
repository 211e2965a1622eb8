"""What a run reads, and how a curve over pool sizes is summed up: small inputs, whole answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.counts import Counts, CountsSource
from cofail_lab.data.ratings import Ratings
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.tail_curve import TailCurve, _queries_of_shards, metrics_at_largest_pool
from cofail_lab.selection import Selection
from tests.data.cells import grades_of
from tests.data.odd.said import said
from tests.experiments.sources import Fixed
from tests.experiments.whole import keep, shown

GRADES = grades_of([[0, 1, 4], [1, 1, 0], [0, 0, 2], [1, 0, 3]], "pqrs", "abc", "m.csv")
RATINGS = Ratings(("p",), None, ("x", "y"), np.array([[0, 1]]), ("no", "yes"), None, None, "v.csv", sha256="ff")
SOURCES: dict[str, Any] = {
    "a matrix": Fixed(GRADES),
    "totals": CountsSource(2, 9, 3, best_correct=4),
    "labels": Fixed(RATINGS),  # type: ignore[arg-type]
}
SELECTIONS = {
    "all": Selection(),
    "all, another seed": Selection(seed=4),
    "two models": Selection(models=["a", "b"]),
    "errors as wrong": Selection(errors="wrong"),
    "a sub-pool": Selection(pool_size=2, seed=1),
}


def summed_up(read: Any) -> str:
    """What was read, in a few words."""
    loaded = read()
    if isinstance(loaded, Counts):
        return str(loaded)
    names = getattr(loaded, "models", None) or getattr(loaded, "raters", None)
    return f"{type(loaded).__name__} {loaded.queries} {names} {loaded.notes}"


def test_what_a_run_can_ask_for(tmp_path: Path) -> None:
    kept = []
    for title, source in SOURCES.items():
        for name, selection in SELECTIONS.items():
            for asked in ("outcomes", "grades", "counts_or_outcomes", "counts_or_grades", "ratings"):
                inputs = Inputs(RunOptions(), source=lambda s=source: s, selection=selection)
                answer = said(lambda one=inputs, what=asked: summed_up(getattr(one, what)))
                kept.append(f"{title}, {name}, {asked}: {answer} from {inputs.provenance}")
    kept.append(said(Inputs(RunOptions()).law))
    kept.append(said(lambda: Inputs(RunOptions(), law_factory=lambda **changes: changes).law(shock=0.5)))
    keep("inputs", kept, tmp_path)


def curve(**last: float) -> dict[str, np.ndarray]:
    names = (
        "log_all_wrong",
        "tetrachoric",
        "pearson",
        "log_one_factor",
        "log_one_factor_pearson",
        "implied_correlation",
    )
    names += ("log_ratio_one_factor", "log_ratio_one_factor_pearson")
    values = {name: -0.1 * k for k, name in enumerate(names, start=1)} | last
    return {name: np.array([9.0, 8.0, value]) for name, value in values.items()}


def test_a_curve_is_summed_up_at_its_largest_pool(tmp_path: Path) -> None:
    sizes = np.array([2, 7, 40])
    odd = (float("nan"), -np.inf, 699.5, -699.5, 700.5, -700.5)
    curves = [curve(), *(curve(log_ratio_one_factor=end, log_all_wrong=-abs(end)) for end in odd)]
    kept = [shown(metrics_at_largest_pool(sizes, one)) for one in curves]
    keep("inputs_curve", kept, tmp_path)


def test_sizes_of_pools_and_queries_of_shards() -> None:
    assert TailCurve([5, 3, 5], False).pool_sizes(5).tolist() == [3, 5]
    assert TailCurve(None, False).pool_sizes(4).tolist() == [2, 3, 4]
    assert TailCurve(None, False).pool_sizes(1000).tolist()[-3:] == [583, 763, 1000]
    for sizes, m, message in (
        (None, 1, "law: 1 model; a curve"),
        ([2, 6], 5, "experiment.sizes: 6, but the law has 5"),
    ):
        with pytest.raises(InputError, match=message):
            TailCurve(sizes, False).pool_sizes(m)
    assert _queries_of_shards(RunOptions(draws=10, shards=3)) == [range(3), range(3, 6), range(6, 10)]
    assert _queries_of_shards(RunOptions(draws=10)) == [range(10)]
