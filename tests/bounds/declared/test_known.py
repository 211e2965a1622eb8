"""Facts as people write them: what each key means, boxes that hold together, and what is refused in one line."""

import re

import numpy as np
import pytest

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.declared.facts import Cells, EventRate, Moments, Monotone, Pairs, SetRates
from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.measured import Matrix, OfLaw
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.stated import stated
from cofail_lab.bounds.declared.structures import Extendible, Factor, Independent, Interchangeable
from cofail_lab.bounds.declared.targets import target
from cofail_lab.bounds.sampling_designs import bounded_mean_limits
from cofail_lab.errors import InputError
from cofail_lab.models import CommonShock
from tests.bounds.declared.made import exactly


def only(known, kind, source=None):
    return next(fact for fact in known.on(source).facts if isinstance(fact, kind))


def test_every_key_is_a_fact():
    known = Known(
        names=["a", "b", "c", "d"],
        rates=[0.1, None, [0.2, 0.3], 0.4],
        some_pairs=[["a", "c", 0.05]],
        triples=[[1, 2, 3, [0.0, 0.1]]],
        moments=[None, 0.1],
        interchangeable=[["a", "b"]],
        extendible=["c", "d"],
        independent=[["a", "b"], ["c", "d"]],
        conditional=[["a", ["c", "d"], 0.5]],
        events=["P(right(a,b) >= 1) >= .9", "P(wrong(a) | wrong(b)) in [.2, .4]"],
        monotone=["a", "d"],
        slack=0.02,
        cells=[0.7, 0.3],
    )
    assert only(known, SetRates).table == {(0,): exactly(0.1), (2,): Limits(0.2, 0.3), (3,): exactly(0.4)}
    tables = [fact.table for fact in known.on().facts if isinstance(fact, SetRates)]
    assert tables[1:] == [{(0, 2): exactly(0.05)}, {(1, 2, 3): Limits(0.0, 0.1)}]
    assert only(known, Moments).table == {2: exactly(0.1)}
    assert only(known, Extendible).models == (2, 3)
    assert only(known, Interchangeable).models == (0, 1)
    assert only(known, Independent).groups == ((0, 1), (2, 3))
    assert only(known, Monotone).order == (0, 3)
    assert only(known, Monotone).slack == Limits(0.0, 0.02)
    assert only(known, Cells).shares == (exactly(0.7), exactly(0.3))
    events = [fact for fact in known.on().facts if isinstance(fact, EventRate)]
    assert [fact.limits for fact in events] == [exactly(0.5), Limits(0.9, 1.0), Limits(0.2, 0.4)]
    assert [fact.kind for fact in events] == ["conditional", "events", "conditional"]
    assert events[0].given.models == {2, 3}


def test_three_ways_to_write_pairs():
    table = [[None, 0.1, 0.2], [0.1, None, 0.3], [0.2, 0.3, None]]
    upper, whole = Known(n_models=3, pairs=[0.1, 0.2, 0.3]), Known(pairs=table)
    assert (only(upper, Pairs).low == only(whole, Pairs).low).all()
    assert only(whole, Pairs).low[1, 2] == 0.3
    assert (only(Known(n_models=3, pairs=0.1), Pairs).high == 0.1).all()


