"""`experiment=bounds` on made-up data: figures that add up, plain sentences, bad input."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.frechet import AllWrongRange
from cofail_lab.errors import InputError
from cofail_lab.experiments import bounds
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.bounds import Bounds, _sharpened
from cofail_lab.experiments.plan import Plan
from cofail_lab.models import CommonShock
from cofail_lab.report.numbers import interval
from tests.conftest import outcomes_from
from tests.experiments.sources import inputs_from


def test_bounds_of_a_matrix(wrong):
    result = Bounds(moments=4).run(inputs_from(wrong))
    metrics: dict[str, Any] = dict(result.metrics)
    observed = wrong.all(axis=1).mean()
    assert metrics["all_wrong"] == observed
    assert metrics["frechet_lower"] <= observed <= metrics["frechet_upper"]
    assert metrics["ladder_lower_confident"] <= metrics["ladder_lower"] <= observed <= metrics["ladder_upper"]
    assert result.labels["frechet_sharp"] == "yes"
    assert result.tables["ladder"].num_rows == 4
    assert f"it is {100 * observed:.1f}%" in result.headline
    for draw in result.figures.values():
        draw()


def test_bounds_of_a_law():
    law = CommonShock(shock=0.05, base_error_rates=[0.3] * 67)  # pyright: ignore[reportCallIssue]
    result = Bounds().run(Inputs(RunOptions(), law_factory=lambda: law))
    assert result.metrics["frechet_upper"] == pytest.approx(0.0559712, abs=5e-8)
    assert result.metrics["ladder_lower"] == pytest.approx(0.049, abs=5e-5)
    assert result.metrics["ladder_lower_confident"] is None
    for draw in result.figures.values():
        draw()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bounds(moments=0),
        lambda: Bounds(delta=1.0),
        lambda: Bounds(queries=0),
        lambda: Bounds(seconds="a"),  # pyright: ignore[reportArgumentType]
        lambda: Bounds(seconds=-1),
        lambda: Bounds(seconds=float("nan")),
        lambda: Bounds(target=3),  # pyright: ignore[reportArgumentType]
        lambda: Plan(gain=0.0),
        lambda: Plan(n_models=0),
    ],
)
def test_parameters_are_checked(make):
    with pytest.raises(InputError, match=r"experiment\."):
        make()


UNEVEN = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]])


def test_majority_is_more_than_half() -> None:
    """Of four models three: against a linear program on the counts, with the mean and the mean number of pairs."""
    metrics = Bounds().run(inputs_from(UNEVEN)).metrics
    counts, wrong = np.arange(5), UNEVEN.sum(axis=1)
    rows = np.array([np.ones(5), counts, counts * (counts - 1) / 2])
    known = [1, wrong.mean(), (wrong * (wrong - 1) / 2).mean()]
    most = linprog(-(counts >= 3).astype(float), A_eq=rows, b_eq=known)
    least = linprog((counts >= 3).astype(float), A_eq=rows, b_eq=known)
    assert metrics["majority_upper"] == pytest.approx(-most.fun, abs=1e-9)
    assert metrics["majority_lower"] == pytest.approx(least.fun, abs=1e-9)


def test_the_rows_say_their_own_numbers() -> None:
    result = Bounds(delta=0.1).run(inputs_from(UNEVEN))
    rows = {row.label: row for row in result.sections[0].rows}
    m = result.metrics
    assert rows["all wrong, from all pairs"].value == interval(m["frechet_lower"], m["frechet_upper"])
    assert rows["all wrong, from all pairs"].value != rows["all wrong, from mean rates of models and pairs"].value
    assert rows["the same, with sampling error"].note == "simultaneous boxes at 90%"
    # A larger error probability, a narrower box.
    assert Bounds(delta=0.5).run(inputs_from(UNEVEN)).metrics["ladder_upper_confident"] < m["ladder_upper_confident"]


def test_column_generation_can_only_narrow(monkeypatch, wrong) -> None:
    found = AllWrongRange(0.2, 0.6, "columns", False)
    monkeypatch.setattr("cofail_lab.bounds.joint_lp.joint_range", lambda *_, **__: found)
    known = AllWrongRange(0.1, 0.5, "pairs", False)
    narrowed = _sharpened(known, outcomes_from(wrong), np.zeros(6), np.zeros((6, 6)), 1.0)
    assert (narrowed.lower, narrowed.upper) == (0.2, 0.5)


def without_matrix(known: Known) -> Inputs:
    """No source at all: facts by hand need none."""
    return Inputs(RunOptions(), known=known)


def test_a_published_table_without_a_matrix() -> None:
    """P3.i: the twins; everything said is of the interval, and the advice is the triple that is β itself."""
    result = Bounds().run(without_matrix(Known(n_models=3, rates=0.5, pairs=0.25)))
    assert (result.metrics["target_lower"], result.metrics["target_upper"]) == (0.0, 0.25)
    assert result.metrics["target_observed"] is None
    assert result.labels["target_sharp"] == "yes"
    assert result.headline.startswith("All wrong: 0.0% to 25.0%, given error rates, all pairs of 3 models")
    assert result.tables["facts"].column("upper").to_pylist() == [1.0, 0.5, 0.25]
    last = result.sections[-1]
    assert last.title == "What to measure next"
    assert last.sentences[0].startswith("Grading models 0, 1, 2 on the same 200 queries would cut the interval")
    assert result.metrics["next_gradings"] == 600
    laws = result.tables["extremal_pools"]
    assert laws.column("upper").to_pylist() == pytest.approx([0, 0.75, 0, 0.25])
    for draw in result.figures.values():
        draw()


def test_measured_facts_and_a_target(wrong: np.ndarray) -> None:
    """The majority of a matrix lies in its own interval; boxes widen it."""
    inputs = inputs_from(wrong)
    asked = Bounds(target="majority")
    plain = asked.run(replace(inputs, known=Known(measured=["rates", "pairs"]))).metrics
    assert plain["target_observed"] == (2 * wrong.sum(axis=1) < wrong.shape[1]).mean()
    assert plain["target_lower"] <= plain["target_observed"] <= plain["target_upper"]
    boxed = asked.run(replace(inputs, known=Known(measured=["rates", "pairs"], delta=0.05))).metrics
    assert boxed["target_lower"] <= plain["target_lower"] and plain["target_upper"] <= boxed["target_upper"]
    assert boxed["target_upper"] - boxed["target_lower"] > plain["target_upper"] - plain["target_lower"]
    # A target alone is asked of rates and pairs.
    assert asked.run(inputs).metrics["target_upper"] == pytest.approx(plain["target_upper"], abs=1e-9)


def test_the_usual_answer_ends_with_what_to_measure_next(wrong: np.ndarray) -> None:
    result = Bounds().run(inputs_from(wrong))
    assert result.sections[-1].title == "What to measure next"
    metrics: dict[str, Any] = dict(result.metrics)
    assert metrics["next_lower"] <= metrics["next_exact_lower"] <= metrics["next_exact_upper"] <= metrics["next_upper"]
    # Every pair of five queries says it all.
    assert Bounds().run(inputs_from(UNEVEN)).metrics["next_gradings"] is None
    law = CommonShock(shock=0.05, base_error_rates=[0.3] * 67)  # pyright: ignore[reportCallIssue]
    of_law = Bounds().run(Inputs(RunOptions(), law_factory=lambda: law))
    assert of_law.sections[-1].title == "What to measure next"


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(InputError, match=r"experiment\.target: 'nobody'"):
        Bounds(target="nobody").run(without_matrix(Known(rates=[0.1, 0.2])))
    with pytest.raises(InputError, match=r"data: this experiment needs outcomes"):
        Bounds().run(without_matrix(Known(measured=["rates"])))


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Known(rates=[0.2, 0.1], pairs=0.1), "Nothing is left open"),
        (Known(rates=[0.2, 0.1, 0.3], pairs=[0.05, 0.1, 0.06]), "would cut the interval"),
        (Known(n_models=67, moments=[0.335, 0.1355], extendible="all"), "too few to narrow"),
        (Known(rates=[0.2, 0.1], pairs=0.05, cells=[0.7, 0.3]), "tells the two ends"),
    ],
)
def test_every_form_of_the_advice(known: Known, said: str) -> None:
    target = "cascade(0,1)" if known.cells else "all_wrong"
    assert said in Bounds(target=target).run(without_matrix(known)).sections[-1].sentences[0]


@pytest.mark.parametrize(
    ("seconds", "n_models", "called"), [(0.0, 20, 0), (5.0, 20, 1), (5.0, 61, 0), (5.0, 60, 1), (5.0, 3, 0)]
)
def test_columns_are_generated_where_time_is_given_and_the_pool_is_neither_small_nor_large(
    monkeypatch: pytest.MonkeyPatch, seconds: float, n_models: int, called: int
) -> None:
    seen: list[float] = []
    wrong = np.random.default_rng(1).random((60, n_models)) < 0.4

    def sharpened(pairwise: Any, source: Any, rates: Any, pairs: Any, seconds: float) -> Any:
        seen.append(seconds)
        raise InputError("stop")

    def ladders(*_: Any) -> Any:
        raise InputError("stop")

    monkeypatch.setattr(bounds, "_sharpened", sharpened)
    monkeypatch.setattr(bounds, "_ladders", ladders)
    monkeypatch.setattr(Inputs, "outcomes", lambda self: outcomes_from(wrong))
    with pytest.raises(InputError, match="stop"):
        bounds.Bounds(seconds=seconds).run(Inputs(RunOptions()))
    assert seen == [seconds] * called


def test_the_gain_of_a_matrix_is_said_beside_its_limits() -> None:
    """Of six queries the best model fails two, and one of these defeats all: a selector mends the other."""
    wrong = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]])
    result = Bounds(target="gain").run(inputs_from(wrong))
    assert result.metrics["target_observed"] == pytest.approx(1 / 6)
    assert result.headline.endswith("In the matrix it is 16.7%.")
