"""What to measure next, by hand: values that laws have, boxes of a sample, candidates, and the law of most entropy."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import beta

from cofail_lab.bounds.declared import next_fact
from cofail_lab.bounds.declared.facts import Moments, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.next_fact import NextFact, _box, _candidates, _mean, next_facts
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.targets import target
from cofail_lab.errors import InputError
from tests.bounds.declared.made import exactly

# Models 0 and 2 are alike, 1 is not: so many wrong in each group, with these probabilities.
LAW = SimpleNamespace(
    groups=((0, 2), (1,)), sizes=np.array([2, 1]), n_wrong_in=np.array([[0, 1], [1, 0], [2, 1]]), probs=[0.2, 0.5, 0.3]
)


@pytest.mark.parametrize(
    ("kind", "models", "order", "value"),
    [
        ("rates", (0,), 1, 0.5 / 2 + 0.3),
        ("rates", (1,), 1, 0.2 + 0.3),
        ("some_pairs", (0, 1), 2, 0.3),
        ("some_pairs", (0, 2), 2, 0.3),
        ("triples", (0, 1, 2), 3, 0.3),
        # Of 1, 1 and 3 wrong models: C/3, and C(C - 1)/6.
        ("moments", (0, 1, 2), 1, 0.7 / 3 + 0.3),
        ("moments", (0, 1, 2), 2, 0.3),
    ],
)
def test_values_of_a_law(kind: str, models: tuple[int, ...], order: int, value: float) -> None:
    known: Any = SimpleNamespace(pool=Pool(3))
    law = SimpleNamespace(**{**vars(LAW), "probs": np.array(LAW.probs)})
    assert _mean(known, law, kind, models, order) == pytest.approx(value)


def test_a_box_is_of_two_sides() -> None:
    """Clopper and Pearson's of a rate; Hoeffding's of a moment, n KL(x, g) = log 40 on either side."""
    low, high = beta.ppf([0.025, 0.975], [60, 61], [141, 140])
    assert (_box(0.3, 200, "rates").low, _box(0.3, 200, "triples").high) == pytest.approx((low, high))

    def excess(g: float) -> float:
        return 200 * (0.3 * np.log(0.3 / g) + 0.7 * np.log(0.7 / (1 - g))) - np.log(40)

    ends = [float(brentq(excess, *between)) for between in ((1e-6, 0.3), (0.3, 1 - 1e-6))]  # type: ignore[arg-type]
    box = _box(0.3, 200, "moments")
    assert (box.low, box.high) == pytest.approx(ends, abs=1e-9)


def test_what_a_fact_costs_and_leaves() -> None:
    one = NextFact("some_pairs", (2, 5), 2, 0.3, 0.1, 0.3, 0.05, 0.45, 200)
    assert (one.width, one.width_sampled, one.gradings) == pytest.approx((0.2, 0.4, 400))
    made = one.fact(exactly(0.3))
    assert isinstance(made, SetRates) and made.kind == "some_pairs" and list(made.table) == [(2, 5)]
    moment = NextFact("moments", (0, 1, 2), 2, 0.3, 0.1, 0.3, 0.05, 0.45, 10)
    assert isinstance(moment.fact(exactly(0.3)), Moments) and list(moment.fact(exactly(0.3)).table) == [2]  # type: ignore[union-attr]
    assert moment.gradings == 30


def candidates(m: int, *facts: Any) -> list[tuple]:
    pool = Pool(m)
    found: Any = SimpleNamespace(target=target("all_wrong", pool))
    return list(_candidates(FrechetClass(pool, facts), found))


def test_candidates_are_what_is_not_known_one_of_those_alike() -> None:
    rates = SetRates("rates", {(i,): exactly(x) for i, x in enumerate((0.3, 0.3, 0.5))})
    assert candidates(3, rates) == [
        ("some_pairs", (0, 1), 2),
        ("some_pairs", (0, 2), 2),
        ("triples", (0, 1, 2), 3),
        ("moments", (0, 1, 2), 1),
    ]
    assert candidates(3, Moments({1: exactly(0.4)})) == [
        ("rates", (0,), 1),
        ("some_pairs", (0, 1), 2),
        ("triples", (0, 1, 2), 3),
        ("moments", (0, 1, 2), 2),
    ]
    apart = SetRates("rates", {(i,): exactly(x) for i, x in enumerate((0.3, 0.4, 0.5))})
    assert [kind for kind, _, _ in candidates(3, apart)] == ["some_pairs"] * 3 + ["triples"]


def test_a_closed_interval_needs_nothing() -> None:
    laws = {"lower_law": LAW, "upper_law": LAW}
    nothing: Any = None
    for found in (
        SimpleNamespace(width=1e-6, **laws),
        SimpleNamespace(width=0.5, lower_law=None, upper_law=LAW),
        SimpleNamespace(width=0.5, lower_law=LAW, upper_law=None),
    ):
        assert next_facts(nothing, found) == []  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        next_facts(nothing, SimpleNamespace(width=1.1e-6, target=None, **laws))  # type: ignore[arg-type]


def refuse() -> Any:
    raise InputError("known: no law has these facts together")


def test_the_best_facts_are_those_that_leave_least_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of the laws at both ends and of the expected one; those farthest from both are solved again."""
    values = {(0,): (0.1, 0.5, 0.3), (1,): (0.2, 0.2, 0.2), (2,): (0.1, 0.2, 0.1), (3,): (0.0, 0.9, 0.5)}
    limits = {(0,): (0.2, 0.3), (2,): (0.0, 0.7), (3,): (0.25, 0.35)}
    asked: list[Any] = []

    def given(fact: Any) -> Any:
        ((models, box),) = fact.table.items()
        asked.append((models, box.low, box.high))
        wide = 0.02 * len(models) + (0.0 if box.low == box.high else 0.1 * (1 + (models == (0,))))
        low, high = limits[models]
        return SimpleNamespace(range=lambda _: SimpleNamespace(lower=low - wide, upper=high + wide))

    known: Any = SimpleNamespace(given=given, least_committed=lambda _: "middle")
    found: Any = SimpleNamespace(lower_law="low", upper_law="high", width=0.5, lower=0.1, upper=0.6, target="all_wrong")
    monkeypatch.setattr(next_fact, "_candidates", lambda *_: [("rates", models, 1) for models in values])
    monkeypatch.setattr(
        next_fact, "_mean", lambda _, law, kind, models, order: values[models][("low", "high", "middle").index(law)]
    )
    best = next_facts(known, found, queries=100)
    # The second has one value everywhere and the others are solved in the order of what they may move.
    assert [models for models, low, high in asked if low == high] == [(3,), (0,), (2,)]
    assert [(one.models, one.expected) for one in best] == [((3,), 0.5), ((0,), 0.3), ((2,), 0.1)]
    assert (best[0].lower, best[0].upper) == pytest.approx((0.23, 0.37))
    assert (best[0].lower_sampled, best[0].upper_sampled) == pytest.approx((0.13, 0.47))
    assert (best[2].lower, best[2].upper, best[2].lower_sampled) == (0.1, 0.6, 0.1)
    assert (best[1].queries, best[1].kind, best[1].order) == (100, "rates", 1)
    assert [one.models for one in next_facts(known, found, most=1)] == [(3,)]
    # A value on the edge of what the class has may be refused by rounding: it is no advice, and the others stay.
    refused = SimpleNamespace(given=lambda fact: given(fact) if (0,) not in fact.table else refuse())
    refused.least_committed = known.least_committed
    assert [one.models for one in next_facts(refused, found)] == [(3,), (2,)]  # type: ignore[arg-type]
    known.least_committed = lambda _: None
    assert next_facts(known, found)[0].expected == 0.9  # without such a law that of the upper end


def test_the_least_committed_law_has_the_greatest_entropy_over_patterns() -> None:
    """Of three alike models that fail half of the time: the binomial law, and not all counts alike."""
    pool = Pool(3)
    law = FrechetClass(pool, (Moments({1: exactly(0.5)}),)).least_committed(target("all_wrong", pool))
    assert law is not None and law.n_wrong_in[:, 0].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(law.probs, np.array([1, 3, 3, 1]) / 8, atol=1e-5)
