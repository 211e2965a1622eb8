"""The page shows every text, and only as text; its one script is the lab's own."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.report.answer import exhibit
from cofail_lab.report.figures.style import svg, titled
from cofail_lab.report.page import render_page
from cofail_lab.report.page.environment import as_json
from cofail_lab.report.page.glossary import definition
from cofail_lab.report.page.inline_svg import DARK, inline
from cofail_lab.report.page.matrix import MatrixView
from cofail_lab.result import Exhibit
from tests.report.made import HOSTILE, RESULT, draw_accuracies, draw_correlation, pool


def parts(page: str) -> tuple[str, list[str], list[str]]:
    """A page without its scripts and style, the scripts that run, and the data for them."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    data = re.findall(r'<script type="application/json" id="[a-z-]+">(.*?)</script>', page, re.DOTALL)
    return re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL), scripts, data


def test_page_escapes_everything_and_needs_nothing_else() -> None:
    figures = {
        "pool": svg(draw_accuracies(pool(9, names=HOSTILE))),
        "heat": svg(draw_correlation(pool(9))),
        "extra <i>": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    }
    page = render_page(RESULT, f"fit {HOSTILE[2]}", {"source": HOSTILE[2], "odd": HOSTILE[4]}, figures)
    body, scripts, data = parts(page)
    assert "<script" not in body and body.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
    assert "\x1b" not in page and "\u202e" not in page
    assert "Accuracies &amp; &lt;ceiling&gt;" in page and "Shock &amp; Gaussian" in page
    # The policy names the hash of the one script that runs; nothing is loaded from anywhere.
    (script,) = scripts
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base" in page
    assert not re.search(r"https?:|//[a-z]|@import|\son[a-z]+\s*=|javascript:", re.sub("base64,[^'\"]*", "", body))
    links = re.findall(r"""(?:src|href|action|data)\s*=\s*["']?([^"'\s>)]+)""", body)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert json.loads(data[0])["labels"]["best_model"] == HOSTILE[2]
    # Who cannot see a figure hears its caption and the first sentence of its section.
    assert 'aria-labelledby="figure-0-caption what-can-be-gained-1"' in page and 'id="what-can-be-gained-1"' in page
    assert "never drawn" not in page and "Further figures" in page and "extra &lt;i&gt;" in page
    for cell in ("n_queries", "12,032", "—", "0.05375", "0.0512 ± 0.0004", "monte carlo", "ceiling-bound", "0.0559712"):
        assert cell in page
    assert "Stopped early: signal 15" in page
    assert "How to cite" in page and "J. Chen" in page and "arXiv:2606.27288" in page
    assert 'class="differs">undecided' in page and "Not as expected: 1 statement" in page


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "a & b \u2028"])
def test_data_cannot_end_its_element(text: str) -> None:
    written = str(as_json({"a": text}))
    assert not set("<>&\u2028") & set(written) and json.loads(written) == {"a": text}


def test_a_figure_keeps_only_what_draws() -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 72 36">'
        "<script>alert(1)</script><style>*{fill:red}</style><foreignObject><b/></foreignObject>"
        '<a xlink:href="x"><g/></a>'
        '<g id="a" onclick="alert(1)" style="fill: #332288; background: url(http://x)">'
        '<path d="M0 0" style="stroke: #332288; clip-path: url(#a)" clip-path="url(#a)"/>'
        '<use xlink:href="#a"/><use xlink:href="http://x"/><image xlink:href="data:text/html,x"/>'
        '<text style="font: 8px sans-serif; text-anchor: end">&lt;b&gt;</text><title>&lt;i&gt;</title></g></svg>'
    )
    made = str(inline(hostile, "one two", "caption"))
    for gone in ("script", "style>", "foreign", "onclick", "http", "text/html", "<b>", "<i>", "sans-serif"):
        assert gone not in made, gone
    assert 'viewBox="0 0 72 36" width="108" height="54"' in made and 'aria-labelledby="caption"' in made
    assert 'id="one_two-a"' in made and 'clip-path="url(#one_two-a)"' in made and 'href="#one_two-a"' in made
    assert "stroke: var(--f332288, #332288)" in made and "font-size: 8px; text-anchor: end" in made
    assert "&lt;b&gt;</text><title>&lt;i&gt;</title>" in made


def test_a_mark_has_a_title() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    axes = figure.add_axes((0, 0, 1, 1))
    titled(axes.plot([1], [1], "o")[0], 'a "b" & <c>')
    titled(axes.scatter([1, 2], [1, 2]), "first", "second")
    text = svg(figure)
    assert '<title>a "b" &amp; &lt;c&gt;</title>' in text and "<a " not in text
    assert re.findall("<title>(first|second)</title>", text) == ["first", "second"]
    assert str(inline(text, "x", "y")).count("<title>") == 3


def contrast(one: str, other: str) -> float:
    """The ratio of contrast of WCAG 2."""

    def luminance(colour: str) -> float:
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_dark_page_has_colours_that_are_seen() -> None:
    from cofail_lab.report.figures.style import PALETTE, STRONG

    paper = DARK["#ffffff"]
    assert all(contrast(DARK[colour], paper) >= 3 for colour in (*PALETTE, STRONG))


