"""Events and targets as texts: what they mean, and what is refused in one line."""

import numpy as np
import pytest

from cofail_lab.bounds.declared.events import event
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.states import Block, States
from cofail_lab.bounds.declared.targets import target
from cofail_lab.errors import InputError
from tests.bounds.pools import patterns

NAMED = Pool(4, ("a", "b", "gpt-4o", "d"), n_cells=2)
EVERY = Matrix(patterns(4))
WRONG = patterns(4)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("wrong(a)", WRONG[:, 0]),
        ("wrong(a, 'gpt-4o')", WRONG[:, 0] & WRONG[:, 2]),
        ("right(0, b)", ~WRONG[:, 0] & ~WRONG[:, 1]),
        ("right(all) >= 1", ~WRONG.all(axis=1)),
        ("right(all) > wrong(all)", WRONG.sum(axis=1) < 2),
        ("wrong(a) and not wrong(b)", WRONG[:, 0] & ~WRONG[:, 1]),
        ("wrong(a) or right(b, d) == 2", WRONG[:, 0] | (~WRONG[:, 1] & ~WRONG[:, 3])),
        ("0.1*wrong(a) + 0.2*wrong(b) > 0.3", np.zeros(16, dtype=bool)),
        ("0.1*wrong(a) + 0.2*wrong(b) >= 0.3", WRONG[:, 0] & WRONG[:, 1]),
        ("1 <= wrong(all) < 3", (WRONG.sum(axis=1) >= 1) & (WRONG.sum(axis=1) < 3)),
        ("wrong(all) - 2*right(a) != 0", WRONG.sum(axis=1) != 2 * ~WRONG[:, 0]),
        ("-wrong(all) > -2", WRONG.sum(axis=1) < 2),
        ("right(all) == -(2*wrong(a) - 3)", (~WRONG).sum(axis=1) == 3 - 2 * WRONG[:, 0]),
    ],
)
def test_what_a_text_means(text, meant):
    assert (event(text, NAMED, "test").holds(EVERY) == meant).all()


def test_states_and_a_matrix_agree():
    """On every pattern and cell, whichever way they are listed."""
    states = States(NAMED, [Block((0, 1, 2, 3))], np.arange(4))
    listed = Matrix(states.n_wrong_in.astype(bool))
    for text in ("right(a,b) > wrong('gpt-4o')", "wrong(a) and right(d)"):
        found = event(text, NAMED, "test")
        assert (found.holds(states) == found.holds(listed)).all()
    for text, meant in (
        ("2*cell(1) + wrong(a) == 2", (states.cell == 1) & ~listed.wrong[:, 0]),
        ("cell(0) <= wrong(a)", (states.cell == 1) | listed.wrong[:, 0]),
    ):
        assert (event(text, NAMED, "test").holds(states) == meant).all(), text
    assert (event("cell(1) and wrong(a)", NAMED, "test").holds(states) == (states.cell == 1) & listed.wrong[:, 0]).all()


@pytest.mark.parametrize(
    "text",
    [
        "wrong(e)",
        "wrong(9)",
        "wrong(-1)",
        "wrong()",
        "wrong(a, a)",
        "wrong(a, b=1)",
        "cell(2)",
        "cell(a)",
        "1 > 0",
        "True",
        "wrong(a",
        "__import__('os').system('true')",
        "wrong(a) if wrong(b) else wrong(d)",
        "wrong(a) in wrong(b)",
        "right(a) ** 2 > 0",
        "(lambda: wrong(a))()",
        "wrong(*all)",
        "right(a) > 'x'",
        "wrong(True)",
        "not 3",
        "(" * 300 + "wrong(a)" + ")" * 300,
        "not " * 5000 + "wrong(a)",
        "",
    ],
)
def test_what_is_no_event(text):
    with pytest.raises(InputError, match=r"^test: ") as caught:
        event(text, NAMED, "test")
    assert "\n" not in str(caught.value)


def test_a_text_that_is_nested_too_deeply_is_said_to_be() -> None:
    """As deep as the parser still reads; its first 40 letters are shown."""
    with pytest.raises(
        InputError, match=r"^test: 'not not not not not not not not not not '\.\.\. is nested too deeply; "
    ):
        event("not " * 2000 + "wrong(a)", NAMED, "test")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("all_wrong", WRONG.all(axis=1)),
        ("all_wrong(a, d)", WRONG[:, 0] & WRONG[:, 3]),
        ("at_least(3)", WRONG.sum(axis=1) >= 3),
        ("majority", WRONG.sum(axis=1) < 2),
        ("majority(a, b, d)", WRONG[:, [0, 1, 3]].sum(axis=1) < 2),
        ("weighted(3, 1, 1, 1)", (~WRONG * [3, 1, 1, 1]).sum(axis=1) > 3),
        ("weighted(.2, .2, .2, .4)", (~WRONG * [1, 1, 1, 2]).sum(axis=1) > 2.5),
        ("weighted(3e-10, 1e-10, 1e-10, 1e-10)", (~WRONG * [3, 1, 1, 1]).sum(axis=1) > 3),
        ("best_of_three", WRONG[:, [3, 1, 0]].sum(axis=1) < 2),
    ],
)
def test_what_a_target_means(text, meant):
    found = target(text, NAMED, best=(3, 1, 0))
    assert found.event is not None
    assert (found.event.holds(EVERY) == meant).all()
    if found.threshold is not None:
        counted = WRONG[:, list(found.threshold.members)].sum(axis=1) >= found.threshold.at_least
        assert ((counted == found.threshold.wanted) == meant).all()


@pytest.mark.parametrize(
    "text",
    [
        "at_least(0)",
        "at_least(5)",
        "at_least(a)",
        "gain(e)",
        "weighted(1, 2)",
        "weighted(1, -1, 1, 1)",
        "weighted(1, 1, 1, 1e999)",
        "all_wrong(a, to=b)",
        "router(a)",
        "cascade(a, b, d)",
        "majority(a, a)",
        "best_of_three(a)",
        "nonsense",
        "all_wrong(wrong(a))",
    ],
)
def test_what_is_no_target(text):
    with pytest.raises(InputError, match=r"^asked: ") as caught:
        target(text, NAMED, "asked")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("models", ["a", "a, b, d"])
def test_a_router_has_one_model_for_each_cell(models):
    with pytest.raises(InputError, match=f"asked: {models.count(',') + 1} models for 2 cells; one a cell is accepted"):
        target(f"router({models})", NAMED, "asked")


@pytest.mark.parametrize("text", ["all_wrng", "gian(a)"])
def test_a_misspelt_target_lists_the_targets(text):
    with pytest.raises(InputError, match="accepted are all_wrong, "):
        target(text, NAMED, "asked")


def test_half_of_the_votes_is_not_enough():
    tied = WRONG.sum(axis=1) == 2
    assert not target("majority", NAMED).event.holds(EVERY)[tied].any()
    assert not target("weighted(1,1,1,1)", NAMED).event.holds(EVERY)[tied].any()
