"""Replicates from their own weights or matrices, by loops; which stages a bootstrap has, and what each is given."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting import resampling
from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.readings.matched import Matched, matched
from cofail_lab.fitting.replicates.bootstrap import bootstrap, jackknife, resample_counts
from cofail_lab.fitting.replicates.null import simulate
from cofail_lab.fitting.replicates.stages import Batch, Stage
from cofail_lab.models import OneFactorGaussian
from cofail_lab.numerics.streams import BOOTSTRAP, NULL, POWER, generator

N, M = 23, 4
PAIRS = Pairs.of(M)


def _wrong() -> np.ndarray:
    wrong = np.random.default_rng(4).random((N, M)) < [0.3, 0.5, 0.6, 0.7]
    wrong[:3] = True
    return wrong


def _parts(stage: Stage, field: str) -> tuple[list[Any], list[int]]:
    """What `more` has stored of every batch, and the first replicate of each."""
    seen = [stage.batch(start) for start in stage.starts]
    return [row for one in seen for row in one.more[field]], list(stage.starts)


def _checked(stage: Stage, wrong: np.ndarray, weights: list[np.ndarray]) -> None:
    drawn = stage.replicates()
    assert len(drawn.all_wrong) == len(weights)
    for b, row in enumerate(weights):
        copies = np.repeat(wrong, row, axis=0)
        assert drawn.all_wrong[b] == pytest.approx(copies.all(axis=1).mean())
        assert drawn.single_best[b] == pytest.approx(1 - copies.mean(axis=0).min())
        assert drawn.oracle_gain[b] == pytest.approx(copies.mean(axis=0).min() - copies.all(axis=1).mean())


def _noted(batch: Batch) -> dict[str, np.ndarray]:
    weights = batch.resampled_weights
    first = np.full(len(weights), batch.first)
    return {"weights": weights, "first": first, "rates": batch.resampled_error_rates}


@pytest.mark.parametrize(("seed", "first"), [(0, 0), (3, 0), (3, 50)])
def test_replicates_of_the_bootstrap_from_their_numbers(seed: int, first: int) -> None:
    wrong = _wrong()
    stage = bootstrap(wrong, PAIRS, 10, seed, _noted, first=first, at_once=4)
    rows, starts = _parts(stage, "weights")
    assert starts == [0, 4, 8]
    for b, row in enumerate(rows):
        drawn = generator(seed, BOOTSTRAP, first + b).integers(N, size=N)
        assert row.tolist() == [int((drawn == q).sum()) for q in range(N)]
        assert row.tolist() == resample_counts(N, seed, first + b).tolist()
    assert len({tuple(row) for row in rows}) == 10
    rates, _ = _parts(stage, "rates")
    np.testing.assert_allclose(rates, [np.repeat(wrong, row, axis=0).mean(axis=0) for row in rows])
    assert _parts(stage, "first")[0] == [0] * 4 + [4] * 4 + [8] * 2
    _checked(stage, wrong, rows)


@pytest.mark.parametrize(("groups", "size"), [(5, 4), (23, 1), (50, 1)])
def test_the_jackknife_leaves_equal_groups_out_each_once(groups: int, size: int) -> None:
    wrong = _wrong()
    stage = jackknife(wrong, PAIRS, 3, _noted, at_once=4, groups=groups)
    rows, _ = _parts(stage, "weights")
    n_groups = min(groups, N)
    assert (stage.n_replicates, len(rows)) == (n_groups, n_groups)
    left_out = [set(np.flatnonzero(row == 0)) for row in rows]
    assert all(len(one) == size for one in left_out) and len(set().union(*left_out)) == n_groups * size
    order = generator(3, BOOTSTRAP, 2**31).permutation(N)
    assert left_out == [set(order[g * size : (g + 1) * size]) for g in range(n_groups)]
    _checked(stage, wrong, rows)


def test_replicates_of_a_null_law_from_their_matrices() -> None:
    law = OneFactorGaussian(np.array([0.3, 0.5, 0.6, 0.7]), np.full(M, 0.8))
    matrices: list[np.ndarray] = []

    def noted(batch: Batch) -> dict[str, np.ndarray]:
        wrong, joint = batch.simulated
        for one, both, counts in zip(wrong, joint, batch.error_counts, strict=True):
            assert (both == one.astype(int).T @ one.astype(int)).all() and (counts == one.sum(axis=0)).all()
        matrices.extend(wrong)
        return {"first": np.full(len(wrong), batch.first)}

    drawn = simulate(law, N, PAIRS, 11, (3, NULL), noted).replicates()
    assert len(matrices) == 11 and len({one.tobytes() for one in matrices}) == 11
    for b, one in enumerate(matrices):
        assert drawn.all_wrong[b] == pytest.approx(one.all(axis=1).mean())
        assert drawn.single_best[b] == pytest.approx(1 - one.mean(axis=0).min())
    kept, matrices = matrices, []
    for stream in ((3, POWER), (4, NULL)):
        simulate(law, N, PAIRS, 2, stream, noted).replicates()
    assert not {one.tobytes() for one in matrices} & {one.tobytes() for one in kept[:2]}


@pytest.mark.parametrize(
    ("asked", "laws", "n_all_wrong", "n_queries", "stages"),
    [
        (700, ("block",), 3, 23, {"bootstrap_laws": (500, 0, 64), "bootstrap": (200, 500, None), "jackknife": 64}),
        (500, ("block",), 3, 23, {"bootstrap_laws": (500, 0, 64), "jackknife": 64}),
        (700, (), 3, 23, {"bootstrap": (700, 0, None), "jackknife": 256}),
        (700, (), 0, 23, {"bootstrap": (700, 0, None)}),
        (700, (), 1, 1, {"bootstrap": (700, 0, None)}),
        (0, ("block",), 3, 23, {}),
    ],
)
def test_stages_of_a_bootstrap(
    monkeypatch: pytest.MonkeyPatch,
    asked: int,
    laws: tuple[str, ...],
    n_all_wrong: int,
    n_queries: int,
    stages: dict[str, Any],
) -> None:
    """The laws of the whole matrix go with the first 500 replicates and with the jackknife, in batches of 64."""
    outcomes = SimpleNamespace(wrong="wrong", n_models=M, n_all_wrong=n_all_wrong, n_queries=n_queries)
    fit: Any = SimpleNamespace(outcomes=outcomes, pairs="pairs", parts=[], family_numbers=None)
    seen: dict[str, Any] = {}

    def resampled(wrong: Any, pairs: Any, n: int, seed: int, more: Any, first: int = 0, at_once: Any = None) -> Any:
        assert (wrong, pairs, seed) == ("wrong", "pairs", 7)
        seen[more.__name__] = (n, first, at_once)
        return SimpleNamespace(n_replicates=n)

    def left_out(wrong: Any, pairs: Any, seed: int, more: Any, at_once: int, groups: int) -> Any:
        assert (wrong, pairs, seed, groups) == ("wrong", "pairs", 7, 9)
        seen["jackknife"] = at_once
        return SimpleNamespace(n_replicates=9)

    monkeypatch.setattr(resampling, "replicated_laws", lambda _: laws)
    monkeypatch.setattr(resampling, "refitter", lambda _fit, chosen, named: (chosen.tolist(), named))
    monkeypatch.setattr(resampling, "bootstrap", resampled)
    monkeypatch.setattr(resampling, "jackknife", left_out)
    found = resampling.Bootstrap(fit, asked, 7, groups=9).stages()
    of = {"bootstrap_laws": "rich", "bootstrap": "plain", "jackknife": "jackknife"}
    assert {name: seen[of[name]] for name in found} == stages
    assert list(found) == list(stages)


def test_two_matrices_at_the_correlation_of_each_other() -> None:
    """The product of the rates where the correlation is 0: in a full 2x2 design of two models, and of three."""
    two = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 4, dtype=bool)
    same = np.array([[a, a] for a in (0, 1)] * 8, dtype=bool)
    found = matched(two, same)
    assert found.correlation[:, 0] == pytest.approx([0.0, 1.0], abs=1e-6)
    assert found.all_wrong[:, 0] == pytest.approx([0.25, 0.5])
    assert found.predicted[:, 0] == pytest.approx([0.25, 0.5], abs=1e-4)
    assert found.crossed[:, 0] == pytest.approx([0.5, 0.25], abs=1e-4)
    assert found.ratio[:, 0] == pytest.approx([1, 1], abs=1e-3)
    assert found.crossed_ratio[:, 0] == pytest.approx([0.5, 2], abs=1e-3)
    weights = np.array([[1] * 16, [0, 0, 0, 4] * 4])
    weighted = matched(two, same, weights)
    assert weighted.all_wrong[:, 1] == pytest.approx([1.0, 1.0])
    assert weighted.all_wrong[:, 0] == pytest.approx(found.all_wrong[:, 0])
    half = np.array([2, 0] * 8)  # of `two` the rows 00 and 10, of `same` all that are right
    assert matched(two, same, half[None]).all_wrong[:, 0].tolist() == [0.0, 0.0]


def test_each_matrix_keeps_its_rates_at_the_correlation_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log β is, here, the sum of the rates plus the correlation; one sample has queries twice and others not."""
    monkeypatch.setattr(one_factor, "log_all_wrong", lambda rates, rho: (rates.sum(axis=1) + rho, 0 * rho))
    first = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [1, 1], [0, 0]], bool)
    second = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 1]], bool)
    weights = np.array([[1] * 6, [1, 2, 2, 0, 1, 0]])
    found = matched(first, second, weights)
    sums = np.array([weights @ wrong.sum(axis=1) / 6 for wrong in (first, second)])
    np.testing.assert_allclose(np.log(found.predicted), sums + found.correlation)
    np.testing.assert_allclose(np.log(found.crossed), sums + found.correlation[::-1])
    assert len(set(sums.ravel())) == 4 == len(set(found.correlation.ravel()))


def test_over_a_prediction_of_nothing_there_is_no_ratio() -> None:
    observed, predicted = np.array([[0.2, 0.0], [0.1, 0.3]]), np.array([[0.1, 0.0], [0.0, 0.6]])
    made = Matched(observed, observed, predicted, predicted[::-1])
    np.testing.assert_array_equal(made.ratio, [[2.0, np.nan], [np.nan, 0.5]])
    np.testing.assert_array_equal(made.crossed_ratio, [[np.nan, 0.0], [1.0, np.nan]])
