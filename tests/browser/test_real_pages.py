"""Pages of real matrices, of the theory, of policies and of a sweep, at three widths, light, dark and as printed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.conftest import Run, real_path

pytestmark = pytest.mark.slow
LOOKS = [(width, look) for width in (1200, 768, 390) for look in ("light", "dark", "print")]
QUICK = ("run.smoke=true", "run.workers=1", "hydra.run.dir=out")


def sound_everywhere(visit: Visits, path: Path) -> None:
    assert path.stat().st_size <= 5_000_000
    for width, look in LOOKS:
        visit.is_sound(path, width, look)


def clicked(page: Page) -> None:
    """A query opens, a filter filters, a heading sorts."""
    before = page.locator(".query").count()
    assert before > 0
    first = page.locator(".query").first
    first.locator("summary").click()
    n_models = page.locator("#model-table tbody tr").count()
    # It is filled when the browser says that it was opened.
    expect(first.locator(".ticks li")).to_have_count(n_models)
    name = first.locator(".name").inner_text()
    page.locator("#query-search").fill(name)
    assert name in page.locator(".query .name").all_inner_texts()
    page.locator("#query-search").fill("no query is called so")
    expect(page.locator(".query")).to_have_count(0)
    page.locator("#query-search").fill("")
    expect(page.locator(".query")).to_have_count(before)
    heading = page.locator("#model-table").get_by_role("button", name="accuracy")
    heading.click()
    heading.click()
    cells = page.locator("#model-table tbody tr:visible td.number:not([data-value=''])").all()
    assert cells
    shown = page.locator("#model-table tbody tr:visible").evaluate_all(
        "rows => rows.map(row => parseFloat(row.querySelector('td.number').dataset.value))"
    )
    assert shown == sorted(shown) and len(shown) == min(n_models, 20)


@pytest.mark.parametrize("name", ["digits", "chembench", "canaicode_junior", "mmlu_pro"])
def test_a_fit(run: Run, visit: Visits, name: str) -> None:
    data = "data=digits" if name == "digits" else f"data.path={real_path(name)}"
    done = run(data, *QUICK, process=True)
    assert done.code == 0, done.err
    path = run.folder / "out" / "report.html"
    sound_everywhere(visit, path)
    with visit(path) as page:
        clicked(page)
        if name == "mmlu_pro":
            # The whole list of ten thousand queries, and each page of it, comes at once.
            page.locator("#most-right").fill("33")
            expect(page.locator("#page-said")).to_have_text("1 to 25 of 10,300")
            page.locator("#next").click(timeout=2_000)
            expect(page.locator(".query")).to_have_count(25)


def _verify(run: Run) -> Path:
    claims = "experiment.claims='P7.ii,P8,C1'"
    done = run("experiment=verify", claims, "experiment.mutants=true", "hydra.run.dir=out", process=True)
    assert done.code == 0, done.err
    return run.folder / "out" / "report.html"


def _policies(run: Run) -> Path:
    data = f"data.path={real_path('medagents_zeroshot')}"
    done = run("experiment=policies", data, *QUICK, process=True)
    assert done.code == 0, done.err
    return run.folder / "out" / "report.html"


def _sweep(run: Run) -> Path:
    totals = ("experiment=certify", "data=counts", "data.n_queries=330", "data.n_models=67", "data.best_correct=276")
    done = run("-m", *totals, "data.n_all_wrong=0,17,20", "hydra.sweep.dir=out", process=True)
    assert done.code == 0, done.err
    return run.folder / "out" / "report.html"


@pytest.mark.parametrize("write", [_verify, _policies, _sweep])
def test_another_page(run: Run, visit: Visits, write: Callable[[Run], Path]) -> None:
    path = write(run)
    sound_everywhere(visit, path)
    with visit(path) as page:
        if write is _verify:
            assert page.locator(".claims h2").first.inner_text().startswith("What fell")
            page.locator(".claim summary").first.click()
            assert page.locator(".claim code").first.is_visible()
        elif write is _policies:
            clicked(page)
        else:
            assert page.get_by_text("Side by side").is_visible()
            page.locator("table.listing.sortable").first.get_by_role("button").first.click()
            assert page.locator("th[aria-sort]").count() == 1
