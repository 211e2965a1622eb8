"""The explorer in a browser: it computes, draws, keeps its state in the address, and asks nobody for anything."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.special import betaln, ndtri

from cofail_lab.bounds.certificate import certify_counts
from cofail_lab.bounds.count_lp import wrong_count_range
from cofail_lab.models import Clayton
from cofail_lab.numerics import bivariate_normal, one_factor
from cofail_lab.report.explorer import Start, render_explorer
from cofail_lab.report.numbers import interval, percent, points, ratio
from tests.browser.conftest import Visits

START = Start("a pool", 32, 1547, 6, 1487, 0.02, 0.095, 0.465)
LAWS = ("shock", "gaussian", "clayton", "block")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    path.write_text(render_explorer(START), encoding="utf-8")
    return path


@pytest.fixture
def page(visit: Visits, path: Path) -> Iterator[Page]:
    with visit(path) as page:
        yield page


def decision(page: Page, panel: str) -> str:
    return page.locator(f"#{panel} .decision").inner_text()


@pytest.mark.parametrize("width", [1200, 768, 390])
@pytest.mark.parametrize("look", ["light", "dark", "print"])
def test_anybody_can_read_it(visit: Visits, path: Path, width: int, look: str) -> None:
    with visit.sound(path, width, look) as page:
        inside = "((box) => [box.left, box.right])(text.getBoundingClientRect())"
        texts = page.evaluate(f"[...document.querySelectorAll('svg text')].map((text) => {inside})")
        assert len(texts) > 40
        assert min(left for left, _ in texts) >= 0 and max(right for _, right in texts) <= width
        assert page.locator("figure svg[role=img]:visible").count() == 6
        assert page.locator("nav").is_visible() == (look != "print")


def test_without_a_script_it_says_where_the_numbers_are(visit: Visits, path: Path) -> None:
    with visit(path, script=False) as page:
        assert "scripts are switched off here" in page.inner_text("header")


def test_the_first_panel_says_what_the_lab_certifies(page: Page) -> None:
    certificate = certify_counts(n_all_wrong=6, n_queries=1547, n_models=32, best_correct=1487, overhead=0.02)
    assert f"gains at least {points(certificate.gain_range[0])}" in decision(page, "totals")
    shown = page.locator("#totals tbody").inner_text()
    for value in (certificate.paired_max_gain, certificate.max_gain, certificate.oracle_gain):
        assert points(value) in shown
    page.fill("#overhead", "6")
    assert decision(page, "totals").startswith("Do not build it: at 95%")
    page.fill("#overhead", "4")
    assert "lies inside. Grade about" in decision(page, "totals")
    page.fill("#m", "1")
    assert "every query is answered right or failed by all" in decision(page, "totals")
    page.fill("#K", "60")
    assert decision(page, "totals") == "One model: there is nothing to combine."


def test_the_decision_is_on_the_first_screen(visit: Visits, path: Path) -> None:
    with visit(path) as page:
        decided = page.locator("#totals .decision").bounding_box()
        assert decided is not None and decided["y"] + decided["height"] < 900
    with visit(path, 390) as page:
        decided, first = (page.locator(f"#totals {what}").bounding_box() for what in (".decision", "tbody tr >> nth=0"))
        assert decided is not None and first is not None and decided["y"] < first["y"]


def test_what_cannot_be_is_said_and_nothing_breaks(page: Page) -> None:
    page.fill("#best", "1545")
    assert "exceed 1,547 queries" in decision(page, "totals")
    page.fill("#n", "12.5")
    assert decision(page, "totals") == "queries graded: a whole number from 1 to 1,000,000 is accepted."
    assert page.locator("#n").get_attribute("aria-invalid") == "true"
    page.fill("#rate", "")
    assert "a number from 0.1 to 99 is accepted" in decision(page, "tail")
    page.click("#reset")
    assert "There is room" in decision(page, "totals")
    assert page.locator("#n").get_attribute("aria-invalid") == "false"


@pytest.mark.parametrize("law", LAWS)
def test_every_law_is_drawn(page: Page, law: str) -> None:
    page.check(f"input[value={law}]")
    assert page.locator("#tail [data-law]:visible").count() == 1
    assert page.locator("#figure-tail svg path").count() == 3 + 1
    assert "At 32 models, what pairs predict is" in decision(page, "tail")
    drawn = page.evaluate("[...document.querySelectorAll('figure path')].map((line) => line.getAttribute('d'))")
    assert not any("NaN" in line or "Infinity" in line for line in drawn)
    if law == "gaussian":
        assert "about right here" in decision(page, "tail")


@pytest.mark.parametrize(
    "setting",
    [
        "K=0&n=1&best=1&m=2",
        "K=1000000&n=1000000&best=0&m=100000",
        "rate=0.1&shock=0&size=1000",
        "rate=99&shock=98.9&size=3",
        "law=gaussian&latent=0.99&size=1000&rate=1",
        "law=clayton&theta=50&size=1000",
        "law=clayton&theta=0",
        "law=block&within=0.99&between=0.99&families=100&size=1000",
        "law=block&within=0&between=0&families=1&size=3",
        "pool=100&wrong=99&correlation=0.99",
        "pool=3&wrong=0.1&correlation=0",
        "equal=1000&accuracy=1&spread=0",
        "equal=2&accuracy=99.9&spread=1",
        "n=1000000&best=970100&K=10000&overhead=2",
    ],
)
def test_the_ends_of_every_input(page: Page, setting: str) -> None:
    # The page hears of its new address a little later, and its listener is older than this one.
    heard = "new Promise((done) => addEventListener('hashchange', done, { once: true }))"
    page.evaluate(f"() => {{ const heard = {heard}; location.hash = '{setting}'; return heard.then(() => true); }}")
    assert all(page.locator(".decision").all_inner_texts())
    assert page.locator(".impossible").count() == 0, [decision(page, name) for name in ("totals", "tail")]
    marks = "[...document.querySelectorAll('figure path, figure rect, figure line, figure circle')]"
    broken = page.evaluate(
        f"{marks}.filter((mark) => /NaN|Infinity/.test(mark.outerHTML)).map((mark) => mark.outerHTML)"
    )
    assert broken == []
    said = page.inner_text("main")
    assert "NaN" not in said and "undefined" not in said and "Infinity" not in said


def test_a_setting_is_kept_in_the_address_and_comes_back(page: Page, path: Path) -> None:
    address = path.as_uri()
    assert "#" not in page.evaluate("location.href")
    page.fill("#K", "30")
    page.check("input[value=clayton]")
    page.fill("#theta", "2.5")
    assert page.evaluate("location.href") == f"{address}#K=30&law=clayton&theta=2.5"
    said = [decision(page, panel) for panel in ("totals", "tail")]
    page.goto("about:blank")
    page.goto(f"{address}#K=30&law=clayton&theta=2.5")
    assert [decision(page, panel) for panel in ("totals", "tail")] == said
    assert page.locator('input[data-of="theta"]').input_value() == "2.5"
    page.evaluate("location.hash = 'K=%3Cb%3E&law=none&zz=1'")
    page.wait_for_function("document.querySelector('#K').value === '6'")
    assert page.is_checked("input[value=shock]")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.focus("#correlation")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#correlation") == "0.48"
    assert "correlation=0.48" in page.evaluate("location.hash")
    names = page.evaluate("[...document.querySelectorAll('input, button, a')].filter((e) => e.tabIndex < 0).length")
    assert names == 0


def cells(page: Page, panel: str) -> dict[str, list[str]]:
    """The rows of a panel's table: label -> cells."""
    rows = [row.split("\t") for row in page.locator(f"#{panel} tbody").inner_text().splitlines()]
    return {label: values for label, *values in rows}