def test_a_factor():
    fact = only(Known(n_models=3, factor={"models": [0, 2], "nodes": [[0.1, 0.2], [0.5, 0.9]]}), Factor)
    assert fact.models == (0, 2)
    assert fact.nodes.tolist() == [[0.1, 0.2], [0.5, 0.9]]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, r"known\.n_models: null"),
        ({"rates": [0.1, 1.2]}, r"known\.rates\[1\]: 1\.2"),
        ({"rates": [0.1, "x"]}, r"known\.rates\[1\]: 'x'"),
        ({"rates": [0.1, [0.5, 0.4]]}, r"known\.rates\[1\]"),
        ({"rates": [0.1, True]}, r"known\.rates\[1\]: True"),
        ({"rates": [0.1], "names": ["a", "b"]}, r"known\.rates: 1 models, but known\.names has 2"),
        ({"names": ["a", "a"]}, r"known\.names"),
        ({"n_models": 3, "pairs": [0.1, 0.2]}, r"known\.pairs: 2 values; one number, 3 values"),
        ({"pairs": [[0, 0.1], [0.2, 0]]}, r"known\.pairs\[1\]\[0\]: 0\.2 but \[0\]\[1\] is 0\.1"),
        ({"pairs": [[0, 0.1], [0.1, 0, 0.3]]}, r"known\.pairs: row 1 has 3 entries; 2 are accepted"),
        ({"n_models": 3, "some_pairs": [[0, 1]]}, r"known\.some_pairs\[0\]"),
        ({"n_models": 3, "some_pairs": [[0, 1, 0.1], [1, 0, 0.2]]}, r"known\.some_pairs\[1\].*twice"),
        ({"n_models": 3, "some_pairs": [[0, 7, 0.1]]}, r"known\.some_pairs\[0\]: 7 is no model"),
        ({"n_models": 2, "moments": [0.1, 0.1, 0.1]}, r"known\.moments: 3 of 2 models"),
        ({"n_models": 2, "factor": {"nodes": [[0.1]]}}, r"known\.factor\.nodes"),
        ({"n_models": 2, "factor": {"node": [[0.1]]}}, r"known\.factor"),
        ({"n_models": 2, "independent": [[0, 1]]}, r"known\.independent"),
        ({"n_models": 2, "independent": [[0, 1], [1]]}, r"known\.independent"),
        ({"n_models": 2, "conditional": [[0, 1]]}, r"known\.conditional\[0\]"),
        ({"n_models": 2, "events": ["right(0) = .2"]}, r"known\.events\[0\].*accepted are P\("),
        ({"n_models": 2, "events": ["P(right(0)) in .2"]}, r"known\.events\[0\]"),
        ({"n_models": 2, "events": ["P(right(0)) = 1.2"]}, r"known\.events\[0\]"),
        ({"n_models": 2, "events": [3]}, r"known\.events\[0\]: 3"),
        ({"n_models": 2, "monotone": [0]}, r"known\.monotone"),
        ({"n_models": 2, "rates": 0.1, "slack": -1, "monotone": [0, 1]}, r"known\.slack"),
        ({"n_models": 2, "monotone": 3}, r"known\.monotone: 3"),
        ({"n_models": 2, "interchangeable": 3}, r"known\.interchangeable: 3"),
        ({"n_models": 2, "independent": [0.5, 1]}, r"known\.independent"),
        ({"n_models": 2, "extendible": 2.5}, r"known\.extendible: 2\.5; a list of models"),
        ({"n_models": 2, "factor": [1]}, r"known\.factor: \[1\]"),
        ({"n_models": 2, "factor": {"models": 1.5, "nodes": [[0.1]]}}, r"known\.factor\.models: 1\.5"),
        ({"n_models": 2, "events": ["P(right(0))"]}, r"known\.measured: no matrix"),
        ({"measured": ["rates"]}, r"known\.measured: no matrix"),
    ],
)
def test_what_is_refused(said, message):
    with pytest.raises(InputError, match=message) as caught:
        Known(**said).on()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        {"measured": ["quads"]},
        {"delta": 0},
        {"n_models": 0},
        {"order": 0},
        {"rates": 0.3, "measured": ["rates"]},
        *({key: 0.5} for key in ("names", "some_pairs", "triples", "moments", "independent", "conditional", "cells")),
        {"events": 3},
        {"measured": 3},
        {"names": "abc"},
        {"names": [["a"]]},
    ],
)
def test_what_is_refused_at_once(said):
    with pytest.raises(InputError, match=f"known.{next(iter(said))}"):
        Known(**said)


def test_one_model_has_no_pairs() -> None:
    assert [type(fact) for fact in Known(n_models=1, rates=0.2, pairs=0.1).on().facts] == [SetRates]


def test_a_text_without_a_value_needs_a_matrix_in_which_its_condition_happens() -> None:
    pool, matrix = Pool(2), Matrix(np.array([[False, True], [False, True], [False, False], [False, True]]))
    rate = stated("P(wrong(0) | wrong(1))", pool, "known.events[2]", matrix)
    assert (rate.kind, rate.limits) == ("conditional", (0, 0))
    assert stated("P(wrong(1))", pool, "known.events[2]", matrix).limits == (0.75, 0.75)
    assert stated("P(right(0) | wrong(1))", pool, "known.events[2]", matrix).limits == (1, 1)
    for text, found, message in (
        ("P(wrong(0))", None, "known.events[2]: 'P(wrong(0))' has no value, and there is no matrix to measure it in"),
        ("P(wrong(1)|wrong(0))", matrix, "known.events: 'wrong(0)' happens on no query of the matrix; nothing to"),
    ):
        with pytest.raises(InputError, match=f"^{re.escape(message)}"):
            stated(text, pool, "known.events[2]", found)


def made_matrix(m=4, n=200):
    rng = np.random.default_rng(4)
    return Matrix(rng.random((n, m)) < 0.5 * rng.random((n, 1)) + 0.2, tuple("abcd"[:m]))


