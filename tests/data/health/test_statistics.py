"""The health checks that are tests, against plain loops over their definitions on matrices near the limits."""

from math import log

import numpy as np
import pytest
from scipy.stats import beta, norm, rankdata

from cofail_lab.data.health import chance
from cofail_lab.data.health.chance import (
    FALSE_ALARM,
    Finding,
    View,
    blocks,
    duplicates,
    inverted,
    names_at,
    published_scores,
    share_of,
)
from cofail_lab.grades import Cell, Grades


def _view(cells: np.ndarray, dataset: np.ndarray | None = None) -> View:
    n, m = cells.shape
    names = tuple(f"q{i}" for i in range(n)), tuple(f"m{j}" for j in range(m))
    per_query = {} if dataset is None else {"dataset": dataset.astype(object)}
    grades = Grades(cells.astype(np.int8), *names, "made", per_query=per_query)
    return View(grades, np.isin(cells, (Cell.RIGHT, Cell.WRONG)), cells == Cell.WRONG)


def _cells(rng: np.random.Generator, wrong: np.ndarray, missing: float) -> np.ndarray:
    lost = rng.random(wrong.shape) < missing
    return np.where(lost, rng.choice([Cell.MISSING, Cell.ERROR, Cell.UNSCORED], wrong.shape), wrong.astype(int))