def test_the_tail_of_a_law_is_that_of_the_lab(page: Page) -> None:
    page.check("input[value=clayton]")
    for name, value in (("rate", "30"), ("size", "24"), ("theta", "1.7")):
        page.fill(f"#{name}", value)
    law = Clayton(error_rates=np.full(24, 0.3), theta=1.7)
    both, log_beta = float(law.pairwise_wrong()[0, 1]), float(law.log_all_wrong())
    t = ndtri(0.3)
    r = float(bivariate_normal.correlation(t, t, both))
    pearson = (both - 0.09) / 0.21
    logs = [float(one_factor.log_all_below(np.full(24, t), np.full(24, np.sqrt(x)))[0]) for x in (r, pearson)]
    limits = wrong_count_range([0.3, both], 24)
    found = cells(page, "tail")
    assert found["all 24 models wrong"][0] == percent(np.exp(log_beta))
    assert found["one factor would predict"][0] == percent(np.exp(logs[0]))
    assert found["underpricing ratio"][0] == ratio(np.exp(log_beta - logs[0]))
    assert found["the same with Pearson's correlation"][0] == ratio(np.exp(log_beta - logs[1]))
    assert found["what pairs leave open"][0] == interval(limits.lower, limits.upper)
    assert f"is too high ({ratio(np.exp(log_beta - logs[0]))})" in decision(page, "tail")


def test_luck_is_that_of_the_lab(page: Page) -> None:
    for name, value in (("equal", "10"), ("accuracy", "60"), ("spread", "0.25")):
        page.fill(f"#{name}", value)
    # π has the law Beta(1.8, 1.2): mean .6, and 1/(1.8 + 1.2 + 1) = .25.
    oracle = 1 - float(np.exp(betaln(1.8, 11.2) - betaln(1.8, 1.2)))
    found = cells(page, "chance")
    assert found["someone right, in one run"][0] == percent(oracle)
    assert found["gain as it seems"][0] == points(oracle - 0.6)
    assert found["of it, what a router can have"][0] == "0.0 points"
    assert found["same grade in a second run"][0] == percent(1 - 2 * 0.6 * 0.4 * 0.75)
    assert f"All {points(oracle - 0.6)} are luck" in decision(page, "chance")


def test_the_same_pairs_and_another_ceiling(page: Page) -> None:
    for name, value in (("pool", "12"), ("wrong", "40"), ("correlation", "0.2")):
        page.fill(f"#{name}", value)
    limits = wrong_count_range([0.4, 0.16 + 0.2 * 0.24], 12)
    found = cells(page, "pairs")
    assert [a == b for a, b in found.values()] == [True, True, True, False, False, False]
    assert found["all wrong"] == [percent(limits.lower), percent(limits.upper)]
    assert found["gain of a perfect selector"] == [points(0.4 - limits.lower), points(0.4 - limits.upper)]
