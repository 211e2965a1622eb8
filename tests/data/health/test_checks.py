"""Health checks: every planted defect is found and named, clean matrices raise nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, mannwhitneyu

from cofail_lab.data.health.chance import FALSE_ALARM, Finding
from cofail_lab.data.health.checks import CHECKS, at_limit, examine
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.grades import Cell, Grades
from tests.conftest import real_path
from tests.data.health.made import clean


@pytest.fixture
def matrix() -> Grades:
    return clean(np.random.default_rng(20260927))


def accuracies(grades: Grades) -> dict[str, float]:
    return dict(zip(grades.models, (grades.cells == Cell.RIGHT).mean(axis=0).tolist(), strict=True))


def with_cells(grades: Grades, change: Callable[[np.ndarray], None]) -> Grades:
    cells = grades.cells.copy()
    change(cells)
    return replace(grades, cells=cells)


def only(findings: list[Finding], check: str) -> Finding:
    assert [finding.check for finding in findings] == [check]
    return findings[0]


def test_a_clean_matrix_raises_nothing(matrix: Grades) -> None:
    assert examine(matrix, accuracies(matrix)) == []


def test_false_alarms_are_as_rare_as_stated() -> None:
    """Four tests at .001 each on 250 clean matrices: one finding is expected, more than seven has p < 1e-5.

    Pools from weak to strong dependence and from 8 to 40 models; published scores are the rates themselves.
    """
    rng = np.random.default_rng(7)
    found = []
    for k in range(250):
        m, r = int(rng.integers(8, 40)), float(rng.uniform(0, 0.85))
        state = rng.bit_generator.state
        rates = np.random.default_rng()  # the same rates that clean() draws first
        rates.bit_generator.state = state
        error_rates = rates.uniform(0.15, 0.6, m)
        grades = clean(rng, n=300, m=m, r=r)
        published = {f"m{j}": 1 - error_rates[j] for j in range(m)}
        found += [(k, finding.check) for finding in examine(grades, published)]
    assert len(found) <= 7, found


def test_grades_that_may_be_swapped_are_asked_about(matrix: Grades) -> None:
    """Asked from the first query beyond one half that defeats everyone, unless still more have everyone right."""
    wrong = Cell.WRONG

    def defeat(n: int) -> list[Finding]:
        cells = np.where(np.arange(100)[:, None] < n, wrong, Cell.RIGHT).repeat(3, axis=1)
        cells[90:, 0] = wrong  # no constant model
        cells[91:, 1] = wrong
        cells[:3] = np.where(np.eye(3), Cell.RIGHT, wrong)
        return [
            f for f in examine(Grades(cells, tuple(map(str, range(100))), ("a", "b", "c"), "t")) if f.check == "swapped"
        ]

    assert defeat(53) == []  # 50 of 100, the first three are right for one model each
    (asked,) = defeat(54)
    assert asked.count == 51
    assert "51 of 100 queries defeat everyone. Is 1 right and 0 wrong in this file?" in asked.sentence
    assert [f for f in examine(matrix) if f.check == "swapped"] == []


def test_coverage(matrix: Grades) -> None:
    def drop(cells: np.ndarray) -> None:
        cells[:60, 3] = Cell.MISSING

    finding = only(examine(with_cells(matrix, drop)), "coverage")
    assert finding.subjects == ("m3",)
    assert "m3 has 90.0%" in finding.sentence
    assert "540 of 600 queries are complete" in finding.sentence

    def empty(cells: np.ndarray) -> None:
        cells[7] = Cell.MISSING

    assert only(examine(with_cells(matrix, empty)), "coverage").subjects == ("q7",)


def test_unparsed_answers_and_errors(matrix: Grades) -> None:
    def break_some(cells: np.ndarray) -> None:
        cells[:5, 2] = Cell.UNSCORED
        cells[9, 4:7] = Cell.ERROR

    unscored, error = examine(with_cells(matrix, break_some))
    assert (unscored.check, unscored.count, unscored.subjects) == ("ungraded", 5, ("m2",))
    assert (error.check, error.count, set(error.subjects)) == ("ungraded", 3, {"m4", "m5", "m6"})


@pytest.mark.parametrize("flips", [0, 6])
def test_duplicates_and_near_duplicates(matrix: Grades, flips: int) -> None:
    def copy(cells: np.ndarray) -> None:
        cells[:, 5] = cells[:, 9]
        cells[:flips, 5] ^= 1

    finding = only(examine(with_cells(matrix, copy)), "duplicates")
    assert set(finding.subjects) == {"m5", "m9"}
    assert f"differ on {flips} queries" in finding.sentence
    assert ("1 of them exactly" in finding.sentence) == (flips == 0)


def test_close_relatives_are_no_duplicates(rng: np.random.Generator) -> None:
    """Two models of one family with a latent correlation of .9: dependent beyond doubt, and yet two models."""
    grades = clean(rng, r=0.4)
    latent = rng.normal(size=(600, 1)) * np.sqrt(0.9) + rng.normal(size=(600, 2)) * np.sqrt(0.1)

    def relate(cells: np.ndarray) -> None:
        cells[:, :2] = latent < -0.3

    assert examine(with_cells(grades, relate)) == []


def test_two_models_alone(rng: np.random.Generator) -> None:
    cells = (rng.random((400, 2)) < 0.4).astype(np.int8)
    grades = Grades(cells, tuple(map(str, range(400))), ("a", "b"), "made")
    assert examine(grades) == []
    cells[:, 1] = cells[:, 0]
    assert only(examine(replace(grades, cells=cells)), "duplicates").count == 1


def test_constant_models(matrix: Grades) -> None:
    def flatten(cells: np.ndarray) -> None:
        cells[:, 0], cells[:, 1] = Cell.RIGHT, Cell.WRONG

    flat = with_cells(matrix, flatten)
    findings = [finding for finding in examine(flat) if finding.check == "constant"]
    assert [finding.subjects for finding in findings] == [("m0",), ("m1",)]
    assert "always right" in findings[0].sentence


def test_a_dataset_that_one_model_fails_whole(matrix: Grades) -> None:
    def fail(cells: np.ndarray) -> None:
        cells[matrix.per_query["dataset"] == "d3", 6] = Cell.WRONG

    assert only(examine(with_cells(matrix, fail)), "blocks").subjects == ("m6 on d3",)


def test_a_dataset_that_everyone_fails_is_hard_not_broken(matrix: Grades) -> None:
    def fail(cells: np.ndarray) -> None:
        cells[matrix.per_query["dataset"] == "d3"] = Cell.WRONG

    assert "blocks" not in {finding.check for finding in examine(with_cells(matrix, fail))}


def test_queries_with_a_wrong_reference(rng: np.random.Generator) -> None:
    """The key of three queries is exchanged: who knows is marked wrong, and who does not is right by luck."""
    ability = np.linspace(-2, 2, 40)
    right = rng.random((500, 40)) < 1 / (1 + np.exp(-ability - rng.normal(size=(500, 1))))
    right[[10, 20, 30]] = ability < 0
    grades = Grades(
        np.where(right, 0, 1).astype(np.int8),
        tuple(f"q{i}" for i in range(500)),
        tuple(f"m{j}" for j in range(40)),
        "made",
    )
    assert set(only(examine(grades), "inverted").subjects) == {"q10", "q20", "q30"}


def test_repeated_prompts(matrix: Grades) -> None:
    matrix.per_query["prompt"][5] = " question\n2 "
    finding = only(examine(matrix), "repeated_prompts")
    assert finding.subjects == ("q5",)
    assert "(q5 that of q2)" in finding.sentence


def test_zero_costs(matrix: Grades) -> None:
    matrix.per_cell["cost"][:30, 8] = 0
    assert (only(examine(matrix), "zero_costs").subjects, only(examine(matrix), "zero_costs").count) == (("m8",), 30)


def test_answers_at_the_limit_are_known_from_the_log_or_from_a_pile(matrix: Grades) -> None:
    matrix.per_cell["tokens_out"][:, 4] = np.minimum(matrix.per_cell["tokens_out"][:, 4], 400)
    n = int((matrix.per_cell["tokens_out"][:, 4] == 400).sum())
    finding = only(examine(matrix), "at_limit")
    assert (finding.subjects, finding.count) == (("m4",), n)
    assert "pile up at their maximum" in finding.sentence
    stated = np.zeros(matrix.cells.shape, dtype=bool)
    stated[3, :2] = True
    said = replace(matrix, per_cell={**matrix.per_cell, "at_limit": stated})
    assert at_limit(said)[0].sum() == 2
    assert "as the log says" in only(examine(said), "at_limit").sentence


def test_answers_of_a_letter_are_at_no_limit(matrix: Grades) -> None:
    matrix.per_cell["tokens_out"][:] = np.random.default_rng(0).integers(1, 4, matrix.cells.shape)
    assert examine(matrix) == []


def test_published_scores(matrix: Grades) -> None:
    published = accuracies(matrix)
    finding = only(examine(matrix, {**published, "m2": published["m2"] - 0.15}), "published")
    assert finding.subjects == ("m2",)

    def break_some(cells: np.ndarray) -> None:
        cells[np.flatnonzero(cells[:, 2] == Cell.WRONG)[:90], 2] = Cell.ERROR

    broken = examine(with_cells(matrix, break_some), published)
    hint = next(finding for finding in broken if finding.check == "published").sentence
    assert f"with its 90 ungraded cells counted as wrong it has {published['m2']:.1%}" in hint


def test_real_matrices() -> None:
    """What is known of them is found: a model uploaded twice, repeated prompts, models that were not run everywhere."""
    canaicode = examine(WideSource(str(real_path("canaicode_junior"))).load())
    assert [finding.check for finding in canaicode] == ["duplicates", "constant", "repeated_prompts"]
    assert all("Hermes-2-Pro-Llama-3-8B" in name for name in canaicode[0].subjects)
    assert [f.check for f in examine(WideSource(str(real_path("swebench_pro_public"))).load())] == ["coverage"]
    assert examine(WideSource(str(real_path("cruxeval_output"))).load()) == []


def test_the_stated_rate_is_the_one_used() -> None:
    assert FALSE_ALARM == 0.001
    assert set(CHECKS) == {
        "swapped",
        "coverage",
        "ungraded",
        "duplicates",
        "constant",
        "blocks",
        "inverted",
        "repeated_prompts",
        "zero_costs",
        "at_limit",
    }


def named(findings: list[Finding], check: str) -> list[str]:
    return [subject for finding in findings if finding.check == check for subject in finding.subjects]


def test_the_false_alarm_rate_is_split_over_the_published_scores() -> None:
    """A score between the limits for one model and those for two is reported where one is given, not where two are."""
    n = 1000
    grades = Grades(
        np.tile(np.arange(n)[:, None] % 2, (1, 2)).astype(np.int8), tuple(map(str, range(n))), ("a", "b"), "g"
    )
    alone, of_two = (beta.ppf(1 - FALSE_ALARM / 2 / k, 501, 500) for k in (1, 2))
    stated = float(alone + of_two) / 2
    assert named(examine(grades, {"a": stated}), "published") == ["a"]
    assert named(examine(grades, {"a": stated, "b": 0.5}), "published") == []


def test_the_false_alarm_rate_is_split_over_models_and_datasets() -> None:
    """Model a fails all n queries of d0; elsewhere all are right on half. The chance is 1/2 a query, or a little less.

    Reported from the n on at which the chance is below .001 over 3 models and 8 datasets, by the additive log-odds.
    """

    def rate(right: float, asked: float) -> float:
        return np.log((right + 0.5) / (asked + 1 - right - 0.5))

    for n in range(10, 22):
        dataset = np.repeat(np.arange(8), [n, *[40] * 7])
        cells = np.tile(np.arange(n + 280)[:, None] % 2, (1, 3)).astype(np.int8)
        cells[:n, 0] = Cell.WRONG
        columns = {"dataset": np.array([f"d{d}" for d in dataset], dtype=object)}
        grades = Grades(cells, tuple(map(str, range(n + 280))), ("a", "b", "c"), "g", columns)
        here = int((cells[:n, 1:] == 0).sum())
        odds = rate(here, 2 * n) + rate(140, 280) - rate(here + 420, 3 * n + 840)
        chance = -n * np.log1p(np.exp(odds))
        found = named(examine(grades), "blocks")
        assert found == (["a on d0"] if chance < np.log(FALSE_ALARM / 24) else [])


def test_a_model_that_is_right_nowhere_has_no_block() -> None:
    """Model a was asked one of two datasets and failed it; had it been right elsewhere, it would have one."""
    cells = np.zeros((80, 3), np.int8)
    cells[::2] = Cell.WRONG
    cells[:40, 0], cells[40:, 0] = Cell.MISSING, Cell.WRONG
    columns = {"dataset": np.repeat(np.array(["x", "y"], dtype=object), 40)}
    grades = Grades(cells, tuple(map(str, range(80))), ("a", "b", "c"), "g", columns)
    assert named(examine(grades), "blocks") == []
    cells[:10, 0] = Cell.RIGHT
    assert named(examine(grades), "blocks") == ["a on y"]


@pytest.mark.parametrize("share", range(5, 21))
def test_inverted_queries_by_the_rank_sum_test_of_scipy(share: int) -> None:
    """Two bad, 20 middling and 8 good models: the good ones and some of the middling fail the last query."""
    accuracy = np.repeat([0, 10, 29], [2, 20, 8])
    cells = (np.arange(29)[:, None] >= accuracy).astype(np.int8)
    last = np.repeat([0, 1], [22 - share, 8 + share]).astype(np.int8)
    grades = Grades(np.vstack([cells, last]), tuple(map(str, range(30))), tuple(f"m{j}" for j in range(30)), "g")
    scores = (grades.cells == Cell.RIGHT).mean(axis=0)
    test = mannwhitneyu(
        scores[last == 1], scores[last == 0], alternative="greater", method="asymptotic", use_continuity=False
    )
    assert ("29" in named(examine(grades), "inverted")) == (test.pvalue < FALSE_ALARM / 30)


def test_errors_are_no_answers_and_cost_nothing_to_report() -> None:
    """Twenty queries: 19 graded answers are coverage enough, 18 and two errors are not; a failed call may be free."""
    cells = np.zeros((20, 2), np.int8)
    cells[0, 0] = Cell.WRONG
    cells[0, 1] = Cell.ERROR
    cost = np.ones((20, 2))
    cost[:2, 1] = 0
    grades = Grades(cells, tuple(map(str, range(20))), ("a", "b"), "g", per_cell={"cost": cost})
    assert named(examine(grades), "coverage") == []
    (free,) = [finding for finding in examine(grades) if finding.check == "zero_costs"]
    assert free.count == 1
    cells[1, 1] = Cell.ERROR
    assert named(examine(grades), "coverage") == ["b"]
    assert named(examine(grades), "zero_costs") == []


def test_queries_without_a_prompt_repeat_none() -> None:
    prompts = {"prompt": np.array(["", " ", "1 + 1?", " 1 +\n1?"], dtype=object)}
    grades = Grades(np.eye(4, 2, dtype=np.int8), tuple("pqrs"), ("a", "b"), "g", per_query=prompts)
    assert named(examine(grades), "repeated_prompts") == ["s"]
