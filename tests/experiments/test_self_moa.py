"""`experiment=self_moa`: its sentences on both sides of every branch."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.decisions.accuracy_band import band_sets
from cofail_lab.decisions.samples import Samples
from cofail_lab.decisions.self_moa import Choice, Matched
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.self_moa import SelfOrMixed
from cofail_lab.numerics.streams import BANDS, generator
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.self_moa import Compared, Names
from tests.data.cells import grades_of
from tests.experiments.sources import Fixed

# Shares of four right samples of four models on six queries.
SHARES = np.array([[4, 4, 3, 0], [4, 3, 4, 0], [4, 4, 4, 4], [3, 2, 2, 4], [1, 3, 3, 0], [0, 0, 1, 0]]) / 4
GIVEN = {"self": "a", "members": ["a", "b", "c"]}


def read(shares=SHARES, answers=None, progress=silent, **parameters):
    cells = (np.asarray(shares) < 0.5).astype(int).tolist()
    columns = {"frac": np.asarray(shares, dtype=float)} if answers is None else {"answer": np.array(answers, object)}
    grades = grades_of(cells, [f"q{i}" for i in range(len(cells))], "abcdefgh"[: len(cells[0])], per_cell=columns)
    options = {"bootstrap": 100, **parameters}
    return SelfOrMixed(**options).run(Inputs(RunOptions(), source=lambda: Fixed(grades)), progress)


def text(result):
    return " ".join([result.headline, *(line for section in result.sections for line in section.sentences)])


def test_given_models_by_hand():
    result = read(**GIVEN)
    m = result.metrics
    # Of a's four samples three are drawn: right by majority surely with 4 or 3 right, never with 1 or 0.
    assert m["self_accuracy"] == pytest.approx(4 / 6)

    def majority(x, y, z):
        return x * y + x * z + y * z - 2 * x * y * z

    assert m["mixed_accuracy"] == pytest.approx(np.mean([majority(*row[:3]) for row in SHARES]))
    assert m["difference"] == pytest.approx(m["mixed_accuracy"] - m["self_accuracy"])
    assert m["self_ceiling"] == pytest.approx((4 + 3 / 4) / 6)
    assert m["mixed_ceiling"] == pytest.approx(1 - (1 - SHARES[:, :3]).prod(axis=1).mean())
    assert (m["self_single"], m["mixed_single"]) == pytest.approx((4 / 6, SHARES[:, :3].mean()))
    assert result.headline.startswith("3 draws of a are right by majority on 66.7% of the queries, one each of a, b, c")
    assert "nothing was chosen on these queries" in text(result)
    (row,) = (row for row in result.sections[0].rows if row.label == "ceiling of the draws")
    assert row.value == f"{100 * m['self_ceiling']:.1f}%"
    assert row.note == f"one is right; {100 * m['mixed_ceiling']:.1f}% mixed"
    assert result.labels["members"] == "a, b, c"


def test_chosen_models_are_scored_on_other_queries():
    shares = np.random.default_rng(0).binomial(5, [0.9, 0.88, 0.87, 0.3], (60, 4)) / 5
    result = read(np.where(shares == 0, 0.2, shares), band=0.2)
    assert "chosen on one half of the queries and scored on the other" in text(result)
    assert result.metrics["n_sets"] == 1
    assert result.metrics["difference_equal_quality"] is None
    (row,) = (row for section in result.sections for row in section.rows if row.label == "sets of 3")
    assert row.note.startswith("too few sets for a regression on the gap; over 1 set ")
    assert {row["size"] for row in result.tables["bands"].to_pylist()} == {3}
    assert result.headline == read(np.where(shares == 0, 0.2, shares), band=0.2).headline


def test_every_size_and_band_has_halves_of_its_own():
    right = np.random.default_rng(1).binomial(5, [0.9, 0.88, 0.87, 0.86, 0.8], (60, 5))
    found = read(np.where(right == 0, 1, right) / 5, band=0.2).tables["bands"].to_pylist()
    samples = Samples(np.where(right == 0, 1, right), np.full((60, 5), 5))
    expected = []
    for i, size in enumerate((3, 5)):
        for j, band in enumerate((0.1, 0.2)):
            sets = band_sets(samples, size, band, generator(0, BANDS, 2 * i + j), 100)
            expected += [] if sets is None else [(size, band, sets.n_all, float(sets.difference.mean()))]
    assert len(expected) > 2
    assert [(row["size"], row["band"], row["n_sets"], row["difference"]) for row in found] == expected


def test_runs_in_columns_vote_by_answer():
    shares = [[1, 0, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    answers = [["x", "y", "y", "x", "y", "z"], ["x", "x", "y", "u", "v", "w"], ["u", "v", "w", "x", "x", "x"]]
    result = read(shares, answers, self=["a", "b", "c"], members=["d", "e", "f"])
    assert result.metrics["self_accuracy"] == pytest.approx(1 / 3)
    assert result.metrics["mixed_accuracy"] == pytest.approx((1 / 3 + 0 + 1) / 3)
    assert result.metrics["n_sets"] is None
    assert result.headline.startswith("3 runs of a, b, c are right by plurality on 33.3% of the queries")
    assert "The answer given most often counts" in text(result)
    assert result.tables["bands"].num_rows == 0
    assert "self_moa" in result.sections[0].figures
    assert (result.labels["self"], result.labels["members"]) == ("a, b, c", "d, e, f")


def test_the_same_runs_on_both_sides_are_right_as_often():
    result = read([[1, 0, 1], [0, 1, 1], [0, 0, 1]], self=["a", "b", "c"], members=["c", "b", "a"])
    assert "66.7%: as often (95% 0.0 to 0.0 points)." in result.headline


def test_runs_without_answers_vote_by_majority():
    result = read([[1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0]], self=["a", "b", "c"], members=["d", "e", "f"])
    assert result.metrics["self_accuracy"] == 1
    assert result.metrics["mixed_accuracy"] == 0
    assert result.headline.endswith("Draw the one model again.")


@pytest.mark.parametrize(
    ("lower", "upper", "reading", "said"),
    [
        (0.01, 0.05, "mixed_better", "3.0 points more (95% 1.0 to 5.0 points). Draw from different models."),
        (-0.05, -0.01, "self_better", "3.0 points less (95% -5.0 to -1.0 points). Draw the one model again."),
        (-0.01, 0.07, "cannot_tell", "These queries do not decide which is better."),
    ],
)
def test_readings(lower, upper, reading, said):
    outcomes = Outcomes(np.zeros((3, 4), dtype=bool), tuple("123"), tuple("abcd"), "made here")
    found = Matched((Choice(0, (0, 1, 2)),), 0.5, 0.5 + (lower + upper) / 2, 0.8, 0.8, 0.5, 0.5, lower, upper)
    compared = Compared(outcomes, 3, 0.05, found, Names((("a",),), (("a", "b", "c"),)), ())
    assert compared.reading == reading
    assert compared.headline().endswith(said)
    both = replace(compared, names=Names((("a",), ("b",)), (("a", "b", "c"),) * 2))
    assert "of a or b are right" in both.headline()
    assert "one each of a, b, c on" in both.headline()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 4}, "experiment.k: 4; an odd number is accepted"),
        ({"k": 5}, "experiment.k: 5 draws, but no model has 5 samples"),
        ({"band": 0.0}, "experiment.band: 0.0"),
        ({"bootstrap": 5}, "experiment.bootstrap: 5"),
        ({"self": "e"}, "experiment.self: 'e' is no model of g"),
        ({"members": ["a", "b"]}, "experiment.members: ['a', 'b']; a list of 3 different models"),
        ({"members": ["a", "a", "b"]}, "experiment.members: ['a', 'a', 'b']; a list of 3 different models"),
        ({"self": ["a", "b"], "members": ["a", "b", "c"]}, "experiment.self: ['a', 'b']; one model, or 3"),
        ({"self": ["a", "b", "c"]}, "experiment.members: null; with runs"),
        ({"band": 0.01}, "experiment.band: fewer than 3 models are within 0.01"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as raised:
        read(**parameters)
    assert str(raised.value).startswith(message)


def test_matrices_that_have_no_samples():
    with pytest.raises(InputError, match="has neither samples nor pass fractions; runs in columns"):
        read([[1, 0], [0, 1]], [["x", "y"], ["x", "y"]])
    with pytest.raises(InputError, match="'a' has 1 samples of a query; 3 are needed"):
        read([[1, 0.25], [0, 0.5]], self="a")


def test_sets_of_three_five_and_seven_are_compared() -> None:
    shares = np.random.default_rng(3).binomial(8, 0.8, (12, 8)) / 8  # eight draws of each of eight models
    found = read(shares, band=0.9)
    assert {row["size"] for row in found.tables["bands"].to_pylist()} == {3, 5, 7}


def test_progress_ends_at_its_total() -> None:
    """With models that are given, and with runs in columns, which need no draws."""
    moved: list[tuple[str, int, int]] = []

    @contextmanager
    def watched(title: str, total: int):
        done: list[int] = []
        yield done.append
        moved.append((title, total, sum(done)))

    runs = [[1, 0, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0]]
    read(progress=watched, **GIVEN)
    read(runs, progress=watched, self=["a", "b", "c"], members=["d", "e", "f"])
    assert moved == [("Draws", 2, 2)] * 2
