"""Small pieces of words and pages, each branch by hand."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.report.answer import _condensed
from cofail_lab.report.figures.check import _size
from cofail_lab.report.finding import _listed
from cofail_lab.report.names import shorten
from cofail_lab.report.page.inline_svg import inline
from cofail_lab.report.policies import _suspicion_sentence
from tests.policies.test_contest import score


def test_words_are_listed_with_an_and_before_the_last() -> None:
    assert [_listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("short (with a long bracket)", "short (with a long bracket)"),
        ("x" * 140 + " (a bracket of names) y", "x" * 140 + " y"),  # 154 letters are two lines
        ("a" * 60 + ". " + "b" * 60 + ", " + "c" * 60, "a" * 60 + ". " + "b" * 60 + " …"),
        ("a" * 20 + ". " + "b" * 160, shorten("a" * 20 + ". " + "b" * 160, 154)),  # a stop in the first third is none
    ],
)
def test_a_caveat_takes_two_lines(sentence: str, shown: str) -> None:
    assert _condensed(sentence) == shown


@pytest.mark.parametrize(
    ("why", "repeated", "said"),
    [
        (
            "above_routable",
            True,
            "x gains more (won 8, lost 2) than any choice made before the answers can: its picks are right more often "
            "in the graded runs than in the same models' other runs. Were they made after grading?",
        ),
        (
            "nearly_oracle",
            True,
            "x gains nearly all that hindsight can (won 8, lost 2): were its picks made after grading?",
        ),
        (
            "nearly_oracle",
            False,
            "x gains nearly all that hindsight can (won 8, lost 2): were its picks made after grading? Repeated runs "
            "would show how much of that is luck.",
        ),
    ],
)
def test_picks_that_look_like_hindsight(why: Any, repeated: bool, said: str) -> None:
    assert _suspicion_sentence(score("x", won=8, lost=2), why, repeated) == said


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">{}</svg>'
KEPT = [
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "width",
    "height",
    "transform",
    "clip-path",
    "clip-rule",
    "preserveAspectRatio",
    "opacity",
]


def test_what_draws_is_kept_and_nothing_else() -> None:
    attributes = " ".join(f'{name}="1"' for name in KEPT)
    marks = "".join(
        f"<{tag}/>"
        for tag in ["g", "path", "text", "tspan", "use", "defs", "clipPath", "rect", "image", "title", "symbol"]
    )
    kept = marks.replace("<g/>", "")
    found = inline(SVG.format(f'<path {attributes} onclick="f()" class="c"/>{marks}<script>x</script><a/>'), "a b", "l")
    drawn = "".join(f"<{tag}></{tag}>" for tag in kept.replace("<", "").split("/>") if tag)
    assert str(found).split(">", 1)[1] == f"<path {attributes}></path>{drawn}</svg>"
    assert str(found).startswith('<svg role="img" aria-labelledby="l" viewBox="0 0 100 50" width="')


@pytest.mark.parametrize(
    ("attribute", "kept"),
    [
        ('id="p"', 'id="a_b-p"'),
        ('fill="#332288"', 'fill="var(--f332288, #332288)"'),
        ('stroke="#123456"', 'stroke="#123456"'),
        ('style="fill: #FFFFFF; clip-path: url(#q)"', 'style="fill: var(--fffffff, #FFFFFF); clip-path: url(#a_b-q)"'),
        ("style=\"font: bold 12px 'x'\"", 'style="font-size: 12px; font-weight: bold"'),
        ("style=\"font: italic 12.5px 'x'\"", 'style="font-size: 12.5px"'),
        ('style="fill: url(http://x)"', ""),
        ('xlink:href="#p"', 'href="#a_b-p"'),
        ('xlink:href="data:image/png;base64,AB C="', 'href="data:image/png;base64,ABC="'),
        ('xlink:href="http://x"', ""),
    ],
)
def test_attributes_are_safe_and_belong_to_their_figure(attribute: str, kept: str) -> None:
    found = str(inline(SVG.format(f"<use {attribute}/>"), "a b", "l")).split(">", 1)[1]
    assert found == f"<use{' ' * bool(kept)}{kept}></use></svg>"


def test_colours_stand_for_what_nearly_all_margins_stay_below() -> None:
    values = np.r_[np.linspace(0, 1, 101), -5.0, 0.0]
    assert _size(values) == pytest.approx(np.quantile(np.linspace(0.01, 1, 100), 0.95))
    assert _size(np.array([-1.0, 0.0])) == 1.0
