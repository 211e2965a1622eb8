"""A small page with hostile names in a browser: it reads, clicks, sorts, filters and compares, and asks for nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.data.health.chance import Finding
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.answer import exhibit, headline
from cofail_lab.report.figures.fit import pool_accuracies, wrong_by_dataset
from cofail_lab.result import Result, Section
from cofail_lab.verdict import Verdict
from tests.browser.conftest import Visits
from tests.report.made import HOSTILE

N, M = 60, 12
MODELS = (*HOSTILE, *(f"model-{j:02d}" for j in range(len(HOSTILE), M)))


def outcomes() -> Outcomes:
    """Sixty queries of three datasets; the first five defeat everyone, the next five all but one model."""
    rng = np.random.default_rng(24)
    wrong = rng.random((N, M)) < np.linspace(0.2, 0.6, M)
    wrong[5:, 0] = False
    wrong[:10] = True
    wrong[np.arange(5, 10), np.arange(5)] = False
    answer = np.where(wrong, "B", "A").astype(object)
    answer[0, 0] = "</script><script>alert(2)</script>"
    return Outcomes(
        wrong,
        tuple(f"query-{i:02d} {HOSTILE[i % 6]}" for i in range(N)),
        MODELS,
        "made <b>here</b>",
        per_query={
            "dataset": np.array([("odd </option>" + "-x" * 150, "even", "rest")[i % 3] for i in range(N)]),
            "prompt": np.array([f"What is {i}?\n<img src=x onerror=alert(3)>" for i in range(N)]),
            "key": np.array(["A"] * N),
        },
        per_model={"family": np.array([f"family {j % 10}" for j in range(M)])},
        per_cell={"answer": answer},
    )


def made() -> Result:
    matrix = outcomes()
    certificate = certify_outcomes(matrix, overhead=0.02)
    accuracy = 1 - matrix.error_rates
    findings = [Finding("duplicates", "Two models <i>are</i> one.", ("a",), 1)]
    return Result(
        headline=headline(matrix, certificate),
        metrics={"n_queries": N, "all_wrong": matrix.all_wrong(), "tetrachoric": 0.4, "ratio_one_factor": None},
        labels={"best_model": HOSTILE[0]},
        sections=(
            Section("Figures", figures={"pool": "The best is best & <b>.", "sets": "Even is the hardest."}),
            Section("Health of the matrix", tuple(f.sentence for f in findings)),
            Section("Folded <u>", ("There is more here.",), appendix=True),
        ),
        figures={
            "pool": lambda: pool_accuracies(
                MODELS, accuracy, accuracy - 0.1, accuracy + 0.1, matrix.family, 0.95, (0.01, 0.1)
            ),
            "sets": lambda: wrong_by_dataset(matrix.n_wrong, matrix.dataset, M),
        },
        exhibit=exhibit(matrix, certificate, findings),
    )


def save_matrix(matrix: Outcomes, folder: Path) -> Path:
    """The page of another matrix."""
    certificate = certify_outcomes(matrix, overhead=0.02)
    result = Result(headline=headline(matrix, certificate), metrics={}, exhibit=exhibit(matrix, certificate, []))
    return result.save(folder / "run") / "report.html"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made().save(tmp_path_factory.mktemp("page") / "run") / "report.html"


@pytest.mark.parametrize(("width", "look"), [(1200, "light"), (768, "print"), (390, "dark")])
def test_it_is_sound(visit: Visits, page: Path, width: int, look: str) -> None:
    visit.is_sound(page, width, look)


def test_a_query_opens_and_filters_filter(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        assert seen.locator(".query").count() == 5
        first = seen.locator(".query").first
        assert "0 right" in first.inner_text()
        first.locator("summary").click()
        assert "What is" in first.locator("pre").inner_text() and "<img src=x" in first.locator("pre").inner_text()
        assert first.locator(".ticks li").count() == M and first.locator(".ticks .right").count() == 0
        seen.locator("#most-right").fill("1")
        assert seen.locator(".query").count() == 10 and seen.locator("#most-right-said").inner_text() == "1 model"
        seen.locator("#dataset").select_option("even")
        wanted = sum(i % 3 == 1 for i in range(10))
        assert seen.locator(".query").count() == wanted
        assert {tag.inner_text() for tag in seen.locator(".query .tag").all()} == {"even"}
        seen.locator("#dataset").select_option("")
        seen.locator("#query-search").fill("what is 7?")
        assert seen.locator(".query").count() == 1
        opened = seen.locator(".query").first
        opened.locator("summary").click()
        assert opened.locator(".ticks .right").inner_text().startswith(f"✓ {HOSTILE[2]}")


def test_few_queries_are_shown_at_a_time(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        seen.locator("#most-right").fill(str(M))
        assert seen.locator(".query").count() == 25 and seen.locator("#page-said").inner_text() == f"1 to 25 of {N}"
        seen.locator("#next").click()
        seen.locator("#next").click()
        assert seen.locator(".query").count() == 10 and seen.locator("#next").is_disabled()
        seen.locator("#most-right").fill("0")
        assert seen.locator("#page-said").inner_text() == "1 to 5 of 5"


def test_a_heading_sorts_and_a_search_finds(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        table = seen.locator("#model-table")

        def column(k: int) -> list[str]:
            return table.locator(f"tbody tr:visible > :nth-child({k})").all_inner_texts()

        accuracy = [float(text.rstrip("%")) for text in column(3)]
        assert accuracy == sorted(accuracy, reverse=True) and len(accuracy) == M
        table.get_by_role("button", name="accuracy").click()
        table.get_by_role("button", name="accuracy").click()
        assert [float(text.rstrip("%")) for text in column(3)] == sorted(accuracy)
        assert table.locator("th[aria-sort=ascending]").count() == 1
        table.get_by_role("button", name="model").click()
        assert column(1) == sorted(column(1), key=str.lower)
        table.get_by_role("button", name="model").click()
        assert column(1) == sorted(column(1), key=str.lower, reverse=True)
        seen.locator("#model-search").fill("MODEL-1")
        assert sorted(column(1)) == ["model-10", "model-11"] and seen.locator("#models-said").inner_text() == "2 found"


def test_a_chip_leads_to_health_and_a_link_opens_what_is_folded(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        seen.locator(".chips a").click()
        assert seen.url.endswith("#health-of-the-matrix-1")
        assert seen.locator("p:target").inner_text() == "Two models <i>are</i> one."
        assert not seen.get_by_text("There is more here.").is_visible()
        seen.evaluate("location.hash = 'folded-u'")
        seen.get_by_text("There is more here.").wait_for(state="visible")
        # An address that names nothing, and is no text either, stops nothing.
        seen.goto(f"{page.as_uri()}#%")
        seen.reload()
        assert seen.locator(".controls").first.is_visible()


def test_downloads_and_parquet(visit: Visits, page: Path) -> None:
    with visit(page, 390) as seen:
        seen.locator(".menu summary", has_text="Cite").click()
        assert seen.evaluate("document.documentElement.scrollWidth") <= 390
        seen.locator(".menu summary", has_text="Cite").click()
        seen.locator(".menu summary", has_text="Data").click()
        with seen.expect_download() as saved:
            seen.get_by_role("button", name="queries.csv").click()
        lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
        assert lines[0] == "query,dataset,n_right,n_models" and len(lines) == N + 1
        assert sum(line.endswith(f",0,{M}") for line in lines) == 5


def test_a_menu_closes_by_a_key_and_by_a_click_elsewhere(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        cite, data = (seen.locator(".menu > summary", has_text=name) for name in ("Cite", "Data"))
        cite.focus()
        seen.keyboard.press("Enter")
        assert seen.locator(".menu[open]").count() == 1
        seen.keyboard.press("Escape")
        assert seen.locator(".menu[open]").count() == 0 and cite.evaluate("one => one === document.activeElement")
        cite.click()
        data.click()
        assert seen.locator(".menu[open] summary").all_inner_texts() == ["Data"]
        seen.locator(".verdict").click()
        assert seen.locator(".menu[open]").count() == 0


def test_another_run_is_compared(visit: Visits, page: Path, tmp_path: Path) -> None:
    record = json.loads((page.parent / "results.json").read_text())
    record["metrics"] |= {"all_wrong": 0.25, "<i>new": 7}
    record["labels"]["best_model"] = "<b>other</b>"
    other = tmp_path / "results.json"
    other.write_text(json.dumps(record))
    broken = tmp_path / "broken.json"
    with visit(page) as seen:
        for text in ("[1]", "null", '{"metrics": null, "labels": null}'):
            broken.write_text(text)
            seen.evaluate("document.getElementById('said').textContent = ''")
            seen.locator("#other-run").set_input_files([])
            seen.locator("#other-run").set_input_files(broken)
            # The file is read while the page goes on.
            expect(seen.locator("#said")).to_contain_text("broken.json is not the results.json of a run")
        seen.evaluate(
            """text => {
              const data = new DataTransfer();
              data.items.add(new File([text], "results.json"));
              document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
            }""",
            other.read_text(),
        )
        seen.locator("#compare").wait_for(state="visible")
        rows = [row.inner_text().split("\t") for row in seen.locator("#compare tbody tr").all()]
        assert [row[0] for row in rows] == ["best_model", "all_wrong", "<i>new"]
        assert rows[0][2] == "<b>other</b>" and rows[1][2] == "0.25" and rows[2][1] == "—"
        assert float(rows[1][3]) == pytest.approx(0.25 - made().metrics["all_wrong"], abs=1e-5)


def test_no_query_defeats_everyone(visit: Visits, tmp_path: Path) -> None:
    wrong = outcomes().wrong.copy()
    wrong[:, 1] = False
    with visit(save_matrix(replace(outcomes(), wrong=wrong), tmp_path)) as seen:
        said = seen.locator("#queries > p").first.inner_text()
        assert said == f"None of {N}. The list begins with what the fewest models get right."
        assert "1 right" in seen.locator(".query").first.inner_text()


def test_all_is_readable_without_the_script(visit: Visits, page: Path) -> None:
    with visit(page, script=False) as seen:
        assert seen.locator(".query").count() == 5 and not seen.locator(".controls").first.is_visible()
        first = seen.locator(".query").first
        first.locator("summary").click()
        assert "What is" in first.inner_text() and "Right answer: A" in first.inner_text()
        assert seen.locator("#model-table tbody tr").count() == M
        seen.locator(".chips a").click()
        assert seen.locator("p:target").is_visible()


def test_a_definition_is_shown(visit: Visits, page: Path) -> None:
    with visit(page) as seen:
        seen.locator("#numbers > summary").click()
        name = seen.locator("#numbers abbr", has_text="tetrachoric")
        assert name.get_attribute("title")


def test_what_fell_comes_first_and_opens(visit: Visits, tmp_path: Path) -> None:
    stored = {"check": "sum", "case": {"n": 2}, "measured": [0.1, 0.1], "allowed": [0.5, float("inf")]}
    evidence = {"checks": [], "symbols": "x < y", "control": None}
    verdicts = (
        Verdict("P1.i", "june", "It stands <b>.", "any law", "confirmed", "confirmed", 1.0, 1.0, 0.1, evidence),
        Verdict(
            "P2.v", "june", "It fell.", "", "refuted", "refuted", 0.5, 0.1, 0.1, {**evidence, "counterexample": stored}
        ),
        Verdict("P3.v", "june", "A rule.", "", "reported", "reported", None, None, None, evidence),
    )
    result = replace(made(), verdicts=verdicts, exhibit=None, figures={}, headline="1 of 3 statements fell, 1 stands.")
    path = result.save(tmp_path / "verify") / "report.html"
    visit.is_sound(path, 390, "light")
    with visit(path) as seen:
        titles = seen.locator(".claims h2").all_inner_texts()
        assert titles == [
            "What fell: 1 statement",
            "What stands: 1 statement",
            "What is only reported: 1 statement",
        ]
        assert seen.locator(".parts a").all_inner_texts() == [
            "What fell (1)",
            "What stands (1)",
            "What is only reported (1)",
        ]
        seen.locator(".parts a").nth(2).click()
        assert seen.url.endswith("#what-is-only-reported")
        claim = seen.locator(".claim").first
        assert "claimed at least 0.5" in claim.inner_text() and not claim.get_by_text("x < y").is_visible()
        claim.locator("summary").click()
        assert claim.get_by_text("x < y").is_visible() and "experiment.claims=P2.v" in claim.inner_text()