@pytest.mark.parametrize(("seed", "m", "missing"), [(0, 40, 0.0), (1, 36, 0.1), (2, 44, 0.2), (3, 6, 0.0)])
def test_inverted_queries_are_those_of_a_rank_sum_test(seed: int, m: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    rates = np.sort(rng.choice(np.linspace(0.05, 0.95, 6), m))
    right = rng.random((120, m)) < rates
    right[:25] = rng.random((25, m)) < 1 - rates  # the key of these may be wrong
    view = _view(_cells(rng, ~right, missing))
    accuracy = [float((~view.wrong[view.answered[:, j], j]).mean()) for j in range(m)]
    ranks, z = rankdata(accuracy), []
    for i in range(120):
        there = view.answered[i]
        of, k = ranks[there], int(view.wrong[i].sum())
        spread = k * (len(of) - k) / len(of) * of.var(ddof=1) if len(of) > 1 else 0.0
        z.append(0.0 if spread < 1e-9 else float((ranks[view.wrong[i]].sum() - k * of.mean()) / np.sqrt(spread)))
    unlikely = [i for i in range(120) if norm.sf(z[i]) < FALSE_ALARM / 120]
    expected = tuple(f"q{i}" for i in sorted(unlikely, key=lambda i: -z[i]))
    found = inverted(view)
    if m < 10:  # no ranks of so few are that unlikely
        assert found == [] and not expected
        return
    assert any(FALSE_ALARM / 120 < norm.sf(one) < FALSE_ALARM for one in z)  # the share for one query matters
    ((check, sentence, subjects, count),) = [(f.check, f.sentence, f.subjects, f.count) for f in found]
    assert (check, subjects, count) == ("inverted", expected, len(expected))
    named = ", ".join(expected[:4]) + (", ..." if len(expected) > 4 else "")
    queries = f"{len(expected)} quer{'y' if len(expected) == 1 else 'ies'}"
    assert sentence == (
        f"{queries} failed by the better models and solved by the worse ({named}): "
        "a wrong reference answer looks like this."
    )


def _pairs(view: View, edges: np.ndarray) -> dict[tuple[int, int], tuple[int, float]]:
    """Duplicates by loops: the pair -> queries on which it differs, and how many are expected."""
    (n, m), found = view.wrong.shape, {}
    share = [view.wrong[i].sum() / view.answered[i].sum() if view.answered[i].any() else None for i in range(n)]
    level = [-1 if one is None else int(sum(edge < one for edge in edges)) for one in share]
    for i in range(m):
        for j in range(i + 1, m):
            differ = expected = together = most = 0.0
            for s in range(len(edges) + 1):
                rows = [q for q in range(n) if level[q] == s and view.answered[q, i] and view.answered[q, j]]
                a, b = (sum(bool(view.wrong[q, k]) for q in rows) for k in (i, j))
                both = sum(bool(view.wrong[q, i] and view.wrong[q, j]) for q in rows)
                expected += a * b / len(rows) if rows else 0.0
                together, most, differ = together + both, most + min(a, b), differ + a + b - 2 * both
            chance = differ + 2 * (together - expected)
            if chance <= 0 or 1 - differ / chance < 0.9:
                continue
            x, mu = together / most, expected / most
            divergence = (x * log(x / mu) if x else 0.0) + ((1 - x) * log((1 - x) / (1 - mu)) if x < 1 else 0.0)
            if x > mu and -most * divergence < log(FALSE_ALARM / (m * (m - 1) / 2)):
                found[i, j] = int(differ), chance
    return found


@pytest.mark.parametrize(
    ("seed", "n", "m", "missing", "n_strata"),
    [
        (0, 30, 7, 0.0, 1),
        (1, 40, 6, 0.1, 1),
        (2, 60, 8, 0.0, 3),
        (3, 90, 9, 0.1, 4),
        (4, 39, 8, 0.0, 1),
        (5, 260, 8, 0.0, 10),
    ],
)
def test_duplicates_are_those_of_the_definition(seed: int, n: int, m: int, missing: float, n_strata: int) -> None:
    rng = np.random.default_rng(seed)
    wrong = rng.random((n, m)) < rng.uniform(0.2, 0.7, (n, 1))
    for j, flips in ((1, 0), (3, 1), (5, 2)):
        wrong[:, j] = wrong[:, j - 1]
        wrong[:flips, j] ^= True
    view = _view(_cells(rng, wrong, missing))
    shares = share_of(view.wrong, view.answered, axis=1)
    edges = np.unique(np.quantile(shares[~np.isnan(shares)], np.arange(1, n_strata) / n_strata))
    expected = _pairs(view, edges)
    assert 0 < len(expected) < m * (m - 1) / 2
    order = sorted(expected, key=lambda pair: (expected[pair][0], pair))
    (found,) = duplicates(view)
    members = tuple(f"m{k}" for k in dict.fromkeys(k for pair in order for k in pair))
    assert (found.check, found.subjects, found.count) == ("duplicates", members, len(order))
    exact, (i, j) = sum(expected[pair][0] == 0 for pair in order), order[0]
    assert found.sentence == (
        f"{len(order)} pair{'s' * (len(order) > 1)} of models (nearly) duplicate, {exact} of them exactly: m{i} and "
        f"m{j} differ on {expected[i, j][0]} queries, where {expected[i, j][1]:.0f} would be expected. "
        "Duplicates add nothing and raise every mean correlation."
    )


def test_the_false_alarm_rate_is_split_over_the_pairs_of_models() -> None:
    """All of n answers are the same, half of them wrong: the bound is 2^-(n/2), which must be below .001/pairs."""
    for m, n_pairs in ((2, 1), (4, 6)):
        enough = next(k for k in range(1, 40) if 2.0**-k < FALSE_ALARM / n_pairs)
        for k, reported in ((enough - 1, False), (enough, True)):
            wrong = np.zeros((4 * k, m), bool)
            wrong[::2, :2] = True
            wrong[: 2 * k, 2:3] = wrong[::4, 3:] = wrong[1::4, 3:] = True
            wrong = wrong[: 2 * k] if m == 2 else wrong
            found = duplicates(_view(wrong.astype(int)))
            if m == 2:
                assert bool(found) is reported
            else:
                assert found == [] or found[0].subjects == ("m0", "m1")
    assert duplicates(_view(np.zeros((5, 1)))) == []


@pytest.mark.parametrize("seed", range(3))
def test_failed_datasets_are_those_of_the_definition(seed: int) -> None:
    """Chances additive in log-odds, with half an answer more on either side."""
    rng = np.random.default_rng(seed)
    m, sizes = 5, [9, 10, 12, 16, 20, 30, 40]
    dataset = np.repeat([f"d{i}" for i in range(len(sizes))], sizes)
    wrong = rng.random((len(dataset), m)) < 0.5
    for d, j in ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 0), (5, 1), (6, 2)):
        wrong[dataset == f"d{d}", j] = True
    wrong[dataset == "d3", :3] = True
    view = _view(_cells(rng, wrong, 0.0 if seed else 0.05), dataset)
    right = view.answered & ~view.wrong

    def odds(rows: np.ndarray, models: list[int]) -> float:
        k, n = right[np.ix_(rows, models)].sum(), view.answered[np.ix_(rows, models)].sum()
        return log((k + 0.5) / (n - k + 0.5))

    everyone, expected = list(range(m)), []
    for d in range(len(sizes)):
        here, rest = np.flatnonzero(dataset == f"d{d}"), np.flatnonzero(dataset != f"d{d}")
        for j in everyone:
            others = [k for k in everyone if k != j]
            n, k = int(view.answered[here, j].sum()), int(right[here, j].sum())
            eased = odds(rest, [j]) + odds(here, others) - odds(np.arange(len(dataset)), everyone)
            chance = n * -log(1 + np.exp(eased))
            if (
                k == 0
                and n >= 10
                and chance < log(FALSE_ALARM / (m * len(sizes)))
                and right[np.ix_(here, others)].any()
            ):
                expected.append(f"m{j} on d{d}")
    (found,) = blocks(view)
    assert 2 <= len(expected) < 9
    assert (found.check, found.subjects, found.count) == ("blocks", tuple(expected), len(expected))
    assert found.sentence.startswith(f"{len(expected)} times a model fails a whole dataset, which neither")


