"""The exam: what a policy may see, what it pays, and how its choices are graded."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from cofail_lab.policies import AbstractFitted, Choices, Graded, View, grade, sit
from tests.policies.made import graded


@pytest.fixture
def pool(rng: np.random.Generator) -> Graded:
    shape = (40, 4)
    right = rng.random(shape) < 0.6
    key = np.array(list("ABCD"), dtype=object)[rng.integers(4, size=40)]
    answer = np.where(right, key[:, None], "Z").astype(object)
    return graded(
        right, cost=rng.random(shape), answer=answer, tokens=rng.random(shape), confidence=rng.random(shape), key=key
    )


class Spy(AbstractFitted):
    """Keeps everything that it is handed."""

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask

    def decide(self, view: View) -> Choices:
        self.view, self.answers = view, view.call(self.mask)
        return Choices.constant(0, view)


def _reachable(thing: object, seen: set[int]) -> Iterator[np.ndarray]:
    """Every array that attributes, slots, containers and closures lead to."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _reachable(value, seen)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _reachable(value, seen)
    elif hasattr(thing, "__closure__"):
        for cell in thing.__closure__ or ():
            yield from _reachable(cell.cell_contents, seen)
    else:
        for name in (*getattr(thing, "__dict__", ()), *getattr(type(thing), "__slots__", ())):
            yield from _reachable(getattr(thing, name), seen)


def test_nothing_that_a_policy_is_handed_holds_a_grade_or_the_key(pool: Graded) -> None:
    """By attributes, slots, containers and even closures; a planted grade is found by the same search."""
    spy = Spy(np.ones(pool.right.shape, dtype=bool))
    sit(spy, pool, pool.prices)

    def found(thing: object) -> bool:
        secrets = (pool.right, ~pool.right, pool.key, pool.cost)
        return any(
            array.shape == secret.shape and (array == secret).all()
            for array in _reachable(thing, set())
            for secret in secrets
        )

    assert not found([spy.view, spy.answers])
    assert found([spy.view, {"planted": ~pool.right}])
    assert found(pool)
    for name in ("right", "wrong", "key", "cost", "grades"):
        assert not hasattr(spy.view, name)
    with pytest.raises(AttributeError):
        spy.view.right = pool.right  # slots: nothing can be hidden in a view either


def test_answers_are_those_of_called_models_and_every_call_is_paid(pool: Graded, rng: np.random.Generator) -> None:
    mask = rng.random(pool.right.shape) < 0.5
    spy = Spy(mask)
    decisions = sit(spy, pool, None)
    assert all(said is None for said in spy.answers.answer[~mask])
    assert (spy.answers.answer[mask] == pool.answer[mask]).all()
    for shown, hidden in ((spy.answers.tokens, pool.tokens), (spy.answers.confidence, pool.confidence)):
        assert np.isnan(shown[~mask]).all()
        assert (shown[mask] == hidden[mask]).all()
    paid = mask.copy()
    paid[:, 0] = True  # the chosen model is called too
    assert (decisions.calls == paid).all()
    assert decisions.cost == pytest.approx((pool.cost * paid).sum(axis=1))
    assert (decisions.right_low == pool.right[:, 0]).all()


def test_calls_cannot_be_taken_back_and_what_is_shown_is_a_copy(pool: Graded) -> None:
    class Forger(AbstractFitted):
        def decide(self, view: View) -> Choices:
            mask = np.ones((view.n_queries, view.n_models), dtype=bool)
            answers = view.call(mask)
            mask[:] = False
            view.call(mask)
            answers.tokens[:] = -1
            answers.answer[:] = "forged"
            return Choices.constant(1, view)

    before = pool.answer.copy(), pool.tokens.copy()
    assert (sit(Forger(), pool, None).calls == 1).all()
    assert (pool.answer == before[0]).all()
    assert (pool.tokens == before[1]).all()


def test_features_cannot_be_overwritten(rng: np.random.Generator) -> None:
    pool = graded(rng.random((9, 2)) < 0.5, columns={"dataset": np.array(["a", "b", "c"] * 3, dtype=object)})
    features = pool.take(np.arange(6)).features
    assert list(features.dataset) == ["a", "b", "c"] * 2
    with pytest.raises(ValueError, match="read-only"):
        features.dataset[0] = "z"


