"""What a console and a notebook show: ten lines at most, names harmless, and nothing heavy imported for it."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jax
import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.law_fits import LawFit
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.report.cards import CARDS, LINES, WIDTH
from cofail_lab.result import Row, Section
from cofail_lab.shown import Shown
from tests.report.made import HOSTILE, RESULT

WRONG = np.zeros((200, len(HOSTILE)), bool)
WRONG[:20] = True
WRONG[20:60, 1:] = np.arange(40)[:, None] % np.arange(2, 1 + len(HOSTILE)) == 0
OUTCOMES = Outcomes(
    WRONG,
    tuple(f"q{i}" for i in range(200)),
    HOSTILE,
    HOSTILE[2],
    per_query={"dataset": np.array(["x"] * 200)},
    left_out=LeftOut(3, 1, 1, np.zeros(6), np.zeros(6), {}),
    notes=(HOSTILE[4], "another"),
)


FITTED = LawFit(
    "one_factor",
    cl.models.Independent([0.1, 0.2]),
    parameters={HOSTILE[5]: 0.3, "b": 0.1},
    intervals={"b": (0.05, 0.2)},
    predicted=Estimate(0.02, 1e-9, "quadrature"),
    ratio=5.0,
    heldout=-1.5,
    heldout_error=0.1,
    difference=0.0,
    difference_error=0.0,
)


@pytest.fixture(scope="module")
def things() -> dict[str, Any]:
    return {
        "Outcomes": OUTCOMES,
        "Certificate": certify_outcomes(OUTCOMES, overhead=0.02),
        "Result": replace(RESULT, tables=dict.fromkeys(HOSTILE)),  # type: ignore[arg-type]
        "Verdict": RESULT.verdicts[0],
        "LawComparison": LawComparison(
            (FITTED, LawFit("block", absent="does not exist")), 0.1, 20, 200, 5, 1, 5, 2, None
        ),
        "LawFit": FITTED,
        "Tetrachoric": cl.tetrachoric(WRONG),
        "Frontier": cl.decisions.budget_frontier(
            np.array([[0.9, 0.5], [0.2, 0.8]]), np.array([1, 2.0]), np.full(2, 0.5)
        ),
    }


# docs/python.md shows the card of a `MatrixFit`, which takes long to make.
@pytest.mark.parametrize("name", sorted(CARDS.keys() - {"MatrixFit"}))
def test_ten_lines_of_harmless_text_and_html(name: str, things: dict[str, Any]) -> None:
    thing = things[name]
    assert type(thing).__name__ == name
    lines = repr(thing).split("\n")
    assert 2 <= len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH
    assert "\x1b" not in repr(thing) and "\u202e" not in repr(thing)
    html = thing._repr_html_()
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, attrs))  # type: ignore[method-assign]
    parser.feed(html)
    assert {tag for tag, _ in tags} <= {"div", "p", "b", "table", "tr", "th", "td"}
    assert not any(attributes for _, attributes in tags)
    if name in ("Outcomes", "Result"):
        assert "&lt;script&gt;" in html


def test_everything_shown_has_a_card() -> None:
    assert {kind.__name__ for kind in Shown.__subclasses__()} <= set(CARDS)


def test_outcomes_and_certificate_say_their_numbers() -> None:
    outcomes = replace(OUTCOMES, models=tuple("abcdef"), source="grades.csv", notes=())
    assert repr(outcomes).split("\n") == [
        "Outcomes: 200 queries, 6 models, from grades.csv",
        "  models               a, b, c, d and 2 more",
        "  best                 90.0%; a",
        "  perfect selector     90.0%; 0.0 points more, in this sample",
        "  fail everyone        20 of 200; 10.0%",
        "  left out             3 queries; not answered by every model",
        "  columns              dataset",
    ]
    certificate = cl.certify_counts(n_all_wrong=17, n_queries=330, n_models=67, best_correct=276, overhead=0.01)
    assert repr(certificate).split("\n") == [
        "Certificate: CANNOT TELL YET, each limit with 95% confidence",
        "  pool                 67 models, 330 queries; 17 queries defeat every model",
        "  best                 83.6%",
        "  gain                 11.2 points; of a perfect selector, in this sample",
        f"  gain at most         {100 * certificate.paired_max_gain:.1f} points; P1.v; "
        f"{100 * certificate.max_gain:.1f} points by P1.iv",
        "  overhead             1.0 points",
    ]


def test_a_law_says_its_parameters_and_a_comparison_the_best_law_first() -> None:
    assert repr(FITTED).split("\n")[3] == "  b                    0.1; 0.05 to 0.2"
    worse = replace(FITTED, name="clayton", heldout=-1.9, difference=-0.4, difference_error=0.1)
    many = LawComparison((worse, *[FITTED] * 9), 0.1, 20, 200, 5, 1, 5, 2, None)
    lines = repr(many).split("\n")
    assert lines[0] == "LawComparison: 10 laws, 5 models, 200 queries, β observed 10.0%"
    assert lines[1] == "  one_factor           β 2.0%; log P(C) -1.5000 (close)"
    assert lines[-1] == "  …                    3 more laws; .fits"


def test_what_is_empty_or_absent_is_shown_too() -> None:
    empty = Outcomes(np.zeros((0, 2), bool), (), ("a", "b"), "nowhere")
    assert repr(empty).split("\n")[0] == "Outcomes: 0 queries, 2 models, from nowhere"
    absent = LawFit("block", absent="does not exist: families are not known")
    assert "It does not exist: families are not known." in repr(absent)
    assert repr(cl.Result("Nothing.", {})) == "Result: 0 metrics, 0 labels\n  Nothing."
    constant = cl.tetrachoric(np.zeros((4, 3), bool))
    assert "mean — over 0 of 3 pairs" in repr(constant)
    unexpected = replace(RESULT.verdicts[0], evidence={"checks": [{"name": "enumeration"}]})
    assert repr(unexpected).startswith("P3.v (june): undecided, not refuted as expected")
    assert "checked by           enumeration" in repr(unexpected)


def test_a_long_card_is_cut() -> None:
    rows = tuple(Row(f"row {i}", "1") for i in range(3))
    held = dict.fromkeys("ab")
    long = replace(
        RESULT, headline="word " * 200, interrupted="word " * 60, brief=(Section("x", (), rows),), tables=held
    )
    lines = repr(long).split("\n")
    assert (len(lines), lines[-1]) == (LINES, "  …")
    assert lines[3].endswith(" …")


def test_laws_are_short_too() -> None:
    law = cl.models.CommonShock(shock=0.05, base_error_rates=[0.3] * 67)
    assert len(repr(law)) < 100
    assert isinstance(law.sample(jax.random.key(0), 3), jax.Array)


def test_to_show_a_matrix_imports_nothing_heavy() -> None:
    program = (
        "import sys, numpy as np, cofail_lab as cl; o = cl.load_outcomes(np.eye(3)); repr(o); o._repr_html_(); "
        "repr(cl.certify(o)); print({'jax', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
