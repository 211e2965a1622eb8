"""Two gradings of the same answers: what flips, what β, G and certificates become, and answers at the limit."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab import certify
from cofail_lab.data.readers.long import LongSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.regrade import Regrade
from cofail_lab.result import Result
from cofail_lab.selection import Selection
from tests.conftest import outcomes_from
from tests.data.cells import RIGHT, UNSCORED, WRONG

N, M = 60, 4


@pytest.fixture
def first() -> np.ndarray:
    cells = (np.random.default_rng(3).random((N, M)) < 0.45).astype(np.int8)
    cells[:6] = WRONG
    return cells


def log(folder: Path, name: str, cells: np.ndarray, cut: np.ndarray | None = None, models: str = "abcd") -> str:
    words = ("1", "0", "unscored", "error", "")
    rows = [
        f"q{i},{models[j]},{words[cells[i, j]]}" + ("" if cut is None else f",{int(cut[i, j])}")
        for i in range(len(cells))
        for j in range(cells.shape[1])
    ]
    path = folder / name
    path.write_text("\n".join(["query,model,correct" + ("" if cut is None else ",at_limit"), *rows]))
    return str(path)


def regrade(path: str, other: str | None = None, selection: Selection | None = None, **arguments: object) -> Result:
    inputs = Inputs(RunOptions(), source=lambda: LongSource(path), selection=selection or Selection())
    return Regrade(other=other, **arguments).run(inputs)


def test_flips_and_everything_that_follows_from_them(tmp_path: Path, first: np.ndarray) -> None:
    second = first.copy()
    second[0, 1] = RIGHT  # no longer all-wrong
    second[10] = WRONG  # newly all-wrong
    second[20, 2] = UNSCORED
    gained, lost = int(((first == 1) & (second == 0)).sum()), int(((first == 0) & (second == 1)).sum())
    result = regrade(log(tmp_path, "one.csv", first), log(tmp_path, "two.csv", second))
    metrics = result.metrics
    assert (metrics["n_wrong_to_right"], metrics["n_right_to_wrong"]) == (gained, lost)
    assert (metrics["n_graded_to_not"], metrics["n_not_to_graded"]) == (1, 0)
    assert metrics["n_graded_twice"] == N * M - 1
    rows = result.tables["flips"].to_pylist()
    assert len(rows) == gained + lost + 1
    assert {"query": "q0", "model": "b", "before": "wrong", "after": "right"} in rows
    complete = np.arange(N) != 20
    for name, wrong in (("before", first == 1), ("after", second[complete] == 1)):
        certificate = certify(outcomes_from(wrong))
        assert metrics[f"{name}_n_queries"] == len(wrong)
        assert metrics[f"{name}_all_wrong"] == wrong.all(axis=1).mean()
        assert metrics[f"{name}_oracle_gain"] == pytest.approx(wrong.mean(axis=0).min() - wrong.all(axis=1).mean())
        assert metrics[f"{name}_max_gain"] == certificate.max_gain
        assert metrics[f"{name}_paired_max_gain"] == certificate.paired_max_gain
        assert metrics[f"{name}_paired_min_gain"] == certificate.paired_min_gain
    # On the queries that are complete in both, only the grading differs.
    for name, cells in (("before", first), ("after", second)):
        wrong = cells[complete] == 1
        assert metrics[f"{name}_common_all_wrong"] == wrong.all(axis=1).mean()
    assert "β goes from" in result.headline
    sentences = " ".join(result.sections[0].sentences)
    assert "1 queries no longer defeat everyone (q0)" in sentences
    assert "1 queries newly defeat everyone (q10)" in sentences


def test_equal_gradings_flip_nothing(tmp_path: Path, first: np.ndarray) -> None:
    path = log(tmp_path, "one.csv", first)
    metrics = regrade(path, path).metrics
    assert metrics["n_right_to_wrong"] == metrics["n_wrong_to_right"] == 0
    assert metrics["before_max_gain"] == metrics["after_max_gain"]


def test_answers_at_the_limit_are_left_out_or_could_be_anything(tmp_path: Path, first: np.ndarray) -> None:
    cut = np.zeros((N, M), dtype=bool)
    cut[:4, 0] = True  # in four of the all-wrong queries
    metrics = regrade(log(tmp_path, "one.csv", first, cut)).metrics
    k, n = int(first.all(axis=1).sum()), N
    assert metrics["n_at_limit"] == 4
    assert metrics["before_all_wrong"] == k / n
    assert metrics["before_without_limit_all_wrong"] == (k - 4) / (n - 4)
    assert (metrics["before_limit_all_wrong_lower"], metrics["before_limit_all_wrong_upper"]) == ((k - 4) / n, k / n)


def test_the_second_log_may_know_the_limit(tmp_path: Path, first: np.ndarray) -> None:
    cut = np.zeros((N, M), dtype=bool)
    cut[3, 2] = True
    metrics = regrade(log(tmp_path, "one.csv", first), log(tmp_path, "two.csv", first, cut)).metrics
    assert metrics["n_at_limit"] == 1
    assert metrics["before_without_limit_n_queries"] == N - 1


def test_too_few_complete_queries_are_said(tmp_path: Path, first: np.ndarray) -> None:
    cut = np.ones((N, M), dtype=bool)
    result = regrade(log(tmp_path, "one.csv", first, cut))
    assert result.metrics["before_without_limit_all_wrong"] is None
    assert "answered by every model" in result.labels["before_without_limit_absent"]


def test_only_what_both_gradings_hold_is_compared(tmp_path: Path, first: np.ndarray) -> None:
    one = log(tmp_path, "one.csv", first[:, :3], models="abc")
    two = log(tmp_path, "two.csv", first[:50, 1:], models="bcd")
    result = regrade(one, two)
    assert (result.metrics["n_models"], result.metrics["n_queries"]) == (2, 50)
    said = " ".join(result.sections[-1].sentences)
    assert "10 queries are only in one.csv (such as q50)" in said
    assert "1 models are only in one.csv (such as a)" in said
    assert "1 models are only in two.csv (such as d)" in said
    assert regrade(one, two, Selection(models=["b", "c"])).metrics["n_models"] == 2


def test_another_score_of_the_same_log(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "query,model,correct,judge\n"
        + "\n".join(
            f"q{i},{m},{(i + j) % 2},{0.3 + 0.1 * ((i * (j + 1)) % 5)}" for i in range(10) for j, m in enumerate("ab")
        )
    )
    result = regrade(str(path), str(path), scorer="judge", threshold=0.5)
    assert result.metrics["n_graded_twice"] == 20
    assert result.metrics["n_right_to_wrong"] > 0
    with pytest.raises(InputError, match=r"data.threshold= says"):
        regrade(str(path), str(path), scorer="judge")


def test_gradings_that_cannot_be_compared(tmp_path: Path, first: np.ndarray) -> None:
    path = log(tmp_path, "one.csv", first)
    with pytest.raises(InputError, match=r"experiment.other: no second grading is given"):
        regrade(path)
    with pytest.raises(InputError, match=r"none of the models of one.csv, such as 'a'; it has 'w'"):
        regrade(path, log(tmp_path, "two.csv", first, models="wxyz"))
    with pytest.raises(InputError, match="no such file"):
        regrade(path, str(tmp_path / "absent.csv"))
    with pytest.raises(InputError, match=r"experiment.delta"):
        Regrade(delta=2)


def test_each_grading_is_analysed_without_its_own_answers_at_the_limit(tmp_path: Path, first: np.ndarray) -> None:
    """Of two answers at the limit one has no grade: it is not counted, and both gradings lose both queries."""
    cut = np.zeros((N, M), dtype=bool)
    cut[[0, 1], 0] = True
    second = first.copy()
    second[2] = RIGHT
    first[1, 0] = UNSCORED
    metrics = regrade(log(tmp_path, "one.csv", first, cut), log(tmp_path, "two.csv", second)).metrics
    assert metrics["n_at_limit"] == 1
    # Whatever the two answers were: q1 is not complete before, and both are after.
    k, complete = int((first == WRONG).all(axis=1).sum()), N - 1
    assert metrics["before_limit_all_wrong_lower"] == pytest.approx((k - 1) / complete)
    assert metrics["before_limit_all_wrong_upper"] == pytest.approx(k / complete)
    k = int((second == WRONG).all(axis=1).sum())
    assert metrics["after_limit_all_wrong_lower"] == pytest.approx((k - 2) / N)
    assert metrics["after_limit_all_wrong_upper"] == pytest.approx(k / N)
    for name, cells in (("before", first), ("after", second)):
        assert metrics[f"{name}_without_limit_all_wrong"] == (cells[2:] == WRONG).all(axis=1).mean()


def test_the_threshold_is_that_of_the_second_grading(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("query,model,correct\nq1,a,1\nq1,b,1\nq2,a,0\nq2,b,1\n")
    (tmp_path / "two.csv").write_text("query,model,score\nq1,a,.5\nq1,b,.4\nq2,a,.6\nq2,b,.5\n")
    metrics = regrade(str(tmp_path / "one.csv"), str(tmp_path / "two.csv"), threshold=0.5).metrics
    assert (metrics["n_right_to_wrong"], metrics["n_wrong_to_right"]) == (1, 1)


def test_the_error_probability_is_that_of_the_certificates(tmp_path: Path, first: np.ndarray) -> None:
    path = log(tmp_path, "one.csv", first)
    metrics = regrade(path, path, delta=0.3).metrics
    expected = certify(outcomes_from(first == WRONG), delta=0.3)
    assert metrics["before_max_gain"] == metrics["after_max_gain"] == expected.max_gain
    assert metrics["before_paired_min_gain"] == expected.paired_min_gain