@pytest.mark.parametrize("weights", [np.zeros((40, 4)), -np.ones((40, 4)), np.ones((40, 3)), np.full((40, 4), np.nan)])
def test_weights_that_are_none_are_refused(pool: Graded, weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights"):
        grade(Choices("vote", weights), pool, np.zeros((40, 4), dtype=bool))


def test_a_mixture_is_graded_by_its_expectation(pool: Graded) -> None:
    weights = np.tile([1.0, 3.0, 0.0, 0.0], (40, 1))
    decisions = grade(Choices("mix", weights), pool, np.zeros((40, 4), dtype=bool))
    assert decisions.right_low == pytest.approx(0.25 * pool.right[:, 0] + 0.75 * pool.right[:, 1])
    assert decisions.cost == pytest.approx(0.25 * pool.cost[:, 0] + 0.75 * pool.cost[:, 1])


@pytest.mark.parametrize(
    ("answers", "right", "weights", "expected"),
    [
        ("AAB", (1, 1, 0), (1, 1, 1), 1.0),
        ("ABB", (1, 0, 0), (1, 1, 1), 0.0),
        ("ABC", (1, 0, 0), (1, 1, 1), 1 / 3),  # three answers tie, not three members
        ("AABB", (1, 1, 0, 0), (1, 1, 1, 1), 1 / 2),
        ("AABB", (1, 1, 0, 0), (1, 1, 1, 1.5), 0.0),
        ("ABB", (1, 0, 0), (3, 1, 1), 1.0),
        ("A  ", (1, 0, 0), (1, 1, 1), 1.0),  # blanks abstain
        ("   ", (0, 0, 0), (1, 1, 1), 0.0),
        ("ABB", (1, 0, 0), (1, 0, 0), 1.0),  # who has no weight has no vote
    ],
)
def test_plurality_by_hand(answers: str, right: tuple, weights: tuple, expected: float) -> None:
    answer = np.array([[a.strip() for a in answers]], dtype=object)
    pool = graded(np.array([right]), answer=answer)
    decisions = grade(Choices("vote", np.array([weights], dtype=float)), pool, np.zeros(pool.right.shape, dtype=bool))
    assert decisions.right_low[0] == pytest.approx(expected)
    assert decisions.right_high[0] == decisions.right_low[0]


def test_bounds_of_a_vote_hold_whatever_was_answered(rng: np.random.Generator) -> None:
    """Without answers the bounds contain the plurality of every way the wrong members may have answered."""
    n, m = 4000, 5
    right = rng.random((n, m)) < 0.5
    weights = rng.integers(0, 3, (n, m)).astype(float)
    weights[weights.sum(axis=1) == 0] = 1
    called = np.zeros((n, m), dtype=bool)
    answer = np.where(right, "R", rng.choice(list("XYZ"), (n, m))).astype(object)
    known = grade(Choices("vote", weights), graded(right, answer=answer), called)
    bounds = grade(Choices("vote", weights), graded(right), called)
    assert (bounds.right_low <= known.right_low).all()
    assert (known.right_low <= bounds.right_high).all()
    assert (bounds.right_low < bounds.right_high).any()
    agree = grade(Choices("vote", weights), graded(right, answer=np.where(right, "R", "W").astype(object)), called)
    sure = abs(agree.right_low - 0.5) > 1e-9  # an even split is no majority
    assert (agree.right_low[sure] == bounds.right_low[sure]).all()


@pytest.mark.parametrize("turn", [lambda mask: mask.astype(int), lambda mask: mask[:-1], lambda mask: mask[:, :1]])
def test_a_call_is_of_each_cell_by_yes_or_no(pool: Graded, turn: Callable) -> None:
    asked = turn(np.ones(pool.right.shape, dtype=bool))
    said = f"View.call: {asked.dtype} of shape {asked.shape}; bool of shape {pool.right.shape} is needed"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        sit(Spy(asked), pool, pool.prices)