def test_a_matrix_gives_its_own_rates():
    source = made_matrix()
    known = Known(measured=["rates", "pairs", "triples", "moments"], order=2)
    facts = known.on(source).facts
    wrong = source.wrong
    assert facts[0].table[(2,)].low == wrong[:, 2].mean()
    assert facts[1].high[1, 3] == (wrong[:, 1] & wrong[:, 3]).mean()
    assert facts[2].table[(0, 1, 3)].low == wrong[:, [0, 1, 3]].all(axis=1).mean()
    assert facts[3].table[2].low == pytest.approx(np.mean([c * (c - 1) / 12 for c in wrong.sum(axis=1)]))


def test_boxes_share_the_error_probability():
    """Bonferroni over everything measured: 4 rates, 6 pairs, 2 moments and an event are 13 values."""
    source, delta = made_matrix(), 0.1
    known = Known(
        measured=["rates", "pairs", "moments"], order=2, events=["P(right(a,b) >= 1)", "P(wrong(a)) <= 1"], delta=delta
    )
    facts = known.on(source).facts
    n = len(source.wrong)
    low, high = clopper_pearson(int(source.wrong[:, 0].sum()), n, delta / 13)
    assert facts[0].table[(0,)] == (float(low), float(high))
    moment = next(fact for fact in facts if isinstance(fact, Moments))
    assert moment.table[1] == bounded_mean_limits(float(source.wrong.mean()), n, delta / 26)
    event = next(fact for fact in facts if isinstance(fact, EventRate))
    low, high = clopper_pearson(int((~source.wrong[:, :2]).any(axis=1).sum()), n, delta / 13)
    assert event.limits == (float(low), float(high))


def test_a_condition_is_measured_where_it_holds():
    source = made_matrix()
    known = Known(events=["P(wrong(a) | wrong(b))"], delta=0.05)
    fact = only(known, EventRate, source)
    a, b = source.wrong[:, 0], source.wrong[:, 1]
    low, high = clopper_pearson(int((a & b).sum()), int(b.sum()), 0.05)
    assert fact.limits == (float(low), float(high))


def test_boxes_hold_the_population():
    """1,000 samples of 150 queries of a known law, all boxes at 80%: some box misses in at most 20% of them.

    The number of misses is binomial with at most that chance; 242 or more have probability below 6e-4. It is well above
    what boxes at δ / 60 would give, so that a box that is much too wide fails as well: at least 30 misses.
    """
    rng = np.random.default_rng(8)
    probs = rng.dirichlet(np.full(8, 0.5))
    patterns = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(bool)
    known, missed = Known(measured=["rates", "pairs"], delta=0.2), 0
    alpha, both = probs @ patterns, (patterns * probs[:, None]).T @ patterns
    for _ in range(1000):
        rates, pairs = known.on(Matrix(patterns[rng.choice(8, 150, p=probs)])).facts
        inside = all(rates.table[(i,)].low <= alpha[i] <= rates.table[(i,)].high for i in range(3))
        off = ~np.eye(3, dtype=bool)
        missed += not (inside and ((pairs.low <= both) & (both <= pairs.high))[off].all())
    assert 30 <= missed < 242


def test_a_law_gives_exact_facts():
    law = CommonShock(shock=0.05, base_error_rates=[0.3, 0.2, 0.4])  # pyright: ignore[reportCallIssue]
    known = Known(measured=["rates", "pairs", "triples", "moments"], delta=0.05).on(OfLaw.of(law))
    assert known.facts[0].table[(1,)] == pytest.approx((0.24, 0.24))
    assert known.facts[2].table[(0, 1, 2)].low == pytest.approx(float(law.all_wrong()))
    found = known.range(target("all_wrong", known.pool))
    assert (found.lower, found.upper) == pytest.approx((float(law.all_wrong()),) * 2, abs=1e-8)
    with pytest.raises(InputError, match="a law needs a value"):
        Known(events=["P(right(0,1) >= 1)"]).on(OfLaw.of(law))


def test_cells_are_not_in_a_matrix():
    with pytest.raises(InputError, match=r"cell\(1\) cannot be measured"):
        Known(events=["P(wrong(a) | cell(1))"], cells=[0.5, 0.5]).on(made_matrix())


def test_a_slack_that_is_only_known_to_lie_in_an_interval_may_be_its_high_end() -> None:
    """The better one is wrong where the worse one is right with .01 to .03: P(both wrong) >= .2 - .03."""
    known = Known(rates=[0.2, 0.5], monotone=[0, 1], slack=[0.01, 0.03]).on()
    found = known.range(target("all_wrong", known.pool))
    assert (found.lower, found.upper) == pytest.approx((0.17, 0.2), abs=1e-9)
