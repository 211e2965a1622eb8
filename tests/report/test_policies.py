"""The sentences and numbers of policies."""

from types import SimpleNamespace
from typing import Any

import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.policies.advice import Advice
from cofail_lab.policies.contest import OverTable
from cofail_lab.report import policies, policy_numbers
from tests.report.by_hand import pool, rows_of
from tests.report.reports import contest, score


def test_policies() -> None:
    ridge, knn = score("ridge", 0.022), score("knn", 0.031)
    made = contest(ridge, knn)
    plain: Any = SimpleNamespace(repeated=None)
    assert (
        policies.headline(made, plain)
        == "knn gains most over a alone: 3.1 points (2.1 to 5.1), 31% of what an oracle could."
    )
    assert policies.advice_sentence(Advice("gain", ridge, None), made, plain) == (
        "The ridge policy gains 2.2 points (1.2 to 4.2) over a at 25% of its cost, 31% of what an oracle could."
    )
    row = policies._row(ridge)
    assert (row.value, row.note) == (
        "82.2%",
        "2.2 points (1.2 to 4.2); won 17, lost 5, p = 0.004; 31.0% of G; costs 2.5 a query, 3.041 a right answer; "
        "1.3 points against constants of the same cost",
    )
    assert policies._loss_sentence(score("lossy", -0.025, best_share=0.7), 10.0).startswith(
        "lossy loses 2.5 points, at 25% of the cost: it leaves the best model on 30.0% of the queries"
    )
    numbers = policy_numbers._of_policy("ridge", ridge)
    assert (numbers["won_ridge"], numbers["lost_ridge"], numbers["gain_ridge_lower"]) == (17, 5, pytest.approx(0.012))


def test_what_nobody_can_pass() -> None:
    certificate = certify_outcomes(pool(), delta=0.1, overhead=0.02)
    ceilings: Any = SimpleNamespace(certificate=certificate, oracle=0.89, repeated=None, single_best=0.76)
    found = rows_of(tuple(policies._ceiling_rows(contest(score("ridge", 0.022)), ceilings)))
    assert found["1 − β"] == ("89.0%", "11 queries failed by all")
    paired = f"{100 * certificate.paired_max_gain:.1f} points"
    assert found["certified gain at most"] == (paired, "P1.v, at 90% confidence")
    numbers = policy_numbers.metrics(contest(score("ridge", 0.022)), ceilings, pool())
    assert (numbers["max_gain"], numbers["paired_max_gain"]) == (certificate.max_gain, certificate.paired_max_gain)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(0.01, 0.03, "adds to the"), (-0.01, 0.03, "adds nothing to the"), (-0.04, -0.01, "is worse than the")],
)
def test_what_reading_adds(lower: float, upper: float, words: str) -> None:
    over = OverTable("ridge", (lower + upper) / 2, lower, upper)
    (said,) = policies.reading_sentences(contest(score("ridge", 0.022), over=(over,)))
    assert said.startswith(f"Reading the query {words} table by dataset: ridge − domain_table is ")


def test_a_policy_on_one_line() -> None:
    note = policies._brief_row(score("ridge", 0.022), score("single_best", 0.0, cost=10.0)).note
    assert note == "2.2 points (1.2 to 4.2), 31% of G, 25% of the cost"