def matrix(n: int = 8, m: int = 3, **more: object) -> Outcomes:
    wrong = np.ones((n, m), bool)
    wrong[2:, 0] = False
    wrong[3:, 1:2] = False
    return Outcomes(wrong, tuple(f"q{i}" for i in range(n)), tuple("abc"[:m]), "made", **more)  # type: ignore[arg-type]


def test_the_bar_claims_no_accuracy_and_no_more_than_all() -> None:
    said = {
        mark.kind: mark.value for mark in MatrixView(Exhibit(matrix(), certified=(0.02, 0.07), overhead=0.01)).marks
    }
    assert said["range"] == "2.0 to 7.0 points" and said["overhead"].endswith("(+1.0 points)")
    view = MatrixView(Exhibit(matrix(), certified=(None, 0.07), overhead=0.95))
    said = {mark.kind: mark.value for mark in view.marks}
    assert said["range"] == "at most 7.0 points" and said["overhead"] == "95.0 points, more than is left"
    assert all(0 <= place <= 100 for mark in view.marks for place in (mark.start, mark.end))


def test_every_model_is_counted() -> None:
    view = MatrixView(Exhibit(matrix()))
    rows = {model.name: model for model in view.models}
    assert [model.name for model in view.models] == ["a", "b", "c"]
    assert (rows["a"].n_alone, rows["a"].n_resolvable, rows["a"].accuracy) == (1, 0, 0.75)
    assert (rows["b"].n_alone, rows["b"].n_resolvable) == (0, 1)
    assert (rows["c"].n_resolvable, rows["c"].accuracy, rows["c"].lower) == (6, 0.0, 0.0)
    assert view.n_all_wrong == 2 and [query.name for query in view.static] == ["q0", "q1"]
    twins = Outcomes(np.array([[1, 1, 0], [0, 0, 1]], bool), ("x", "y"), ("a", "b", "c"), "made")
    alike = {model.name: (model.n_alike, model.alike) for model in MatrixView(Exhibit(twins)).models}
    assert alike == {"a": (1, "b"), "b": (1, "a"), "c": (0, "")}


def test_the_bits_are_those_of_the_matrix() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random((50, 19)) < 0.5
    outcomes = Outcomes(wrong, tuple(map(str, range(50))), tuple(f"m{j}" for j in range(19)), "made")
    data = json.loads(MatrixView(Exhibit(outcomes)).data())
    from base64 import b64decode

    bits = np.unpackbits(np.frombuffer(b64decode(data["right"]), np.uint8).reshape(50, 3), axis=1)[:, :19]
    rows = [int(name) for name in data["queries"]]
    columns = [int(name[1:]) for name in data["models"]]
    np.testing.assert_array_equal(bits.astype(bool), ~wrong[np.ix_(rows, columns)])
    assert list(bits.sum(axis=1)) == sorted(bits.sum(axis=1))
    assert list(bits.sum(axis=0)) == sorted(bits.sum(axis=0), reverse=True)


def test_a_verdict_has_at_most_twelve_words_and_its_bar_stays_below_one() -> None:
    outcomes = matrix()
    for overhead in (None, 0.0, 0.02, 0.9):
        shown = exhibit(outcomes, certify_outcomes(outcomes, overhead=overhead))
        assert len(shown.verdict.split()) <= 12
        marks = MatrixView(shown).marks
        assert [mark.kind for mark in marks] == [
            "best",
            "range",
            "ceiling",
            *(["overhead"] if overhead is not None else []),
        ]
        assert all(0 <= mark.start <= mark.end <= 100 for mark in marks)
        assert marks[0].value == marks[2].value == "75.0%"
    alone = matrix(m=1)
    assert exhibit(alone, certify_outcomes(alone)).verdict == "No room: one model has nothing to combine."
    left = LeftOut(3, 0, 0, np.array([1]), np.array([1]), {})
    ((name, _, place),) = exhibit(replace(outcomes, left_out=left), certify_outcomes(outcomes)).caveats
    assert (name, place) == ("3 queries left out", "the-matrix")


def test_ten_thousand_queries_of_420_models_fit_into_five_megabytes() -> None:
    n, m = 10_000, 420
    rng = np.random.default_rng(2)
    wrong = rng.random((n, m)) < rng.random((n, 1))
    texts = np.array([f"{i} " + "word " * 300 for i in range(n)], dtype=object)
    outcomes = Outcomes(
        wrong,
        tuple(f"query {i}" for i in range(n)),
        tuple(f"model {j}" for j in range(m)),
        "made",
        per_query={"prompt": texts, "dataset": np.array([f"set {i % 30}" for i in range(n)])},
    )
    page = render_page(replace(RESULT, exhibit=exhibit(outcomes, certify_outcomes(outcomes))), "fit", {}, {})
    assert len(page.encode()) < 5e6
    known = len(json.loads(parts(page)[2][1])["texts"])
    assert 1000 < known < n


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tetrachoric", "mean tetrachoric correlation"),
        ("ratio_block_upper", "Upper limit. observed over predicted β"),
        ("predicted_one_factor_error", "Error. "),
        ("null_ratio_full_sigma_own", "median of a ratio"),
        ("gain_best_of_two", "of policy P"),
        ("max_gain", "P1.iv"),
    ],
)
def test_numbers_are_explained(name: str, said: str) -> None:
    found = definition(name)
    assert found is not None and said in found and "`" not in found


def test_what_is_not_known_has_no_definition() -> None:
    assert definition("no_such_number") is None
