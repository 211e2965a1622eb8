"""Standard errors of mean correlations: influence by finite differences, families, constant models."""

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs, phi, row_means
from cofail_lab.fitting.replicates import pair_errors as module
from cofail_lab.fitting.replicates.pair_errors import pair_errors

FAMILIES = np.array([0, 0, 1, 2, 2, 2])


def means(wrong: np.ndarray, weights: np.ndarray, pairs: Pairs) -> dict[str, np.ndarray]:
    """The four means by definition, (batch,)."""
    columns = wrong.astype(float)
    joint = np.einsum("bn,ni,nj->bij", weights, columns, columns)
    counts = np.einsum("bii->bi", joint)
    total = float(weights[0].sum())
    values = phi(counts[:, pairs.left], counts[:, pairs.right], joint[:, pairs.left, pairs.right], total)  # type: ignore[arg-type]
    same = np.broadcast_to(pairs.same_family, values.shape)
    found = {
        "pearson": row_means(values, np.ones_like(same)),
        "pearson_within": row_means(values, same),
        "pearson_across": row_means(values, ~same),
        "values": values,
    }
    return found | {"pearson_gap": found["pearson_within"] - found["pearson_across"]}


def test_errors_are_those_of_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative of each mean in the weight of a query, scaled to a sum of squares over n²."""
    rng = np.random.default_rng(0)
    wrong = rng.standard_normal((40, 1)) + rng.standard_normal((40, 6)) < np.linspace(-1, 0.5, 6)
    wrong[:, 5] = False
    pairs = Pairs.of(6, np.array(list("aabccc")))
    weights = np.stack([np.ones(40, dtype=int), np.bincount(rng.integers(40, size=40), minlength=40)])
    values = means(wrong, weights, pairs)["values"]
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    found = pair_errors(wrong, weights, values, pairs, FAMILIES)
    for row, counted in enumerate(weights):
        # Weights that sum to one: a little more of query x, and a little less of all.
        step = 1e-5
        shifted = [(1 - s) * counted / 40 + s * np.eye(40) for s in (step, -step)]
        up, down = (means(wrong, one, pairs) for one in shifted)
        for name in module.NAMES:
            influence = (up[name] - down[name]) / (2 * step)
            assert found[name][row] == pytest.approx(np.sqrt((counted * influence**2).sum()) / 40, rel=1e-5), name


def test_no_families_no_pairs() -> None:
    wrong = np.random.default_rng(1).random((9, 2)) < 0.5
    pairs = Pairs.of(2)
    found = pair_errors(wrong, np.ones((1, 9), dtype=int), np.array([[np.nan]]), pairs, None)
    assert all(np.isnan(values).all() for values in found.values())


def test_copies_have_no_error() -> None:
    wrong = np.repeat(np.random.default_rng(2).random((50, 1)) < 0.3, 3, axis=1)
    found = pair_errors(wrong, np.ones((1, 50), dtype=int), np.ones((1, 3)), Pairs.of(3), None)
    assert found["pearson"].tolist() == [0.0]