def test_published_accuracies_are_compared_with_exact_limits() -> None:
    """Of 100 answers 70 are right; 20 cells more are errors, with which 70/120 are."""
    cells = np.zeros((130, 3), int)
    cells[:30], cells[100:120], cells[120:] = Cell.WRONG, Cell.ERROR, Cell.MISSING
    cells[:, 2] = Cell.MISSING
    view = _view(cells)
    low, high = beta.ppf(FALSE_ALARM / 2, 70, 31), beta.ppf(1 - FALSE_ALARM / 2, 71, 30)
    hint = "; with its 20 ungraded cells counted as wrong it has 58.3%"

    def found(**stated: float) -> list[Finding]:
        return published_scores(view, stated)

    for stated, reported, hinted in (
        (low + 1e-6, False, False),
        (high - 1e-6, False, False),
        (low - 1e-6, True, True),
        (high + 1e-6, True, False),
        (0.2, True, True),
    ):
        findings = found(m0=stated)
        assert bool(findings) is reported
        if reported:
            assert findings == [
                Finding(
                    "published",
                    f"m0 is right on 70.0% of 100 queries, published is {stated:.1%}{hint * hinted}: other prompts, "
                    "another version or a grader that disagrees.",
                    ("m0",),
                    1,
                )
            ]
    assert found(m0=low - 1e-6, m1=0.7) == []  # the rate is split over two
    assert [finding.subjects for finding in found(m0=0.1, m1=0.2, m2=0.5, other=0.1)] == [("m0",), ("m1",)]
    full = cells.copy()
    full[100:120] = Cell.MISSING
    (plain,) = published_scores(_view(full), {"m0": 0.2})
    assert "published is 20.0%: other" in plain.sentence


def test_shares_and_names() -> None:
    hits, of = np.array([[1, 0], [1, 0], [0, 0]], bool), np.array([[1, 1], [1, 0], [0, 0]], bool)
    np.testing.assert_array_equal(share_of(hits, of, axis=1), [0.5, 1.0, np.nan])
    np.testing.assert_array_equal(share_of(hits, of, axis=0), [1.0, 0.0])
    assert names_at(("a", "b", "c"), np.array([2, 0])) == ("c", "a")


def test_the_very_statistic_of_a_rank_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five models, with a tie and a missing cell: found at a level just above the tail of its z, not just below."""
    right, wrong, lost = Cell.RIGHT, Cell.WRONG, Cell.MISSING
    cells = np.array(
        [
            [wrong, wrong, right, right, right],
            [right, right, wrong, right, wrong],
            [right, right, right, wrong, wrong],
            [right, right, right, lost, wrong],
        ]
    )
    view = _view(cells)
    accuracy = [float((~view.wrong[view.answered[:, j], j]).mean()) for j in range(5)]
    assert accuracy == [0.75, 0.75, 0.75, 2 / 3, 0.25]
    ranks = rankdata(accuracy)
    z = (ranks[:2].sum() - 2 * ranks.mean()) / np.sqrt(2 * 3 / 5 * ranks.var(ddof=1))
    for factor, found in ((1 + 1e-9, ["q0"]), (1 - 1e-9, [])):
        monkeypatch.setattr(chance, "FALSE_ALARM", 4 * float(norm.sf(z)) * factor)
        assert [name for finding in inverted(view) for name in finding.subjects] == found
